/**
 * exp, log, tanh and sigmoid in float32, each written once. Sums, products and quotients are rounded alike everywhere,
 * but these four differ between machines and JavaScript engines; as polynomials over an algebra they do not. The errors
 * given are the largest over all 2^32 arguments, in units in the last place (ulp) of the result, with fused multiply-add;
 * without it tanh is within 1 ulp and sigmoid within 1.8, and the others as they are (every 61st argument was tried).
 */
import { type Arithmetic, type Float32Algebra, fused, unfused } from "./algebra.ts";

/**
 * The polynomials, lowest power first: minimax fits made by test/golden/fit.py, which says what each approximates.
 * Their own error is below 2^-28 of the function's value.
 */
export const coefficients = {
  exp: [0.49999994, 0.166665167, 0.0416681021, 0.00836919248, 0.00138389028].map(Math.fround),
  log: [
    0.333333135, -0.250001669, 0.200022221, -0.16659373, 0.142096385, -0.125495687, 0.121078819, -0.109170087,
    0.0534258708,
  ].map(Math.fround),
  tanh: [
    -0.333333284, 0.133331746, -0.0539507233, 0.0217744447, -0.00857145712, 0.0030488763, -0.000821896247,
    0.000116449708,
  ].map(Math.fround),
};

// ln 2 in two parts: the first has 9 bits, so that its product with any exponent is exact, with and without fma.
const LN2_HIGH = 355 / 512;
const LN2_LOW = Math.fround(Math.LN2 - 355 / 512);
const LOG2_E = Math.fround(Math.LOG2E);
const SQRT2 = Math.fround(Math.SQRT2);
const SMALLEST_NORMAL = 2 ** -126;

/**
 * e^x, within 0.9 ulp.
 *
 *     x = k·ln 2 + r,  k whole         e^x = 2^k·e^r,  e^r = 1 + r + r²·P(r)
 *
 * 2^k is multiplied in two halves: it may be too large or too small for a float32 where e^x is not, and so only the
 * second product rounds when the result is subnormal.
 */
export function exp<V>(m: Float32Algebra<V>, x: V): V {
  // Beyond these bounds the result is 0 or Infinity, and at them too.
  const { k, power } = exponent(m, m.min(m.max(x, -104), 89));
  const half = nearest(m, m.mul(k, 0.5));
  return m.mul(m.mul(power, m.powerOfTwo(half)), m.powerOfTwo(m.sub(k, half)));
}

/** k and e^r, for numbers within the bounds of `exp`. */
function exponent<V>(m: Float32Algebra<V>, x: V): { k: V; power: V } {
  const k = nearest(m, m.mul(x, LOG2_E));
  const rough = m.fma(k, -LN2_HIGH, x);
  const r = m.fma(k, -LN2_LOW, rough);
  const curve = m.mul(m.mul(r, r), polynomial(m, r, coefficients.exp));
  return { k, power: m.add(1, m.add(rough, m.fma(k, -LN2_LOW, curve))) };
}

/**
 * The natural logarithm, within 0.87 ulp; NaN below 0.
 *
 *     x = 2^k·(1 + f),  √½ < 1 + f <= √2        log x = k·ln 2 + f - f²/2 + f³·P(f)
 */
export function log<V>(m: Float32Algebra<V>, x: V): V {
  const normal = m.whereLess(x, SMALLEST_NORMAL, m.mul(x, 2 ** 23), x);
  const bias = m.whereLess(x, SMALLEST_NORMAL, 127 + 23, 127);
  const significand = m.significand(normal);
  const exponent = m.sub(m.biasedExponent(normal), bias);
  const k = m.add(exponent, m.whereLess(SQRT2, significand, 1, 0));
  const f = m.fma(significand, m.whereLess(SQRT2, significand, 0.5, 1), -1);
  const square = m.mul(f, f);
  const cubic = m.mul(m.mul(square, f), polynomial(m, f, coefficients.log));
  const curve = m.fma(k, LN2_LOW, m.fma(square, -0.5, cubic));
  // The large terms k·ln 2 and f may cancel: what their sum loses is added to the small ones.
  const line = m.fma(k, LN2_HIGH, f);
  const lost = m.sub(f, m.fma(k, -LN2_HIGH, line));
  const positive = m.whereLess(x, Infinity, m.add(line, m.add(curve, lost)), x);
  const negative = m.whereLess(x, 0, Number.NaN, m.div(-1, m.mul(x, x)));
  return m.whereLess(0, x, positive, negative);
}

