/** Files of the reference and of attackers; every rule of the format is broken once. */
import * as torch from "unrolled";
import { FormatError, loadSafetensors, openSafetensors, saveSafetensors } from "unrolled";
import { describe, expect, test } from "vitest";
import golden from "../golden/arrays.json" with { type: "json" };
import { type Described, describeArrays } from "./describe.ts";

interface GoldenFile {
  readonly base64: string;
  readonly value: readonly (readonly [string, Described])[];
  readonly metadata: Readonly<Record<string, string>>;
}

const FILES = Object.entries(golden.safetensors as unknown as Record<string, GoldenFile>);
const bytesOf = ({ base64 }: GoldenFile): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

describe.each(FILES)("the reference's file of %s", (_, file) => {
  test("holds what the reference says", () => {
    const loaded = loadSafetensors(bytesOf(file));
    expect(describeArrays(loaded)).toEqual(new Map(file.value));
    expect(Object.fromEntries(loaded.metadata)).toEqual(file.metadata);
  });

  test("is written byte for byte as the reference wrote it", () => {
    const written = saveSafetensors(loadSafetensors(bytesOf(file)), file.metadata);
    expect(Buffer.from(written).equals(bytesOf(file))).toBe(true);
  });

  test("is read by name from a Blob and from a handle, in parts only", async () => {
    const bytes = bytesOf(file);
    for (const source of [new Blob([new Uint8Array(bytes)]), handle(bytes)]) {
      const opened = await openSafetensors(source);
      const loaded = new Map<string, torch.Tensor>();
      for (const name of opened.tensors.keys()) loaded.set(name, await opened.load(name));
      expect(describeArrays(loaded)).toEqual(new Map(file.value));
      await expect(opened.load("no such name")).rejects.toThrow(torch.KeyError);
    }
  });
});

/** A file handle of Node that gives at most 7 bytes at a time, and notes what it gave. */
function handle(bytes: Uint8Array, given: number[] = []) {
  return {
    stat: () => Promise.resolve({ size: bytes.length }),
    read: (into: Uint8Array, offset: number, length: number, position: number) => {
      const part = bytes.subarray(position, position + Math.min(length, 7));
      into.set(part, offset);
      given.push(...Array.from(part, (_, at) => at + position));
      return Promise.resolve({ bytesRead: part.length });
    },
  };
}

test("a tensor that is read by name costs the bytes of the header and its own", async () => {
  const bytes = saveSafetensors({ a: torch.zeros(1000), b: torch.tensor([1, 2, 3]), c: torch.zeros(1000) });
  const given: number[] = [];
  const file = await openSafetensors(handle(bytes, given));
  expect((await file.load("b")).tolist()).toEqual([1, 2, 3]);
  const { start, end } = file.tensors.get("b")!;
  const header = Math.min(...[...file.tensors.values()].map((one) => one.start));
  expect(new Set(given).size).toBe(header + end - start);
});

test("a file that becomes shorter while it is read is an error", async () => {
  const blob = new Blob([new Uint8Array(saveSafetensors({ a: torch.zeros(4) }))]);
  const shrinking = { size: blob.size, slice: (start: number, end: number) => blob.slice(start, end - 1) };
  await expect(openSafetensors(shrinking)).rejects.toThrow("shorter");
});

test("tensors lie in the file's bytes unless they are copied, or unaligned", () => {
  const bytes = saveSafetensors({ a: torch.ones(3) });
  expect(loadSafetensors(bytes).get("a")!.value.data.buffer).toBe(bytes.buffer);
  expect(loadSafetensors(bytes, { mmap: false }).get("a")!.value.data.buffer).not.toBe(bytes.buffer);
  const odd = new Uint8Array([0, ...bytes]).subarray(1);
  expect(loadSafetensors(odd).get("a")!.tolist()).toEqual([1, 1, 1]);
});

test("a view is written as its own numbers", () => {
  const x = torch.arange(6).reshape(2, 3);
  expect(
    loadSafetensors(saveSafetensors({ t: x.t(), row: x.at("1") }))
      .get("t")!
      .tolist(),
  ).toEqual(x.t().tolist());
});

test("what is no tensor, no text or no name of the format is refused when it is written", () => {
  expect(() => saveSafetensors({ a: 1 as never })).toThrow(TypeError);
  expect(() => saveSafetensors({}, { a: 1 as never })).toThrow(TypeError);
  expect(() => saveSafetensors({ __metadata__: torch.ones(1) })).toThrow(FormatError);
  expect(() => saveSafetensors({ "\ud800": torch.ones(1) })).toThrow(FormatError);
});

// ---- attacks

