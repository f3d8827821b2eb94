/** numpy's files, honest and not. */
import * as torch from "unrolled";
import { FormatError, loadNpy, loadNpz, ones, saveNpy, saveNpz } from "unrolled";
import { describe, expect, test } from "vitest";
import golden from "../golden/arrays.json" with { type: "json" };
import { ascii, zip } from "./archive.ts";
import { type Described, describeArrays } from "./describe.ts";

interface GoldenFile {
  readonly base64: string;
  readonly value: readonly (readonly [string, Described])[];
}

const filesOf = (part: unknown): [string, GoldenFile][] => Object.entries(part as Record<string, GoldenFile>);
const bytesOf = ({ base64 }: GoldenFile): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const arrays = golden.npz.arrays as unknown as GoldenFile;

test.each(filesOf(golden.npy))("numpy's file of %s holds what numpy says, wherever it begins", (_, file) => {
  const bytes = bytesOf(file);
  for (const shift of [0, 1]) {
    const moved = new Uint8Array([...new Uint8Array(shift), ...bytes]).subarray(shift);
    expect(describeArrays(new Map([["", loadNpy(moved)]]))).toEqual(new Map(file.value));
  }
});

/** What numpy.save writes by default on this machine. */
const CURRENT = filesOf(golden.npy).filter(([name]) => !/version|endian|fortran/.test(name));

test.each(CURRENT)("numpy's file of %s is written byte for byte as numpy wrote it", (_, file) => {
  expect(Buffer.from(saveNpy(loadNpy(bytesOf(file)))).equals(bytesOf(file))).toBe(true);
});

test("numpy's archive holds what numpy says, and again after it was written here", () => {
  const wanted = new Map(arrays.value);
  expect(describeArrays(loadNpz(bytesOf(arrays)))).toEqual(wanted);
  expect(describeArrays(loadNpz(saveNpz(loadNpz(bytesOf(arrays)))))).toEqual(wanted);
});

test("a view is written as its own numbers, and an array in Fortran's order keeps its strides", () => {
  const x = torch.arange(6).reshape(2, 3);
  expect(loadNpy(saveNpy(x.t())).tolist()).toEqual(x.t().tolist());
  const fortran = loadNpy(npy(dict("<f4", "True", "(2, 3)"), 24));
  expect([...fortran.value.strides]).toEqual([1, 2]);
});

test("bfloat16 is refused with advice", () => {
  expect(() => saveNpy(torch.ones(2, { dtype: torch.bfloat16 }))).toThrow(
    expect.objectContaining({ name: "FormatError", hint: expect.stringContaining("float32") }),
  );
});

/** A file with this header and so many bytes of zeros. */
function npy(header: string, data: number, version = 1, length = header.length): Uint8Array {
  const size = Buffer.alloc(version === 1 ? 2 : 4);
  size.writeUIntLE(length, 0, size.length);
  return new Uint8Array(
    Buffer.concat([ascii("\x93NUMPY"), Buffer.of(version, 0), size, ascii(header), Buffer.alloc(data)]),
  );
}

const dict = (descr = "<f4", fortran = "False", shape = "(2,)"): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

test("the header is read in any of Python's spellings", () => {
  for (const header of [
    dict(),
    `{"shape":(2,),"descr":"<f4","fortran_order":False}`,
    ` { 'shape' : ( 2L , ) ,'fortran_order':True, 'descr':'=f4'}  \n`,
  ]) {
    expect(loadNpy(npy(header, 8)).tolist(), header).toEqual([0, 0]);
  }
});

