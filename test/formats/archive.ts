/** Archives and pickles made by hand, honest or not. */
import { crc32 } from "../../src/formats/crc32.ts";
import { writeZip } from "../../src/formats/zip-write.ts";

/** Text with one character for each byte. */
export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

/** One entry, and what its headers claim about it. */
export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly flags?: number;
  readonly method?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly packed?: number;
  readonly attributes?: number;
  readonly header?: number;
  readonly extra?: Uint8Array;
  /** What follows the data: a descriptor. */
  readonly after?: Uint8Array;
  readonly local?: { name?: string; flags?: number; method?: number; crc?: number; size?: number; signature?: number };
}

/** What the end record claims. */
export interface End {
  readonly count?: number;
  readonly size?: number;
  readonly start?: number;
  readonly comment?: Uint8Array;
}

/** An archive with ordinary local headers and no zip64 record. */
export function zip(entries: readonly Entry[], end: End = {}): Uint8Array {
  const body: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const entry of entries) {
    const { bytes, local = {} } = entry;
    const [crc, size] = [entry.crc ?? crc32(bytes), entry.size ?? bytes.length];
    const { name = entry.name, flags = entry.flags ?? 0, method = entry.method ?? 0, signature = 0x04034b50 } = local;
    const header = Buffer.concat([
      words(4, signature),
      words(2, 20, flags, method, 0, 0),
      words(4, local.crc ?? crc, local.size ?? size, local.size ?? size),
      words(2, ascii(name).length, 0),
      ascii(name),
    ]);
    const after = entry.after ?? new Uint8Array();
    body.push(header, Buffer.from(bytes), Buffer.from(after));
    directory.push(
      words(4, 0x02014b50),
      words(2, 20, 20, entry.flags ?? 0, entry.method ?? 0, 0, 0),
      words(4, crc, entry.packed ?? size, size),
      words(2, ascii(entry.name).length, entry.extra?.length ?? 0, 0, 0, 0),
      words(4, entry.attributes ?? 0, entry.header ?? position),
      Buffer.from(ascii(entry.name)),
      Buffer.from(entry.extra ?? []),
    );
    position += header.length + bytes.length + after.length;
  }
  const central = Buffer.concat(directory);
  const { count = entries.length, size = central.length, start = position, comment = ascii("") } = end;
  const last = [words(4, 0x06054b50), words(2, 0, 0, count, count), words(4, size, start), words(2, comment.length)];
  return new Uint8Array(Buffer.concat([...body, central, ...last, comment]));
}

/** Little-endian numbers of `width` bytes. */
export function words(width: number, ...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(width * values.length);
  for (const [at, value] of values.entries()) bytes.writeUIntLE(value, at * width, width);
  return bytes;
}

/** What the entries of a checkpoint are when nothing is wrong. */
export function entriesOf(pickle: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Entry[] {
  return [
    { name: "archive/data.pkl", bytes: pickle },
    { name: "archive/byteorder", bytes: ascii("little") },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
    { name: "archive/version", bytes: ascii("3\n") },
  ];
}

/** A checkpoint with this pickle. */
export function checkpoint(pickle: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  return writeZip(entriesOf(pickle, storages).map(({ name, bytes }) => [name, bytes]));
}

// ---- pickles, as text with one character for each byte

/** A whole pickle around some instructions. */
export const program = (...instructions: readonly string[]): Uint8Array => ascii(`\x80\x02${instructions.join("")}.`);
/** GLOBAL */
export const name = (module: string, attribute: string): string => `c${module}\n${attribute}\n`;
/** BINUNICODE */
export const text = (value: string): string => `X${words(4, value.length).toString("latin1")}${value}`;
/** BININT or LONG1 */
export function int(value: number | bigint): string {
  const bytes = Buffer.alloc(9);
  bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
  bytes[8] = BigInt(value) < 0n ? 0xff : 0;
  return `\x8a\x09${bytes.toString("latin1")}`;
}
/** BINFLOAT */
export function double(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return `G${bytes.toString("latin1")}`;
}
/** TUPLE */
export const tupleOf = (...items: readonly string[]): string => `(${items.join("")}t`;

/** What a tensor in a pickle is made of; each part is a program of its own. */
export interface TensorParts {
  readonly kind?: string;
  readonly key?: string;
  readonly count?: string;
  readonly offset?: string;
  readonly size?: string;
  readonly stride?: string;
  readonly requiresGrad?: string;
  readonly function?: string;
  readonly more?: string;
}

/** Two by three float32 on storage 0, unless something else is asked for. */
export function tensor(parts: TensorParts = {}): string {
  const { kind = name("torch", "FloatStorage"), key = text("0"), count = int(6), offset = int(0), more = "" } = parts;
  const { size = tupleOf(int(2), int(3)), stride = tupleOf(int(3), int(1)), requiresGrad = "\x89" } = parts;
  const storage = `${tupleOf(text("storage"), kind, key, text("cpu"), count)}Q`;
  const hooks = `${name("collections", "OrderedDict")})R`;
  const call = name("torch._utils", parts.function ?? "_rebuild_tensor_v2");
  return `${call}${tupleOf(storage, offset, size, stride, requiresGrad, hooks, more)}R`;
}
