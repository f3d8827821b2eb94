/** The instructions that the kernels are written in, by their names in the WebAssembly specification. */
import { byte, type Code, code, type Local, signed, unsigned } from "./assembler.ts";

type Integer = Code<"i32">;
type Vector = Code<"v128">;

const binary =
  (opcode: number) =>
  (a: Integer, b: Integer): Integer =>
    code("i32", a.bytes + b.bytes + byte(opcode));

/** 32-bit integers: counts and addresses. */
export const i32 = {
  const: (value: number): Integer => code("i32", byte(0x41) + signed(value)),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  divU: binary(0x6e),
  and: binary(0x71),
  shl: binary(0x74),
  eq: binary(0x46),
  /** a < b, unsigned: how addresses compare. */
  ltU: binary(0x49),
  /** a > b, unsigned. */
  gtU: binary(0x4b),
  load: (address: Integer): Integer => code("i32", address.bytes + byte(0x28, 2, 0)),
  store: (address: Integer, value: Integer, offset = 0): Code =>
    code("nothing", address.bytes + value.bytes + byte(0x36, 2) + unsigned(offset)),
  /** What another thread may have stored just now. */
  atomicLoad: (address: Integer): Integer => code("i32", address.bytes + byte(0xfe, 0x10, 2, 0)),
};

/** local += by */
export const step = (local: Local<"i32">, by: Integer | number): Code =>
  local.set(i32.add(local, typeof by === "number" ? i32.const(by) : by));

const SIMD = byte(0xfd);
const one = (opcode: number) => {
  const bytes = SIMD + unsigned(opcode);
  return (a: Vector): Vector => code("v128", a.bytes + bytes);
};
const two = (opcode: number) => {
  const bytes = SIMD + unsigned(opcode);
  return (a: Vector, b: Vector): Vector => code("v128", a.bytes + b.bytes + bytes);
};
const three = (opcode: number) => {
  const bytes = SIMD + unsigned(opcode);
  return (a: Vector, b: Vector, c: Vector): Vector => code("v128", a.bytes + b.bytes + c.bytes + bytes);
};
const shift =
  (opcode: number) =>
  (a: Vector, bits: Integer): Vector =>
    code("v128", a.bytes + bits.bytes + SIMD + unsigned(opcode));

// An access states an alignment, here that of a float32, and an offset that is added to the address.
const access = (opcode: number, offset: number): string => SIMD + byte(opcode, 2) + unsigned(offset);

/** 128 bits, whatever they mean. */
export const v128 = {
  load: (address: Integer, offset = 0): Vector => code("v128", address.bytes + access(0x00, offset)),
  /** One float32 in all four lanes. */
  load32Splat: (address: Integer, offset = 0): Vector => code("v128", address.bytes + access(0x09, offset)),
  store: (address: Integer, value: Vector, offset = 0): Code =>
    code("nothing", address.bytes + value.bytes + access(0x0b, offset)),
  and: two(0x4e),
  or: two(0x50),
  xor: two(0x51),
  /** Where the mask has a 1 the bit of `a`, else that of `b`. */
  bitselect: three(0x52),
};

/** Four 32-bit integers. */
export const i32x4 = {
  /** The same integer in all lanes, as a constant. */
  const(value: number): Vector {
    const lane = byte(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24);
    return code("v128", SIMD + byte(0x0c) + lane.repeat(4));
  },
  shl: shift(0xab),
  shrU: shift(0xad),
  add: two(0xae),
  /** The whole part of numbers within range, of others the nearest integer there is, of NaN 0. */
  truncSatF32x4: one(0xf8),
  /** The whole part of numbers within range; of others an integer whose low 31 bits are 0 or all 1. */
  relaxedTruncF32x4: one(0x101),
  /** Lanes of `a` where all bits of the mask's lane are 1, of `b` where they are 0; one instruction where it is three else. */
  relaxedLaneselect: three(0x10b),
  /** The lanes with these numbers, where `a` has lanes 0 to 3 and `b` 4 to 7: `i8x16.shuffle` in steps of four. */
  shuffle(a: Vector, b: Vector, lanes: readonly number[]): Vector {
    const bytes = lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]);
    return code("v128", a.bytes + b.bytes + SIMD + byte(0x0d, ...bytes));
  },
};

/** Four float32. */
export const f32x4 = {
  /** The same number in all lanes, as a constant. */
  const: (value: number): Vector => i32x4.const(bitsOf(value)),
  lt: two(0x43),
  sqrt: one(0xe3),
  add: two(0xe4),
  sub: two(0xe5),
  mul: two(0xe6),
  div: two(0xe7),
  min: two(0xe8),
  max: two(0xe9),
  /** b < a ? b : a */
  pmin: two(0xea),
  /** a < b ? b : a */
  pmax: two(0xeb),
  convertI32x4: one(0xfa),
  /** Two float64, rounded, and two zeros. */
  demoteF64x2Zero: one(0x5e),
  /** a·b + c, by the machine's fused multiply-add if it has one, else rounded twice. */
  relaxedMadd: three(0x105),
};

/** Two float64, which sums of float32 are kept in. */
export const f64x2 = {
  add: two(0xf0),
  /** The first two of four float32. */
  promoteLowF32x4: one(0x5f),
  /** The last two: `promoteLowF32x4` after `i8x16.shuffle`. */
  promoteHighF32x4: (a: Vector): Vector => f64x2.promoteLowF32x4(i32x4.shuffle(a, a, [2, 3, 2, 3])),
};

/** Bytes moved within memory. */
export const memory = {
  copy: (to: Integer, from: Integer, bytes: Integer): Code =>
    code("nothing", to.bytes + from.bytes + bytes.bytes + byte(0xfc, 0x0a, 0, 0)),
};

/** The bits of a float32. */
export function bitsOf(value: number): number {
  float[0] = value;
  return bits[0];
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);