describe("a file is refused", () => {
  test.each<[string, Uint8Array, string]>([
    ["of no bytes", new Uint8Array(), "does not begin"],
    ["of another kind", ascii("<html>"), "does not begin"],
    ["of version 4", npy(dict(), 8, 4), "version 4.0"],
    ["of version 0", npy(dict(), 8, 0), "version 0.0"],
    ["with a header of 4 GiB", npy(dict(), 8, 2, 2 ** 32 - 1), "a header of 4294967295 bytes"],
    ["with a header beyond the file", npy(dict(), 0, 1, 9999), "9999 bytes expected"],
    ["of objects", npy(dict("|O"), 16), "'|O' is not supported"],
    ["of objects, named by their size", npy(dict("O8"), 16), "is not supported"],
    ["of records", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8), "no dict"],
    ["of text", npy(dict("<U1"), 8), "is not supported"],
    ["of complex numbers", npy(dict("<c8"), 16), "is not supported"],
    ["of times", npy(dict("<M8[s]"), 16), "is not supported"],
    ["without a byte order", npy(dict("|f4"), 8), "is not supported"],
    ["of a dtype of JavaScript", npy(dict("<constructor"), 8), "is not supported"],
    ["with an unknown item", npy(dict().replace("descr", "desc"), 8), "no dict"],
    ["with an item twice", npy(dict().replace("}", "'descr': '<f4'}"), 8), "no dict"],
    ["with an item too few", npy("{'descr': '<f4', 'shape': (2,)}", 8), "no dict"],
    ["with code in its header", npy(dict("<f4", "__import__('os')"), 8), "no dict"],
    ["with something behind its dict", npy(`${dict()} + {}`, 8), "no dict"],
    ["with an order that is no truth", npy(dict("<f4", "1"), 8), "no dict"],
    ["with a negative length", npy(dict("<f4", "False", "(-2,)"), 8), "no dict"],
    ["with half a length", npy(dict("<f4", "False", "(2.0,)"), 8), "no dict"],
    ["with a shape that is no tuple", npy(dict("<f4", "False", "(2)"), 8), "no dict"],
    ["with a shape that is a list", npy(dict("<f4", "False", "[2]"), 8), "no dict"],
    ["with a hole in its shape", npy(dict("<f4", "False", "(2,,1)"), 8), "no dict"],
    ["with a length of 10^12", npy(dict("<f4", "False", `(${10 ** 12},)`), 8), "4000000000000 bytes expected"],
    ["with a size that overflows", npy(dict("<f4", "False", `(${2 ** 40}, ${2 ** 40})`), 8), "no dict"],
    ["of 65 dimensions", npy(dict("<f4", "False", `(${"1,".repeat(65)})`), 4), "no dict"],
    ["with too few bytes", npy(dict(), 7), "8 bytes expected for the shape (2), 7 found"],
    ["with too many bytes", npy(dict(), 9), "9 found"],
  ])("%s", (_, bytes, message) => {
    expect(() => loadNpy(bytes)).toThrow(FormatError);
    expect(() => loadNpy(bytes)).toThrow(message);
    const archive = zip([{ name: "a.npy", bytes }]);
    expect(() => loadNpz(archive)).toThrow(expect.objectContaining({ name: "FormatError", part: "a.npy" }));
  });

  test("when it is cut off anywhere", () => {
    const good = npy(dict(), 8);
    for (let length = 0; length < good.length; length += 1) {
      expect(() => loadNpy(good.subarray(0, length))).toThrow(FormatError);
    }
  });

  test("when it is an archive with something else in it, compressed, or none", () => {
    const entry = { name: "a.npy", bytes: npy(dict(), 8) };
    expect(() => loadNpz(zip([entry, { name: "a.pkl", bytes: entry.bytes }]))).toThrow("is no array");
    expect(() => loadNpz(zip([{ ...entry, method: 8 }]))).toThrow("compressed");
    expect(() => loadNpz(entry.bytes)).toThrow("no end record");
  });
});

test("a NaN keeps its bits when rows become columns, the mark of a signalling one as well", () => {
  const bits = Uint32Array.of(0x3f800000, 0x7fa00001, 0x7fc00002, 0xff800001);
  const file = npy(dict("<f4", "True", "(2, 2)"), 0);
  const written = saveNpy(loadNpy(new Uint8Array([...file, ...new Uint8Array(bits.buffer)])));
  expect([...new Uint32Array(written.slice(-16).buffer)]).toEqual([0, 2, 1, 3].map((at) => bits[at]));
});

test("records are refused with a hint, since their header is good for numpy", () => {
  const records = npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8);
  const hint = "structured arrays are not supported";
  expect(() => loadNpy(records)).toThrow(expect.objectContaining({ hint }));
});

test("a .npz of nothing begins with its end record, by which numpy knows it", () => {
  const empty = saveNpz(new Map());
  expect([...empty]).toEqual([...ascii("PK\x05\x06"), ...new Uint8Array(18)]);
  expect(loadNpz(empty).size).toBe(0);
});

test.each(["a//b", "../a", "/a", "C:a", "a\\b", "a\0b", "\ud800", "x".repeat(70_000)])(
  "no .npz is written with a name that would be refused when it is read: %j",
  (name) => {
    expect(() => saveNpz(new Map([[name, ones(2)]]))).toThrow(FormatError);
  },
);

test.each(["", "a", "a/b", "a.b", "..a", "日本", "x".repeat(60_000)])("names that go through a .npz: %j", (name) => {
  expect([...loadNpz(saveNpz(new Map([[name, ones(2)]]))).keys()]).toEqual([name]);
});
