/**
 * .npy, numpy's file of one array: a Python dict in text that says what the numbers are, and the numbers.
 *
 *     \x93NUMPY | version, 2 bytes | u16 length (u32 from version 2) | {'descr': '<f4', 'fortran_order': False, 'shape': (2,)}
 */
import { Dense } from "../dense/dense.ts";
import { bool, type DType, float16, float32, float64, int8, int16, int32, int64, uint8 } from "../dense/dtype.ts";
import { rowMajor } from "../dense/shape.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { FormatError, shown } from "./format-error.ts";
import { bytesOfElements, memoryFrom } from "./memory.ts";
import { encodeUtf8 } from "./utf8.ts";

const FORMAT = "npy";
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** numpy's own limit for the text, which a dict of three items never comes near. */
const MAX_TEXT = 10_000;

/** As many dimensions as torch has. */
const MAX_RANK = 64;

/** numpy's words for our dtypes, without the byte order. It has none for bfloat16. */
const WORDS: ReadonlyMap<string, DType> = new Map([
  ["f8", float64],
  ["f4", float32],
  ["f2", float16],
  ["i8", int64],
  ["i4", int32],
  ["i2", int16],
  ["i1", int8],
  ["u1", uint8],
  ["b1", bool],
]);

/** Whether a file begins as one of numpy's. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, at) => bytes[at] === byte);
}

/** The array. In the file's own bytes where alignment and byte order allow it, unless a copy is wanted. Errors: FormatError. */
export function readNpy(bytes: Uint8Array, copy: boolean, part?: string): Dense {
  const reader = new ByteReader(bytes, { format: FORMAT, part });
  if (!isNpy(bytes)) throw reader.error("does not begin as a file of numpy");
  reader.take(MAGIC.length);
  const [major, minor] = [reader.u8(), reader.u8()];
  if (major < 1 || major > 3 || minor !== 0) throw reader.error(`version ${major}.${minor}`, MAGIC.length);
  const length = major === 1 ? reader.u16() : reader.u32();
  if (length > MAX_TEXT) throw reader.error(`a header of ${length} bytes`);
  const at = reader.position;
  const { word, fortran, shape } = readDict(reader.take(length), reader, at);
  const [order, dtype] = [word[0], WORDS.get(word.slice(1))];
  if (!dtype || !"<>|=".includes(order!) || (order === "|" && dtype.itemsize > 1)) {
    const hint = word.includes("O") ? "arrays of objects are pickles, which are not run" : undefined;
    throw reader.error(`the dtype '${shown(word)}' is not supported`, at, hint);
  }
  const expected = shape.reduce((product, n) => product * n, dtype.itemsize);
  if (reader.remaining !== expected) {
    throw reader.error(`${expected} bytes expected for the shape (${shape.join(", ")}), ${reader.remaining} found`);
  }
  const data = memoryFrom(reader.take(expected), dtype, { bigEndian: order === ">", copy });
  const strides = fortran ? rowMajor(shape.toReversed()).toReversed() : rowMajor(shape);
  return new Dense({ data, version: 0 }, dtype, shape, strides);
}

/** The file of an array, as numpy.save writes it. Errors: FormatError for bfloat16. */
export function writeNpy(dense: Dense): Uint8Array<ArrayBuffer> {
  const { dtype, shape } = dense;
  const word = [...WORDS].find(([, known]) => known === dtype)?.[0];
  if (word === undefined) {
    throw new FormatError(`numpy has no ${dtype}`, { format: FORMAT }, "convert it first: x.to(torch.float32)");
  }
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const order = dtype.itemsize === 1 ? "|" : "<";
  const dict = `{'descr': '${order}${word}', 'fortran_order': False, 'shape': (${lengths}), }`;
  const before = MAGIC.length + 4;
  const text = encodeUtf8(`${dict.padEnd(-(-(before + dict.length + 1) & -ALIGNMENT) - before - 1)}\n`);
  const writer = new ByteWriter(before + text.length + dense.count * dtype.itemsize);
  writer.u8(...MAGIC, 1, 0);
  writer.u16(text.length);
  writer.write(text);
  writer.write(bytesOfElements(dense));
  return writer.finish();
}

/** Where numpy lets the numbers begin. */
const ALIGNMENT = 64;

/** What the dict says. */
interface Said {
  readonly word: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

const ITEM =
  /^\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(?:(['"])([^'"\\]*)\3|(True|False)|\(([\d\s,L]*)\))\s*(?:,|(?=\}))/;

/** A dict of these three items in any order: a part of Python's grammar small enough to be a pattern. */
function readDict(bytes: Uint8Array, reader: ByteReader, at: number): Said {
  const text = String.fromCharCode(...bytes);
  const hint = /['"]descr['"]\s*:\s*\[/.test(text) ? "structured arrays are not supported" : undefined;
  const wrong = (): FormatError => reader.error("the header is no dict of descr, fortran_order and shape", at, hint);
  const whole = /^\s*\{([\s\S]*\})\s*$/.exec(text);
  if (!whole) throw wrong();
  const said = new Map<string, string>();
  let rest = whole[1]!;
  for (let item = ITEM.exec(rest); item; item = ITEM.exec(rest)) {
    const [all, , key, , word, truth, shape] = item;
    const value = { descr: word, fortran_order: truth, shape }[key as "descr"];
    if (value === undefined || said.has(key!)) throw wrong();
    said.set(key!, value);
    rest = rest.slice(all.length);
  }
  if (!/^\s*\}$/.test(rest) || said.size !== 3) throw wrong();
  return {
    word: said.get("descr")!,
    fortran: said.get("fortran_order") === "True",
    shape: lengthsIn(said.get("shape")!, wrong),
  };
}

/** `2, 3`, `2,` or nothing; Python 2 wrote `2L`. */
function lengthsIn(text: string, wrong: () => FormatError): number[] {
  if (text.trim() === "") return [];
  const parts = text.split(",").map((part) => part.trim());
  if (parts.at(-1) === "") parts.pop();
  else if (parts.length === 1) throw wrong(); // (2) is no tuple
  const lengths = parts.map((part) => (/^\d{1,16}L?$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  const bytes = lengths.reduce((product, length) => product * length, 8);
  if (lengths.length > MAX_RANK || ![bytes, ...lengths].every(Number.isSafeInteger)) throw wrong();
  return lengths;
}
