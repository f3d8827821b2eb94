/** How close two results are to the truth: errors in ulp of the largest number in the tensor. */

/** A tensor as layers.py describes it: how it looks from outside, its numbers, and the truth about them. */
export interface Described {
  readonly dtype: "float32" | "float64" | "float16" | "bfloat16";
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly gradFn: string | null;
  readonly requiresGrad: boolean;
  readonly data: string;
  readonly truth: string | null;
}

type Numbers = Float32Array | Float64Array;

/** The numbers that Python wrote, halves as float32. */
export function decoded(text: string, dtype: Described["dtype"]): Numbers {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return dtype === "float64" ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer);
}

/** One tensor compared: the largest errors, and their squares summed, for us and for torch. */
export interface Closeness {
  readonly ours: number;
  readonly theirs: number;
  readonly oursSquared: number;
  readonly theirsSquared: number;
  readonly count: number;
}

/** How many of float32's ulp one of this dtype is. */
const COARSENESS = { float32: 1, float64: 1, float16: 2 ** 13, bfloat16: 2 ** 16 };

/** Compares results with the float64 truth, in ulp of the largest number. */
export function closeness(dtype: Described["dtype"], ours: Numbers, theirs: Numbers, truth: Numbers): Closeness {
  const unit = ulp32(largest(truth)) * COARSENESS[dtype];
  const total = { ours: 0, theirs: 0, oursSquared: 0, theirsSquared: 0, count: truth.length };
  for (const [i, true_] of truth.entries()) {
    const [us, them] = [Math.abs(ours[i]! - true_) / unit, Math.abs(theirs[i]! - true_) / unit];
    total.ours = Math.max(total.ours, us);
    total.theirs = Math.max(total.theirs, them);
    total.oursSquared += us * us;
    total.theirsSquared += them * them;
  }
  return total;
}

/** The largest difference, relative to the largest number of the tensor. */
export function relativeDifference(ours: Numbers, theirs: Numbers): number {
  const scale = largest(theirs) || 1;
  let most = 0;
  for (const [i, x] of theirs.entries()) most = Math.max(most, Math.abs(ours[i]! - x) / scale);
  return most;
}

/** Whether NaN and the infinities stand at the same places. */
export function sameSpecials(ours: Numbers, theirs: Numbers): boolean {
  return theirs.every((x, i) => (Number.isFinite(x) ? Number.isFinite(ours[i]!) : Object.is(ours[i], x)));
}

/** The numbers that are finite, in order. */
export function finite(all: Numbers, where: Numbers): Numbers {
  return all.filter((_, i) => Number.isFinite(where[i]!)) as Numbers;
}

function largest(numbers: Numbers): number {
  let most = 0;
  for (const x of numbers) most = Math.max(most, Math.abs(x));
  return most;
}

/** The distance from a float32 of this size to the next. */
function ulp32(size: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.max(size, 2 ** -126))), -126) - 23);
}
