/** Networks that torch exported: what they compute, their weights, and their gradients. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { wrap } from "../../src/dense/dense.ts";
import { int64 } from "../../src/dense/dtype.ts";
import { manualSeed, nn, rand, type Tensor, tensor } from "../../src/index.ts";
import type { WrittenNode } from "../../src/onnx/write-messages.ts";
import { loadOnnx, onnxStateDict, onnxTensors } from "../../src/onnx.ts";
import { node, refusal, written } from "./broken.ts";
import { bytesFrom, type Coded, decode, distance } from "./coded.ts";

interface Case {
  readonly name: string;
  readonly model: string;
  readonly inputs: readonly Coded[];
  readonly outputs: readonly Coded[];
  readonly state: Readonly<Record<string, Coded>>;
}

const cases = JSON.parse(readFileSync(`${import.meta.dirname}/../golden/onnx-graphs.json`, "utf8")) as Case[];
const named = (name: string): Case => cases.find((own) => own.name === name)!;

test.each(cases)("$name gives what torch gives", ({ model, inputs, outputs }) => {
  const results = loadOnnx(bytesFrom(model)).run(...inputs.map(decode));
  for (const [i, wanted] of outputs.entries()) expect(distance(results[i]!, decode(wanted))).toBeLessThan(1e-5);
});

// The newer exporter unrolls nn.RNN, and its weights keep no trace of the layer; LayerNorm is there by its own name.
const complete = cases.filter(({ name }) => name !== "RNN True, new exporter");

test.each(complete)("the state dict of $name is torch's", ({ model, state }) => {
  const ours = onnxStateDict(bytesFrom(model));
  expect([...ours.keys()].sort()).toEqual(Object.keys(state).sort());
  for (const [name, wanted] of Object.entries(state)) expect(distance(ours.get(name)!, decode(wanted))).toBe(0);
});

test("TopK takes its number as an attribute, as before version 10 of the operators, or as an input", () => {
  const x = tensor([[[3, 1]], [[2, 5]], [[7, 4]]]);
  const topTwo = (inputs: string[], attributes: WrittenNode["attributes"], opset: number): unknown => {
    const initializers = new Map([["k", wrap(BigInt64Array.of(2n), [1], int64)]]);
    const top = node("TopK", inputs, ["y", "indices"], { attributes: { axis: 0, ...attributes } });
    return loadOnnx(written([top], { initializers, opset }))
      .run(x)[0]!
      .tolist();
  };
  const wanted = [[[7, 5]], [[3, 4]]];
  expect(topTwo(["x"], { k: 2 }, 9)).toEqual(wanted);
  expect(topTwo(["x", "k"], {}, 10)).toEqual(wanted);
  expect(refusal(() => topTwo(["x"], {}, 9))).toContain("TopK y: k is missing");
});

describe("an imported network", () => {
  const { model, inputs } = named("tag, old exporter, dynamic");

  test("has torch's layers where torch has some", () => {
    const layers = [...loadOnnx(bytesFrom(model)).recurrent.values()].map(({ layer }) => layer);
    expect(layers.map(String)).toEqual(["LSTM(3, 5, bidirectional=True)", "LSTM(10, 5, bidirectional=True)"]);
    expect(layers[0]).toBeInstanceOf(nn.LSTM);
  });

  test("gives every weight a gradient", () => {
    const network = loadOnnx(bytesFrom(model));
    const [scores] = network.run(...inputs.map(decode));
    (scores as Tensor & { log(): Tensor }).log().sum().backward();
    const missing = [...network.namedParameters()].filter(([, parameter]) => (parameter as Tensor).grad === null);
    expect(missing).toEqual([]);
  });

  test("draws nothing when it is loaded", () => {
    manualSeed(3);
    const wanted = rand(4).tolist();
    manualSeed(3);
    loadOnnx(bytesFrom(model));
    expect(rand(4).tolist()).toEqual(wanted);
  });

  test("says what is wrong with its inputs", () => {
    const network = loadOnnx(bytesFrom(named("LSTM with state, old exporter").model));
    const [x, h, c] = named("LSTM with state, old exporter").inputs.map(decode) as [Tensor, Tensor, Tensor];
    const [first, second, third] = network.inputs.map(({ name }) => name) as [string, string, string];
    expect(() => network.run(x, h)).toThrow(`OnnxModel: the input ${third} is missing`);
    expect(() => network.run(x, x, c)).toThrow(
      `OnnxModel: the input ${second}: expected shape [4, 2, 5], got [7, 2, 3]`,
    );
    expect(() => network.run(x.double(), h, c)).toThrow("expected torch.float32, got torch.float64");
    expect(() => network.forward({ [first]: x, [second]: h, [third]: c, more: c })).toThrow("there is no input more");
  });

  test("shows all its tensors by name", () => {
    const tensors = onnxTensors(bytesFrom(model));
    expect([...tensors.get("embedding.weight")!.shape]).toEqual([11, 3]);
    expect([...tensors.keys()].filter((name) => name.startsWith("onnx::LSTM"))).toHaveLength(6);
  });
});
