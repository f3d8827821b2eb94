/** ONNX against onnxruntime and torch: recurrent nodes over all attributes, whole graphs, and our own exports. */
import { expect, test } from "vitest";
import { OPERATOR_NAMES } from "../../src/onnx/operators/table.ts";
import { loadOnnx } from "../../src/onnx.ts";
import { bytesFrom, type Coded, decode, distance } from "../onnx/coded.ts";
import { linesFrom } from "./python.ts";

interface Case {
  readonly spec: unknown;
  readonly model: string;
  readonly inputs: Readonly<Record<string, Coded>>;
  readonly outputs: Readonly<Record<string, Coded>>;
}

const count = Number(process.env.COUNT ?? 300);
const seed = Number(process.env.SEED ?? 1);

/** What is wrong with our answer to a case, if anything. */
function complaint({ spec, model, inputs, outputs }: Case): string | undefined {
  try {
    const given = Object.entries(inputs).map(([name, coded]) => [name, decode(coded)] as const);
    const results = loadOnnx(bytesFrom(model)).forward(new Map(given));
    const wrong = Object.entries(outputs).flatMap(([name, wanted]) => {
      const apart = distance(results.get(name)!, decode(wanted));
      return apart < 1e-5 ? [] : [`${name} by ${apart}`];
    });
    return wrong.length === 0 ? undefined : `${JSON.stringify(spec)}: ${wrong.join(", ")}`;
  } catch (error) {
    return `${JSON.stringify(spec)}: ${error}`;
  }
}

interface Network {
  readonly spec: string;
  readonly model: string;
  readonly inputs: readonly Coded[];
  readonly outputs: readonly Coded[];
}

function complaintOf({ spec, model, inputs, outputs }: Network): string[] {
  try {
    const results = loadOnnx(bytesFrom(model)).run(...inputs.map(decode));
    const apart = outputs.map((wanted, i) => distance(results[i]!, decode(wanted)));
    return apart.every((value) => value < 1e-5) ? [] : [`${spec}: ${apart}`];
  } catch (error) {
    return [`${spec}: ${error}`];
  }
}

/** What is refused, each for a reason that its message names; random masks, and sets without an element to choose. */
const REFUSED =
  /training|batch_dim|_pad$|scatter_elements_with_reduction|reduce_(max|min)_empty|test_not_\dd|(edge|reflect|wrap)_pad/;

test("operators give what the official node tests of ONNX say", () => {
  const cases = linesFrom("onnx_operators.py", OPERATOR_NAMES.join()).map((line) => JSON.parse(line) as Network);
  const wrong = cases.flatMap((network) => complaintOf(network));
  expect(wrong.filter((text) => !(REFUSED.test(text) && text.includes("FormatError")))).toEqual([]);
  expect(cases.length).toBeGreaterThan(800);
});

test("networks that torch exported, with both of its exporters, give what torch gives", () => {
  const networks = linesFrom("onnx_graphs.py").map((line) => JSON.parse(line) as Network);
  const wrong = networks.flatMap(complaintOf);
  expect(wrong).toEqual([]);
  expect(networks.length).toBeGreaterThan(40);
});

test(`${count} random recurrent nodes give what onnxruntime gives`, () => {
  const cases = linesFrom("onnx_nodes.py", count, seed).map((line) => JSON.parse(line) as Case);
  expect(cases.map(complaint).filter(Boolean)).toEqual([]);
});
