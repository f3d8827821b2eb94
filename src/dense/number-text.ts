/**
 * Numbers as Python writes them. A double is exactly m·2^e, so rounding it to decimals is a division of integers: every
 * digit is exact, and ties go to even, as in C's printf.
 */

/** Python's `repr(float)`: the fewest digits that read back as the same number: `0.1`, `3.0`, `1e-05`, `1e+16`. */
export function floatText(x: number): string {
  if (!Number.isFinite(x)) return nonFiniteText(x);
  const magnitude = Math.abs(x);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e16)) {
    const [digits, exponent] = x.toExponential().split("e");
    return digits + exponentText(Number(exponent));
  }
  const text = minus(x) + magnitude;
  return text.includes(".") ? text : `${text}.0`;
}

/** Python's `'{:.nf}'.format(x)`: `places` digits after the point. */
export function fixedText(x: number, places: number): string {
  if (!Number.isFinite(x)) return nonFiniteText(x);
  return minus(x) + pointed(String(scaled(x, places)).padStart(places + 1, "0"), places);
}

/** Python's `'{:.ne}'.format(x)`: one digit before the point, `places` after it, and an exponent. */
export function scientificText(x: number, places: number): string {
  if (!Number.isFinite(x)) return nonFiniteText(x);
  const [digits, exponent] = significantDigits(x, places + 1);
  return minus(x) + pointed(digits, places) + exponentText(exponent);
}

/**
 * Python's `'{:.ng}'.format(x)`: `count` significant digits without the zeros at their end, with an exponent where
 * it is below -4 or not below `limit`. `keepZeros` is the flag `#`.
 */
export function generalText(x: number, count: number, keepZeros = false, limit = count): string {
  if (!Number.isFinite(x)) return nonFiniteText(x);
  const [digits, exponent] = significantDigits(x, count);
  const scientific = exponent < -4 || exponent >= limit;
  const places = scientific ? count - 1 : count - 1 - exponent;
  const text = pointed(digits.padStart(places + 1, "0"), places);
  const short = keepZeros || places === 0 ? text : text.replace(/\.?0+$/, "");
  return minus(x) + short + (scientific ? exponentText(exponent) : "");
}

/** The first `count` decimal digits of |x|, rounded, and the power of ten of the first. */
function significantDigits(x: number, count: number): [digits: string, exponent: number] {
  if (x === 0) return ["0".repeat(count), 0];
  const exponent = Number(x.toExponential().split("e")[1]);
  const digits = String(scaled(x, count - 1 - exponent));
  if (digits.length > count) return [digits.slice(0, count), exponent + 1]; // 9.99 rounded up to 10.0
  if (digits.length === count) return [digits, exponent];
  // The fewest digits of the double just below 10^n are those of 10^n itself.
  return [String(scaled(x, count - exponent)), exponent - 1];
}

const double = new Float64Array(1);
const doubleBits = new BigUint64Array(double.buffer);

/** The integer nearest to |x|·10^places, ties to even. */
function scaled(x: number, places: number): bigint {
  double[0] = x;
  const fraction = doubleBits[0]! & (2n ** 52n - 1n);
  const biased = Number((doubleBits[0]! >> 52n) & 0x7ffn);
  const mantissa = biased === 0 ? fraction : fraction + 2n ** 52n;
  const exponent = Math.max(biased, 1) - 1075;
  let numerator = places > 0 ? mantissa * 10n ** BigInt(places) : mantissa;
  let denominator = places < 0 ? 10n ** BigInt(-places) : 1n;
  if (exponent > 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  const quotient = numerator / denominator;
  const twiceRest = 2n * (numerator - quotient * denominator);
  const up = twiceRest > denominator || (twiceRest === denominator && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}

function pointed(digits: string, places: number): string {
  if (places === 0) return digits;
  return `${digits.slice(0, digits.length - places)}.${digits.slice(digits.length - places)}`;
}

function exponentText(exponent: number): string {
  return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function nonFiniteText(x: number): string {
  if (Number.isNaN(x)) return "nan";
  return x > 0 ? "inf" : "-inf";
}

function minus(x: number): string {
  return x < 0 || Object.is(x, -0) ? "-" : "";
}
