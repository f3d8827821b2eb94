/**
 * Reading zip archives of stored entries, strictly: whatever two readers might see differently is refused. Entries are
 * found by the central directory; the local header of each must say the same, and no two entries may share a byte.
 *
 *     local header, name, extra, data, ...   central directory   [zip64 record, zip64 locator]   end record, comment
 */
import { ByteReader } from "./bytes.ts";
import { crc32 } from "./crc32.ts";
import { FormatError, shown } from "./format-error.ts";
import { decodeUtf8 } from "./utf8.ts";

/** One file in the archive. */
export interface ZipEntry {
  readonly name: string;
  /** Where its bytes begin in the archive. */
  readonly start: number;
  readonly size: number;
  /** The checksum of its bytes; 0 means, by torch's custom, that it was not computed. */
  readonly crc: number;
}

/** More entries than any checkpoint has storages: a directory that claims more is not read. */
const MAX_ENTRIES = 2 ** 20;

const FORMAT = "zip";
const LOCAL = { signature: 0x04034b50, size: 30 } as const;
const CENTRAL = { signature: 0x02014b50, size: 46 } as const;
const END = { signature: 0x06054b50, size: 22 } as const;
const ZIP64_END = { signature: 0x06064b50, size: 56 } as const;
const ZIP64_LOCATOR = { signature: 0x07064b50, size: 20 } as const;
const DESCRIPTOR = 0x08074b50;
const MAX_COMMENT = 0xffff;

/** In a 16 or 32 bit field: the number stands in a zip64 field. */
const [ELSEWHERE_16, ELSEWHERE_32] = [0xffff, 0xffffffff];

/** Flags that change nothing for stored data: sizes follow the data, compression levels, UTF-8 names. */
const [SIZES_FOLLOW, HARMLESS_FLAGS] = [1 << 3, (1 << 1) | (1 << 2) | (1 << 3) | (1 << 11)];

/** The entries of an archive by name, in the order of its directory. Errors: FormatError. */
export function readZip(archive: Uint8Array): ReadonlyMap<string, ZipEntry> {
  const directory = findDirectory(archive);
  const reader = new ByteReader(archive.subarray(0, directory.end), { format: FORMAT }, directory.start);
  const entries = new Map<string, ZipEntry>();
  const extents: Extent[] = [];
  for (let left = directory.count; left > 0; left -= 1) {
    const at = reader.position;
    const record = readCentral(reader);
    const extent = readLocal(archive, record, directory.start);
    if (entries.has(record.name)) throw reader.error(`two entries with the name ${shown(record.name)}`, at);
    entries.set(record.name, { name: record.name, start: extent.data, size: record.size, crc: record.crc });
    extents.push(extent);
  }
  if (reader.remaining > 0) throw reader.error("the directory holds more than its entries");
  expectDisjoint(extents);
  return entries;
}

/** The bytes of an entry, as a window on the archive. Errors: FormatError when the checksum differs. */
export function entryBytes(archive: Uint8Array, { name, start, size, crc }: ZipEntry): Uint8Array {
  const bytes = archive.subarray(start, start + size);
  if (crc !== 0 && crc32(bytes) !== crc) {
    throw new FormatError("the checksum is wrong: the file is damaged", { format: FORMAT, part: name, offset: start });
  }
  return bytes;
}

// ---- the end of the archive

interface Directory {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

function findDirectory(archive: Uint8Array): Directory {
  const at = findEnd(archive);
  const reader = new ByteReader(archive, { format: FORMAT }, at + 4);
  const disk = reader.u16();
  const firstDisk = reader.u16();
  const onDisk = reader.u16();
  const count = reader.u16();
  const size = reader.u32();
  const start = reader.u32();
  if (disk !== firstDisk || (disk !== 0 && disk !== ELSEWHERE_16) || onDisk !== count) {
    throw reader.error("an archive in several parts", at);
  }
  const large = findZip64End(archive, at);
  const end = large?.at ?? at;
  const directory = { start: large?.start ?? start, end, count: large?.count ?? count };
  if (large) {
    const agrees = (short: number, long: number, elsewhere: number): boolean => short === long || short === elsewhere;
    const agree =
      agrees(count, large.count, ELSEWHERE_16) &&
      agrees(size, large.size, ELSEWHERE_32) &&
      agrees(start, large.start, ELSEWHERE_32);
    if (!agree) throw reader.error("the two end records differ", at);
  }
  if (directory.start + (large?.size ?? size) !== end) {
    throw reader.error("the directory does not reach from its offset to the end record", at);
  }
  if (directory.count > MAX_ENTRIES || directory.count * CENTRAL.size > end - directory.start) {
    throw reader.error(`${directory.count} entries do not fit into the directory`, at);
  }
  return directory;
}

/** The last end record whose comment reaches exactly to the end of the file. */
function findEnd(archive: Uint8Array): number {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const last = archive.length - END.size;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at -= 1) {
    if (view.getUint32(at, true) === END.signature && view.getUint16(at + 20, true) === last - at) return at;
  }
  throw new FormatError("no end record: not a zip archive, or cut off", { format: FORMAT, offset: archive.length });
}

