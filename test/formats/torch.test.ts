import { describe, expect, test } from "vitest";
import { Dense } from "../../src/dense/dense.ts";
import { float32, int64 } from "../../src/dense/dtype.ts";
import { float } from "../../src/dense/python-float.ts";
import { tuple } from "../../src/dense/tuple.ts";
import { FormatError } from "../../src/formats/format-error.ts";
import { type LoadOptions, readTorch } from "../../src/formats/torch.ts";
import { writeTorch } from "../../src/formats/torch-write.ts";
import { StoredTensor } from "../../src/formats/values.ts";
import { readZip } from "../../src/formats/zip.ts";
import { checkpoint, int, name, program, tensor, tupleOf } from "./archive.ts";
import { describeValue, FILES, fileNamed } from "./describe.ts";

const load = (bytes: Uint8Array, options?: LoadOptions): unknown => readTorch(bytes, (tensor) => tensor, options);
const tensorAt = (value: unknown, key: string): StoredTensor => (value as Map<string, StoredTensor>).get(key)!;

describe.each(FILES)("torch's file of $name", ({ bytes, value }) => {
  test("holds what torch says", () => {
    expect(describeValue(load(bytes))).toEqual(value);
  });

  test("holds the same when its memory is used and not copied", () => {
    expect(describeValue(load(bytes, { mmap: true }))).toEqual(value);
  });

  test("holds the same when it begins at an odd address", () => {
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(describeValue(load(shifted.subarray(1), { mmap: true }))).toEqual(value);
  });

  test("is the same after it was written here", () => {
    expect(describeValue(load(writeTorch(load(bytes))))).toEqual(value);
  });
});

/** The files that today's torch.save writes by default; the others are older, of other systems or made otherwise. */
const CURRENT = FILES.filter(({ name }) => !/old|protocol|writer|endian|checksums|plain/.test(name));

test.each(CURRENT)(
  "torch's file of $name is written byte for byte as torch wrote it, but for its label",
  ({ bytes }) => {
    const written = writeTorch(load(bytes));
    expect(Buffer.from(withoutLabel(written)).equals(withoutLabel(bytes))).toBe(true);
  },
);

/** torch's label is made of hashes of its own; label and checksum occur at the same places. */
function withoutLabel(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes);
  const { start, size } = readZip(bytes).get("archive/.data/serialization_id")!;
  copy.fill(0, start, start + size + 8); // the label, and the checksum in its descriptor
  const name = Buffer.from(copy).lastIndexOf("archive/.data/serialization_id");
  return copy.fill(0, name - 30, name - 26); // and in the directory
}

describe("memory", () => {
  test("is a window on the file only when asked for", () => {
    const bytes = fileNamed("views");
    expect(tensorAt(load(bytes, { mmap: true }), "base").value.data.buffer).toBe(bytes.buffer);
    expect(tensorAt(load(bytes), "base").value.data.buffer).not.toBe(bytes.buffer);
  });

  test("of a storage begins at a multiple of 64 in every file that is written", () => {
    for (const { bytes } of FILES) {
      const entries = readZip(writeTorch(load(bytes)));
      expect([...entries.values()].every(({ start }) => start % 64 === 0)).toBe(true);
    }
  });

  test("that two tensors share is written once, whole", () => {
    const base = new Dense({ data: new Float32Array(10), version: 0 }, float32, [10]);
    const bytes = writeTorch([new StoredTensor(base), new StoredTensor(base.window([2, 2], [4, 1], 1))]);
    const entries = [...readZip(bytes)].filter(([name]) => name.includes("/data/"));
    expect(entries.map(([name, { size }]) => [name, size])).toEqual([["archive/data/0", 40]]);
  });

  test("that runs backwards is written forwards", () => {
    const data = Float32Array.of(1, 2, 3);
    const backwards = new Dense({ data, version: 0 }, float32, [3], [-1], 2);
    const [loaded] = load(writeTorch([new StoredTensor(backwards)])) as [StoredTensor];
    expect(loaded.value.data).toEqual(Float32Array.of(3, 2, 1));
  });

  test("of booleans holds only 0 and 1, whatever the file holds", () => {
    const parts = { kind: name("torch", "BoolStorage"), count: int(3), size: tupleOf(int(3)), stride: tupleOf(int(1)) };
    const file = checkpoint(program(tensor(parts)), { "0": Uint8Array.of(0, 2, 255) });
    for (const mmap of [false, true]) expect([...(load(file, { mmap }) as StoredTensor).value.data]).toEqual([0, 1, 1]);
  });
});

describe("values that torch could not read back are refused when they are written:", () => {
  const circular = tuple([[] as unknown[]]);
  circular[0]!.push(circular);
  const deep = Array.from({ length: 1000 }).reduce<unknown[]>((inner) => [inner], []);
  test.each<[string, unknown, string]>([
    ["undefined", [undefined], "undefined cannot be saved"],
    ["a hole in an array", new Array(1), "undefined cannot be saved"],
    ["a function", () => 1, "function cannot be saved"],
    ["typed memory without a tensor", new Float32Array(2), "Float32Array cannot be saved"],
    ["an object of a class", new (class Net {})(), "Net cannot be saved"],
    ["a tuple in itself", circular, "a tuple that contains itself"],
    ["a value of 1000 levels", deep, "nested too deeply"],
    ["an integer of 256 bytes", 2n ** 2046n, "more than 255 bytes"],
  ])("%s", (_, value, message) => {
    expect(() => writeTorch(value)).toThrow(FormatError);
    expect(() => writeTorch(value)).toThrow(message);
  });
});

test("whole numbers are ints and marked ones are floats, in lists as well", () => {
  const value = [1, float(1), 2 ** 53, -0, float([1, 2]), 3n];
  const [int, marked, large, zero, floats, big] = (describeValue(load(writeTorch(value))) as { list: unknown[] }).list;
  expect([int, big]).toEqual([{ int: "1" }, { int: "3" }]);
  expect([marked, large, zero]).toEqual([1, 2 ** 53, -0].map((x) => describeValue(x === 1 ? float(1) : x)));
  expect(floats).toEqual({ list: [describeValue(float(1)), describeValue(float(2))] });
});

test("a list that contains itself comes back", () => {
  const list: unknown[] = [1];
  list.push(list);
  const loaded = load(writeTorch(list)) as unknown[];
  expect(loaded[1]).toBe(loaded);
});

test("more than a thousand items come back in order", () => {
  const list = Array.from({ length: 2001 }, (_, i) => i);
  const dict = new Map(list.map((i) => [i, `${i}`]));
  expect(load(writeTorch([list, dict]))).toEqual([list, dict]);
});

test("lone surrogates and every plane of Unicode come back", () => {
  const texts = ["\ud800", "a\udc00b", "\u0000", "\u07ff\u0800\uffff", "\u{10000}\u{10ffff}"];
  expect(load(writeTorch(texts))).toEqual(texts);
});

test("an integer tensor keeps 64 bits", () => {
  const dense = new Dense({ data: BigInt64Array.of(2n ** 63n - 1n), version: 0 }, int64, [1]);
  const loaded = load(writeTorch(new StoredTensor(dense))) as StoredTensor;
  expect(loaded.value.data).toEqual(BigInt64Array.of(2n ** 63n - 1n));
});
