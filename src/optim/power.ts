/**
 * Whole powers, rounded once. JavaScript's own `**` differs from one engine to the next in the last bit, and a step of
 * Adam would differ with it. The product is carried as an unevaluated sum of two floats (Dekker 1971).
 */
import { productError } from "../arithmetic/fma.ts";

/** base^exponent for 0 <= base <= 1 and a whole exponent >= 0. */
export function power(base: number, exponent: number): number {
  let result: Pair = [1, 0];
  let square: Pair = [base, 0];
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result[0];
}

type Pair = readonly [high: number, low: number];

function multiply([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const product = a * b;
  const rest = productError(a, b, product) + (a * bLow + aLow * b);
  const high = product + rest;
  return [high, rest - (high - product)];
}
