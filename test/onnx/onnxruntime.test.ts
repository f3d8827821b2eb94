/** onnxruntime-web computes from our files what we compute. */
import * as ort from "onnxruntime-web/wasm";
import { expect, test } from "vitest";
import { elements } from "../../src/dense/dense.ts";
import { manualSeed, type Tensor, tensor } from "../../src/index.ts";
import { distance } from "./coded.ts";
import { type ExportCase, layerCases, networkCases } from "./exports.ts";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

function toRuntime({ value, shape, dtype }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype.name as ort.Tensor.Type, elements(value) as Float32Array<ArrayBuffer>, [...shape]);
}

async function run({ model, inputs }: ExportCase): Promise<Map<string, Tensor>> {
  const session = await ort.InferenceSession.create(model);
  const given = [...inputs].map(([name, x]) => [name, toRuntime(x)] as const);
  const results = await session.run(Object.fromEntries(given));
  await session.release();
  return new Map(
    Object.entries(results).map(([name, { data, dims }]) => [name, tensor(data as Float32Array).reshape([...dims])]),
  );
}

manualSeed(11);
// One in seven of the combinations meets every option; all of them are in the live suite.
const cases = [...layerCases(7), ...networkCases()];

test.each(cases)("onnxruntime runs $spec", async (exported) => {
  const results = await run(exported);
  expect([...results.keys()]).toEqual([...exported.outputs.keys()]);
  for (const [name, wanted] of exported.outputs) expect(distance(results.get(name)!, wanted)).toBeLessThan(1e-5);
});
