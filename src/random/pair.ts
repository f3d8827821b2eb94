/**
 * A number of about 106 significant bits, as an unevaluated sum of two float64 (Dekker 1971): high + low, where low is
 * less than half a unit in the last place of high. Just the operations that the elementary functions need.
 */
import { productError } from "../arithmetic/fma.ts";

/** high + low. */
export type Pair = readonly [high: number, low: number];

/** x + y of two float64, exactly (Knuth's two-sum). */
export function exactSum(x: number, y: number): Pair {
  const sum = x + y;
  const part = sum - x;
  return [sum, x - (sum - part) + (y - part)];
}

/** x·y of two float64, exactly. */
export function exactProduct(x: number, y: number): Pair {
  const product = x * y;
  return [product, productError(x, y, product)];
}

/** x + y. */
export function add(x: Pair, y: Pair): Pair {
  const [high, low] = exactSum(x[0], y[0]);
  return normalise(high, low + x[1] + y[1]);
}

/** x·y. */
export function multiply(x: Pair, y: Pair): Pair {
  const [high, low] = exactProduct(x[0], y[0]);
  return normalise(high, low + x[0] * y[1] + x[1] * y[0]);
}

/** x / y, by one step of long division after the float64 quotient. */
export function divide(x: Pair, y: Pair): Pair {
  const quotient = x[0] / y[0];
  const [high, low] = multiply([quotient, 0], y);
  return normalise(quotient, (x[0] - high + (x[1] - low)) / y[0]);
}

/** Σ coefficients[k]·x^k, from the last coefficient inwards (Horner). */
export function polynomial(coefficients: readonly Pair[], x: Pair): Pair {
  let sum = coefficients[coefficients.length - 1];
  for (let k = coefficients.length - 2; k >= 0; k--) sum = add(multiply(sum, x), coefficients[k]);
  return sum;
}

function normalise(high: number, low: number): Pair {
  const sum = high + low;
  return [sum, low - (sum - high)];
}
