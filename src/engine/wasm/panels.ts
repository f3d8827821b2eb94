/**
 * Panels in the arena: how the right operand of a product is packed in them, and how a product of them is run. In the
 * arena, a panel takes 16 floats for each of `depth` links, where depth is a whole number of vectors.
 */
import type { Matrix } from "../gemm.ts";
import { type GemmKernels, PANEL } from "./gemm-kernel.ts";

/** The address of 16 times -0: the bias that changes nothing, and stands where no other is added. */
export const NO_BIAS = 0;

/** Packs (links, columns) in panels at `panels`, by way of `raw`, a place for all of it. Both are indices of floats. */
export function packPanels(
  kernels: GemmKernels,
  floats: Float32Array,
  panels: number,
  raw: number,
  matrix: Matrix,
  links: number,
  columns: number,
): void {
  const depth = upTo(4, links);
  const inRows = copyMatrix(floats, raw, matrix, links, columns);
  for (let column = 0; column < columns; column += PANEL) {
    const panel = 4 * (panels + column * depth);
    if (inRows) kernels.gather(panel, 4 * (raw + column), 4 * columns, links);
    else kernels.transpose(panel, 4 * PANEL, 4 * (raw + column * links), 4 * links, PANEL, links);
  }
}

/** Links of a panel that stay in the first cache, and rows of `a` that stay in the second, while they are used. */
const CACHED_LINKS = 256;
const CACHED_ROWS = 192;

/** out = a·panels + bias for all rows and columns, or with `carry` out + a·panels + bias; addresses and strides in bytes. */
export function multiplyPanels(
  kernels: GemmKernels,
  rows: number,
  columns: number,
  links: number,
  a: number,
  aStride: number,
  panels: number,
  out: number,
  outStride: number,
  bias: number,
  carry: boolean,
): void {
  const depth = upTo(4, links);
  for (let row = 0; row < rows; row += CACHED_ROWS) {
    const count = Math.min(CACHED_ROWS, rows - row);
    for (let k = 0; k < links; k += CACHED_LINKS) {
      const length = Math.min(CACHED_LINKS, links - k);
      const last = k + length === links;
      const from = a + row * aStride + 4 * k;
      for (let column = 0; column < columns; column += PANEL) {
        const panel = panels + 4 * (column * depth + k * PANEL);
        const to = out + row * outStride + 4 * column;
        const added = last && bias !== NO_BIAS ? bias + 4 * column : NO_BIAS;
        kernels.multiply(count, length, from, aStride, panel, to, outStride, added, carry || k > 0 ? 1 : 0);
      }
    }
  }
}

/** Whether `copyMatrix` leaves the matrix in rows; else it leaves it in columns. */
export function liesInRows({ rowStride, columnStride }: Matrix, columns: number): boolean {
  return columns === 1 || columnStride === 1 || rowStride !== 1;
}

/** Copies a matrix to `to`, without gaps: row by row or column by column, whichever it lies in. */
export function copyMatrix(floats: Float32Array, to: number, matrix: Matrix, rows: number, columns: number): boolean {
  if (liesInRows(matrix, columns)) copyRows(floats, to, matrix, rows, columns);
  else copyRows(floats, to, transposed(matrix), columns, rows);
  return liesInRows(matrix, columns);
}

/** From this many floats on, `set` is faster than a loop. */
const LONG = 48;

function copyRows(floats: Float32Array, to: number, matrix: Matrix, rows: number, columns: number): void {
  const { data, offset, rowStride, columnStride } = matrix;
  const dense = columnStride === 1 || columns === 1;
  if (dense && (rowStride === columns || rows === 1)) {
    floats.set(data.subarray(offset, offset + rows * columns), to);
    return;
  }
  for (let row = 0, at = to, start = offset; row < rows; row += 1, at += columns, start += rowStride) {
    if (dense && columns >= LONG) floats.set(data.subarray(start, start + columns), at);
    else for (let j = 0; j < columns; j += 1) floats[at + j] = data[start + j * columnStride];
  }
}

/** The same memory with rows for columns. */
export function transposed({ data, offset, rowStride, columnStride }: Matrix): Matrix {
  return { data, offset, rowStride: columnStride, columnStride: rowStride };
}

/** Rounded up to a multiple. */
export function upTo(multiple: number, count: number): number {
  return Math.ceil(count / multiple) * multiple;
}
