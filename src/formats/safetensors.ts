/**
 * safetensors: a header that says where each tensor is, and the numbers. Every rule of the format is enforced before a
 * tensor is touched, those that the reference leaves to trust as well.
 *
 *     u64 N | N bytes of JSON | data: row-major, little-endian, without a gap from the first byte to the last
 */
import { Dense } from "../dense/dense.ts";
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
import { ByteReader, ByteWriter } from "./bytes.ts";
import { FormatError, shown } from "./format-error.ts";
import { METADATA, readHeader, type Statement } from "./header.ts";
import { bytesOfElements, memoryFrom } from "./memory.ts";
import { encodeUtf8 } from "./utf8.ts";

/** A tensor of a file. */
export interface TensorEntry {
  readonly name: string;
  /** The format's word for its dtype: `F32`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Its bytes, counted from the beginning of the file. */
  readonly start: number;
  readonly end: number;
}

/** All that a file says before its numbers. */
export interface Contents {
  /** The tensors in the order of their bytes. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The bytes before the header: its length. */
export const PREFIX = 8;

const FORMAT = "safetensors";

/** The format's own limit for the header. */
const MAX_HEADER = 100_000_000;

/** As many dimensions as torch has. */
const MAX_RANK = 64;

/** In the order of the reference, which writes the last of them first. */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ["BOOL", bool],
  ["U8", uint8],
  ["I8", int8],
  ["I16", int16],
  ["F16", float16],
  ["BF16", bfloat16],
  ["I32", int32],
  ["F32", float32],
  ["F64", float64],
  ["I64", int64],
]);

/** The bits of an element of dtypes that the format has and we have not. */
const FOREIGN: ReadonlyMap<string, number> = new Map([
  ["F4", 4],
  ["F6_E2M3", 6],
  ["F6_E3M2", 6],
  ...["F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"].map((name) => [name, 8] as const),
  ["U16", 16],
  ["U32", 32],
  ["C64", 64],
  ["U64", 64],
]);

/** The length of the header, from the first bytes of a file of `size` bytes. Errors: FormatError. */
export function headerLength(prefix: Uint8Array, size: number): number {
  if (size < PREFIX) throw new FormatError(`${size} bytes are no file`, { format: FORMAT, offset: 0 });
  const length = new ByteReader(prefix, { format: FORMAT }).u64();
  if (length > MAX_HEADER) throw new FormatError(`a header of ${length} bytes`, { format: FORMAT, offset: 0 });
  if (PREFIX + length > size) {
    throw new FormatError(`a header of ${length} bytes in a file of ${size}`, { format: FORMAT, offset: 0 });
  }
  return length;
}

/** What is in a file of `size` bytes that begins with `head`: its length and the whole header. Errors: FormatError. */
export function readContents(head: Uint8Array, size: number): Contents {
  const reader = new ByteReader(head, { format: FORMAT }, PREFIX);
  const { statements, metadata } = readHeader(reader);
  const base = head.length;
  const entries = Array.from(statements, ([name, statement]) => entryOf(name, statement, base, reader));
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  let end = base;
  for (const entry of entries) {
    if (entry.start !== end) {
      const what = entry.start < end ? "overlaps with the one before" : "leaves a gap before it";
      throw refusal(`${what}: bytes ${end} and ${entry.start}`, entry.name, statements.get(entry.name)!.at);
    }
    end = entry.end;
  }
  if (end !== size) throw new FormatError(`the tensors end at byte ${end} of ${size}`, { format: FORMAT, offset: end });
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata };
}

/** The tensor whose bytes these are, in the bytes themselves where alignment allows it and no copy is wanted. */
export function denseFrom(bytes: Uint8Array, { name, dtype, shape, start }: TensorEntry, copy: boolean): Dense {
  const known = DTYPES.get(dtype);
  if (!known) throw refusal(`the dtype ${dtype} is not supported`, name, start);
  const data = memoryFrom(bytes, known, { bigEndian: false, copy });
  return new Dense({ data, version: 0 }, known, shape);
}

/** A file of tensors, as the reference lays it out. The numbers of a view are written, not what it is a view of. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Dense>,
  metadata: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const names = [...DTYPES.values()];
  const ordered = [...tensors].sort(([a, x], [b, y]) => {
    return names.indexOf(y.dtype) - names.indexOf(x.dtype) || (a < b ? -1 : 1);
  });
  const parts = metadata.size === 0 ? [] : [`${text(METADATA)}:{${[...metadata].map(pair).join(",")}}`];
  let end = 0;
  for (const [name, { dtype, shape, count }] of ordered) {
    if (name === METADATA) throw refusal("no tensor can have this name", name);
    const start = end;
    end += count * dtype.itemsize;
    parts.push(`${text(name)}:{"dtype":"${wordFor(dtype)}","shape":[${[...shape]}],"data_offsets":[${start},${end}]}`);
  }
  const json = encodeUtf8(`{${parts.join(",")}}`);
  const padding = -json.length & (PREFIX - 1);
  if (json.length + padding > MAX_HEADER) throw refusal("the names are too long for the format");
  const writer = new ByteWriter(PREFIX + json.length + padding + end);
  writer.u64(json.length + padding);
  writer.write(json);
  writer.write(new Uint8Array(padding).fill(0x20));
  for (const [, dense] of ordered) writer.write(bytesOfElements(dense));
  return writer.finish();
}

function entryOf(
  name: string,
  { dtype, shape, offsets, at }: Statement,
  base: number,
  reader: ByteReader,
): TensorEntry {
  const said = (message: string): FormatError => refusal(message, name, at);
  const bits = (DTYPES.get(dtype)?.itemsize ?? 0) * 8 || FOREIGN.get(dtype);
  if (bits === undefined) throw said(`${shown(dtype)} is no dtype`);
  if (shape.length > MAX_RANK) throw said(`a tensor of ${shape.length} dimensions`);
  const [start, end] = offsets as [number, number];
  const available = reader.bytes.length;
  if (start > end || !Number.isSafeInteger(available + end)) throw said(`from byte ${start} to byte ${end}`);
  let count = 1;
  for (const length of shape) {
    count *= length;
    if (!Number.isSafeInteger(count * bits)) throw said("a size that overflows");
  }
  if ((end - start) * 8 !== count * bits) throw said(`${end - start} bytes for ${count} elements of ${dtype}`);
  return { name, dtype, shape, start: base + start, end: base + end };
}

function wordFor(dtype: DType): string {
  return [...DTYPES].find(([, known]) => known === dtype)![0];
}

function text(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw refusal("half of a surrogate pair is no text of the format", value);
  return JSON.stringify(value);
}

function pair([key, value]: readonly [string, string]): string {
  return `${text(key)}:${text(value)}`;
}

function refusal(message: string, name?: string, offset?: number): FormatError {
  return new FormatError(message, { format: FORMAT, part: name === undefined ? name : `tensor ${name}`, offset });
}
