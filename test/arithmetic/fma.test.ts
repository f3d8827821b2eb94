import { describe, expect, it } from "vitest";
import { fma32, fma64 } from "../../src/arithmetic/fma.ts";
import { Generator } from "../../src/random/generator.ts";
import { exactMultiplyAdd, FLOAT32, FLOAT64, roundExact } from "./exact.ts";

const generator = new Generator().manualSeed(1);

/** A float of `bits` significant bits, of either sign, with an exponent in (-spread, spread). */
function someFloat(bits: number, spread: number): number {
  const significand = 2 ** (bits - 1) + Math.floor(generator.u53() * 2 ** (bits - 1));
  const exponent = Math.floor((generator.u53() * 2 - 1) * spread) - bits;
  return (generator.u32() & 1 ? -significand : significand) * 2 ** exponent;
}

function expectExact32(a: number, b: number, c: number): void {
  const expected = roundExact(exactMultiplyAdd(a, b, c), FLOAT32);
  if (fma32(a, b, c) !== expected) expect({ a, b, c, fma: fma32(a, b, c) }).toEqual({ a, b, c, fma: expected });
}

function expectExact64(a: number, b: number, c: number): void {
  const expected = roundExact(exactMultiplyAdd(a, b, c), FLOAT64);
  if (fma64(a, b, c) !== expected) expect({ a, b, c, fma: fma64(a, b, c) }).toEqual({ a, b, c, fma: expected });
}

describe("fma32", () => {
  it("is the exact a·b + c, rounded once, for random floats", () => {
    for (let i = 0; i < 20000; i++) expectExact32(someFloat(24, 12), someFloat(24, 12), someFloat(24, 12));
  });

  it("breaks ties by what is too small for float64", () => {
    for (let i = 0; i < 20000; i++) {
      // c and a product just beyond half its last bit: the float64 sum is a tie, the exact one is not.
      const c = someFloat(24, 3);
      const half = 2 ** (Math.floor(Math.log2(Math.abs(c))) - 24);
      const sign = generator.u32() & 1 ? 1 : -1;
      const nudge = generator.u32() & 1 ? 1 : -1;
      const a = sign * half * (1 + nudge * 2 ** -(14 + (i % 10)));
      const b = 1 + (generator.u32() & 1 ? 1 : -1) * 2 ** -(14 + ((i >> 4) % 10));
      expectExact32(Math.fround(a), Math.fround(b), c);
    }
  });

  it("rounds to even what is a tie exactly", () => {
    expect(fma32(2 ** -12, 2 ** -12, 1)).toBe(1);
    expect(fma32(2 ** -12, 2 ** -12, 1 + 2 ** -23)).toBe(1 + 2 ** -22);
    expect(fma32(-(2 ** -12), 2 ** -13, 1)).toBe(1);
  });

  it("is exact among subnormal results", () => {
    for (let i = 0; i < 5000; i++) {
      expectExact32(someFloat(24, 4), someFloat(24, 4) * 2 ** -130, Math.fround(someFloat(24, 4) * 2 ** -135));
    }
  });

  it("passes infinities, NaN and overflow on", () => {
    expect(fma32(Infinity, 1, 1)).toBe(Infinity);
    expect(fma32(1e38, 1e38, 0)).toBe(Infinity);
    expect(fma32(-1e38, 1e38, 0)).toBe(-Infinity);
    expect(fma32(Infinity, 0, 1)).toBeNaN();
    expect(fma32(Infinity, 1, -Infinity)).toBeNaN();
    expect(Object.is(fma32(0, -1, -0), -0)).toBe(true);
  });
});

describe("fma64", () => {
  it("is the exact a·b + c, rounded once, for random floats", () => {
    for (let i = 0; i < 20000; i++) expectExact64(someFloat(53, 30), someFloat(53, 30), someFloat(53, 60));
  });

  it("survives cancellation, where nothing but the product's error is left", () => {
    for (let i = 0; i < 10000; i++) {
      const [a, b] = [someFloat(53, 20), someFloat(53, 20)];
      expectExact64(a, b, -(a * b));
      expectExact64(a, b, -(a * b) * (1 + 2 ** -52));
    }
  });

  it("breaks ties by what is too small for the sum", () => {
    for (let i = 0; i < 20000; i++) {
      const c = someFloat(53, 3);
      const half = 2 ** (Math.floor(Math.log2(Math.abs(c))) - 53);
      const a = (generator.u32() & 1 ? half : -half) * (1 + 2 ** -(1 + (i % 52)));
      const b = 1 + (generator.u32() & 1 ? 1 : -1) * 2 ** -(1 + ((i >> 3) % 51));
      expectExact64(a, b, c);
    }
  });

  it("does not overflow on the way to a finite result", () => {
    expect(fma64(0.5, Number.MAX_VALUE, 0)).toBe(Number.MAX_VALUE / 2);
    for (let i = 0; i < 2000; i++) {
      expectExact64(someFloat(53, 8) * 2 ** 1005, someFloat(53, 8), someFloat(53, 8) * 2 ** 1000);
      expectExact64(someFloat(53, 8), someFloat(53, 8) * 2 ** 1005, someFloat(53, 8) * 2 ** 1000);
    }
  });

  it("passes infinities and NaN on", () => {
    expect(fma64(Infinity, 1, 1)).toBe(Infinity);
    expect(fma64(1e300, 1e300, 1)).toBe(Infinity);
    expect(fma64(1, 1, -Infinity)).toBe(-Infinity);
    expect(fma64(Infinity, 0, 1)).toBeNaN();
  });
});
