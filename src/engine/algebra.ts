/**
 * The arithmetic that elementary functions are written in. A page of mathematics is a function of a `Float32Algebra`:
 * read with numbers it computes, read with lanes it emits the instructions that compute the same bits.
 */
import { fma32 } from "../arithmetic/fma.ts";

/**
 * How a·b + c is rounded in float32: once, by a fused multiply-add, or the product and then the sum. The second is for
 * machines that have only that; everything else is the same in both.
 */
export type Arithmetic = "fma" | "muladd";

/** What an operation takes: a value, or a constant, a JavaScript number that is a float32 already. */
export type Operand<V> = V | number;

/**
 * Float32 arithmetic on values `V`. Each operation rounds once, to nearest, ties to even, and keeps subnormals. The
 * comments name the one to three WebAssembly SIMD instructions that do the same. All NaN count as equal.
 */
export interface Float32Algebra<V> {
  /** `f32x4.add` */
  add(a: Operand<V>, b: Operand<V>): V;
  /** `f32x4.sub` */
  sub(a: Operand<V>, b: Operand<V>): V;
  /** `f32x4.mul` */
  mul(a: Operand<V>, b: Operand<V>): V;
  /** `f32x4.div` */
  div(a: Operand<V>, b: Operand<V>): V;
  /** a·b + c: `f32x4.relaxed_madd` where it rounds once, or `f32x4.mul` and `f32x4.add`; see `Arithmetic`. */
  fma(a: Operand<V>, b: Operand<V>, c: Operand<V>): V;
  /** The sign bit flipped, also that of 0: `f32x4.neg` */
  negate(a: V): V;
  /** The sign bit cleared: `f32x4.abs` */
  abs(a: V): V;
  /** `magnitude`, which has no sign bit, with that of `sign`: `v128.and` with the sign bit, `v128.or` */
  copySign(magnitude: V, sign: V): V;
  /** NaN if either is NaN, and -0 < 0: `f32x4.min`, not `pmin` */
  min(a: Operand<V>, b: Operand<V>): V;
  /** NaN if either is NaN, and -0 < 0: `f32x4.max`, not `pmax` */
  max(a: Operand<V>, b: Operand<V>): V;
  /**
   * 2^k for a whole number k from -126 to 127; for NaN it is 1.
   * `i32x4.trunc_sat_f32x4_s`, `i32x4.shl` by 23, `i32x4.add` to the bits of 1
   */
  powerOfTwo(k: V): V;
  /** e + 127 where a = s·2^e, 1 <= s < 2, for normal a > 0: `i32x4.shr_u` by 23, `f32x4.convert_i32x4_s` */
  biasedExponent(a: V): V;
  /** The s of that equation: `v128.and` with the low 23 bits, `v128.or` with the bits of 1 */
  significand(a: V): V;
  /** `then` if a < b, else `otherwise`, also where a or b is NaN: `f32x4.lt`, `v128.bitselect` */
  whereLess(a: Operand<V>, b: Operand<V>, then: Operand<V>, otherwise: Operand<V>): V;
}

const { abs, fround, max, min } = Math;

/** What all arithmetics have in common: a value is a JavaScript number that is a float32. */
const common: Omit<Float32Algebra<number>, "fma"> = {
  add: (a, b) => fround(a + b),
  sub: (a, b) => fround(a - b),
  mul: (a, b) => fround(a * b),
  div: (a, b) => fround(a / b),
  negate: (a) => -a,
  abs,
  copySign: (magnitude, sign) => (sign < 0 || Object.is(sign, -0) ? -magnitude : magnitude),
  min,
  max,
  powerOfTwo: (k) => POWERS_OF_TWO[(k | 0) + 126],
  biasedExponent(a) {
    float[0] = a;
    return bits[0] >>> 23;
  },
  significand(a) {
    float[0] = a;
    bits[0] = (bits[0] & 0x007fffff) | 0x3f800000;
    return float[0];
  },
  whereLess: (a, b, then, otherwise) => (a < b ? then : otherwise),
};

/** The reader that computes with fused multiply-add. */
export const fused: Float32Algebra<number> = { ...common, fma: fma32 };
/** The reader that rounds each product by itself. */
export const unfused: Float32Algebra<number> = { ...common, fma: (a, b, c) => fround(fround(a * b) + c) };

const POWERS_OF_TWO = Float32Array.from({ length: 254 }, (_, index) => 2 ** (index - 126));
const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);
