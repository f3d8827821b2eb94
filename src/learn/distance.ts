/** How far a result is from what it should be, and where it leaves it first. */
import { toDtype } from "../autograd/broadcast.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { elements } from "../dense/dense.ts";
import { type DType, float64 } from "../dense/dtype.ts";

/** The gap between 1 and the next number. Half the bits of other dtypes are nobody's business here: they compute in float32. */
const epsilon = (dtype: DType): number => (dtype === float64 ? 2 ** -52 : 2 ** -23);

/**
 * The largest difference in ulp of the largest value: unlike the distance bit by bit, it does not cry wolf over the last
 * bits of a number that happens to be almost zero.
 */
export function relativeUlps(expected: Tensor, actual: Tensor): number {
  const differences = differencesOf(expected, actual);
  return differences.reduce((largest, difference) => (difference > largest ? difference : largest), 0);
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
  const largest = right.reduce((most, x) => (Math.abs(x) > most && Number.isFinite(x) ? Math.abs(x) : most), 0);
  const ulp = Math.max(largest, 2 ** -100) * epsilon(expected.dtype);
  return right.map((x, i) => {
    const y = left[i]!;
    if (Object.is(x, y) || x === y) return 0;
    const difference = Math.abs(x - y) / ulp;
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  });
}
