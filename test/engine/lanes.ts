/**
 * A second reader of the elementary functions: four lanes at once, each operation by the WebAssembly SIMD instructions
 * that the algebra names for it. It shows that the instructions do what the numbers do.
 */
import { fma32 } from "../../src/arithmetic/fma.ts";
import type { Float32Algebra, Operand } from "../../src/engine/algebra.ts";

/** What a v128 local holds. */
export interface Lanes {
  readonly floats: Float32Array;
  readonly integers: Int32Array;
}

/** Four floats in a register. */
export function lanesOf(values: readonly number[]): Lanes {
  const floats = Float32Array.from(values);
  return { floats, integers: new Int32Array(floats.buffer) };
}

const splat = (a: Operand<Lanes>): Lanes => (typeof a === "number" ? lanesOf([a, a, a, a]) : a);

function floatwise(f: (a: number, b: number, c: number) => number, ...operands: Operand<Lanes>[]): Lanes {
  const [a, b = a, c = a] = operands.map(splat);
  return lanesOf([0, 1, 2, 3].map((lane) => f(a.floats[lane], b.floats[lane], c.floats[lane])));
}

function bitwise(f: (a: number, b: number) => number, a: Lanes, b: Lanes = a): Lanes {
  const result = lanesOf([0, 0, 0, 0]);
  for (let lane = 0; lane < 4; lane++) result.integers[lane] = f(a.integers[lane], b.integers[lane]);
  return result;
}

const ONE = 0x3f800000;
const SIGN = 0x80000000;

/** i32x4.trunc_sat_f32x4_s for numbers within range. */
const truncate = (a: Lanes): Lanes => {
  const result = lanesOf([0, 0, 0, 0]);
  for (let lane = 0; lane < 4; lane++) result.integers[lane] = Math.trunc(a.floats[lane]);
  return result;
};

/** f32x4.convert_i32x4_s */
const convert = (a: Lanes): Lanes => lanesOf([...a.integers]);

export const lanes: Float32Algebra<Lanes> = {
  add: (a, b) => floatwise((x, y) => x + y, a, b),
  sub: (a, b) => floatwise((x, y) => x - y, a, b),
  mul: (a, b) => floatwise((x, y) => x * y, a, b),
  div: (a, b) => floatwise((x, y) => x / y, a, b),
  fma: (a, b, c) => floatwise(fma32, a, b, c),
  negate: (a) => bitwise((x) => x ^ SIGN, a),
  abs: (a) => bitwise((x) => x & ~SIGN, a),
  copySign: (magnitude, sign) => bitwise((x, y) => x | (y & SIGN), magnitude, sign),
  min: (a, b) => floatwise(Math.min, a, b),
  max: (a, b) => floatwise(Math.max, a, b),
  powerOfTwo: (k) => bitwise((x) => (x << 23) + ONE, truncate(k)),
  biasedExponent: (a) => convert(bitwise((x) => x >>> 23, a)),
  significand: (a) => bitwise((x) => (x & 0x007fffff) | ONE, a),
  whereLess(a, b, then, otherwise) {
    const [x, y, yes, no] = [a, b, then, otherwise].map(splat);
    return lanesOf([0, 1, 2, 3].map((lane) => (x.floats[lane] < y.floats[lane] ? yes : no).floats[lane]));
  },
};
