/** Results beside torch's: float64 within rounding, float32 as close to the float64 truth as torch's own. */
import { expect } from "vitest";
import { elements } from "../../src/dense/dense.ts";
import type { Tensor } from "../../src/index.ts";

type Numbers = Float32Array | Float64Array;

/** A float32 tensor as test/golden/rnn.py writes it. */
export interface Seen {
  readonly shape: readonly number[];
  readonly gradFn: string | null;
  readonly data: string;
}

/** The numbers of all tensors by name, in both precisions. */
export interface Golden {
  readonly float32: Readonly<Record<string, Seen>>;
  readonly float64: Readonly<Record<string, string>>;
}

/** The numbers behind their bytes in base64. */
export function numbers(text: string, dtype: "float32" | "float64"): Numbers {
  const { buffer } = Uint8Array.from(Buffer.from(text, "base64"));
  return dtype === "float32" ? new Float32Array(buffer) : new Float64Array(buffer);
}

/** Expects the results of one run, in the precision of the tensors, to be those of torch. */
export function expectResults(
  ours: Readonly<Record<string, Tensor>>,
  golden: Golden,
  dtype: "float32" | "float64",
): void {
  expect(Object.keys(ours).sort()).toEqual(Object.keys(golden.float32).sort());
  for (const [name, { shape, gradFn, data }] of Object.entries(golden.float32)) {
    const tensor = ours[name]!;
    expect([...tensor.shape], name).toEqual(shape);
    expect(tensor.gradFn?.name() ?? null, name).toBe(gradFn);
    const values = elements(tensor.value) as Numbers;
    const truth = numbers(golden.float64[name]!, "float64");
    const torchs = dtype === "float64" ? truth : numbers(data, "float32");
    const scale = distance(truth, new Float64Array(truth.length));
    // 2 ulp of the largest number beyond what torch's own float32 is off.
    const allowed = dtype === "float64" ? 1e-12 * scale : distance(torchs, truth) + 2 ** -22 * scale;
    expect(distance(values, truth), name).toBeLessThanOrEqual(allowed);
  }
}

function distance(a: Numbers, b: Numbers): number {
  let most = 0;
  for (const [i, x] of a.entries()) most = Math.max(most, Math.abs(x - b[i]!));
  return most;
}
