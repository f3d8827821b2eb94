import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longestFirst } from "../../src/nn/sort-lengths.ts";
import golden from "../golden/packing.json" with { type: "json" };

describe("the order of a batch", () => {
  test.each(golden.orders as [number[], number[]][])("is torch's, ties included: %j", (lengths, order) => {
    expect(longestFirst(lengths)).toEqual(order);
  });

  test("is a permutation in which lengths never go up", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 300 }), (lengths) => {
        const order = longestFirst(lengths);
        const sorted = order.map((b) => lengths[b]!);
        return (
          new Set(order).size === lengths.length && sorted.every((length, i) => i === 0 || length <= sorted[i - 1]!)
        );
      }),
    );
  });

  test("keeps ties in place up to 16 sequences and not always beyond", () => {
    expect(longestFirst(new Array(16).fill(5))).toEqual([...Array(16).keys()]);
    expect(longestFirst(new Array(17).fill(5))).not.toEqual([...Array(17).keys()]);
  });
});
