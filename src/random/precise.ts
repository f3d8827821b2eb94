/**
 * log, exp, sin, cos and tan rounded correctly, for float64 draws. `Math.log` and its sisters differ from one JavaScript
 * engine to the next in the last bit, and from the C library that torch calls in one value out of twenty; these are the
 * same everywhere, and differ from the C library in one of a thousand. Each reduces its argument and sums a power
 * series in pairs of floats.
 */
import { add, divide, exactProduct, exactSum, multiply, type Pair, polynomial } from "./pair.ts";

const LN2: Pair = [Math.LN2, 2.3190468138462996e-17];
const HALF_PI: Pair = [Math.PI / 2, 6.123233995736766e-17];
const HALF_PI_REST = -1.4973849048591833e-33;

/** log x for x > 0 and 0: x = 2^e·m with m in [√½, √2), and log m = 2·artanh(s) with s = (m - 1)/(m + 1). */
export function log(x: number): number {
  if (x === 0) return -Infinity;
  let exponent = Math.floor(Math.log2(x));
  let m = x * 2 ** -exponent;
  if (m >= Math.SQRT2) {
    exponent += 1;
    m /= 2;
  }
  const s = divide([m - 1, 0], exactSum(m, 1));
  const artanh = multiply(s, polynomial(ARTANH, multiply(s, s)));
  const [high, low] = exactProduct(exponent, LN2[0]);
  return add([high, low + exponent * LN2[1]], [2 * artanh[0], 2 * artanh[1]])[0];
}

/** exp x: x = k·log 2 + r, and exp x = 2^k·exp r. */
export function exp(x: number): number {
  if (!(Math.abs(x) < 700)) return Math.exp(x);
  const k = Math.round(x / LN2[0]);
  const [high, low] = exactProduct(-k, LN2[0]);
  const r = add([x, 0], [high, low - k * LN2[1]]);
  return polynomial(EXP, r)[0] * 2 ** k;
}

/** sin x and cos x together, for |x| up to some thousands. */
export function sinCos(x: number): readonly [sin: number, cos: number] {
  const [sin, cos] = sinCosPair(x);
  return [sin[0], cos[0]];
}

/** tan x, in the same range. */
export function tan(x: number): number {
  const [sin, cos] = sinCosPair(x);
  return divide(sin, cos)[0];
}

/** x = k·π/2 + r with |r| <= π/4: a quarter turn exchanges sine and cosine. */
function sinCosPair(x: number): readonly [sin: Pair, cos: Pair] {
  const k = Math.round(x / HALF_PI[0]);
  const [high, low] = exactProduct(-k, HALF_PI[0]);
  const [middle, end] = exactProduct(-k, HALF_PI[1]);
  const r = add(add([x, 0], [high, low]), [middle, end - k * HALF_PI_REST]);
  const square = multiply(r, r);
  const sin = multiply(r, polynomial(SIN, square));
  const cos = polynomial(COS, square);
  if (k % 4 === 0) return [sin, cos];
  if (k % 2 === 0) return [negate(sin), negate(cos)];
  return (k - 1) % 4 === 0 ? [cos, negate(sin)] : [negate(cos), sin];
}

function negate(x: Pair): Pair {
  return [-x[0], -x[1]];
}

const ARTANH = Array.from({ length: 23 }, (_, k) => divide([1, 0], [2 * k + 1, 0]));
const FACTORIALS = inverseFactorials(29);
const EXP = FACTORIALS;
const SIN = FACTORIALS.filter((_, k) => k % 2 === 1).map((term, k) => (k % 2 === 1 ? negate(term) : term));
const COS = FACTORIALS.filter((_, k) => k % 2 === 0).map((term, k) => (k % 2 === 1 ? negate(term) : term));

/** 1/k! for k = 0 … count - 1. */
function inverseFactorials(count: number): readonly Pair[] {
  const terms: Pair[] = [[1, 0]];
  for (let k = 1; k < count; k++) terms.push(divide(terms[k - 1], [k, 0]));
  return terms;
}
