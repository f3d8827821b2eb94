/** Our ONNX files before other eyes: onnx's checker passes them, and onnxruntime computes what we compute. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manualSeed, type Tensor } from "../../src/index.ts";
import { encode } from "../onnx/coded.ts";
import { type ExportCase, layerCases, networkCases } from "../onnx/exports.ts";
import { linesFrom } from "./python.ts";

function lineOf({ spec, model, inputs, outputs }: ExportCase): string {
  const all = (named: ReadonlyMap<string, Tensor>): object =>
    Object.fromEntries([...named].map(([name, x]) => [name, encode(x)]));
  const base64 = Buffer.from(model).toString("base64");
  return `${JSON.stringify({ spec, model: base64, inputs: all(inputs), outputs: all(outputs) })}\n`;
}

test("onnx passes our exports, and onnxruntime computes what we compute", () => {
  manualSeed(Number(process.env.SEED ?? 1));
  const cases = [...layerCases(), ...networkCases()];
  const folder = mkdtempSync(join(tmpdir(), "unrolled-"));
  try {
    const file = join(folder, "exports");
    writeFileSync(file, cases.map(lineOf).join(""));
    expect(linesFrom("onnx_exports.py", file)).toEqual([]);
    expect(cases.length).toBe(199);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
