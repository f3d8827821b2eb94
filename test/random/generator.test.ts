import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ValueError } from "../../src/check.ts";
import { defaultGenerator, Generator, initialSeed, manualSeed, seed } from "../../src/random/generator.ts";
import { sha256 } from "./memory.ts";

const { states, errors } = JSON.parse(readFileSync(new URL("../golden/draws.json", import.meta.url), "utf8")) as {
  states: readonly { seed: string; initialSeed: string; sha256: string; normals: readonly number[]; next: number }[];
  errors: Readonly<Record<string, { error: string; message: string }>>;
};

/** What torch drew before it wrote the state of the same index. */
const PREPARATIONS: readonly ((generator: Generator) => void)[] = [
  () => {},
  (generator) => repeat(5, () => generator.u24()),
  (generator) => repeat(3, () => generator.normal()),
  (generator) => repeat(624, () => generator.u24()),
];

describe("Generator", () => {
  for (const [i, state] of states.entries()) {
    it(`writes the state bytes of torch after seed ${state.seed}, and goes on from them as torch does`, () => {
      const generator = new Generator().manualSeed(BigInt(state.seed));
      PREPARATIONS[i](generator);
      const bytes = generator.getState();
      expect(sha256(bytes)).toBe(state.sha256);
      const restored = new Generator().setState(bytes);
      expect(String(restored.initialSeed())).toBe(state.initialSeed);
      for (const expected of state.normals) {
        const normal = restored.normal();
        expect(normal).toBeCloseTo(expected, 14);
        expect(generator.normal()).toBe(normal);
      }
      expect(restored.u24()).toBe(state.next);
    });
  }

  it("has torch's seed when new", () => {
    expect(new Generator().initialSeed()).toBe(67280421310721n);
    expect(new Generator().u32()).toBe(new Generator().manualSeed(67280421310721n).u32());
  });

  it("draws the same for seeds that are equal modulo 2^32, and remembers which it was", () => {
    const generator = new Generator().manualSeed(2n ** 63n + 42n);
    expect(generator.u64()).toBe(new Generator().manualSeed(42).u64());
    expect(generator.initialSeed()).toBe(2n ** 63n + 42n);
  });

  it("cuts a fraction off a seed, and counts a negative one from 2^64 down", () => {
    expect(new Generator().manualSeed(1.7).initialSeed()).toBe(1n);
    expect(new Generator().manualSeed(-1).initialSeed()).toBe(2n ** 64n - 1n);
    expect(new Generator().manualSeed(-(2n ** 63n)).initialSeed()).toBe(2n ** 63n);
  });

  it("refuses seeds of more than 64 bits in torch's words", () => {
    const refused = [2n ** 64n, -(2n ** 63n) - 1n, 2 ** 64, -Infinity, NaN];
    for (const value of refused) {
      expect(() => new Generator().manualSeed(value)).toThrow(new ValueError(errors["manual seed high"].message));
    }
  });

  it("forgets the waiting normal when it is seeded", () => {
    const generator = new Generator().manualSeed(3);
    const first = generator.normal();
    expect(generator.manualSeed(3).normal()).toBe(first);
  });

  it("refuses a bad state in torch's words and is left as it was", () => {
    const generator = new Generator().manualSeed(9);
    generator.normal();
    const before = generator.getState();
    const broken = (offset: number, byte: number): Uint8Array => {
      const bytes = generator.getState();
      bytes[offset] = byte;
      return bytes;
    };
    expect(() => generator.setState(new Uint8Array(3))).toThrow(expect.objectContaining(errorOf("state size")));
    const invalid = [new Uint8Array(5056), broken(12, 0), broken(9, 3), broken(11, 255), broken(17, 3), broken(23, 1)];
    for (const bytes of invalid) {
      expect(() => generator.setState(bytes)).toThrow(expect.objectContaining(errorOf("state content")));
    }
    const floats = new Float32Array(5056) as unknown as Uint8Array;
    expect(() => generator.setState(floats)).toThrow(new TypeError(errors["state type"].message));
    expect(generator.getState()).toEqual(before);
  });

  it("reads a state from the middle of a larger buffer", () => {
    const generator = new Generator().manualSeed(11);
    const file = new Uint8Array(6000);
    file.set(generator.getState(), 101);
    expect(new Generator().setState(file.subarray(101, 101 + 5056)).u32()).toBe(generator.u32());
  });

  it("clones into a stream that goes on alike and apart", () => {
    const generator = new Generator().manualSeed(13);
    generator.normal();
    const clone = generator.clone();
    const drawn = [generator.normal(), generator.u53()];
    expect([clone.normal(), clone.u53()]).toEqual(drawn);
    expect(clone.initialSeed()).toBe(13n);
  });

  it("reseeds from the system, and says with what", () => {
    const generator = new Generator();
    const first = generator.seed();
    expect(generator.initialSeed()).toBe(first);
    const drawn = generator.u64();
    expect(generator.seed()).not.toBe(first);
    expect(generator.manualSeed(first).u64()).toBe(drawn);
  });

  it("has a default one behind the functions of torch's names", () => {
    expect(manualSeed(17)).toBe(defaultGenerator);
    expect(initialSeed()).toBe(17n);
    expect(defaultGenerator.u32()).toBe(new Generator().manualSeed(17).u32());
    expect(seed()).toBe(initialSeed());
  });
});

function errorOf(name: string): { name: string; message: string } {
  return { name: errors[name].error, message: errors[name].message };
}

function repeat(times: number, action: () => unknown): void {
  for (let i = 0; i < times; i++) action();
}
