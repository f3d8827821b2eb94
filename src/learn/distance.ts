/** How far a result is from what it should be, and where it leaves it first. */
import type { Tensor } from "../autograd/tensor.ts";
import { elements } from "../dense/dense.ts";
import { bfloat16, type DType, float16, float32, float64 } from "../dense/dtype.ts";

/** The gap between 1 and the next number. */
export function epsilon(dtype: DType): number {
  return EPSILONS.get(dtype) ?? 2 ** -23;
}

const EPSILONS: ReadonlyMap<DType, number> = new Map([
  [float64, 2 ** -52],
  [float32, 2 ** -23],
  [float16, 2 ** -10],
  [bfloat16, 2 ** -7],
]);

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

/** The positions, in logical order, of the elements that are further off than the tolerance. */
export function beyond(expected: Tensor, actual: Tensor, tolerance: number): readonly number[] {
  return positions(differencesOf(expected, actual), (difference) => !(difference <= tolerance));
}

/** The positions of elements that are not finite where they should be. */
export function notFinite(expected: Tensor, actual: Tensor): readonly number[] {
  const right = elements(expected.value, float64) as Float64Array;
  const left = elements(actual.value, float64) as Float64Array;
  return positions(left, (value, i) => !Number.isFinite(value) && Number.isFinite(right[i]));
}

function positions(values: Float64Array, wanted: (value: number, i: number) => boolean): readonly number[] {
  return [...values.keys()].filter((i) => wanted(values[i]!, i));
}

/** The value at a position in logical order. */
export function valueAt(x: Tensor, position: number): number {
  return Number(elements(x.value)[position]);
}

/** For each element the difference in ulp of the largest expected value, in the coarser of the two precisions. */
function differencesOf(expected: Tensor, actual: Tensor): Float64Array {
  const right = elements(expected.value, float64) as Float64Array;
  const left = elements(actual.value, float64) as Float64Array;
  const ulp = ulpOf(expected) * Math.max(1, epsilon(actual.dtype) / epsilon(expected.dtype));
  return right.map((x, i) => {
    const y = left[i]!;
    if (Object.is(x, y) || x === y) return 0;
    const difference = Math.abs(x - y) / ulp;
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  });
}

/** All values in logical order, in float64. */
export function valuesOf(x: Tensor): Float64Array {
  return elements(x.value, float64) as Float64Array;
}
