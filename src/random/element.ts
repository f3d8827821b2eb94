/**
 * What is drawn into: flat memory, and the dtype that says how a number becomes an element of it. A float16 or bfloat16
 * lives in a Float32Array as the value that it equals; a bool is 0 or 1 in a Uint8Array.
 */
import { roundToBfloat16, roundToHalf } from "../arithmetic/half.ts";

/** The dtypes that can be drawn, by their torch names. */
export type DrawType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool";

/** Memory of floats. */
export type FloatArray = Float32Array | Float64Array;

/** Memory of any dtype. */
export type DrawArray = FloatArray | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array;

/** The dtype of memory of which nothing else was said: the one with the same name. */
export function typeOf(out: DrawArray): DrawType {
  if (out instanceof Float32Array) return "float32";
  if (out instanceof Float64Array) return "float64";
  if (out instanceof BigInt64Array) return "int64";
  if (out instanceof Int32Array) return "int32";
  if (out instanceof Int16Array) return "int16";
  return out instanceof Int8Array ? "int8" : "uint8";
}

/**
 * The rounding from a float64 to a dtype. The 16-bit floats are rounded twice, by way of float32, as torch does.
 * Integers are left to their typed arrays, which keep the low bits, as C does.
 */
export function rounding(type: DrawType): (x: number) => number {
  if (type === "float32") return Math.fround;
  if (type === "float16") return (x) => roundToHalf(Math.fround(x));
  if (type === "bfloat16") return (x) => roundToBfloat16(Math.fround(x));
  return (x) => x;
}

/** Writes one draw after the other into `out`, in memory order, each converted to the dtype. */
export function fill<Out extends DrawArray>(out: Out, type: DrawType, draw: () => number | bigint): Out {
  const memory: DrawArray = out;
  if (memory instanceof BigInt64Array) {
    for (let i = 0; i < memory.length; i++) memory[i] = BigInt(draw());
  } else {
    const round = rounding(type);
    for (let i = 0; i < memory.length; i++) memory[i] = round(Number(draw()));
  }
  return out;
}

/** What a dtype can hold, and what C++ calls it in torch's messages. */
export interface Limits {
  readonly lowest: number;
  readonly highest: number;
  /** Bits of the significand; for integers none, they are exact. */
  readonly digits?: number;
  readonly name: string;
}

/** The limits of each dtype. */
export const LIMITS: Readonly<Record<DrawType, Limits>> = {
  float32: { lowest: -(2 - 2 ** -23) * 2 ** 127, highest: (2 - 2 ** -23) * 2 ** 127, digits: 24, name: "float" },
  float64: { lowest: -Number.MAX_VALUE, highest: Number.MAX_VALUE, digits: 53, name: "double" },
  float16: { lowest: -65504, highest: 65504, digits: 11, name: "c10::Half" },
  bfloat16: { lowest: -(2 - 2 ** -7) * 2 ** 127, highest: (2 - 2 ** -7) * 2 ** 127, digits: 8, name: "c10::BFloat16" },
  int64: { lowest: -(2 ** 63), highest: 2 ** 63, name: "long int" },
  int32: { lowest: -(2 ** 31), highest: 2 ** 31 - 1, name: "int" },
  int16: { lowest: -(2 ** 15), highest: 2 ** 15 - 1, name: "short int" },
  int8: { lowest: -128, highest: 127, name: "signed char" },
  uint8: { lowest: 0, highest: 255, name: "unsigned char" },
  bool: { lowest: 0, highest: 1, name: "bool" },
};

/** A number as C++ writes it into an error message: six digits, `1e-07`, `1e+06`, `nan`. */
export function numberText(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  const [digits, exponent] = x.toExponential(5).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return Object.is(x, -0) ? "-0" : String(Number(x.toPrecision(6)));
  const padded = String(Math.abs(power)).padStart(2, "0");
  return `${Number(digits)}e${power < 0 ? "-" : "+"}${padded}`;
}
