/** Laws of the formats that hold nothing but tensors: what is written is read again, and damage is a FormatError. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Tensor } from "../../src/autograd/tensor.ts";
import { Dense, elements } from "../../src/dense/dense.ts";
import { bfloat16, type DType, int32 } from "../../src/dense/dtype.ts";
import { product, rowMajor } from "../../src/dense/shape.ts";
import { memoryFrom, STORAGE_CLASSES } from "../../src/formats/memory.ts";
import * as torch from "../../src/index.ts";

/** Any bits of any dtype and shape, also as a transposed view. */
const tensors = (dtypes: readonly DType[]): fc.Arbitrary<Tensor> =>
  fc
    .record({
      dtype: fc.constantFrom(...dtypes),
      shape: fc.array(fc.nat(4), { maxLength: 4 }),
      backwards: fc.boolean(),
    })
    .chain(({ dtype, shape, backwards }) => {
      const length = product(shape) * dtype.itemsize;
      return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
        const data = memoryFrom(bytes, dtype, { bigEndian: false, copy: true });
        const strides = backwards ? rowMajor(shape.toReversed()).toReversed() : rowMajor(shape);
        return new Tensor(new Dense({ data, version: 0 }, dtype, shape, strides));
      });
    });

const all = [...STORAGE_CLASSES.values()];
const numpys = all.filter((dtype) => dtype !== bfloat16);
const texts = fc.string({ unit: "grapheme" });
const plainNames = fc.stringMatching(/^[a-z_][a-z0-9_.]{0,20}[a-z0-9]$/);

/** Types, shapes and bits, in the order of names. */
function described(tensors: ReadonlyMap<string, Tensor>): unknown {
  const all = Array.from(tensors, ([name, { value }]) => {
    const { buffer, byteOffset, byteLength } = elements(asBits(value));
    const bits = Buffer.from(buffer, byteOffset, byteLength).toString("hex");
    return [name, value.dtype.name, [...value.shape], bits] as const;
  });
  return all.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The same elements, float32 as int32: a signalling NaN that is read as a number is another one afterwards. */
function asBits(value: Dense): Dense {
  const { data, shape, strides, offset } = value;
  if (!(data instanceof Float32Array)) return value;
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  return new Dense({ data: bits, version: 0 }, int32, shape, strides, offset);
}

test("safetensors are read as they were written", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(texts, tensors(all)), { selector: ([name]) => name, maxLength: 5 }),
      fc.uniqueArray(fc.tuple(texts, texts), { selector: ([name]) => name, maxLength: 3 }),
      (entries, texts) => {
        const [given, metadata] = [new Map(entries), new Map(texts)];
        const loaded = torch.loadSafetensors(torch.saveSafetensors(given, metadata));
        expect(described(loaded)).toEqual(described(given));
        expect(loaded.metadata).toEqual(metadata);
      },
    ),
    { numRuns: 200 },
  );
});

test("numpy's files are read as they were written", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(plainNames, tensors(numpys)), { selector: ([name]) => name, maxLength: 5 }),
      (entries) => {
        const given = new Map(entries);
        expect(described(torch.loadNpz(torch.saveNpz(given)))).toEqual(described(given));
        for (const tensor of given.values()) {
          expect(described(new Map([["", torch.loadNpy(torch.saveNpy(tensor))]]))).toEqual(
            described(new Map([["", tensor]])),
          );
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("a file with any byte changed, left out or added is a FormatError or loads", () => {
  const x = { a: torch.arange(6).reshape(2, 3), b: torch.ones(2, { dtype: torch.int64 }) };
  const files: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [torch.saveSafetensors(x, { k: "v" }), (bytes) => torch.loadSafetensors(bytes)],
    [torch.saveNpy(x.a), (bytes) => torch.loadNpy(bytes)],
    [torch.saveNpz(x), (bytes) => torch.loadNpz(bytes)],
  ];
  for (const [file, read] of files) {
    for (let at = 0; at < file.length; at += 1) {
      const [before, after] = [file.subarray(0, at), file.subarray(at + 1)];
      for (const middle of [[], [0], [0x22], [0x7d], [0xff], [file[at]! ^ 1], [file[at]!, file[at]!]]) {
        expectTyped(() => read(new Uint8Array([...before, ...middle, ...after])));
      }
    }
  }
});

function expectTyped(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof torch.FormatError)) throw error;
  }
}
