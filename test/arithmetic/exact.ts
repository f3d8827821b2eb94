/** Floats as exact integers times powers of two, and their rounding: the judge of every single-rounding operation. */

/** mantissa·2^exponent. */
export interface Exact {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** A float format: bits of the significand, the exponent of its finest step, the first power of two beyond it. */
export interface Format {
  readonly bits: number;
  readonly finest: number;
  readonly end: number;
}

export const FLOAT64: Format = { bits: 53, finest: -1074, end: 1024 };
export const FLOAT32: Format = { bits: 24, finest: -149, end: 128 };
export const FLOAT16: Format = { bits: 11, finest: -24, end: 16 };
export const BFLOAT16: Format = { bits: 8, finest: -133, end: 128 };

const float = new DataView(new ArrayBuffer(8));

/** A finite float64, exactly. */
export function exact(x: number): Exact {
  float.setFloat64(0, x);
  const pattern = float.getBigUint64(0);
  const biased = Number((pattern >> 52n) & 2047n);
  const fraction = pattern & (2n ** 52n - 1n);
  const magnitude = biased === 0 ? fraction : fraction + 2n ** 52n;
  return { mantissa: x < 0 ? -magnitude : magnitude, exponent: Math.max(biased, 1) - 1075 };
}

/** a·b + c, exactly. */
export function exactMultiplyAdd(a: number, b: number, c: number): Exact {
  const [x, y, z] = [exact(a), exact(b), exact(c)];
  const product = x.exponent + y.exponent;
  const exponent = Math.min(product, z.exponent);
  const mantissa =
    x.mantissa * y.mantissa * 2n ** BigInt(product - exponent) + z.mantissa * 2n ** BigInt(z.exponent - exponent);
  return { mantissa, exponent };
}

/** The nearest float of a format, ties to even. Zero comes out positive. */
export function roundExact({ mantissa, exponent }: Exact, format: Format): number {
  const magnitude = mantissa < 0n ? -mantissa : mantissa;
  const sign = mantissa < 0n ? -1 : 1;
  if (magnitude === 0n) return 0;
  const length = magnitude.toString(2).length;
  const dropped = Math.max(length - format.bits, format.finest - exponent);
  let kept = magnitude;
  let step = exponent;
  if (dropped > 0) {
    const unit = 2n ** BigInt(dropped);
    kept = magnitude / unit;
    const twice = 2n * (magnitude % unit);
    if (twice > unit || (twice === unit && kept % 2n === 1n)) kept += 1n;
    step = exponent + dropped;
  }
  if (kept.toString(2).length + step > format.end) return sign * Infinity;
  // Two factors, for 2^-1074 and below is no float64 by itself when `kept` makes up for it.
  const first = Math.trunc(step / 2);
  return sign * Number(kept) * 2 ** first * 2 ** (step - first);
}
