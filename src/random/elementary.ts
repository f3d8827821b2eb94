/**
 * The float32 logarithm, sine and cosine of torch's vectorised normal draws (the polynomials of Cephes, Moshier 1989).
 * Every operation rounds to float32; where a multiplication and an addition share one rounding, the compiled torch has
 * fused them, and the last bit needs it.
 */
import { fma32 } from "../arithmetic/fma.ts";

const f = Math.fround;

/**
 * log x for 0 < x <= 1: x = 2^e·(1 + t) with 1 + t in [√½, √2), and then
 *
 *     log x = e·log 2 + t - t²/2 + t³·P(t)                    log 2 in two parts, so that e times the first is exact
 */
export function log32(x: number): number {
  bits.setFloat32(0, x);
  const pattern = bits.getUint32(0);
  bits.setUint32(0, (pattern & 0x807fffff) | 0x3f000000);
  const mantissa = bits.getFloat32(0);
  const small = mantissa < SQRT_HALF;
  const e = (pattern >>> 23) - 126 - (small ? 1 : 0);
  const t = small ? f(f(mantissa - 1) + mantissa) : f(mantissa - 1);
  const square = f(t * t);

  let y = LOG[0];
  for (let k = 1; k < LOG.length; k++) y = fma32(y, t, LOG[k]);
  y = f(y * t);
  y = fma32(y, square, f(e * LN2_LOW));
  y = fma32(-0.5, square, y);
  return fma32(e, LN2_HIGH, f(t + y));
}

/** sin x and cos x together, for 0 <= x < 6.2832: the octant j of x is taken off in three parts of π/4. */
export function sinCos32(x: number): readonly [sin: number, cos: number] {
  const j = (Math.trunc(f(x * FOUR_OVER_PI)) + 1) & ~1;
  const r = fma32(j, QUARTER_PI_3, fma32(j, QUARTER_PI_2, fma32(j, QUARTER_PI_1, x)));
  const z = f(r * r);

  let c = fma32(fma32(COS[0], z, COS[1]), z, COS[2]);
  c = f(fma32(f(c * z), z, -f(z * 0.5)) + 1);
  let s = fma32(fma32(SIN[0], z, SIN[1]), z, SIN[2]);
  s = fma32(f(s * z), r, r);

  const [sin, cos] = j & 2 ? [c, s] : [s, c];
  return [j & 4 ? -sin : sin, (j - 2) & 4 ? cos : -cos];
}

const bits = new DataView(new ArrayBuffer(4));

const SQRT_HALF = f(Math.SQRT1_2);
const LN2_HIGH = 0.693359375;
const LN2_LOW = f(-2.1219444e-4);
const LOG = [
  0.070376836292, -0.1151461031, 0.1167699874, -0.12420140846, 0.14249322787, -0.16668057665, 0.20000714765,
  -0.24999993993, 0.33333331174,
].map(f);

const FOUR_OVER_PI = f(1.27323954473516);
const QUARTER_PI_1 = f(-0.78515625);
const QUARTER_PI_2 = f(-2.4187564849853516e-4);
const QUARTER_PI_3 = f(-3.774894977445941e-8);
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 0.04166664568298827].map(f);
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -0.16666654611].map(f);
