/**
 * The form of torch.save before 1.6: pickles one after another, then the storages without any container.
 *
 *     magic number | 1001 | dict of sizes | the value | list of storage keys | count, elements | count, elements ...
 */
import { ByteReader } from "./bytes.ts";
import { shown } from "./format-error.ts";
import { NO_SURROUNDINGS, torchSurroundings } from "./globals.ts";
import { OPCODE } from "./opcodes.ts";
import { StorageTable, type Stored } from "./storages.ts";
import { isList, Unpickler } from "./unpickle.ts";

const FORMAT = "torch legacy";

const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;

/** How its pickle goes on behind the two bytes of the protocol, which may be 2 or 3: a long of ten bytes. */
const MAGIC_BYTES = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46];

/** Whether a file begins with the old magic number. */
export function isLegacy(bytes: Uint8Array): boolean {
  return bytes[0] === OPCODE.PROTO && MAGIC_BYTES.every((byte, at) => bytes[2 + at] === byte);
}

/** The value of an old file. Errors: FormatError. */
export function readLegacy(bytes: Uint8Array, copy: boolean): unknown {
  const reader = new ByteReader(bytes, { format: FORMAT });
  const plain = (): unknown => new Unpickler(reader, NO_SURROUNDINGS).run();
  if (plain() !== MAGIC_NUMBER) throw reader.error("the magic number is wrong");
  if (plain() !== PROTOCOL_VERSION) throw reader.error("an unknown protocol");
  // What the dict says of byte order is not used, as in torch: whoever wrote the file, elements are little-endian.
  if (!(plain() instanceof Map)) throw reader.error("no dict of sizes");
  const storages = new StorageTable();
  const value = new Unpickler(reader, torchSurroundings(storages)).run();
  const keys = plain();
  if (!isList(keys)) throw reader.error("no list of storages");
  const found = new Map<Stored, Uint8Array>();
  for (const key of keys) {
    const stored = typeof key === "string" ? storages.get(key) : undefined;
    if (!stored || found.has(stored)) throw reader.error("a storage without a tensor, or twice");
    const at = reader.position;
    if (reader.u64() !== stored.count) throw reader.error("the size of a storage differs from the tensor's", at);
    found.set(stored, reader.take(stored.count * stored.kind.itemsize));
  }
  storages.fill((stored) => found.get(stored) ?? missing(reader, stored), { bigEndian: false, copy });
  return value;
}

function missing(reader: ByteReader, { key }: Stored): never {
  throw reader.error(`storage ${shown(key)} is missing`);
}
