/** How far a result is from what it should be, and where it leaves it first. */
import { toDtype } from "../autograd/broadcast.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { elements } from "../dense/dense.ts";
import { type DType, float64 } from "../dense/dtype.ts";

/** The gap between 1 and the next number of float64, else of float32. */
const epsilon = (dtype: DType): number => (dtype === float64 ? 2 ** -52 : 2 ** -23);

/**
 * The largest difference in ulp of the largest value: unlike the distance bit by bit, it does not cry wolf over the last
 * bits of a number that happens to be almost zero.
 */
export function relativeUlps(expected: Tensor, actual: Tensor): number {
  const differences = differencesOf(expected, actual);
  return differences.reduce((largest, difference) => (difference > largest ? difference : largest), 0);
}

/** The ulp of the largest value in a tensor. */
export function ulpOf(x: Tensor): number {
  const values = elements(x.value, float64) as Float64Array;
  const largest = values.reduce((most, y) => (Math.abs(y) > most && Number.isFinite(y) ? Math.abs(y) : most), 0);
  return Math.max(largest, 2 ** -100) * epsilon(x.dtype);
}

/** The position, in logical order, of the first element that is further off than the tolerance; undefined if none is. */
export function firstBeyond(expected: Tensor, actual: Tensor, tolerance: number): number | undefined {
  const at = differencesOf(expected, actual).findIndex((difference) => !(difference <= tolerance));
  return at < 0 ? undefined : at;
}

/** The value at a position in logical order. */
export function valueAt(x: Tensor, position: number): number {
  return Number(elements(x.value)[position]);
}

/** For each element the difference in ulp of the largest expected value. */
function differencesOf(expected: Tensor, actual: Tensor): Float64Array {
  const right = elements(expected.value, float64) as Float64Array;
  const left = elements(toDtype(actual, expected.dtype).value, float64) as Float64Array;
  const ulp = ulpOf(expected);
  return right.map((x, i) => {
    const y = left[i]!;
    if (Object.is(x, y) || x === y) return 0;
    const difference = Math.abs(x - y) / ulp;
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  });
}