/** The record of 64-bit numbers, where there is a locator right before the end record. */
function findZip64End(archive: Uint8Array, end: number): (Directory & { at: number; size: number }) | undefined {
  const locatorAt = end - ZIP64_LOCATOR.size;
  if (locatorAt < 0) return undefined;
  const locator = new ByteReader(archive, { format: FORMAT }, locatorAt);
  if (locator.u32() !== ZIP64_LOCATOR.signature) return undefined;
  const disk = locator.u32();
  const at = locator.u64();
  const disks = locator.u32();
  if (disk !== 0 || disks > 1) throw locator.error("an archive in several parts", locatorAt);
  if (at + ZIP64_END.size !== locatorAt) throw locator.error("the zip64 record is not before its locator", locatorAt);
  const record = new ByteReader(archive, { format: FORMAT }, at);
  if (record.u32() !== ZIP64_END.signature || record.u64() !== ZIP64_END.size - 12) {
    throw record.error("not a zip64 end record", at);
  }
  record.take(4); // versions
  const thisDisk = record.u32();
  const firstDisk = record.u32();
  const onDisk = record.u64();
  const count = record.u64();
  const size = record.u64();
  const start = record.u64();
  if (thisDisk !== 0 || firstDisk !== 0 || onDisk !== count) throw record.error("an archive in several parts", at);
  return { at, count, size, start, end: at };
}

// ---- the entries

/** What the directory says about an entry. */
interface CentralRecord {
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly flags: number;
  readonly crc: number;
  readonly size: number;
  /** Where its local header is. */
  readonly header: number;
}

function readCentral(reader: ByteReader): CentralRecord {
  const at = reader.position;
  if (reader.u32() !== CENTRAL.signature) throw reader.error("not an entry of the directory", at);
  reader.take(4); // versions
  const flags = reader.u16();
  const method = reader.u16();
  reader.take(4); // time and date
  const crc = reader.u32();
  const packed = reader.u32();
  const size = reader.u32();
  const nameLength = reader.u16();
  const extraLength = reader.u16();
  const commentLength = reader.u16();
  const disk = reader.u16();
  reader.take(2); // internal attributes
  const attributes = reader.u32();
  const header = reader.u32();
  const rawName = reader.take(nameLength);
  const extra = reader.take(extraLength);
  reader.take(commentLength);
  const name = readName(reader, rawName, at);
  const wide = zip64Fields(reader, extra, [size, packed, header], at);
  if (flags & ~HARMLESS_FLAGS) throw reader.error(`entry ${shown(name)} is encrypted or of an unknown kind`, at);
  if (method !== 0 || wide[0] !== wide[1]) {
    throw reader.error(
      `entry ${shown(name)} is compressed`,
      at,
      "only stored entries are read, as torch.save and numpy.savez write them; savez_compressed and TorchScript compress",
    );
  }
  if (attributes >>> 28 === 0xa) throw reader.error(`entry ${shown(name)} is a symbolic link`, at);
  if (disk !== 0) throw reader.error("an archive in several parts", at);
  return { name, rawName, flags, crc, size: wide[0]!, header: wide[2]! };
}

/** Names are never used as paths; but one that could be is a sign of an attack. */
function readName(reader: ByteReader, raw: Uint8Array, at: number): string {
  const name = decodeUtf8(raw);
  if (name === undefined) throw reader.error("a name that is not UTF-8", at);
  if (!isPlainName(name)) throw reader.error(`${shown(name)} is no plain name`, at);
  return name;
}