/**
 * The hyperbolic tangent, within 0.95 ulp; odd to the last bit.
 *
 *     |x| < 1   x + x·x²·P(x²)
 *     else      1 - 2 / (e^2|x| + 1), with the sign of x
 */
export function tanh<V>(m: Float32Algebra<V>, x: V): V {
  const size = m.abs(x);
  return m.copySign(m.whereLess(size, 1, nearTanh(m, size), farTanh(m, size)), x);
}

/**
 * The logistic function 1 / (1 + e^-x), within 1.65 ulp, also where it is subnormal.
 *
 *     e = e^-|x|,  t = e / (1 + e)        x < 0: e - e·t,  else: 1 - 1·t
 *
 * t itself equals e - e·t, but less accurately: there the rounding of 1 + e counts in full.
 */
export function sigmoid<V>(m: Float32Algebra<V>, x: V): V {
  const e = expBelow0(m, m.negate(m.abs(x)));
  const t = m.div(e, m.add(1, e));
  const whole = m.whereLess(x, 0, e, 1);
  return m.fma(m.negate(whole), t, whole);
}

/** The functions under their names, as pages. */
export const pages = { exp, log, tanh, sigmoid };

/** One of the elementary functions. */
export type ElementaryName = keyof typeof pages;

/** The elementary functions of one precision. */
export type ElementaryFunctions = Readonly<Record<ElementaryName, (x: number) => number>>;

/** The two precisions that are computed in. */
export type Precision = "float32" | "float64";

/** The elementary functions by precision; in float64 they are JavaScript's own, and their last bit may vary. */
export const functions = (precision: Precision, arithmetic: Arithmetic = "fma"): ElementaryFunctions =>
  precision === "float64" ? IN_FLOAT64 : IN_FLOAT32[arithmetic];

// The algebras are written out, and not handed over, so that their operations can become part of the code of each.
const IN_FLOAT32: Record<Arithmetic, ElementaryFunctions> = {
  fma: {
    exp: (x) => exp(fused, x),
    log: (x) => log(fused, x),
    tanh: (x) => tanhOfOne(fused, x),
    sigmoid: (x) => sigmoid(fused, x),
  },
  muladd: {
    exp: (x) => exp(unfused, x),
    log: (x) => log(unfused, x),
    tanh: (x) => tanhOfOne(unfused, x),
    sigmoid: (x) => sigmoid(unfused, x),
  },
};
const IN_FLOAT64: ElementaryFunctions = { exp: Math.exp, log: Math.log, tanh: Math.tanh, sigmoid: sigmoid64 };

/** `tanh`, but of the two formulas only the one that is needed. */
function tanhOfOne(m: Float32Algebra<number>, x: number): number {
  const size = Math.abs(x);
  return m.copySign(size < 1 ? nearTanh(m, size) : farTanh(m, size), x);
}

/** x + x·x²·P(x²) */
function nearTanh<V>(m: Float32Algebra<V>, size: V): V {
  const square = m.mul(size, size);
  return m.fma(size, m.mul(square, polynomial(m, square, coefficients.tanh)), size);
}

/** 1 - 2 / (e^2x + 1) */
function farTanh<V>(m: Float32Algebra<V>, size: V): V {
  // Long before 40 the result is 1, and here e^2x is far from the largest float32.
  const { k, power } = exponent(m, m.mul(m.min(size, 40), 2));
  return m.sub(1, m.div(2, m.add(m.mul(power, m.powerOfTwo(k)), 1)));
}

/** The bits of `exp` for x <= 0, in fewer operations: 2^(k + 64) is normal for all k, so that here, too, only 2^-64 rounds. */
function expBelow0<V>(m: Float32Algebra<V>, x: V): V {
  const { k, power } = exponent(m, m.max(x, -104));
  return m.mul(m.mul(power, m.powerOfTwo(m.add(k, 64))), 2 ** -64);
}

/** The logistic function in float64, with an exponential that cannot overflow. */
function sigmoid64(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

/** Horner's scheme: c_0 + x·(c_1 + x·(c_2 + ...)). */
function polynomial<V>(m: Float32Algebra<V>, x: V, c: readonly number[]): V {
  let power = c.length - 2;
  let sum = m.fma(x, c[power + 1], c[power]);
  while (power > 0) sum = m.fma(x, sum, c[--power]);
  return sum;
}

/** The nearest whole number, ties to even, for |x| < 2^22: near 1.5·2^23 neighbouring float32 are 1 apart. */
function nearest<V>(m: Float32Algebra<V>, x: V): V {
  return m.sub(m.add(x, 1.5 * 2 ** 23), 1.5 * 2 ** 23);
}
