/**
 * What a number in a tensor is. A dtype is one line of a table: its names in torch, how wide it is, and how it is kept.
 * The 16-bit floats are kept as the float32 that they equal, and rounded whenever they are written.
 */
import { roundToBfloat16, roundToHalf } from "../arithmetic/half.ts";
import { RuntimeError } from "../check.ts";

/** The memory of a tensor. */
export type Data = Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array;

/** A plain value that JavaScript code puts into a tensor or gets out of it. */
export type Scalar = number | bigint | boolean;

/** The kinds of number, from weakest to strongest: a stronger one wins when two meet. */
export type Kind = "bool" | "integer" | "float";

/** A torch dtype: `String(float32)` is `torch.float32`. */
export interface DType {
  /** The name after `torch.`: `float32`. */
  readonly name: string;
  /** The name in error messages: `Float` (`torch.FloatTensor`). */
  readonly scalarType: string;
  readonly kind: Kind;
  /** Bytes of one element in torch. */
  readonly itemsize: number;
  /** Zero-filled memory for `length` elements. */
  readonly allocate: (length: number) => Data;
  /** The nearest value of the dtype; only for those whose memory does not round by itself. */
  readonly round?: (x: number) => number;
  toString(): string;
}

function dtype(
  name: string,
  scalarType: string,
  kind: Kind,
  itemsize: number,
  allocate: DType["allocate"],
  round?: DType["round"],
): DType {
  const text = (): string => `torch.${name}`;
  const shown = { toString: text, [Symbol.for("nodejs.util.inspect.custom")]: text }; // the latter by console.log
  return { name, scalarType, kind, itemsize, allocate, ...(round && { round }), ...shown };
}

/** 32-bit float: the default. */
export const float32 = dtype("float32", "Float", "float", 4, (n) => new Float32Array(n));
/** 64-bit float. */
export const float64 = dtype("float64", "Double", "float", 8, (n) => new Float64Array(n));
/** IEEE half precision, kept as float32. */
export const float16 = dtype("float16", "Half", "float", 2, (n) => new Float32Array(n), roundToHalf);
/** Brain float, kept as float32. */
export const bfloat16 = dtype("bfloat16", "BFloat16", "float", 2, (n) => new Float32Array(n), roundToBfloat16);
/** 64-bit integer: labels and indices. */
export const int64 = dtype("int64", "Long", "integer", 8, (n) => new BigInt64Array(n));
/** 32-bit integer. */
export const int32 = dtype("int32", "Int", "integer", 4, (n) => new Int32Array(n));
/** 16-bit integer. */
export const int16 = dtype("int16", "Short", "integer", 2, (n) => new Int16Array(n));
/** 8-bit integer. */
export const int8 = dtype("int8", "Char", "integer", 1, (n) => new Int8Array(n));
/** Unsigned 8-bit integer: bytes. */
export const uint8 = dtype("uint8", "Byte", "integer", 1, (n) => new Uint8Array(n));
/** True or false: masks. */
export const bool = dtype(
  "bool",
  "Bool",
  "bool",
  1,
  (n) => new Uint8Array(n),
  (x) => (x === 0 ? 0 : 1),
);

/** torch's other names for the same dtypes. */
export { bfloat16 as brain, float16 as half, float32 as float, float64 as double, int32 as int, int64 as long };

let defaultFloat: DType = float32;

/** torch.get_default_dtype: what a number becomes when nothing else is said. */
export function getDefaultDtype(): DType {
  return defaultFloat;
}

/** torch.set_default_dtype. */
export function setDefaultDtype(dtype: DType): void {
  if (dtype.kind !== "float") throw new TypeError("only floating-point types are supported as the default type");
  defaultFloat = dtype;
}

const INTEGER_ORDER = [uint8, int8, int16, int32, int64];
const STRENGTH: Record<Kind, number> = { bool: 0, integer: 1, float: 2 };

/** Whether `a` is of a stronger kind than `b`. */
export function strongerKind(a: Kind, b: Kind): boolean {
  return STRENGTH[a] > STRENGTH[b];
}

/** torch.promote_types: the smallest dtype that both fit in. */
export function promoteTypes(a: DType, b: DType): DType {
  if (a === b) return a;
  if (a.kind !== b.kind) return strongerKind(a.kind, b.kind) ? a : b;
  if (a.kind === "float") {
    if (a.itemsize === b.itemsize) return float32; // float16 with bfloat16
    return a.itemsize > b.itemsize ? a : b;
  }
  const [low, high] = INTEGER_ORDER.indexOf(a) < INTEGER_ORDER.indexOf(b) ? [a, b] : [b, a];
  return low === uint8 && high === int8 ? int16 : high;
}

/** The dtype that a JavaScript value has by itself: numbers are floats, bigints int64, booleans bool. */
export function dtypeOfScalar(value: Scalar): DType {
  if (typeof value === "bigint") return int64;
  return typeof value === "boolean" ? bool : defaultFloat;
}

/** The kind that a JavaScript value brings to an operation: a whole number does not turn integers into floats. */
export function kindOfScalar(value: Scalar): Kind {
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" || Number.isInteger(value) ? "integer" : "float";
}

/** Converts one value for the memory of `dtype`: floats are cut towards zero for integers, as in torch. */
export function convertScalar(value: Scalar, dtype: DType): number | bigint {
  if (dtype === bool) return value || Number.isNaN(value) ? 1 : 0;
  if (dtype === int64) return typeof value === "number" ? truncateToBigInt(value) : BigInt(value);
  const whole = dtype.kind === "integer";
  if (whole && typeof value === "bigint") return Number(BigInt.asIntN(32, value));
  const number = Number(value);
  if (whole) return Math.abs(number) < 2 ** 31 ? Math.trunc(number) : INT32_MIN;
  return dtype.round ? dtype.round(Math.fround(number)) : number;
}

// What x86 gives for values that do not fit.
const INT32_MIN = -(2 ** 31);
const INT64_MIN = -(2n ** 63n);

function truncateToBigInt(value: number): bigint {
  return Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : INT64_MIN;
}

/** Demands a dtype that gradients exist for. */
export function expectDifferentiable(dtype: DType): void {
  if (dtype.kind !== "float") {
    throw new RuntimeError("only Tensors of floating point dtype can require gradients");
  }
}