/** Whether a name leads to one place only, whoever takes it for a path: no way up, no root, no drive, no end in the middle. */
export function isPlainName(name: string): boolean {
  const parts = name.replace(/\/$/, "").split("/");
  return parts.every((part) => part !== "" && part !== "." && part !== "..") && !/[\\\0]|^[A-Za-z]:/.test(name);
}

const ZIP64_FIELD = 1;

/** Size, packed size and offset, where the 32-bit ones are too narrow. */
function zip64Fields(reader: ByteReader, extra: Uint8Array, narrow: readonly number[], at: number): number[] {
  if (!narrow.includes(ELSEWHERE_32)) return [...narrow];
  const fields = new ByteReader(extra, { format: FORMAT, part: "zip64 field" });
  while (fields.remaining >= 4) {
    const id = fields.u16();
    const length = fields.u16();
    const body = new ByteReader(fields.take(length), { format: FORMAT, part: "zip64 field" });
    if (id === ZIP64_FIELD) return narrow.map((value) => (value === ELSEWHERE_32 ? body.u64() : value));
  }
  throw reader.error("a size of 4 GiB without a zip64 field", at);
}

/** The bytes that an entry takes in the archive. */
interface Extent {
  readonly name: string;
  readonly header: number;
  readonly data: number;
  readonly end: number;
}

/** Demands that the local header says what the directory says. */
function readLocal(archive: Uint8Array, record: CentralRecord, limit: number): Extent {
  const { name, rawName, flags, crc, size, header } = record;
  if (header > limit)
    throw new FormatError("begins outside the archive", { format: FORMAT, part: name, offset: header });
  const reader = new ByteReader(archive.subarray(0, limit), { format: FORMAT, part: name }, header);
  const differs = (what: string): FormatError => reader.error(`local header and directory differ in ${what}`, header);
  if (reader.u32() !== LOCAL.signature) throw reader.error("no local header", header);
  reader.take(2); // version
  const localFlags = reader.u16();
  const method = reader.u16();
  reader.take(4); // time and date
  const localCrc = reader.u32();
  const localPacked = reader.u32();
  const localSize = reader.u32();
  const nameLength = reader.u16();
  const extraLength = reader.u16();
  const localName = reader.take(nameLength);
  const extra = reader.take(extraLength);
  if (localName.length !== rawName.length || !localName.every((byte, i) => byte === rawName[i])) throw differs("name");
  if (localFlags !== flags || method !== 0) throw differs("flags or method");
  const later = (flags & SIZES_FOLLOW) !== 0;
  const sizes = zip64Fields(reader, extra, [localSize, localPacked], header);
  if (localCrc !== crc && !(later && localCrc === 0)) throw differs("checksum");
  if (sizes.some((local) => local !== size && !(later && local === 0))) throw differs("size");
  const data = reader.position;
  reader.take(size);
  // an empty entry may have a descriptor or none: nothing hangs on it
  if (later && size > 0) expectDescriptor(reader, crc, size);
  return { name, header, data, end: reader.position };
}

/** Checksum and sizes after the data, which say again what the directory says; sizes of 32 bits, or of 64. */
function expectDescriptor(reader: ByteReader, crc: number, size: number): void {
  const at = reader.position;
  if (reader.u32() !== DESCRIPTOR || reader.u32() !== crc)
    throw reader.error("another descriptor follows the data", at);
  const packed = reader.u32();
  const second = reader.u32();
  if (packed === size && second === size) return;
  const wide = new ByteReader(reader.take(8), { format: FORMAT, part: "descriptor" });
  const large = [packed + second * 2 ** 32, wide.u64()];
  if (large.some((said) => said !== size)) throw reader.error("another descriptor follows the data", at);
}

function expectDisjoint(extents: readonly Extent[]): void {
  const ordered = extents.toSorted((a, b) => a.header - b.header);
  for (const [at, { name, header }] of ordered.entries()) {
    const before = ordered[at - 1];
    if (before && before.end > header) {
      throw new FormatError(`overlaps with ${shown(before.name)}`, { format: FORMAT, part: name, offset: header });
    }
  }
}
