/** Laws of files: what is written is read again, and no damage makes anything but a FormatError. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Dense } from "../../src/dense/dense.ts";
import type { DType } from "../../src/dense/dtype.ts";
import { OrderedDict } from "../../src/dense/ordered-dict.ts";
import { float } from "../../src/dense/python-float.ts";
import { product, rowMajor } from "../../src/dense/shape.ts";
import { tuple } from "../../src/dense/tuple.ts";
import { FormatError } from "../../src/formats/format-error.ts";
import { memoryFrom, STORAGE_CLASSES } from "../../src/formats/memory.ts";
import { readTorch } from "../../src/formats/torch.ts";
import { writeTorch } from "../../src/formats/torch-write.ts";
import { StoredTensor, setMetadata } from "../../src/formats/values.ts";
import { entryBytes, readZip } from "../../src/formats/zip.ts";
import { type NewEntry, writeZip } from "../../src/formats/zip-write.ts";
import { describeValue, FILES } from "./describe.ts";

const load = (bytes: Uint8Array, mmap = false): unknown => readTorch(bytes, (tensor) => tensor, { mmap });

// ---- any value

const dtypes = fc.constantFrom(...STORAGE_CLASSES.values());

/** A window of any shape, order of dimensions and offset on memory of any bits. */
const tensors = fc
  .record({
    dtype: dtypes,
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
    before: fc.nat(3),
    after: fc.nat(3),
    backwards: fc.boolean(),
    flags: fc.tuple(fc.boolean(), fc.boolean()),
  })
  .chain(({ dtype, shape, before, after, backwards, flags }) => {
    const count = before + product(shape) + after;
    return bitsOf(dtype, count).map((bytes) => {
      const data = memoryFrom(bytes, dtype, { bigEndian: false, copy: true });
      const strides = backwards ? rowMajor(shape.toReversed()).toReversed() : rowMajor(shape);
      const dense = new Dense({ data, version: 0 }, dtype, shape, strides, before);
      const [requiresGrad, isParameter] = flags;
      return new StoredTensor(dense, requiresGrad && dtype.kind === "float", isParameter);
    });
  });

function bitsOf(dtype: DType, count: number): fc.Arbitrary<Uint8Array> {
  const length = count * dtype.itemsize;
  return fc.uint8Array({ minLength: length, maxLength: length });
}

const keys = fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.boolean(), fc.constant(null));

const { value: values } = fc.letrec<{ value: unknown }>((tie) => {
  const entries = fc.array(fc.tuple(keys, tie("value")), { maxLength: 4 });
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(
        tensors,
        fc.string({ unit: "binary" }),
        fc.maxSafeInteger(),
        fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
        fc.double(),
        fc.integer().map((n) => float(n)),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 9 }),
      ),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(tie("value"), { maxLength: 4 }).map((items) => tuple(items)),
      fc.array(tie("value"), { maxLength: 2 }).map(([item = 0]) => [item, item]),
      entries.map((pairs) => new Map(pairs)),
      fc.tuple(entries, tie("value")).map(([pairs, metadata]) => {
        const dict = new OrderedDict(pairs);
        setMetadata(dict, metadata);
        return dict;
      }),
    ),
  };
});

test("what is written is read again, types, sharing and bits included", () => {
  fc.assert(
    fc.property(values, fc.boolean(), (value, mmap) => {
      const bytes = writeTorch(value);
      const loaded = load(bytes, mmap);
      expect(describeValue(loaded)).toEqual(describeValue(value));
      expect(Buffer.compare(writeTorch(loaded), bytes)).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("bits of every dtype are the same in either byte order", () => {
  fc.assert(
    fc.property(
      dtypes.chain((dtype) => fc.tuple(fc.constant(dtype), bitsOf(dtype, 5))),
      ([dtype, bytes]) => {
        const reversed = new Uint8Array(bytes);
        for (let at = 0; at < bytes.length; at += dtype.itemsize) reversed.subarray(at, at + dtype.itemsize).reverse();
        const little = memoryFrom(bytes, dtype, { bigEndian: false, copy: false });
        const big = memoryFrom(reversed, dtype, { bigEndian: true, copy: false });
        expect(Buffer.compare(Buffer.from(little.buffer), Buffer.from(big.buffer))).toBe(0);
      },
    ),
  );
});

// ---- any damage

const MUTATIONS = 4000;

/** Random numbers that are the same in every run (mulberry32). */
function randomIntegers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % limit;
  };
}

/** Flips, cuts, repeats and telling values at random places. */
function damaged(bytes: Uint8Array, random: (limit: number) => number): Uint8Array {
  let result = new Uint8Array(bytes);
  for (let left = 1 + random(3); left > 0; left -= 1) {
    const at = random(result.length || 1);
    const kind = random(8);
    if (kind === 0) result = result.slice(0, at);
    else if (kind === 1) result = new Uint8Array([...result.subarray(0, at), ...result.subarray(random(at + 1))]);
    else if (kind === 2) result[at] = [0x00, 0xff, 0x7f, 0x80][random(4)]!;
    else if (kind === 3) result.copyWithin(at, random(result.length || 1), random(result.length || 1));
    else result[at] = random(256);
  }
  return result;
}

function expectOnlyFormatErrors(bytes: Uint8Array, refused: { count: number }): void {
  try {
    load(bytes);
  } catch (error) {
    refused.count += 1;
    if (!(error instanceof FormatError)) throw error;
  }
}

const SMALL = FILES.filter(({ bytes }) => bytes.length < 6000);

test("a damaged file is a FormatError or loads", () => {
  const random = randomIntegers(1);
  const refused = { count: 0 };
  for (let round = 0; round < MUTATIONS; round += 1) {
    expectOnlyFormatErrors(damaged(SMALL[round % SMALL.length]!.bytes, random), refused);
  }
  expect(refused.count).toBeGreaterThan(MUTATIONS / 2);
});

test("a damaged pickle in a sound archive is a FormatError or loads", () => {
  const random = randomIntegers(2);
  const refused = { count: 0 };
  const archives = SMALL.filter(({ bytes }) => bytes[0] === 0x50).map(({ bytes }) =>
    [...readZip(bytes).values()].map((entry): NewEntry => [entry.name, entryBytes(bytes, entry)]),
  );
  for (let round = 0; round < MUTATIONS; round += 1) {
    const entries = archives[round % archives.length]!.map(
      ([name, bytes]): NewEntry => [name, name.endsWith("/data.pkl") ? damaged(bytes, random) : bytes],
    );
    expectOnlyFormatErrors(writeZip(entries), refused);
  }
  expect(refused.count).toBeGreaterThan(MUTATIONS / 2);
});