/** A file with this header and so many bytes of zeros behind it. */
function file(header: string | Uint8Array, data = 0, length?: bigint): Uint8Array {
  const json = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(json.length));
  return new Uint8Array(Buffer.concat([prefix, json, Buffer.alloc(data)]));
}

const tensor = (shape: string, offsets: string, dtype = '"F32"'): string =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
const two = (offsets: string): string => `{"a":${tensor("[2]", "[0,8]")},"b":${tensor("[2]", offsets)}}`;

test("the file that the attacks below change is a good one", () => {
  expect(loadSafetensors(file(two("[8,16]"), 16)).size).toBe(2);
  expect(loadSafetensors(file(`${two("[8,16]")} \n\t`, 16)).size).toBe(2);
});

describe("a file is refused", () => {
  test.each<[string, Uint8Array, string]>([
    ["of no bytes", new Uint8Array(), "0 bytes are no file"],
    ["of seven bytes", new Uint8Array(7), "7 bytes are no file"],
    ["with a header of 2^63 bytes", file("{}", 0, 2n ** 63n), "beyond 2^53"],
    ["with a header of 100,000,001 bytes", file("{}", 0, 100_000_001n), "a header of 100000001 bytes"],
    ["with a header beyond the file", file("{}", 0, 3n), "a header of 3 bytes in a file of 10"],
    ["without a header", file(""), "does not begin with {"],
    ["with a space before its header", file(" {}"), "does not begin with {"],
    ["with a list for a header", file("[]"), "does not begin with {"],
    ["with a header that is cut off", file("{"), '" expected'],
    ["with NUL behind its header", file("{}\0"), "behind the header's object"],
    ["with two headers", file("{}{}"), "behind the header's object"],
    ["with a comma too many", file(`{"a":${tensor("[]", "[0,4]")},}`, 4), '" expected'],
    ["with a name in single quotes", file("{'a':1}"), '" expected'],
    ["with a name without an end", file('{"a'), "a text without an end"],
    ["with a name that ends in a backslash", file('{"a\\'), "a text without an end"],
    ["with a name of bytes", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22)), "not UTF-8"],
    ["with half a surrogate pair", file('{"\\ud800":1}'), "not UTF-8"],
    ["with surrogates spelled out", file(Buffer.from("7b22eda080edb08022", "hex")), "not UTF-8"],
    ["with a control character in a name", file('{"\n":1}'), "no text of JSON"],
    ["with an unknown escape", file('{"\\x":1}'), "no text of JSON"],
    ["with a name twice", file(`{"a":${tensor("[0]", "[0,0]")},"a":${tensor("[0]", "[0,0]")}}`), "a occurs twice"],
    ["with a name twice, once escaped", file('{"__metadata__":{"a":"","\\u0061":""}}'), "a occurs twice"],
    ["with metadata twice", file('{"__metadata__":{},"__metadata__":{}}'), "occurs twice"],
    ["with metadata that is no object", file('{"__metadata__":[]}'), "{ expected"],
    ["with metadata of null", file('{"__metadata__":null}'), "{ expected"],
    ["with metadata of numbers", file('{"__metadata__":{"a":1}}'), '" expected'],
    ["with nested metadata", file('{"__metadata__":{"a":{}}}'), '" expected'],
    ["with 100,000 levels", file(`{"a":${"[".repeat(100_000)}`), "{ expected"],
    ["with 100,000 levels of objects", file('{"a":'.repeat(100_000)), "is nothing that a tensor has"],
    ["with a field that no tensor has", file('{"a":{"stride":[1]}}'), "stride is nothing that a tensor has"],
    ["with a field twice", file('{"a":{"dtype":"F32","dtype":"F32"}}'), "dtype occurs twice"],
    ["without a dtype", file('{"a":{"shape":[],"data_offsets":[0,4]}}', 4), "no dtype, no shape"],
    ["without a shape", file('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), "no dtype, no shape"],
    ["without offsets", file('{"a":{"dtype":"F32","shape":[]}}', 4), "no two offsets"],
    ["with one offset", file(`{"a":${tensor("[]", "[0]")}}`, 4), "no two offsets"],
    ["with three offsets", file(`{"a":${tensor("[]", "[0,4,4]")}}`, 4), "no two offsets"],
    ["with an unknown dtype", file(`{"a":${tensor("[]", "[0,4]", '"F31"')}}`, 4), "F31 is no dtype"],
    ["with a dtype of JavaScript", file(`{"a":${tensor("[]", "[0,4]", '"constructor"')}}`, 4), "is no dtype"],
    ["with a dtype that is no text", file(`{"a":${tensor("[]", "[0,4]", "1")}}`, 4), '" expected'],
    ["with a dtype that we have not", file(`{"a":${tensor("[]", "[0,4]", '"U32"')}}`, 4), "U32 is not supported"],
    ["with a negative length", file(`{"a":${tensor("[-1]", "[0,4]")}}`, 4), "no whole number"],
    ["with half a length", file(`{"a":${tensor("[1.5]", "[0,4]")}}`, 4), "no whole number"],
    ["with a length of 1.0", file(`{"a":${tensor("[1.0]", "[0,4]")}}`, 4), "no whole number"],
    ["with a length of 1e0", file(`{"a":${tensor("[1e0]", "[0,4]")}}`, 4), "no whole number"],
    ["with a length of 01", file(`{"a":${tensor("[01]", "[0,4]")}}`, 4), "no whole number"],
    ["with a length of 1e400", file(`{"a":${tensor("[1e400]", "[0,4]")}}`, 4), "no whole number"],
    ["with a length of 2^53", file(`{"a":${tensor(`[${2 ** 53}]`, "[0,4]")}}`, 4), "no whole number"],
    ["with a length of a million digits", file(`{"a":${tensor(`[${"1".repeat(1e6)}]`, "[0,4]")}}`), "no whole number"],
    ["with a length in text", file(`{"a":${tensor('["1"]', "[0,4]")}}`, 4), "no whole number"],
    ["with a shape that is no list", file(`{"a":${tensor("1", "[0,4]")}}`, 4), "[ expected"],
    ["with a nested shape", file(`{"a":${tensor("[[1]]", "[0,4]")}}`, 4), "no whole number"],
    ["of 65 dimensions", file(`{"a":${tensor(`[${Array(65).fill(1)}]`, "[0,4]")}}`, 4), "65 dimensions"],
    ["with a size beyond 2^53", file(`{"a":${tensor(`[${2 ** 30},${2 ** 30}]`, "[0,4]")}}`, 4), "overflows"],
    ["with a size beyond 2^64", file(`{"a":${tensor(`[${2 ** 50},${2 ** 50}]`, "[0,4]")}}`, 4), "overflows"],
    ["with too few bytes", file(`{"a":${tensor("[2]", "[0,4]")}}`, 4), "4 bytes for 2 elements of F32"],
    ["with too many bytes", file(`{"a":${tensor("[2]", "[0,12]")}}`, 12), "12 bytes for 2 elements of F32"],
    ["with offsets that run backwards", file(`{"a":${tensor("[1]", "[4,0]")}}`, 4), "from byte 4 to byte 0"],
    ["with an offset beyond 2^53", file(`{"a":${tensor("[1]", `[0,${2 ** 53}]`)}}`, 4), "no whole number"],
    ["with an offset just below it", file(`{"a":${tensor("[1]", `[0,${2 ** 53 - 1}]`)}}`, 4), "from byte 0 to"],
    ["with a gap before its first tensor", file(`{"a":${tensor("[1]", "[4,8]")}}`, 8), "leaves a gap"],
    ["with a gap between tensors", file(two("[12,20]"), 20), "leaves a gap"],
    ["with tensors that overlap", file(two("[4,12]"), 12), "overlaps"],
    ["with two tensors on the same bytes", file(two("[0,8]"), 8), "overlaps"],
    ["with bytes behind its tensors", file(two("[8,16]"), 17), "the tensors end at byte"],
    ["with tensors beyond its end", file(two("[8,16]"), 15), "the tensors end at byte"],
    ["with bytes and no tensors", file("{}", 1), "the tensors end at byte 10 of 11"],
  ])("%s", async (_, bytes, message) => {
    const started = performance.now();
    const error = caught(() => loadSafetensors(bytes));
    expect(performance.now() - started).toBeLessThan(1000);
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ name: "FormatError", format: "safetensors", offset: expect.any(Number) });
    const opened = openSafetensors(new Blob([new Uint8Array(bytes)])).then((lazy) => lazy.load("a"));
    await expect(opened).rejects.toThrow(FormatError);
  });

  test("when it is cut off anywhere", () => {
    const good = file(two("[8,16]"), 16);
    for (let length = 0; length < good.length; length += 1) {
      expect(() => loadSafetensors(good.subarray(0, length))).toThrow(FormatError);
    }
  });
});

function caught(work: () => unknown): Error {
  try {
    return new Error(`no error: ${work()}`);
  } catch (error) {
    return error as Error;
  }
}

test("names of JavaScript's own are data", () => {
  const names = ["__proto__", "constructor", "toString", ""];
  const header = names.map((name) => `"${name}":${tensor("[0]", "[0,0]")}`).join(",");
  const loaded = loadSafetensors(file(`{${header},"__metadata__":{"__proto__":"polluted"}}`));
  expect([...loaded.keys()]).toEqual(names);
  expect(loaded.metadata.get("__proto__")).toBe("polluted");
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
