import fc from "fast-check";
import type { DType, Tensor } from "unrolled";
import * as torch from "unrolled";
import { nn, repr, str } from "unrolled";
import { describe, expect, test } from "vitest";
import golden from "../golden/packing.json" with { type: "json" };
import { CALLS } from "./packed-calls.ts";

const { packPaddedSequence, packSequence, padPackedSequence, padSequence, unpackSequence, unpadSequence } = nn.utils;

const { float32, float64, float16, bfloat16, int64, int32, int16, uint8, bool } = torch;
const DTYPES: Readonly<Record<string, DType>> = {
  float32,
  float64,
  float16,
  bfloat16,
  int64,
  int32,
  int16,
  uint8,
  bool,
};

type Lengths = number[];

/** 0, 1, ..., 9 and from the start again, as in the golden script. */
function numbers(shape: readonly number[], dtype: string): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const values = torch.arange(count).remainder(10).reshape(shape);
  return values.to(DTYPES[dtype]!);
}

const integers = (values: readonly number[]): Tensor => torch.tensor(values, { dtype: torch.int64 });
const flat = (x: Tensor): number[] => x.reshape(-1).tolist() as number[];

describe("a padded batch", () => {
  for (const [i, { shape, dtype, lengths, pads, ...rest }] of golden.batches.entries()) {
    const options = { batchFirst: rest.batchFirst, enforceSorted: rest.enforceSorted };

    test(`packs, pads and unpacks as torch's does: ${i}, ${dtype} [${shape}]`, () => {
      const packed = packPaddedSequence(numbers(shape, dtype), lengths, options);
      expect(str(packed)).toBe(rest.packed);
      for (const { text, ...how } of pads) expect(str(padPackedSequence(packed, how))).toBe(text);
      expect(str(unpackSequence(packed))).toBe(rest.unpacked);
    });
  }
});

describe("a list of sequences", () => {
  for (const [i, { lengths, features, dtype, options, ...expected }] of golden.lists.entries()) {
    test(`pads, packs and unpads as torch's does: ${i}, ${dtype} (${lengths})`, () => {
      const sequences = lengths.map((length, b) => numbers([length, ...features], dtype).add(b));
      const how = { ...options, paddingSide: options.paddingSide as "left" | "right" };
      const padded = padSequence(sequences, how);
      expect(str(padded)).toBe(expected.padded);
      if (expected.packed) expect(str(packSequence(sequences, { enforceSorted: false }))).toBe(expected.packed);
      if (!expected.unpadded) return;
      expect(str(unpadSequence(padded, integers(lengths), options.batchFirst))).toBe(expected.unpadded);
    });
  }
});

describe("a call", () => {
  test.each(golden.expressions as [string, { text: string; error?: string }][])(
    "%s gives what torch's gives",
    (expression, expected) => {
      const call = CALLS[expression];
      expect(call, "has a translation").toBeDefined();
      if (!expected.error) {
        expect(str(call!())).toBe(expected.text);
        return;
      }
      expect(call).toThrow(expect.objectContaining({ name: expected.error, message: expected.text }));
    },
  );
});

describe("gradients", () => {
  test.each(golden.gradients)("through packing and padding are torch's, the second ones too: %o", (row) => {
    const { batchFirst, enforceSorted } = row;
    const leaf = numbers(row.shape, "float64").div(8).detach().requiresGrad_();
    const packed = packPaddedSequence(leaf, row.lengths, { batchFirst, enforceSorted });
    const [, batchSizes, sorted, unsorted] = packed;
    const cubed = new nn.utils.PackedSequence(packed.data.pow(3), batchSizes, sorted, unsorted);
    const [padded] = padPackedSequence(cubed, { batchFirst, paddingValue: 2, totalLength: 5 });
    expect([packed.data, padded].map((x) => x.gradFn!.name())).toEqual(row.names);
    const weights = numbers(padded.shape, "float64").sub(7);
    const [first] = torch.autograd.grad(weights.mul(padded).sum(), leaf, { createGraph: true });
    const [second] = torch.autograd.grad(first!.square().sum(), leaf);
    expect(flat(first!)).toEqual(row.first);
    // A zero may have either sign there: that depends on the order in which the rules of pow and square add.
    expect(flat(second!).map((value) => value + 0)).toEqual(row.second.map((value) => value + 0));
  });

  test.each(golden.gradientsOfLists)("through lists are torch's: %o", ({ batchFirst, paddingSide, ...expected }) => {
    const leaves = [2, 3, 1].map((length) => numbers([length, 2], "float64").div(8).add(1).detach().requiresGrad_());
    const options = { batchFirst, paddingValue: 0.5, paddingSide: paddingSide as "left" | "right" };
    const padded = padSequence(
      leaves.map((leaf) => leaf.square()),
      options,
    );
    const weights = numbers(padded.shape, "float64").sub(7);
    const pieces = unpadSequence(padded.mul(weights), integers([3, 1, 2]), batchFirst);
    expect([padded, pieces[0]!].map((x) => x.gradFn!.name())).toEqual(expected.names);
    const total = pieces.map((piece) => piece.square().sum()).reduce((a, b) => a.add(b));
    expect(torch.autograd.grad(total, leaves).map((g) => flat(g!))).toEqual(expected.gradients);
  });

  test("through sorting and transposing show torch's names", () => {
    const x = torch.ones(3, 2, 4, { requiresGrad: true });
    const packed = packPaddedSequence(x, [2, 3], { enforceSorted: false });
    expect(packed.data.gradFn!.nextFunctions[0]![0]!.name()).toBe("IndexSelectBackward0");
    expect(padPackedSequence(packed)[0].gradFn!.name()).toBe("IndexSelectBackward0");
    const inOrder = packPaddedSequence(x, [3, 2]);
    expect(padPackedSequence(inOrder, { batchFirst: true })[0].gradFn!.name()).toBe("TransposeBackward0");
  });
});

