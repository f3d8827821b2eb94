/** The official tests of ONNX for its recurrent operators. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadOnnx } from "../../src/onnx.ts";
import { bytesFrom, type Coded, decode, distance } from "./coded.ts";

interface Case {
  readonly name: string;
  readonly model: string;
  readonly inputs: readonly Coded[];
  readonly outputs: readonly Coded[];
}

const cases = JSON.parse(readFileSync(`${import.meta.dirname}/../golden/onnx-nodes.json`, "utf8")) as Case[];

test("there are 18 official cases", () => {
  expect(cases.length).toBe(18);
});

test.each(cases)("$name gives what ONNX says", ({ model, inputs, outputs }) => {
  const results = loadOnnx(bytesFrom(model)).run(...inputs.map(decode));
  expect(results.length).toBe(outputs.length);
  for (const [i, wanted] of outputs.entries()) expect(distance(results[i]!, decode(wanted))).toBeLessThan(1e-5);
});
