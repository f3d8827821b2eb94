/**
 * The matrix product by the kernels of product-kernel.ts, with the bits of ../gemm.ts. Operands of any strides are copied
 * into the arena, where `b` is packed in panels and `a` lies in rows. What is too large for the arena is cut into
 * blocks: of columns, of rows, and of k, where the second block continues the chains that the first began.
 */
import type { GemmOptions, Matrix, Values } from "../gemm.ts";
import type { Arena } from "./arena.ts";
import { PANEL } from "./arrange-kernel.ts";
import { copyMatrix, liesInRows, multiplyPanels, type PanelKernels, packPanels, transposed, upTo } from "./panels.ts";

/** The product out = a·b + bias of float32, as in ../gemm.ts; false if there was not enough memory, and nothing is done. */
export function gemm(
  arena: Arena,
  kernels: PanelKernels,
  out: Float32Array,
  M: number,
  N: number,
  K: number,
  a: Matrix,
  b: Matrix,
  bias?: Values,
  { accumulate = false }: GemmOptions = {},
): boolean {
  // A single column would leave fifteen of sixteen lanes idle. Transposed, it is a single row.
  if (N === 1 && M > 1) {
    const same = bias && new Float32Array(M).fill(bias[0]);
    return gemm(arena, kernels, out, 1, M, K, transposed(b), transposed(a), same, { accumulate });
  }
  if (!bias && !accumulate && isBetterTurned(M, N, K, liesInRows(a, K))) {
    const turned = new Float32Array(N * M);
    const done = gemm(arena, kernels, turned, N, M, K, transposed(b), transposed(a));
    if (done) for (let j = 0; j < N; j += 1) for (let i = 0; i < M; i += 1) out[i * N + j] = turned[j * M + i]!;
    return done;
  }
  const depth = Math.min(K, DEEPEST);
  const width = Math.min(N, downTo(PANEL, LARGEST / depth));
  const height = Math.min(M, Math.max(1, Math.floor(LARGEST / Math.max(depth, width))));
  const block = new Block(arena, kernels, height, width, depth);
  if (!arena.reserve(block.size)) return false;
  for (let k = 0; k < K; k += depth) {
    const links = Math.min(depth, K - k);
    const added = k + links === K ? bias : undefined;
    for (let column = 0; column < N; column += width) {
      const columns = Math.min(width, N - column);
      block.packRight(from(b, k, column), links, columns, added?.subarray(column, column + columns));
      for (let row = 0; row < M; row += height) {
        const rows = Math.min(height, M - row);
        block.packLeft(from(a, row, k), rows, links);
        const carry = accumulate || k > 0;
        if (carry) block.copyIn(out, row * N + column, N, rows, columns);
        block.multiply(rows, columns, links, carry);
        block.copyOut(out, row * N + column, N, rows, columns);
      }
    }
  }
  return true;
}

/**
 * Columns come in whole panels: whether so much less is lost to that with rows for columns that it pays to turn the result,
 * and to pack the left operand where its rows could have stayed as they are.
 */
export function isBetterTurned(M: number, N: number, K: number, inRows: boolean): boolean {
  const gained = M * upTo(PANEL, N) * K - N * upTo(PANEL, M) * K;
  return gained > TURNING * M * N + (inRows ? PACKING * M * K : 0) + BEGINNING;
}

/** What it takes to turn an element, to pack one and to begin, in links: products that are added to a chain. Measured. */
const [TURNING, PACKING, BEGINNING] = [64, 10, 2 ** 16];

/** The floats of one operand's block: 4 MB, so that the arena stays at a few of them. */
const LARGEST = 2 ** 20;
/** The longest piece of a chain in one block. */
const DEEPEST = 2 ** 14;

/**
 * The arena's layout for one block of the product, in floats:
 *
 *     bias      width       -0 where there is none, or not yet: adding it changes nothing
 *     panels    width·depth     [panel][k][16]
 *     out       height·width    rows, whole panels wide
 *     left      height·depth    rows
 *     raw       what is about to be transposed or cut into panels
 *
 * Kernels work in whole vectors and panels: sizes are rounded up, and what lies in between is never looked at.
 */
class Block {
  readonly #arena: Arena;
  readonly #kernels: PanelKernels;
  readonly #depth: number;
  readonly #width: number;
  readonly #bias = 0;
  readonly #panels: number;
  readonly #out: number;
  readonly #left: number;
  readonly #raw: number;
  readonly size: number;
  #leftStride = 0;

  constructor(arena: Arena, kernels: PanelKernels, height: number, width: number, depth: number) {
    this.#arena = arena;
    this.#kernels = kernels;
    this.#depth = upTo(4, depth);
    this.#width = upTo(PANEL, width);
    this.#panels = this.#bias + this.#width;
    this.#out = this.#panels + this.#width * this.#depth;
    this.#left = this.#out + height * this.#width;
    this.#raw = this.#left + upTo(4, height) * this.#depth;
    this.size = this.#raw + (Math.max(this.#width, upTo(4, height)) + PANEL) * this.#depth;
  }

  /** Panels of (links, columns), and the bias that is added at the end of the chains. */
  packRight(b: Matrix, links: number, columns: number, bias?: Values): void {
    const { floats } = this.#arena;
    if (bias) floats.set(bias, this.#bias);
    else floats.fill(-0, this.#bias, this.#bias + columns);
    packPanels(this.#kernels, floats, this.#panels, this.#raw, b, links, columns);
  }

  /** The rows (rows, links) of the left operand. */
  packLeft(a: Matrix, rows: number, links: number): void {
    const { floats } = this.#arena;
    const at = liesInRows(a, links) ? this.#left : this.#raw;
    const inRows = copyMatrix(floats, at, a, rows, links);
    this.#leftStride = inRows ? links : this.#depth;
    if (!inRows) this.#kernels.transpose(4 * this.#left, 4 * this.#depth, 4 * this.#raw, 4 * rows, links, rows);
  }

  /** The chains of all outputs of the block. */
  multiply(rows: number, columns: number, links: number, carry: boolean): void {
    const left = 4 * this.#left;
    const [leftStride, outStride] = [4 * this.#leftStride, 4 * this.#width];
    const [panels, bias, out] = [4 * this.#panels, 4 * this.#bias, 4 * this.#out];
    multiplyPanels(this.#kernels, rows, columns, links, left, leftStride, panels, bias, out, outStride, carry);
  }

  /** The block of `out` that begins at `offset`, where rows are `stride` apart, into the arena. */
  copyIn(out: Float32Array, offset: number, stride: number, rows: number, columns: number): void {
    const { floats } = this.#arena;
    for (let row = 0, from = offset; row < rows; row += 1, from += stride) {
      floats.set(out.subarray(from, from + columns), this.#out + row * this.#width);
    }
  }

  /** And back. */
  copyOut(out: Float32Array, offset: number, stride: number, rows: number, columns: number): void {
    const { floats } = this.#arena;
    if (columns === stride) {
      if (columns < this.#width) this.#kernels.crop(4 * this.#out, 4 * columns, 4 * this.#width, rows);
      out.set(floats.subarray(this.#out, this.#out + rows * columns), offset);
      return;
    }
    for (let row = 0, at = this.#out; row < rows; row += 1, at += this.#width) {
      out.set(floats.subarray(at, at + columns), offset + row * stride);
    }
  }
}

function from(matrix: Matrix, row: number, column: number): Matrix {
  return { ...matrix, offset: matrix.offset + row * matrix.rowStride + column * matrix.columnStride };
}

function downTo(multiple: number, count: number): number {
  return Math.max(multiple, Math.floor(count / multiple) * multiple);
}