describe("a PackedSequence", () => {
  const packed = packSequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])]);

  test("is a tuple of four with names", () => {
    const [data, batchSizes, sortedIndices, unsortedIndices] = packed;
    expect(packed).toHaveLength(4);
    expect(packed.data).toBe(data);
    expect(packed.batchSizes).toBe(batchSizes);
    expect([packed.sortedIndices, packed.unsortedIndices]).toEqual([sortedIndices, unsortedIndices]);
    expect([sortedIndices, unsortedIndices]).toEqual([null, null]);
    expect(packed[0]).toBe(data);
    expect(repr([packed])).toBe(`[${packed}]`);
  });

  test("is itself after a conversion that changes nothing", () => {
    expect([packed.to(float32), packed.cpu(), packed.float()].every((same) => same === packed)).toBe(true);
    expect(packed.double() === packed).toBe(false);
    expect(packed.double().batchSizes === packed.batchSizes).toBe(true);
  });

  test("has an array's other methods give plain arrays", () => {
    expect(packed.slice(0, 2)).not.toBeInstanceOf(nn.utils.PackedSequence);
  });
});

test("unpadding a batch that is not batch-first leaves the caller's tensor transposed, as in torch", () => {
  const padded = torch.zeros(3, 2);
  unpadSequence(padded, integers([3, 1]));
  expect(padded.shape).toEqual(torch.zeros(2, 3).shape);
});

test("data beyond the last length and lengths beyond the last row are left out without a word, as in torch", () => {
  const x = torch.arange(6).reshape(3, 2);
  expect(packPaddedSequence(x, [2, 1]).data.tolist()).toEqual([0, 1, 2]);
  expect(packPaddedSequence(x, [5, 1]).data.tolist()).toEqual([0, 1, 2, 4]);
  expect(packPaddedSequence(x, [5, 1]).batchSizes.tolist()).toEqual([2, 1, 1, 1, 1]);
});

const batch = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 });
const batchWithEmpty = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 24 });
const listOf = (lengths: Lengths): Tensor[] => lengths.map((length, b) => numbers([length, 2], "float32").add(b));

describe("laws", () => {
  test("padding what was packed gives the batch back, masked", () => {
    fc.assert(
      fc.property(batch, fc.boolean(), fc.integer({ min: 0, max: 3 }), (lengths, batchFirst, more) => {
        const T = Math.max(...lengths);
        const x = torch.rand(batchFirst ? [lengths.length, T + more, 2] : [T + more, lengths.length, 2]);
        const packed = packPaddedSequence(x, lengths, { batchFirst, enforceSorted: false });
        const [padded, found] = padPackedSequence(packed, { batchFirst, totalLength: T + more });
        const positions = torch.arange(T + more).unsqueeze(1);
        const mask = positions.lt(integers(lengths));
        expect(padded.equal(x.mul((batchFirst ? mask.t() : mask).unsqueeze(2)))).toBe(true);
        expect(found.tolist()).toEqual(lengths);
      }),
      { numRuns: 60 },
    );
  });

  test("unpacking what was packed gives the list back", () => {
    fc.assert(
      fc.property(batch, (lengths) => {
        const list = listOf(lengths);
        const back = unpackSequence(packSequence(list, { enforceSorted: false }));
        expect(back.every((sequence, b) => sequence.equal(list[b]!))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("a list with empty sequences comes back too, where they are allowed", () => {
    fc.assert(
      fc.property(batchWithEmpty, fc.boolean(), (drawn, enforceSorted) => {
        const lengths = enforceSorted ? [...drawn].sort((a, b) => b - a) : drawn;
        const list = listOf(lengths);
        const packed = packSequence(list, { enforceSorted, allowEmpty: true });
        expect((packed.batchSizes.tolist() as number[])[0] ?? 0).toBe(lengths.filter((length) => length > 0).length);
        expect(packed.sequenceCount).toBe(lengths.length);
        const [padded, found] = padPackedSequence(packed.double());
        expect([...padded.shape]).toEqual([Math.max(...lengths), lengths.length, 2]);
        expect(found.tolist()).toEqual(lengths);
        expect(unpackSequence(packed).every((sequence, b) => sequence.equal(list[b]!))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("inverting a permutation twice gives it back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), (n) => {
        const permutation = torch.randperm(n);
        const inverse = nn.utils.invertPermutation(permutation);
        expect(nn.utils.invertPermutation(inverse).equal(permutation)).toBe(true);
        expect(permutation.indexSelect(0, inverse).equal(torch.arange(n))).toBe(true);
      }),
    );
  });
});

describe("empty sequences, where they are allowed,", () => {
  const list = listOf([0, 3, 0, 1]);

  test("get no gradient and disturb nobody's", () => {
    const leaves = list.map((sequence) => sequence.clone().requiresGrad_());
    const packed = packSequence(leaves, { enforceSorted: false, allowEmpty: true });
    packed.data.square().sum().backward();
    for (const leaf of leaves) expect(leaf.grad!.equal(leaf.mul(2))).toBe(true);
  });

  test("set the sorted indices even of a batch that is in order", () => {
    const packed = packSequence(listOf([2, 0]), { allowEmpty: true });
    expect(packed.sortedIndices!.tolist()).toEqual([0, 1]);
    expect(packSequence(listOf([2, 1]), { allowEmpty: true }).sortedIndices).toBeNull();
  });

  test("are still refused with a negative length", () => {
    expect(() => packPaddedSequence(torch.zeros(3, 2), [3, -1], { allowEmpty: true })).toThrow("at least 0");
  });
});
