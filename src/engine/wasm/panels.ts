/** Panels in the arena: how the right operand of a product is packed in them, and how a product of them is run. */
import type { Matrix } from "../gemm.ts";
import { type ArrangeKernels, PANEL } from "./arrange-kernel.ts";
import type { ProductKernels } from "./product-kernel.ts";

/** What products of any two matrices need. */
export type PanelKernels = ArrangeKernels & Pick<ProductKernels, "rows">;

/**
 * Packs (links, columns) in panels at `panels`, by way of `raw`, a place for all of it. Both are indices of floats. Behind
 * the last panel up to three more of its rows are written.
 */
export function packPanels(
  kernels: ArrangeKernels,
  floats: Float32Array,
  panels: number,
  raw: number,
  matrix: Matrix,
  links: number,
  columns: number,
): void {
  const inRows = copyMatrix(floats, raw, matrix, links, columns);
  for (let column = 0; column < columns; column += PANEL) {
    const panel = 4 * (panels + column * links);
    if (inRows) kernels.gather(panel, 4 * (raw + column), 4 * columns, links);
    else kernels.transpose(panel, 4 * PANEL, 4 * (raw + column * links), 4 * links, PANEL, links);
  }
}

/** Rows of `a` that stay in the second cache while a block of the panels is used. */
export const CACHED_ROWS = 192;

/**
 * out = a·panels + bias for all rows and columns, or with `carry` out + a·panels + bias; addresses and strides in bytes. The
 * bias is always added, and has whole panels; -0 changes nothing.
 */
export function multiplyPanels(
  kernels: PanelKernels,
  rows: number,
  columns: number,
  links: number,
  a: number,
  aStride: number,
  panels: number,
  bias: number,
  out: number,
  outStride: number,
  carry: boolean,
): void {
  const count = Math.ceil(columns / PANEL);
  // a cell without recurrent gates
  if (count === 0) return;
  for (let row = 0; row < rows; row += CACHED_ROWS) {
    const some = Math.min(CACHED_ROWS, rows - row);
    const [from, to] = [a + row * aStride, out + row * outStride];
    kernels.rows(some, links, from, aStride, panels, bias, count, to, outStride, carry ? 1 : 0);
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
