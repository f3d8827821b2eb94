/** Results beside torch's: float64 within rounding, float32 as close to the float64 truth as torch's own. */
import { expect } from "vitest";
import { elements } from "../../src/dense/dense.ts";
import type { Tensor } from "../../src/index.ts";

type Numbers = Float32Array | Float64Array;

/** A float32 tensor as test/golden/rnn.py and family.py write it. */
export interface Seen {
  readonly shape: readonly number[];
  readonly strides?: readonly number[];
  /** The name in both precisions, or in float32 and in float64. */
  readonly gradFn: string | null | readonly [string | null, string | null];
  /** torch's numbers, or how far they are from the truth. */
  readonly data?: string;
  readonly off?: number;
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
  for (const [name, { shape, strides, gradFn, data, off }] of Object.entries(golden.float32)) {
    const tensor = ours[name]!;
    expect([...tensor.shape], name).toEqual(shape);
    const wanted = Array.isArray(gradFn) ? gradFn[dtype === "float32" ? 0 : 1] : gradFn;
    expect(tensor.gradFn?.name() ?? null, name).toBe(wanted);
    if (strides) expect(visible(tensor.value.strides, shape), name).toEqual(visible(strides, shape));
    const values = elements(tensor.value) as Numbers;
    const truth = numbers(golden.float64[name]!, "float64");
    // NaN and the infinities stand where torch's do; the rest is near.
    expect(Array.from(values, special), name).toEqual(Array.from(truth, special));
    const scale = distance(truth, new Float64Array(truth.length));
    const torchs = off ?? distance(numbers(data!, "float32"), truth);
    // 4 ulp of the largest number beyond what torch's own float32 is off.
    const allowed = dtype === "float64" ? 1e-12 * scale : torchs + 2 ** -21 * scale;
    expect(distance(values, truth), name).toBeLessThanOrEqual(allowed);
  }
}

/** The strides of dimensions in which there is something to step over. */
function visible(strides: readonly number[], shape: readonly number[]): number[] {
  return strides.filter((_, d) => shape[d]! > 1);
}

const special = (x: number): number => (Number.isFinite(x) ? 0 : x);

/** The largest difference where both are finite. */
export function distance(a: Numbers, b: Numbers): number {
  let most = 0;
  for (const [i, x] of a.entries()) {
    const difference = Math.abs(x - b[i]!);
    if (Number.isFinite(difference)) most = Math.max(most, difference);
  }
  return most;
}
