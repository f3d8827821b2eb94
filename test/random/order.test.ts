import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaultGenerator, Generator, manualSeed } from "../../src/random/generator.ts";
import {
  loaderBaseSeed,
  randomSampler,
  randomSplit,
  subsetRandomSampler,
  weightedRandomSampler,
} from "../../src/random/order.ts";

const { orders, errors } = JSON.parse(readFileSync(new URL("../golden/draws.json", import.meta.url), "utf8"));

describe("the orders of data", () => {
  it("are torch's, one after the other from the default generator", () => {
    manualSeed(5);
    expect([...randomSampler(7)]).toEqual(orders.random);
    expect([...randomSampler(7, { numSamples: 17 })]).toEqual(orders.more);
    expect([...randomSampler(7, { replacement: true, numSamples: 40 })]).toEqual(orders.replacement);
    expect([...randomSampler(7, { generator: new Generator().manualSeed(3) })]).toEqual(orders.given);
    expect([...subsetRandomSampler([2, 3, 5, 7, 11, 13])]).toEqual(orders.subset);
    expect([...weightedRandomSampler([0.1, 0.9, 0.4, 3.0], 9)]).toEqual(orders.weighted);
    expect([...weightedRandomSampler([0.1, 0.9, 0.4, 3.0], 3, { replacement: false })]).toEqual(orders.weightedOnce);
    expect(randomSplit(23, [13, 7, 3])).toEqual(orders.split);
    expect(randomSplit(23, [0.3, 0.3, 0.4])).toEqual(orders.shares);
    expect(String(loaderBaseSeed())).toBe(orders.baseSeed);
    expect(defaultGenerator.u24()).toBe(orders.next);
  });

  it("draw nothing before the first index is asked for", () => {
    manualSeed(5);
    const samplers = [
      randomSampler(7),
      randomSampler(7, { replacement: true }),
      subsetRandomSampler([1, 2]),
      weightedRandomSampler([1, 2], 3),
    ];
    expect(defaultGenerator.u32()).toBe(new Generator().manualSeed(5).u32());
    for (const sampler of samplers) expect(sampler.next().done).toBe(false);
  });

  it("shuffle once more at the end, even when nothing is left to shuffle", () => {
    const generator = new Generator().manualSeed(1);
    const expected = new Generator().manualSeed(1);
    for (const _ of randomSampler(10, { generator }));
    for (let i = 0; i < 2 * 9; i++) expected.u32();
    expect(generator.u32()).toBe(expected.u32());
  });

  it("refuse bad sizes in torch's words", () => {
    const refused: [() => unknown, string][] = [
      [() => randomSampler(3, { numSamples: 0 }), "num_samples"],
      [() => weightedRandomSampler([1], 0), "num_samples"],
      [() => randomSplit(17, [10, 4]), "split sum"],
      [() => randomSplit(17, [0.5, -0.1, 0.6]), "split share"],
    ];
    for (const [call, name] of refused) {
      expect(call).toThrow(expect.objectContaining({ name: errors[name].error, message: errors[name].message }));
    }
    expect(() => randomSampler(0)).toThrow("num_samples should be a positive integer value, but got num_samples=0");
    expect(() => randomSampler(0, { numSamples: 3 })).toThrow("integer division or modulo by zero");
  });
});
