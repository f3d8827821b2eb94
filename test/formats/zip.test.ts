import zlib from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32, fastStrikeOut, plainStrikeOut } from "../../src/formats/crc32.ts";
import { FormatError } from "../../src/formats/format-error.ts";
import { entryBytes, readZip } from "../../src/formats/zip.ts";
import { writeZip } from "../../src/formats/zip-write.ts";
import { ascii, type End, type Entry, words, zip } from "./archive.ts";

const a: Entry = { name: "top/a", bytes: ascii("first") };
const b: Entry = { name: "top/b", bytes: ascii("second") };

function read(archive: Uint8Array): Record<string, string> {
  const texts = [...readZip(archive).values()].map((entry) => [
    entry.name,
    Buffer.from(entryBytes(archive, entry)).toString("latin1"),
  ]);
  return Object.fromEntries(texts);
}

function attempt(archive: Uint8Array): string {
  try {
    return JSON.stringify(read(archive));
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  }
}

test("the checksum is that of zip", () => {
  expect(crc32(ascii("123456789"))).toBe(0xcbf43926);
  expect(crc32(ascii(""))).toBe(0);
});

test("the checksum is zlib's for every length and alignment", () => {
  const bytes = Uint8Array.from({ length: 200_003 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 13);
  for (const length of [1, 5, 12_023, 12_024, 44_791, 44_792, 44_793, 44_797, 77_560, 100_003, 200_000]) {
    for (const start of [0, 1, 2, 3]) {
      const part = bytes.subarray(start, start + length);
      expect(crc32(part, fastStrikeOut())).toBe(zlib.crc32(part));
      expect(crc32(Buffer.from(part), plainStrikeOut())).toBe(zlib.crc32(part));
    }
  }
});

test("the checksum of a large entry is zlib's", () => {
  const bytes = Uint8Array.from({ length: 2 ** 20 + 5 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 13);
  for (const length of [2 ** 20 - 1, 2 ** 20, 2 ** 20 + 5]) {
    expect(crc32(bytes.subarray(0, length))).toBe(zlib.crc32(bytes.subarray(0, length)));
  }
});

test("an honest archive is read, from this writer and from others", () => {
  expect(read(zip([a, b]))).toEqual({ "top/a": "first", "top/b": "second" });
  const written = writeZip([a, b].map(({ name, bytes }) => [name, bytes]));
  expect(read(written)).toEqual({ "top/a": "first", "top/b": "second" });
});

test("a comment is allowed, and an end record within it is not believed", () => {
  expect(read(zip([a], { comment: ascii("hello") }))).toEqual({ "top/a": "first" });
  const inner = zip([b]);
  expect(attempt(zip([a], { comment: inner }))).toMatch(/the directory does not reach|no local header|outside/);
});

test("sizes in a zip64 field are read", () => {
  const extra = Buffer.concat([words(2, 1, 16), words(4, 5, 0, 5, 0)]);
  const local = { size: 5 };
  expect(read(zip([{ ...a, size: 0xffffffff, extra, local }]))).toEqual({ "top/a": "first" });
  expect(attempt(zip([{ ...a, size: 0xffffffff, local }]))).toMatch("without a zip64 field");
  const huge = Buffer.concat([words(2, 1, 16), words(4, 0, 0x40000000, 0, 0x40000000)]);
  expect(attempt(zip([{ ...a, size: 0xffffffff, extra: huge, local }]))).toMatch(/beyond 2\^53/);
});

test("who meets compression is told what compresses", () => {
  const hint = expect.stringMatching(/savez_compressed and TorchScript/);
  expect(() => readZip(zip([{ ...a, method: 8 }]))).toThrow(expect.objectContaining({ hint }));
});

describe("an archive is refused", () => {
  test.each<[string, readonly Entry[], string, End?]>([
    ["for two entries of one name", [a, { ...b, name: "top/a" }], "two entries with the name top/a"],
    ["for two directory entries on one local header", [a, { ...b, header: 0 }], "differ in name"],
    [
      "for a local header inside another entry's data",
      [
        { ...a, bytes: zip([b]).subarray(0, 41) },
        { ...b, header: 35 },
      ],
      "overlaps with top/a",
    ],
    ["for another name in the local header", [{ ...a, local: { name: "top/x" } }], "differ in name"],
    ["for another size in the local header", [{ ...a, local: { size: 4 } }], "differ in size"],
    ["for another checksum in the local header", [{ ...a, local: { crc: 4 } }], "differ in checksum"],
    ["for another method in the local header", [{ ...a, local: { method: 8 } }], "differ in flags or method"],
    ["for other flags in the local header", [{ ...a, local: { flags: 8 } }], "differ in flags or method"],
    ["for a local header that is none", [{ ...a, local: { signature: 7 } }], "no local header"],
    ["for a wrong checksum", [{ ...a, crc: 4 }], "top/a, byte 35: the checksum is wrong"],
    ["for encryption", [{ ...a, flags: 1 }], "encrypted"],
    ["for compression", [{ ...a, method: 8 }], "compressed"],
    ["for sizes that differ", [{ ...a, packed: 4 }], "compressed"],
    ["for a symbolic link", [{ ...a, attributes: 0xa1ff0000 }], "symbolic link"],
    ["for an absolute name", [{ ...a, name: "/top/a" }], "no plain name"],
    ["for a name that climbs", [{ ...a, name: "top/../a" }], "no plain name"],
    ["for a drive letter", [{ ...a, name: "C:/a" }], "no plain name"],
    ["for a backslash", [{ ...a, name: "top\\a" }], "no plain name"],
    ["for NUL in a name", [{ ...a, name: "top/a\0b" }], "no plain name"],
    ["for an empty name", [{ ...a, name: "" }], "no plain name"],
    ["for a name that is not UTF-8", [{ ...a, name: "top/\xff" }], "not UTF-8"],
    ["for an entry outside the file", [{ ...a, header: 10_000 }], "begins outside the archive"],
    ["for an entry that reaches into the directory", [{ ...a, size: 6, local: { size: 6 } }], "bytes expected"],
    ["for a directory outside the file", [a], "the directory does not reach", { start: 2 ** 31 }],
    ["for a directory that begins inside an entry", [a, b], "not an entry", { start: 82, size: 101 }],
    ["for more entries than there are", [a], "do not fit into the directory", { count: 65_534 }],
    ["for fewer entries than there are", [a, b], "more than its entries", { count: 1 }],
  ])("%s", (_, entries, message, end) => {
    expect(attempt(zip(entries, end))).toContain(message);
  });

  test("when it is cut off anywhere", () => {
    for (const archive of [zip([a, b]), writeZip([["top/a", a.bytes]])]) {
      for (let length = 0; length < archive.length; length += 1) {
        expect(() => readZip(archive.subarray(0, length))).toThrow(FormatError);
      }
    }
  });

  test("when something stands before it", () => {
    const archive = zip([a]);
    expect(attempt(new Uint8Array([...ascii("before"), ...archive]))).toContain("the directory does not reach");
  });

  test("when its two end records differ", () => {
    const archive = writeZip([["top/a", a.bytes]]);
    archive[archive.length - 14] = 2; // the count on this disk, then in all
    archive[archive.length - 12] = 2;
    expect(attempt(archive)).toContain("the two end records differ");
  });

  test("when its zip64 record claims 2^62 entries", () => {
    const archive = writeZip([["top/a", a.bytes]]);
    const record = archive.length - 22 - 20 - 56;
    new DataView(archive.buffer).setBigUint64(record + 24, 2n ** 62n, true);
    expect(attempt(archive)).toContain("beyond 2^53");
  });
});

describe("the descriptor behind the data", () => {
  const written = (): Uint8Array => writeZip([["top/a", a.bytes]]);
  const descriptorOf = (archive: Uint8Array): number => Buffer.from(archive).indexOf("PK\x07\x08");

  test("must say what the directory says", () => {
    for (const field of [0, 4, 8, 12]) {
      const archive = written();
      archive[descriptorOf(archive) + field]! ^= 1;
      expect(attempt(archive), `field ${field}`).toMatch(/another descriptor|bytes expected|beyond 2\^53/);
    }
  });

  test("must be there", () => {
    expect(attempt(zip([{ ...a, flags: 8 }]))).toMatch(/another descriptor|bytes expected/);
  });

  test("may have sizes of 64 bits", () => {
    const wide = Buffer.concat([words(4, 0x08074b50, zlib.crc32(a.bytes), 5, 0, 5, 0)]);
    expect(read(zip([{ ...a, flags: 8, after: wide }]))).toEqual({ "top/a": "first" });
  });
});

test("a checksum of 0 was not computed", () => {
  expect(read(zip([{ ...a, crc: 0 }]))).toEqual({ "top/a": "first" });
});

test("an error names format, entry and byte", () => {
  try {
    readZip(zip([a, { ...b, local: { name: "top/x" } }]));
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ name: "FormatError", format: "zip", part: "top/b", offset: 40 });
  }
});
