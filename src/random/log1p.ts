/**
 * log(1 + x) with the bits of the C library that torch calls on Linux (glibc, on a CPU with fused multiply-add), for
 * -1 < x <= 1: the published algorithm of fdlibm, whose polynomial glibc adds up in another order.
 *
 *     1 + x = 2^k·(1 + g) with 1 + g in [√½, √2),   s = g/(2 + g)
 *     log(1 + g) = g - (g²/2 - s·(g²/2 + R(s²)))
 */
import { fma64 } from "../arithmetic/fma.ts";

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605106586;

/** log(1 + x). */
export function log1p(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < 2 ** -54) return x;
  if (magnitude < 2 ** -29) return x - x * x * 0.5;
  if (liesNearZero(x)) return finish(0, x, 0, false);

  const u = 1 + x;
  float[0] = u;
  let k = (words[HIGH] >>> 20) - 1023;
  // What rounding 1 + x lost, relative to u.
  const correction = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
  const mantissa = words[HIGH] & 0xfffff;
  const lower = mantissa < 0x6a09e;
  if (!lower) k += 1;
  words[HIGH] = mantissa | (lower ? 0x3ff00000 : 0x3fe00000);
  const tiny = lower ? mantissa === 0 : (0x100000 - mantissa) >> 2 === 0;
  return finish(k, float[0] - 1, correction, tiny);
}

/** Whether 1 + x lies in [√½, √2) to begin with; the algorithm looks at the high word of x only. */
function liesNearZero(x: number): boolean {
  float[0] = x;
  return x > 0 ? words[HIGH] < 0x3fda827a : words[HIGH] <= 0xbfd2bec3;
}

/** k·log 2 + log(1 + g) + correction; `tiny` says that g is within 2^-20 of 0. */
function finish(k: number, g: number, correction: number, tiny: boolean): number {
  const half = 0.5 * g * g;
  const low = fma64(k, LN2_LOW, correction);
  if (tiny) {
    if (g === 0) return k === 0 ? 0 : fma64(k, LN2_HIGH, low);
    const rest = half * fma64(-0.6666666666666666, g, 1);
    return k === 0 ? g - rest : fma64(k, LN2_HIGH, -(rest - low - g));
  }
  const s = g / (2 + g);
  const z = s * s;
  const z2 = z * z;
  const z4 = z2 * z2;
  const odd = fma64(z4, fma64(L5, z, L4), fma64(z, L1, z2 * fma64(L3, z, L2)));
  const rest = fma64(z2 * z4, fma64(L7, z, L6), odd);
  const bend = s * (half + rest);
  return k === 0 ? g - (half - bend) : fma64(k, LN2_HIGH, -(half - (bend + low) - g));
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
