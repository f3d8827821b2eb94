import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Matrix } from "../../src/engine/gemm.ts";
import { type Engine, plainEngines } from "../../src/engine/plain.ts";
import { Arena } from "../../src/engine/wasm/arena.ts";
import { arrangeKernels } from "../../src/engine/wasm/arrange-kernel.ts";
import { assemble } from "../../src/engine/wasm/assembler.ts";
import { gemm } from "../../src/engine/wasm/gemm.ts";
import { compile } from "../../src/engine/wasm/index.ts";
import { instructionSets } from "../../src/engine/wasm/instruction-set.ts";
import { codeOf } from "../../src/engine/wasm/kernels.ts";
import type { PanelKernels } from "../../src/engine/wasm/panels.ts";
import { productKernels } from "../../src/engine/wasm/product-kernel.ts";
import { Generator } from "../../src/random/generator.ts";
import { arithmetics } from "./arithmetics.ts";
import { WebAssembly } from "./web-assembly.ts";

const special = [0, -0, Infinity, -Infinity, NaN, 2 ** -149, -(2 ** -130), 3e38];
const layouts = ["rows", "columns", "spaced rows", "spaced columns", "backwards", "one row", "one column"] as const;

/** A matrix of random numbers; one in `rare` is a special one. */
function matrix(random: Generator, rows: number, columns: number, layout: (typeof layouts)[number], rare: number) {
  const strides = {
    rows: [columns, 1],
    columns: [1, rows],
    "spaced rows": [columns + 3, 1],
    "spaced columns": [1, rows + 2],
    backwards: [-2 * columns, -2],
    "one row": [0, 1],
    "one column": [1, 0],
  }[layout];
  const size = 2 * rows * columns + 3 * (rows + columns) + 5;
  const data = Float32Array.from({ length: size }, () =>
    random.u53() * rare < 1 ? special[Math.floor(random.u53() * special.length)] : random.u53() * 2 - 1,
  );
  return { data, offset: layout === "backwards" ? size - 1 : 3, rowStride: strides[0], columnStride: strides[1] };
}

const shape = fc.oneof(
  {
    arbitrary: fc.tuple(
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ max: 90, min: 1 }),
    ),
    weight: 4,
  },
  {
    arbitrary: fc.tuple(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ max: 20, min: 0 }),
    ),
    weight: 2,
  },
  {
    arbitrary: fc.tuple(fc.constantFrom(1, 2, 193), fc.constantFrom(1, 16, 17), fc.constantFrom(256, 257, 600)),
    weight: 1,
  },
  // where the transposed product takes fewer panels
  {
    arbitrary: fc.tuple(fc.constantFrom(48, 63, 96), fc.constantFrom(3, 17, 33), fc.constantFrom(263, 700)),
    weight: 1,
  },
);

/** The product of the same numbers by two engines. */
function both(
  engines: readonly [fast: Engine, slow: Engine],
  [M, N, K]: readonly [number, number, number],
  a: Matrix,
  b: Matrix,
  bias: Float32Array | undefined,
  old: Float32Array | undefined,
): [fast: Float32Array, slow: Float32Array] {
  const outs = engines.map((engine) => {
    const out = old ? old.slice() : new Float32Array(M * N).fill(NaN);
    engine.gemm(out, M, N, K, a, b, bias, { accumulate: old !== undefined });
    return out;
  });
  return outs as [Float32Array, Float32Array];
}

/** The first place where they differ: +0 is not -0, but all NaN are one. */
const firstDifference = (a: Float32Array, b: Float32Array): number =>
  a.findIndex((value, i) => !Object.is(value, b[i]));

