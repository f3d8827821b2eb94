import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Matrix, Values } from "../../src/engine/gemm.ts";
import { plain, plainEngines } from "../../src/engine/plain.ts";
import { exactMultiplyAdd, FLOAT32, roundExact } from "../arithmetic/exact.ts";

const { gemm } = plain;

/** a·b + c in exact arithmetic, rounded once; only the sign of a zero is left to float64. */
const exactFma = (a: number, b: number, c: number): number =>
  roundExact(exactMultiplyAdd(a, b, c), FLOAT32) || Math.fround(a * b + c);

const at = ({ data, offset, rowStride, columnStride }: Matrix, i: number, j: number): number =>
  data[offset + i * rowStride + j * columnStride];

/** The definition, output by output: a chain over k from `start`, then the bias. */
function chains(
  link: (a: number, b: number, sum: number) => number,
  [M, N, K]: readonly number[],
  a: Matrix,
  b: Matrix,
  bias: readonly number[] | Values,
  start: (i: number, j: number) => number = () => 0,
): number[] {
  const out: number[] = [];
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let sum = start(i, j);
      for (let k = 0; k < K; k++) sum = link(at(a, i, k), at(b, k, j), sum);
      out.push(sum + bias[j]);
    }
  }
  return out;
}

const fraction = fc.integer({ min: -(2 ** 24), max: 2 ** 24 }).map((n) => n * 2 ** -24);
/** ±(1 ± 2^-i)·2^e: products of these fall half-way between two float32, give or take what float64 cannot hold. */
const nearTie = fc
  .tuple(
    fc.constantFrom(1, -1),
    fc.integer({ min: 8, max: 23 }),
    fc.constantFrom(1, -1),
    fc.integer({ min: -14, max: 3 }),
  )
  .map(([sign, i, side, e]) => sign * (1 + side * 2 ** -i) * 2 ** e);
const tiny = fraction.map((x) => Math.fround(x * 2 ** -75));
const element = fc.oneof(
  { arbitrary: fraction, weight: 2 },
  { arbitrary: nearTie, weight: 4 },
  { arbitrary: tiny, weight: 1 },
);

/** A matrix of rows × columns laid out in any way: contiguous, transposed, spaced, backwards, or one row for all. */
function matrix(rows: number, columns: number, kind: Float32ArrayConstructor | Float64ArrayConstructor) {
  const size = 2 * rows * columns + 5;
  return fc
    .tuple(
      fc.array(element, { minLength: size, maxLength: size }),
      fc.constantFrom("contiguous", "transposed", "spaced", "backwards", "repeated"),
    )
    .map(([values, layout]): Matrix => {
      const data = kind.from(values);
      if (layout === "transposed") return { data, offset: 3, rowStride: 1, columnStride: rows };
      if (layout === "spaced") return { data, offset: 1, rowStride: 2 * columns, columnStride: 2 };
      if (layout === "backwards") return { data, offset: rows * columns, rowStride: -columns, columnStride: -1 };
      if (layout === "repeated") return { data, offset: 2, rowStride: 0, columnStride: 1 };
      return { data, offset: 5, rowStride: columns, columnStride: 1 };
    });
}

function problem(kind: Float32ArrayConstructor | Float64ArrayConstructor) {
  return fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 11 }), fc.integer({ min: 0, max: 13 }))
    .chain(([M, N, K]) =>
      fc.record({
        shape: fc.constant([M, N, K] as const),
        a: matrix(M, K, kind),
        b: matrix(K, N, kind),
        bias: fc.array(fraction, { minLength: N, maxLength: N }).map((values): Values => kind.from(values)),
        old: fc.array(fraction, { minLength: M * N, maxLength: M * N }),
      }),
    );
}

/** A contiguous matrix of reproducible numbers in (-1, 1) that use all bits of a float32. */
function someMatrix(
  rows: number,
  columns: number,
  kind: Float32ArrayConstructor | Float64ArrayConstructor,
  seed: number,
): Matrix {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state * 2 ** -31;
  };
  const data = kind.from(Array.from({ length: rows * columns }, next));
  return { data, offset: 0, rowStride: columns, columnStride: 1 };
}

