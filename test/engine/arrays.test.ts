import { afterEach, describe, expect, it } from "vitest";
import { combine, type Floats, type OperationName, sumColumns } from "../../src/engine/arrays.ts";
import { engine } from "../../src/engine/engine.ts";
import { plainEngines } from "../../src/engine/plain.ts";
import { combineLanes, sumColumnsInLanes } from "../../src/engine/wasm/arrays.ts";
import { compile } from "../../src/engine/wasm/index.ts";
import { Generator } from "../../src/random/generator.ts";

const names: readonly OperationName[] = ["add", "sub", "mul", "div"];
const operations: Readonly<Record<OperationName, (a: number, b: number) => number>> = {
  add: (a, b) => Math.fround(a + b),
  sub: (a, b) => Math.fround(a - b),
  mul: (a, b) => Math.fround(a * b),
  div: (a, b) => Math.fround(a / b),
};
const special = [0, -0, Infinity, -Infinity, Number.NaN, 2 ** -149, -(2 ** -127), 3e38, 1, -7];

/** Random bit patterns, among them all pairs of special numbers. */
function numbers(length: number, seed: number, turn: (i: number) => number): Float32Array {
  const random = new Generator().manualSeed(seed);
  const bits = Uint32Array.from({ length }, () => random.u32());
  const floats = new Float32Array(bits.buffer);
  for (let i = 0; i < Math.min(length, special.length ** 2); i += 1) floats[i] = special[turn(i) % special.length]!;
  return floats;
}

afterEach(() => engine.use("wasm"));

describe("the four operations", () => {
  const length = 2 * 2048 + 131;
  const a = numbers(length, 3, (i) => i);
  const b = numbers(length, 5, (i) => Math.floor(i / special.length));

  it.each(names)("%s of four lanes is one rounding of each element, as in the plain loop", (name) => {
    for (const [aStep, bStep] of [
      [1, 1],
      [0, 1],
      [1, 0],
      [0, 0],
    ] as const) {
      const expected = a.map((_, i) => operations[name](a[i * aStep]!, b[i * bStep]!));
      for (const own of ["wasm", "plain"] as const) {
        engine.use(own);
        const out = new Float32Array(length);
        combine(name, out, a, aStep, b, bStep);
        expect(out.findIndex((value, i) => !Object.is(value, expected[i]))).toBe(-1);
      }
    }
  });

  it("reach all elements of any length and none behind", () => {
    for (const count of [1, 2, 3, 4, 5, 255, 256, 257, 2047, 2048, 2049, 4099]) {
      const out = new Float32Array(count + 5).fill(9);
      combine("sub", out.subarray(0, count), a, 1, b, 1);
      expect([...out.subarray(count)]).toEqual([9, 9, 9, 9, 9]);
      expect([...out.subarray(0, count)]).toEqual([...a.subarray(0, count)].map((v, i) => Math.fround(v - b[i]!)));
    }
  });

  it("keep float64 as it is", () => {
    const wide: Floats = Float64Array.from({ length: 300 }, (_, i) => i / 7);
    const out = new Float64Array(300);
    combine("div", out, wide, 1, Float64Array.of(3), 0);
    expect([...out]).toEqual([...wide].map((v) => v / 3));
  });

  it("are done by kernels where there are some", () => {
    const { workshop } = compile()!;
    expect(combineLanes(workshop!, "mul", new Float32Array(length), a, 1, b, 1)).toBe(true);
    expect(sumColumnsInLanes(workshop!, new Float64Array(5), a.subarray(0, 500))).toBe(true);
    expect(plainEngines.fma.workshop).toBeUndefined();
  });
});

describe("sums of columns", () => {
  it.each([
    [1, 997],
    [3, 401],
    [4, 67],
    [7, 331],
    [16, 64],
    [17, 5003],
    [65, 1009],
    [521, 3],
    [40_009, 2],
  ])("of %i columns and %i rows are sums in float64 from the first row on", (columns, rows) => {
    const random = new Generator().manualSeed(columns);
    const data = Float32Array.from({ length: columns * rows }, () => (random.u53() - 0.5) * 10 ** (6 * random.u53()));
    const expected = new Float64Array(columns);
    for (const [i, value] of data.entries()) expected[i % columns]! += value;
    for (const own of ["wasm", "plain"] as const) {
      engine.use(own);
      expect(sumColumns(data, columns)).toEqual(expected);
    }
  });

  it("leave rows that would make the arena grow without a bound to the plain loop", () => {
    const { workshop } = compile()!;
    const before = workshop!.arena.floats.length;
    expect(sumColumnsInLanes(workshop!, new Float64Array(2 ** 15 + 1), new Float32Array(2 ** 16 + 2))).toBe(false);
    expect(workshop!.arena.floats.length).toBe(before);
    const [columns, rows] = [2 ** 15 + 1, 3];
    const data = Float32Array.from({ length: columns * rows }, (_, i) => i / 7);
    const expected = new Float64Array(columns);
    for (const [i, value] of data.entries()) expected[i % columns]! += value;
    expect(sumColumns(data, columns)).toEqual(expected);
  });

  it("see an infinity and what is no number in their own columns only", () => {
    const data = new Float32Array(19 * 23).fill(1);
    data[4] = Infinity;
    data[19 + 6] = Number.NaN;
    const expected = new Float64Array(19).fill(23);
    [expected[4], expected[6]] = [Infinity, Number.NaN];
    expect(sumColumns(data, 19)).toEqual(expected);
  });

  it("of nothing are zeros", () => {
    expect([...sumColumns(new Float32Array(0), 3)]).toEqual([0, 0, 0]);
  });
});