describe.each(arithmetics)("the SIMD product of %s", (arithmetic) => {
  const engines = [compile(arithmetic)!, plainEngines[arithmetic]] as const;
  const [wasm] = engines;

  it("has the bits of the plain one for all shapes, strides, starts and special values", () => {
    fc.assert(
      fc.property(
        shape,
        fc.constantFrom(...layouts),
        fc.constantFrom(...layouts),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(1e9, 300, 10),
        fc.integer(),
        ([M, N, K], left, right, biased, continued, rare, seed) => {
          const random = new Generator().manualSeed(seed >>> 0);
          const a = matrix(random, M, K, left, rare);
          const b = matrix(random, K, N, right, rare);
          const bias = biased ? matrix(random, 1, N, "rows", rare).data.slice(0, N) : undefined;
          const old = continued ? matrix(random, M, N, "rows", rare).data.slice(0, M * N) : undefined;
          const [fast, slow] = both(engines, [M, N, K], a, b, bias, old);
          expect(firstDifference(fast, slow)).toBe(-1);
        },
      ),
      { seed: 4, numRuns: 600 },
    );
  });

  it.each([
    ["in blocks of columns", [3, 270, 4099]],
    ["in blocks of rows", [4099, 17, 257]],
    ["in blocks of k", [2, 3, 40_001]],
    ["in blocks of columns and k", [2, 70, 20_000]],
  ] as const)("has the bits of the plain one %s", (_, [M, N, K]) => {
    const random = new Generator().manualSeed(5);
    for (const layout of ["rows", "columns"] as const) {
      const a = matrix(random, M, K, layout, 1e9);
      const b = matrix(random, K, N, layout, 1e9);
      const bias = matrix(random, 1, N, "rows", 1e9).data.slice(0, N);
      const [fast, slow] = both(engines, [M, N, K], a, b, bias, undefined);
      expect(firstDifference(fast, slow)).toBe(-1);
    }
  });

  it("keeps the sign that its arithmetic gives to a zero", () => {
    const a = { data: Float32Array.of(-(2 ** -100)), offset: 0, rowStride: 1, columnStride: 1 };
    const b = { data: new Float32Array(20).fill(2 ** -100), offset: 0, rowStride: 20, columnStride: 1 };
    const out = new Float32Array(20);
    wasm.gemm(out, 1, 20, 1, a, b);
    // fused, the sum is -2^-200 before it is rounded; else the product is -0, and with 0 that is 0
    expect([...out]).toEqual(Array(20).fill(arithmetic === "fma" ? -0 : 0));
  });

  it("writes M·N outputs and nothing behind them", () => {
    const random = new Generator().manualSeed(6);
    const out = new Float32Array(3 * 21 + 5).fill(9);
    wasm.gemm(out, 3, 21, 7, matrix(random, 3, 7, "rows", 1e9), matrix(random, 7, 21, "rows", 1e9));
    expect([...out.slice(63)]).toEqual([9, 9, 9, 9, 9]);
  });

  it("leaves float64 and empty chains to the plain engine", () => {
    const empty: Matrix = { data: new Float32Array(0), offset: 0, rowStride: 0, columnStride: 0 };
    const out = new Float32Array(6).fill(NaN);
    wasm.gemm(out, 2, 3, 0, empty, empty, Float32Array.of(1, 2, 3));
    expect([...out]).toEqual([1, 2, 3, 1, 2, 3]);
    const third: Matrix = { data: Float64Array.of(1 / 3), offset: 0, rowStride: 1, columnStride: 1 };
    const double = new Float64Array(1);
    wasm.gemm(double, 1, 1, 1, third, third);
    expect(double[0]).toBe((1 / 3) * (1 / 3));
  });
});

describe("the arena", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(assemble(codeOf({ ...arrangeKernels, ...productKernels(instructionSets.fma) }))),
    {
      arena: { memory },
    },
  );
  const kernels = instance.exports as unknown as PanelKernels;
  const megabytes = (): number => memory.buffer.byteLength / 2 ** 20;
  const some = (rows: number, columns: number): Matrix => ({
    data: new Float32Array(rows * columns),
    offset: 0,
    rowStride: columns,
    columnStride: 1,
  });

  it("stays bounded over a hundred thousand products of changing sizes", () => {
    const arena = new Arena(memory);
    const random = new Generator().manualSeed(7);
    const upTo = (most: number): number => 1 + Math.floor(random.u53() * most);
    const big = some(64, 64);
    const out = new Float32Array(64 * 64);
    for (let call = 0; call < 100_000; call += 1) {
      const [M, N, K] = [upTo(8), upTo(40), upTo(40)];
      gemm(arena, kernels, out, M, N, K, big, big);
    }
    expect(megabytes()).toBeLessThan(1);
    for (const [M, N, K] of [
      [1, 1, 2 ** 21],
      [2 ** 18, 2, 3],
      [3, 2 ** 18, 2],
      [1500, 1500, 20],
      [17, 1100, 1100],
    ] as const) {
      gemm(arena, kernels, new Float32Array(M * N), M, N, K, some(M, K), some(K, N));
      expect(megabytes()).toBeLessThan(32);
    }
  });

  it("says when the machine has no more memory, and nothing is done", () => {
    const refused = {
      buffer: new ArrayBuffer(2 ** 16),
      grow(): number {
        throw new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded");
      },
    };
    const out = new Float32Array(64 * 64).fill(5);
    expect(gemm(new Arena(refused), kernels, out, 64, 64, 64, some(64, 64), some(64, 64))).toBe(false);
    expect(new Set(out)).toEqual(new Set([5]));
  });
});