describe("gemm in float32", () => {
  it("is for each output the exact fma chain in the order of k, then the bias", () => {
    fc.assert(
      fc.property(problem(Float32Array), ({ shape, a, b, bias }) => {
        const [M, N, K] = shape;
        const out = new Float32Array(M * N).fill(NaN);
        gemm(out, M, N, K, a, b, bias);
        expect([...out]).toEqual(chains(exactFma, shape, a, b, bias).map(Math.fround));
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  it("continues the chains that are there when it accumulates", () => {
    fc.assert(
      fc.property(problem(Float32Array), ({ shape, a, b, old }) => {
        const [M, N, K] = shape;
        const out = Float32Array.from(old);
        gemm(out, M, N, K, a, b, undefined, { accumulate: true });
        const zeros = new Float32Array(N).fill(-0);
        expect([...out]).toEqual(chains(exactFma, shape, a, b, zeros, (i, j) => old[i * N + j]));
      }),
      { numRuns: 200, seed: 2 },
    );
  });

  it("breaks ties that rounding twice breaks the wrong way", () => {
    const twice = (a: number, b: number, c: number): number => Math.fround(a * b + c);
    for (let i = 15; i < 24; i++) {
      for (const sign of [1, -1]) {
        for (const odd of [1, 3, 2 ** 22 + 1]) {
          // (1 + 2^-i)·(1 - 2^-i) is a little less than 1, and its product with half a step is all that is added.
          const a = Float32Array.of(1, sign * 2 ** -24 * (1 + 2 ** -i));
          const b = Float32Array.of(1 + odd * 2 ** -23, 1 - 2 ** -i);
          const left: Matrix = { data: a, offset: 0, rowStride: 2, columnStride: 1 };
          const right: Matrix = { data: b, offset: 0, rowStride: 1, columnStride: 0 };
          const out = new Float32Array(5);
          gemm(out, 1, 5, 2, left, right);
          expect([...out]).toEqual(Array(5).fill(b[0]));
          expect(chains(twice, [1, 1, 2], left, right, [0])).not.toEqual([b[0]]);
        }
      }
    }
  });

  it("stays finite when only the second rounding would overflow", () => {
    const largest = (2 - 2 ** -23) * 2 ** 127;
    // 31·601·1801 = 2^25 - 1, so the first product is half-way between the largest float32 and 2^128.
    const a: Matrix = { data: Float32Array.of(-1, 31 * 601), offset: 0, rowStride: 2, columnStride: 1 };
    const b: Matrix = { data: Float32Array.of(2 ** -20, 1801 * 2 ** 103), offset: 0, rowStride: 1, columnStride: 0 };
    const out = new Float32Array(5);
    gemm(out, 1, 5, 2, a, b);
    expect([...out]).toEqual(Array(5).fill(largest));
  });

  it("gives a row the same bits alone and in a batch, a column alone and among others", () => {
    const [M, N, K] = [7, 23, 61];
    const a = someMatrix(M, K, Float32Array, 1);
    const b = someMatrix(K, N, Float32Array, 2);
    const whole = new Float32Array(M * N);
    gemm(whole, M, N, K, a, b);
    for (let i = 0; i < M; i++) {
      const row = new Float32Array(N);
      gemm(row, 1, N, K, { ...a, offset: i * K }, b);
      expect(row).toEqual(whole.slice(i * N, (i + 1) * N));
    }
    for (let j = 0; j < N; j++) {
      const column = new Float32Array(M);
      gemm(column, M, 1, K, a, { ...b, offset: j });
      expect([...column]).toEqual(Array.from(column, (_, i) => whole[i * N + j]));
    }
  });

  it("has the same bits when the sum over k is cut in two", () => {
    const [M, N, K, cut] = [5, 6, 61, 17];
    const a = someMatrix(M, K, Float32Array, 3);
    const b = someMatrix(K, N, Float32Array, 4);
    const whole = new Float32Array(M * N);
    const parts = new Float32Array(M * N);
    gemm(whole, M, N, K, a, b);
    gemm(parts, M, N, cut, a, b);
    gemm(parts, M, N, K - cut, { ...a, offset: cut }, { ...b, offset: cut * N }, undefined, { accumulate: true });
    expect(parts).toEqual(whole);
  });

  it("is the bias alone when K is 0, and zero without one", () => {
    const empty: Matrix = { data: new Float32Array(0), offset: 0, rowStride: 0, columnStride: 0 };
    const out = new Float32Array(6).fill(NaN);
    gemm(out, 2, 3, 0, empty, empty, Float32Array.of(1, 2, 3));
    expect([...out]).toEqual([1, 2, 3, 1, 2, 3]);
    gemm(out, 2, 3, 0, empty, empty);
    expect([...out]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("keeps NaN and infinities in the rows and columns that they stand in", () => {
    const a = someMatrix(3, 5, Float32Array, 5);
    const b = someMatrix(5, 6, Float32Array, 6);
    a.data[1 * 5 + 2] = Infinity;
    b.data[3 * 6 + 4] = NaN;
    const out = new Float32Array(18);
    gemm(out, 3, 6, 5, a, b);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 6; j++) {
        const value = out[i * 6 + j];
        if (j === 4) expect(value).toBeNaN();
        else expect(value).toSatisfy(i === 1 ? (x: number) => Math.abs(x) === Infinity : Number.isFinite);
      }
    }
  });

  it("writes M·N outputs and nothing behind them", () => {
    const out = new Float32Array(20).fill(9);
    gemm(out, 3, 5, 7, someMatrix(3, 7, Float32Array, 7), someMatrix(7, 5, Float32Array, 8));
    expect([...out.slice(15)]).toEqual([9, 9, 9, 9, 9]);
  });
});

describe("gemm in float32 without fused multiply-add", () => {
  const { gemm: unfused } = plainEngines.muladd;
  /** a·b, and then the sum with c, each in exact arithmetic and rounded. */
  const exactMulAdd = (a: number, b: number, c: number): number => exactFma(exactFma(a, b, -0), 1, c);

  it("is for each output the chain of exact products and sums, rounded one by one, then the bias", () => {
    fc.assert(
      fc.property(problem(Float32Array), ({ shape, a, b, bias, old }) => {
        const [M, N, K] = shape;
        const out = new Float32Array(M * N).fill(NaN);
        unfused(out, M, N, K, a, b, bias);
        expect([...out]).toEqual(chains(exactMulAdd, shape, a, b, bias).map(Math.fround));
        const continued = Float32Array.from(old);
        unfused(continued, M, N, K, a, b, undefined, { accumulate: true });
        const zeros = new Float32Array(N).fill(-0);
        expect([...continued]).toEqual(chains(exactMulAdd, shape, a, b, zeros, (i, j) => old[i * N + j]));
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it("has other bits than with it", () => {
    const [a, b] = [someMatrix(3, 40, Float32Array, 11), someMatrix(40, 5, Float32Array, 12)];
    const [once, twice] = [new Float32Array(15), new Float32Array(15)];
    gemm(once, 3, 5, 40, a, b);
    unfused(twice, 3, 5, 40, a, b);
    expect(twice).not.toEqual(once);
  });
});

describe("gemm in float64", () => {
  it("is for each output the sum over k in order, then the bias", () => {
    fc.assert(
      fc.property(problem(Float64Array), ({ shape, a, b, bias }) => {
        const [M, N, K] = shape;
        const out = new Float64Array(M * N).fill(NaN);
        gemm(out, M, N, K, a, b, bias);
        expect([...out]).toEqual(chains((x, y, sum) => sum + x * y, shape, a, b, bias));
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it("continues the chains that are there when it accumulates", () => {
    const a = someMatrix(3, 7, Float64Array, 9);
    const b = someMatrix(7, 5, Float64Array, 10);
    const out = new Float64Array(15).fill(0.1);
    gemm(out, 3, 5, 7, a, b, undefined, { accumulate: true });
    expect([...out]).toEqual(
      chains(
        (x, y, sum) => sum + x * y,
        [3, 5, 7],
        a,
        b,
        [0, 0, 0, 0, 0],
        () => 0.1,
      ),
    );
  });
});
