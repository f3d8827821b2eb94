/**
 * The matrix product. Each output is a chain of its own,
 *
 *     acc = 0;  acc = a_k·b_k + acc  for k = 0 .. K-1 in this order;  out = acc + bias
 *
 * so that no blocking, batch size or neighbour can change its bits. In float32 each link is a fused multiply-add with
 * one rounding, or where the machine has none, a product and a sum (see `Arithmetic`). In float64, which is the judge of
 * the others, product and sum round separately.
 */
import { fma32 } from "../arithmetic/fma.ts";
import type { Arithmetic } from "./algebra.ts";

/** Memory that the engines compute on. Everything in one call is of the same kind. */
export type Values = Float32Array | Float64Array;

/** A matrix in memory: element (i, j) is at offset + i·rowStride + j·columnStride. Strides may be 0 or negative. */
export interface Matrix {
  readonly data: Values;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** How a product begins. */
export interface GemmOptions {
  /** Continue the chains that `out` already holds, instead of starting them at 0. */
  readonly accumulate?: boolean;
}

/**
 * out = a·b + bias, with a (M, K), b (K, N), bias (N), out (M, N); `bias` and `out` are contiguous, and `out` shares no
 * memory with the others. The bias is added last, once.
 */
export function gemm(
  arithmetic: Arithmetic,
  out: Values,
  M: number,
  N: number,
  K: number,
  a: Matrix,
  b: Matrix,
  bias?: Values,
  { accumulate = false }: GemmOptions = {},
): void {
  if (!accumulate) out.fill(0, 0, M * N);
  const { oneColumn, fourColumns } = LOOPS[out instanceof Float32Array ? arithmetic : "float64"];
  for (let row = 0; row < M; row++) {
    const left = a.offset + row * a.rowStride;
    const to = row * N;
    let column = 0;
    for (; column + 4 <= N; column += 4)
      fourColumns(out, to + column, K, a, left, b, b.offset + column * b.columnStride);
    for (; column < N; column++) oneColumn(out, to + column, K, a, left, b, b.offset + column * b.columnStride);
    if (bias) for (let j = 0; j < N; j++) out[to + j] += bias[j];
  }
}

const { fround } = Math;

// The inner loops. Each continues the chains at out[to ...], which belong to the row of `a` that begins at `left` and
// the column of `b` that begins at `right`, and with four, the three columns after it: four chains side by side hide
// that each link must wait for the one before. Nothing is packed first: arithmetic is the limit here, not memory.

function oneColumnFused(out: Values, to: number, K: number, a: Matrix, left: number, b: Matrix, right: number): void {
  const { data: x, columnStride: xStep } = a;
  const { data: y, rowStride: yStep } = b;
  let sum = out[to];
  for (let k = 0; k < K; k++) sum = fma32(x[left + k * xStep], y[right + k * yStep], sum);
  out[to] = sum;
}

function oneColumnUnfused(out: Values, to: number, K: number, a: Matrix, left: number, b: Matrix, right: number): void {
  const { data: x, columnStride: xStep } = a;
  const { data: y, rowStride: yStep } = b;
  let sum = out[to];
  for (let k = 0; k < K; k++) sum = fround(fround(x[left + k * xStep] * y[right + k * yStep]) + sum);
  out[to] = sum;
}

function oneColumn64(out: Values, to: number, K: number, a: Matrix, left: number, b: Matrix, right: number): void {
  const { data: x, columnStride: xStep } = a;
  const { data: y, rowStride: yStep } = b;
  let sum = out[to];
  for (let k = 0; k < K; k++) sum += x[left + k * xStep] * y[right + k * yStep];
  out[to] = sum;
}

function fourColumnsFused(out: Values, to: number, K: number, a: Matrix, left: number, b: Matrix, right: number): void {
  const { data: x, columnStride: xStep } = a;
  const { data: y, rowStride: yStep, columnStride: next } = b;
  let [sum0, sum1, sum2, sum3] = [out[to], out[to + 1], out[to + 2], out[to + 3]];
  for (let k = 0; k < K; k++) {
    const factor = x[left + k * xStep];
    const from = right + k * yStep;
    sum0 = fma32(factor, y[from], sum0);
    sum1 = fma32(factor, y[from + next], sum1);
    sum2 = fma32(factor, y[from + 2 * next], sum2);
    sum3 = fma32(factor, y[from + 3 * next], sum3);
  }
  out[to] = sum0;
  out[to + 1] = sum1;
  out[to + 2] = sum2;
  out[to + 3] = sum3;
}

function fourColumnsUnfused(
  out: Values,
  to: number,
  K: number,
  a: Matrix,
  left: number,
  b: Matrix,
  right: number,
): void {
  const { data: x, columnStride: xStep } = a;
  const { data: y, rowStride: yStep, columnStride: next } = b;
  let [sum0, sum1, sum2, sum3] = [out[to], out[to + 1], out[to + 2], out[to + 3]];
  for (let k = 0; k < K; k++) {
    const factor = x[left + k * xStep];
    const from = right + k * yStep;
    sum0 = fround(fround(factor * y[from]) + sum0);
    sum1 = fround(fround(factor * y[from + next]) + sum1);
    sum2 = fround(fround(factor * y[from + 2 * next]) + sum2);
    sum3 = fround(fround(factor * y[from + 3 * next]) + sum3);
  }
  out[to] = sum0;
  out[to + 1] = sum1;
  out[to + 2] = sum2;
  out[to + 3] = sum3;
}

function fourColumns64(out: Values, to: number, K: number, a: Matrix, left: number, b: Matrix, right: number): void {
  const { data: x, columnStride: xStep } = a;
  const { data: y, rowStride: yStep, columnStride: next } = b;
  let [sum0, sum1, sum2, sum3] = [out[to], out[to + 1], out[to + 2], out[to + 3]];
  for (let k = 0; k < K; k++) {
    const factor = x[left + k * xStep];
    const from = right + k * yStep;
    sum0 += factor * y[from];
    sum1 += factor * y[from + next];
    sum2 += factor * y[from + 2 * next];
    sum3 += factor * y[from + 3 * next];
  }
  out[to] = sum0;
  out[to + 1] = sum1;
  out[to + 2] = sum2;
  out[to + 3] = sum3;
}

const LOOPS = {
  fma: { oneColumn: oneColumnFused, fourColumns: fourColumnsFused },
  muladd: { oneColumn: oneColumnUnfused, fourColumns: fourColumnsUnfused },
  float64: { oneColumn: oneColumn64, fourColumns: fourColumns64 },
};
