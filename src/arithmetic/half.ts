/**
 * The two 16-bit floats as roundings: a float16 or bfloat16 value is kept as the float32 (or float64) that it equals.
 */

/** The nearest float16 (11-bit significand, ties to even), as a number. */
export function roundToHalf(x: number): number {
  return roundToSignificand(x, 11, -24, 65520);
}

/** The nearest bfloat16 (8-bit significand, ties to even), as a number. */
export function roundToBfloat16(x: number): number {
  return roundToSignificand(x, 8, -133, (2 - 2 ** -8) * 2 ** 127);
}

/**
 * Rounds to `bits` significant bits, but never finer than 2^finest; from `overflow` on the result is infinite.
 * Adding and subtracting a power of two that is large enough makes float64 do the rounding, ties to even.
 */
function roundToSignificand(x: number, bits: number, finest: number, overflow: number): number {
  const magnitude = Math.abs(x);
  if (magnitude >= overflow) return x > 0 ? Infinity : -Infinity;
  if (magnitude === 0 || Number.isNaN(x)) return x;
  const exponent = Math.max(floorLog2(magnitude) + 1 - bits, finest);
  const anchor = 2 ** (exponent + 52);
  const rounded = magnitude + anchor - anchor;
  return x < 0 ? -rounded : rounded;
}

function floorLog2(x: number): number {
  const guess = Math.floor(Math.log2(x));
  if (2 ** guess > x) return guess - 1;
  return 2 ** (guess + 1) <= x ? guess + 1 : guess;
}
