/**
 * What torch.save wrote, as values: the zip form of torch 1.6 and later, and the form before.
 *
 *     archive/data.pkl       the value: a pickle in which tensors name their storages
 *     archive/byteorder      little or big
 *     archive/data/0, 1...   the storages
 *     archive/version        3
 */
import { copyDense } from "../dense/dense.ts";
import { ByteReader } from "./bytes.ts";
import { FormatError, shown } from "./format-error.ts";
import { MAX_EXPANDED, torchSurroundings } from "./globals.ts";
import { isLegacy, readLegacy } from "./legacy.ts";
import { settle } from "./settle.ts";
import { StorageTable } from "./storages.ts";
import { Unpickler } from "./unpickle.ts";
import { decodeUtf8 } from "./utf8.ts";
import { StoredTensor } from "./values.ts";
import { entryBytes, readZip, type ZipEntry } from "./zip.ts";

/** How a file is read. */
export interface LoadOptions {
  /**
   * Leave the numbers in the file's own bytes where alignment and byte order allow it: nothing is copied, but what is
   * written into a tensor later is written into those bytes, which are no sound file any more. Default false.
   */
  readonly mmap?: boolean;
}

/**
 * The value that torch.save wrote, with `make` called once for each tensor. Errors: FormatError, for everything that is
 * not a checkpoint of tensors and plain values.
 */
export function readTorch(
  file: Uint8Array,
  make: (tensor: StoredTensor) => unknown,
  options: LoadOptions = {},
): unknown {
  // A Node Buffer is a Uint8Array whose slices are something else: from here on there are no Buffers.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const copy = !options.mmap;
  let count = 0;
  const made = (tensor: StoredTensor): unknown => {
    count += tensor.value.count;
    if (count > MAX_REPEATED + MAX_VIEWS * bytes.length) {
      throw new FormatError("the tensors repeat their storages too often", { format: FORMAT, offset: 0 });
    }
    return make(tensor.negated ? withItsSign(tensor) : tensor);
  };
  if (isLegacy(bytes)) return settle(readLegacy(bytes, copy), made);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return settle(readArchive(bytes, copy), made);
  throw new FormatError(`not a file of torch.save; it looks like ${guess(bytes)}`, { format: FORMAT, offset: 0 });
}

const FORMAT = "torch";

/**
 * Tensors may lie on each other's memory, and expanded ones repeat it: this often on average, and as many elements besides
 * as one expanded tensor may have. Who looks at all elements, or copies them, needs no more time and memory than that.
 */
const [MAX_VIEWS, MAX_REPEATED] = [8, MAX_EXPANDED];

/** The newest version of the container that torch 2.13 knows. */
const MAX_VERSION = 10;

function readArchive(file: Uint8Array, copy: boolean): unknown {
  const entries = readZip(file);
  const folder = commonFolder(entries.keys());
  const find = (name: string): ZipEntry | undefined => entries.get(`${folder}/${name}`);
  const read = (name: string): Uint8Array => {
    const entry = find(name);
    if (!entry) throw new FormatError("is missing", { format: FORMAT, part: name, offset: 0 });
    return entryBytes(file, entry);
  };
  if (find("constants.pkl")) {
    throw new FormatError(
      "a TorchScript program is not supported",
      { format: FORMAT, offset: 0 },
      "save model.state_dict() instead",
    );
  }
  const pickle = read("data.pkl");
  expectVersion(read("version"));
  const bigEndian = find("byteorder") ? isBigEndian(read("byteorder")) : false;
  const storages = new StorageTable();
  const reader = new ByteReader(pickle, { format: FORMAT, part: "data.pkl" });
  const value = new Unpickler(reader, torchSurroundings(storages)).run();
  storages.fill(({ key }) => read(`data/${key}`), { bigEndian, copy });
  return value;
}

/** A copy with the other sign. */
function withItsSign({ value, requiresGrad, isParameter }: StoredTensor): StoredTensor {
  const copy = copyDense(value);
  const data = copy.data as Float32Array | Float64Array;
  for (let at = 0; at < data.length; at += 1) data[at] = -data[at]!;
  return new StoredTensor(copy, requiresGrad, isParameter);
}

function commonFolder(names: Iterable<string>): string {
  let folder: string | undefined;
  for (const name of names) {
    const [first, ...rest] = name.split("/");
    folder ??= first!;
    if (rest.length === 0 || first !== folder) {
      throw new FormatError("stands outside the one folder of the archive", { format: FORMAT, part: name, offset: 0 });
    }
  }
  if (folder === undefined) throw new FormatError("an empty archive", { format: FORMAT, offset: 0 });
  return folder;
}

function expectVersion(bytes: Uint8Array): void {
  const text = decodeUtf8(bytes.subarray(0, 8)) ?? "";
  const version = Number(text);
  if (!/^\d+\n?$/.test(text) || version < 1 || version > MAX_VERSION) {
    throw new FormatError(`'${shown(text)}' is no version between 1 and ${MAX_VERSION}`, {
      format: FORMAT,
      part: "version",
      offset: 0,
    });
  }
}

function isBigEndian(bytes: Uint8Array): boolean {
  const order = decodeUtf8(bytes.subarray(0, 8)) ?? "";
  if (order !== "little" && order !== "big") {
    throw new FormatError(`'${shown(order)}' is neither little nor big`, {
      format: FORMAT,
      part: "byteorder",
      offset: 0,
    });
  }
  return order === "big";
}

/** What a file that is none of ours seems to be. */
function guess(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  const text = String.fromCharCode(...bytes.subarray(0, TAR_MARK + 5));
  if (/^\s*</.test(text)) return "a web page";
  if (text.startsWith("version https://git-lfs")) return "a pointer to a large file that was not downloaded";
  if (text.startsWith("ustar", TAR_MARK)) return "the tar form of torch before 0.2, which is not safe to read";
  if (text.startsWith("\x89HDF")) return "an HDF5 file";
  if (text.startsWith("\x1f\x8b")) return "a gzip archive";
  if (text.startsWith("\x80")) return "a plain pickle";
  if (text[8] === "{") return "a safetensors file";
  return "something else";
}

const TAR_MARK = 257;
