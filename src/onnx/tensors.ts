/** Tensors of an ONNX file as numbers: a table of data types, and every size checked before memory is taken. */
import { type Dense, wrap } from "../dense/dense.ts";
import type { Data } from "../dense/dtype.ts";
import {
  bfloat16,
  bool,
  type DType,
  float16,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  uint8,
} from "../dense/dtype.ts";
import { FormatError, shown } from "../formats/format-error.ts";
import { memoryFrom } from "../formats/memory.ts";
import type { TensorMessage } from "./messages.ts";

/** The numbers of onnx.proto's data types. */
const DATA_TYPES: ReadonlyMap<number, DType> = new Map([
  [1, float32],
  [2, uint8],
  [3, int8],
  [5, int16],
  [6, int32],
  [7, int64],
  [9, bool],
  [10, float16],
  [11, float64],
  [16, bfloat16],
]);

/** The dtype of a data type. Errors: FormatError for those that do not exist here. */
export function dtypeOf(dataType: number, part?: string): DType {
  const dtype = DATA_TYPES.get(dataType);
  if (dtype) return dtype;
  throw new FormatError(`data type ${dataType} is not supported`, { format: "onnx", part });
}

/** The data type of a dtype. */
export function dataTypeOf(dtype: DType): number {
  for (const [number, own] of DATA_TYPES) if (own === dtype) return number;
  throw new FormatError(`${dtype} has no data type`, { format: "onnx" });
}

/** What a tensor that lies in another file says of its place. The name is as the model has it: judge it before use. */
export interface ExternalData {
  readonly location: string;
  readonly offset: number;
  /** The number of bytes that are wanted. */
  readonly length: number;
}

/** Gives the bytes of a tensor that lies in another file. */
export type ReadExternal = (place: ExternalData) => Uint8Array;

/** A rank that no network has; shapes are lists of lengths, and lists are not for the file to fill. */
const HIGHEST_RANK = 64;

/** The numbers of a tensor: the file's own memory where that can be. Errors: FormatError. */
export function denseFrom(message: TensorMessage, external?: ReadExternal): Dense {
  const { dims } = message;
  const part = message.name === "" ? "a tensor" : message.name;
  const fail = (text: string): FormatError => new FormatError(text, { format: "onnx", part });
  const dtype = dtypeOf(message.dataType, part);
  if (dims.length > HIGHEST_RANK) throw fail(`${dims.length} dimensions, ${HIGHEST_RANK} are allowed`);
  const count = countOf(dims, fail);
  if (message.foreign) throw fail("its numbers are of a kind that is not read");
  const bytes = message.external ? readOutside(message.external, count * dtype.itemsize, fail, external) : message.raw;
  if (!bytes) return wrap(listed(message, dtype, count, fail), dims, dtype);
  if (bytes.length !== count * dtype.itemsize) {
    throw fail(`${bytes.length} bytes for ${count} numbers of ${dtype}, ${count * dtype.itemsize} expected`);
  }
  return wrap(memoryFrom(bytes, dtype, { bigEndian: false, copy: false }), dims, dtype);
}

function countOf(dims: readonly number[], fail: (text: string) => FormatError): number {
  let count = 1;
  for (const length of dims) {
    if (length < 0) throw fail(`a dimension of length ${length}`);
    count *= length;
    if (!Number.isSafeInteger(count)) throw fail(`more than 2^53 numbers: [${dims.slice(0, 8).join(", ")}]`);
  }
  return count;
}

/** Numbers that are not bytes: floats by themselves, all small types in the ints, where the 16-bit floats are bits. */
function listed(message: TensorMessage, dtype: DType, count: number, fail: (text: string) => FormatError): Data {
  const { floats, ints, longs, doubles } = message;
  const values = dtype === float32 ? floats : dtype === float64 ? doubles : dtype === int64 ? longs : ints;
  if (values.length !== count) throw fail(`${values.length} numbers, its shape wants ${count}`);
  if (dtype === int64) return BigInt64Array.from(longs);
  const numbers = values as readonly number[];
  if (dtype !== float16 && dtype !== bfloat16) return filled(dtype, numbers);
  const bits = Uint16Array.from(numbers);
  const bytes = new Uint8Array(2 * bits.length);
  for (const [i, half] of bits.entries()) [bytes[2 * i], bytes[2 * i + 1]] = [half & 0xff, half >> 8];
  return memoryFrom(bytes, dtype, { bigEndian: false, copy: false });
}

function filled(dtype: DType, numbers: readonly number[]): Data {
  const data = dtype.allocate(numbers.length);
  for (let i = 0; i < numbers.length; i += 1) data[i] = dtype === bool ? Number(numbers[i] !== 0) : numbers[i]!;
  return data;
}

const KNOWN_KEYS = ["location", "offset", "length", "checksum"];

/** A window on another file. A reader opens nothing by itself: the caller may, who knows what the name is worth. */
function readOutside(
  entries: ReadonlyMap<string, string>,
  wanted: number,
  fail: (text: string) => FormatError,
  read?: ReadExternal,
): Uint8Array {
  const location = entries.get("location") ?? "";
  const unknown = [...entries.keys()].find((key) => !KNOWN_KEYS.includes(key));
  if (unknown !== undefined) throw fail(`its data lie outside, under the unknown key ${shown(unknown)}`);
  if (!isPlainName(location))
    throw fail(`its data lie outside, under a name that leaves the folder: ${shown(location)}`);
  const [offset, length] = [entries.get("offset") ?? "0", entries.get("length") ?? String(wanted)];
  if (![offset, length].every((text) => /^\d{1,15}$/.test(text))) {
    throw fail(`its data lie outside, at ${shown(offset)} for ${shown(length)} bytes`);
  }
  if (Number(length) !== wanted) throw fail(`its data lie outside, ${length} bytes, ${wanted} expected`);
  if (!read)
    throw fail(`its data lie in another file, ${shown(location)}: give a function as \`external\` that reads it`);
  const bytes = read({ location, offset: Number(offset), length: wanted });
  if (!(bytes instanceof Uint8Array)) throw fail("`external` gave no bytes");
  return bytes;
}

/** A name within the folder of the model: no drive, no address, no way up. */
function isPlainName(name: string): boolean {
  if (name === "" || name.startsWith("/") || /[\\:\0]/.test(name)) return false;
  return name.split("/").every((step) => step !== "" && step !== "." && step !== "..");
}
