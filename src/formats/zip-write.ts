/**
 * Writing zip archives in the layout of torch's own writer, byte for byte: stored entries whose data begin at multiples of
 * 64, sizes in a descriptor after the data, and a zip64 end record in every file that has entries.
 */
import { ByteWriter } from "./bytes.ts";
import { crc32 } from "./crc32.ts";
import { FormatError } from "./format-error.ts";
import { encodeUtf8 } from "./utf8.ts";
import { isPlainName } from "./zip.ts";

/** Name and content of an entry. */
export type NewEntry = readonly [name: string, bytes: Uint8Array];

/** Where data may begin: readers map storages into memory, and the widest vector registers want this. */
export const ALIGNMENT = 64;

/** Above this, sizes need another form of header, and JavaScript's buffers end not far from it. */
const MAX_ARCHIVE = 2 ** 32 - 1;

/** The length of a name has 16 bits. */
const MAX_NAME = 0xffff;

/** Names are UTF-8; sizes follow the data, where there are any. */
const [UTF8_NAMES, SIZES_FOLLOW] = [1 << 11, 1 << 3];
const LOCAL_SIZE = 30;

/** The archive. Errors: FormatError at 4 GiB, and for names that `readZip` would refuse. */
export function writeZip(entries: readonly NewEntry[]): Uint8Array<ArrayBuffer> {
  const directory = new ByteWriter();
  const chunks: Uint8Array[] = [];
  let position = 0;
  const append = (bytes: Uint8Array): void => {
    chunks.push(bytes);
    position += bytes.length;
  };
  for (const [name, bytes] of entries) {
    const rawName = encodeUtf8(name);
    if (!isPlainName(name) || /\p{Cs}/u.test(name) || rawName.length > MAX_NAME)
      throw new FormatError("is no name that an archive can have", { format: "zip", part: name });
    const crc = crc32(bytes);
    const start = position;
    const flags = bytes.length > 0 ? UTF8_NAMES | SIZES_FOLLOW : UTF8_NAMES;
    append(localHeader(rawName, flags, start));
    append(bytes);
    if (bytes.length > 0) append(descriptor(crc, bytes.length));
    writeCentral(directory, rawName, flags, crc, bytes.length, start);
    if (position > MAX_ARCHIVE) throw new FormatError("more than 4 GiB in one file", { format: "zip", part: name });
  }
  const start = position;
  append(directory.finish());
  append(endRecords(entries.length, start, directory.length));
  return joined(chunks, position);
}

function localHeader(name: Uint8Array, flags: number, start: number): Uint8Array {
  const fields = 4; // the id and the length of the padding
  const padding = -(start + LOCAL_SIZE + name.length + fields) & (ALIGNMENT - 1);
  const writer = new ByteWriter();
  writer.u32(0x04034b50);
  writer.u16(0, flags, 0, 0, 0); // version, flags, method, time, date
  writer.u32(0, 0, 0); // checksum and sizes follow the data
  writer.u16(name.length, fields + padding);
  writer.write(name);
  writer.write(encodeUtf8("FB"));
  writer.u16(padding);
  writer.write(new Uint8Array(padding).fill("Z".charCodeAt(0)));
  return writer.finish();
}

function descriptor(crc: number, size: number): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(0x08074b50, crc, size, size);
  return writer.finish();
}

function writeCentral(
  writer: ByteWriter,
  name: Uint8Array,
  flags: number,
  crc: number,
  size: number,
  header: number,
): void {
  writer.u32(0x02014b50);
  writer.u16(0, 0, flags, 0, 0, 0); // versions, flags, method, time, date
  writer.u32(crc, size, size);
  writer.u16(name.length, 0, 0, 0, 0); // no extra field, no comment, first disk, no attributes
  writer.u32(0, header);
  writer.write(name);
}

function endRecords(count: number, start: number, size: number): Uint8Array {
  const writer = new ByteWriter();
  // an archive of nothing is told by its first bytes, which must be those of the end record
  if (count > 0) writeZip64End(writer, count, start, size);
  writer.u32(0x06054b50);
  writer.u16(0, 0, Math.min(count, 0xffff), Math.min(count, 0xffff));
  writer.u32(size, start);
  writer.u16(0); // no comment
  return writer.finish();
}

/** The record of 64-bit numbers, and the locator that says where it began. */
function writeZip64End(writer: ByteWriter, count: number, start: number, size: number): void {
  writer.u32(0x06064b50);
  writer.u64(44); // the length of the rest of this record
  writer.u16(0x031e, 45); // versions
  writer.u32(0, 0); // disks
  writer.u64(count, count, size, start);
  writer.u32(0x07064b50, 0);
  writer.u64(start + size);
  writer.u32(1);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
