/**
 * Elements as bytes. Bits are moved, never numbers, so that every NaN keeps its payload. Our memory is theirs wherever byte
 * order and alignment allow it; the 16-bit floats are kept as float32, and widened and narrowed here.
 */
import { Dense, elements } from "../dense/dense.ts";
import type { Data, DType } from "../dense/dtype.ts";
import { bfloat16, bool, float16, float32, float64, int8, int16, int32, int64, uint8 } from "../dense/dtype.ts";

/** The dtypes by the name of torch's class of storages for them. */
export const STORAGE_CLASSES: ReadonlyMap<string, DType> = new Map([
  ["FloatStorage", float32],
  ["DoubleStorage", float64],
  ["HalfStorage", float16],
  ["BFloat16Storage", bfloat16],
  ["LongStorage", int64],
  ["IntStorage", int32],
  ["ShortStorage", int16],
  ["CharStorage", int8],
  ["ByteStorage", uint8],
  ["BoolStorage", bool],
]);

/** How bytes become memory. */
export interface ReadOptions {
  readonly bigEndian: boolean;
  /** Always new memory, never a window on the file. */
  readonly copy: boolean;
}

/** The memory of `dtype` for these bytes, whose number is a multiple of its size. */
export function memoryFrom(bytes: Uint8Array, dtype: DType, { bigEndian, copy }: ReadOptions): Data {
  const swap = dtype.itemsize > 1 && bigEndian === HOST_IS_LITTLE;
  const aligned = bytes.byteOffset % dtype.itemsize === 0;
  const own = copy || swap || !aligned ? new Uint8Array(bytes) : bytes;
  if (swap) reverseEach(own, dtype.itemsize);
  const { buffer, byteOffset } = own;
  const length = bytes.length / dtype.itemsize;
  switch (dtype) {
    case float16:
      return widened(new Uint16Array(buffer, byteOffset, length), halfToFloatBits);
    case bfloat16:
      return widened(new Uint16Array(buffer, byteOffset, length), (bits) => bits << 16);
    case bool:
      return truths(own);
    default: {
      // a name of its own: the compiler drops the parentheses of `new (f() as T)(...)`, which is then another call
      const Memory = dtype.allocate(0).constructor as MemoryConstructor;
      return new Memory(buffer, byteOffset, length);
    }
  }
}

/** The bytes of memory, little-endian, as torch lays them out. May be the memory itself. */
export function bytesOf(data: Data, dtype: DType): Uint8Array {
  const { buffer, byteOffset, byteLength } = packed(data, dtype);
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  if (HOST_IS_LITTLE || dtype.itemsize === 1) return bytes;
  const swapped = new Uint8Array(bytes);
  reverseEach(swapped, dtype.itemsize);
  return swapped;
}

/** The bytes of the elements in logical order. A float32 that is read as a number loses the mark of a signalling NaN. */
export function bytesOfElements(dense: Dense): Uint8Array {
  const { data, dtype, shape, strides, offset } = dense;
  if (!(data instanceof Float32Array)) return bytesOf(elements(dense), dtype);
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  const moved = elements(new Dense({ data: bits, version: 0 }, int32, shape, strides, offset));
  return bytesOf(new Float32Array(moved.buffer, moved.byteOffset, moved.length), dtype);
}

type MemoryConstructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Data;

const HOST_IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function reverseEach(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** Any byte but 0 is true; our memory holds only 0 and 1. */
function truths(bytes: Uint8Array): Uint8Array {
  return bytes.every((byte) => byte <= 1) ? bytes : bytes.map((byte) => (byte === 0 ? 0 : 1));
}

function widened(narrow: Uint16Array, widen: (bits: number) => number): Float32Array {
  const bits = new Uint32Array(narrow.length);
  for (let at = 0; at < bits.length; at += 1) bits[at] = widen(narrow[at]!);
  return new Float32Array(bits.buffer);
}

/** The elements in torch's width. */
function packed(data: Data, dtype: DType): Data | Uint16Array {
  if (dtype !== float16 && dtype !== bfloat16) return data;
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const narrow: (bits: number) => number = dtype === float16 ? floatToHalfBits : (wide) => wide >>> 16;
  const result = new Uint16Array(bits.length);
  for (let at = 0; at < bits.length; at += 1) result[at] = narrow(bits[at]!);
  return result;
}

// float16: sign, 5 bits of exponent (bias 15), 10 of fraction; float32: sign, 8 bits (bias 127), 23

const [BIAS_STEP, FRACTION_STEP] = [127 - 15, 23 - 10];

function halfToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << FRACTION_STEP);
  if (exponent > 0) return sign | ((exponent + BIAS_STEP) << 23) | (fraction << FRACTION_STEP);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // a subnormal: move its first one to where normal numbers hide it
  return sign | ((BIAS_STEP + 1 - shift) << 23) | (((fraction << shift) & 0x3ff) << FRACTION_STEP);
}

/** Of a float32 that equals a float16, which all that are kept here do. */
function floatToHalfBits(float: number): number {
  const sign = (float >>> 16) & 0x8000;
  const exponent = (float >>> 23) & 0xff;
  const fraction = float & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction >>> FRACTION_STEP);
  if (exponent > BIAS_STEP) return sign | ((exponent - BIAS_STEP) << 10) | (fraction >>> FRACTION_STEP);
  return sign | ((fraction | 0x800000) >>> (BIAS_STEP + 1 - exponent + FRACTION_STEP));
}
