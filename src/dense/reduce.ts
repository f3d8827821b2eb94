/**
 * Many numbers to one. The reduced dimensions are brought to the end, so that every reduction is a loop over rows. Sums
 * of floats are kept in float64 and rounded once, so that their order hardly matters.
 */
import { IndexError } from "../check.ts";
import { sumColumns as columnSums, type Floats } from "../engine/arrays.ts";
import { allocate, copyDense, copyInOrder, type Dense, elements, wrap } from "./dense.ts";
import { bool, type Data, type DType, int64 } from "./dtype.ts";
import { rounded } from "./elementwise.ts";
import { type Dims, product } from "./shape.ts";

/** A tensor seen as rows of the elements that are reduced together. */
interface Rows {
  readonly data: Data;
  readonly rows: number;
  readonly length: number;
  readonly shape: number[];
}

function asRows(x: Dense, dims: Dims, keepdim: boolean, dtype: DType = x.dtype): Rows {
  const kept = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...kept, ...dims];
  const window = x.window(
    order.map((d) => x.shape[d]!),
    order.map((d) => x.strides[d]!),
  );
  const shape = keepdim ? x.shape.map((length, d) => (dims.includes(d) ? 1 : length)) : kept.map((d) => x.shape[d]!);
  return {
    data: elements(window, dtype),
    rows: product(shape),
    length: product(dims.map((d) => x.shape[d]!)),
    shape,
  };
}

/** One number from each row: `of` is handed the memory, where the row starts and how long it is. */
export function reduceRows(
  x: Dense,
  dims: Dims,
  keepdim: boolean,
  dtype: DType,
  of: (data: ArrayLike<number>, start: number, length: number) => number,
): Dense {
  const { data, rows, length, shape } = asRows(x, dims, keepdim, dtype);
  const out = allocate(shape, dtype);
  for (let row = 0; row < rows; row += 1) out.data[row] = of(data as Float64Array, row * length, length);
  rounded(out.data, dtype);
  return out;
}

/** Folds the numbers of each row, starting from `start`. */
export function fold(
  x: Dense,
  dims: Dims,
  keepdim: boolean,
  dtype: DType,
  start: number,
  step: (accumulator: number, value: number) => number,
): Dense {
  return reduceRows(x, dims, keepdim, dtype, (data, begin, length) => {
    let accumulator = start;
    for (let at = begin; at < begin + length; at += 1) accumulator = step(accumulator, data[at]!);
    return accumulator;
  });
}

/** The mean of each row. */
export function mean(x: Dense, dims: Dims, keepdim: boolean): Dense {
  return reduceRows(x, dims, keepdim, x.dtype, rowMean);
}

/** The squared distance from the mean, summed over each row and divided by its length less `correction`. */
export function variance(x: Dense, dims: Dims, keepdim: boolean, correction: number): Dense {
  return reduceRows(x, dims, keepdim, x.dtype, (data, start, length) => {
    const centre = rowMean(data, start, length);
    let total = 0;
    for (let at = start; at < start + length; at += 1) total += (data[at]! - centre) ** 2;
    return total / Math.max(length - correction, 0);
  });
}

function rowMean(data: ArrayLike<number>, start: number, length: number): number {
  return rowSum(data, start, length) / length;
}

/** Sums each row. Integers and booleans are summed as int64. */
export function sum(x: Dense, dims: Dims, keepdim: boolean, dtype: DType = sumType(x.dtype)): Dense {
  if (dtype === int64) return reduceIntegers(x, dims, keepdim, 0n, (a, b) => a + b);
  if (dtype === x.dtype && x.contiguous && dims.length > 0 && dims.every((d) => d < dims.length)) {
    return sumColumns(x, dims, keepdim);
  }
  return reduceRows(x, dims, keepdim, dtype, rowSum);
}

function rowSum(data: ArrayLike<number>, start: number, length: number): number {
  let total = 0;
  for (let at = start; at < start + length; at += 1) total += data[at]!;
  return total;
}

/** Sums over the first dimensions, all columns side by side: the same sums in the order of memory. */
function sumColumns(x: Dense, dims: Dims, keepdim: boolean): Dense {
  const rest = x.shape.slice(dims.length);
  const out = allocate(keepdim ? [...dims.map(() => 1), ...rest] : rest, x.dtype);
  out.data.set(columnSums(elements(x) as Floats, product(rest)) as never);
  rounded(out.data, x.dtype);
  return out;
}

/** Multiplies each row. */
export function prod(x: Dense, dims: Dims, keepdim: boolean, dtype: DType = sumType(x.dtype)): Dense {
  if (dtype === int64) return reduceIntegers(x, dims, keepdim, 1n, (a, b) => a * b);
  return fold(x, dims, keepdim, dtype, 1, (a, b) => a * b);
}

/** The dtype a sum has: floats stay, everything else becomes int64. */
export function sumType(dtype: DType): DType {
  return dtype.kind === "float" ? dtype : int64;
}

function reduceIntegers(
  x: Dense,
  dims: Dims,
  keepdim: boolean,
  start: bigint,
  fold: (accumulator: bigint, value: bigint) => bigint,
): Dense {
  const { data, rows, length, shape } = asRows(x, dims, keepdim, int64);
  const out = allocate(shape, int64);
  for (let row = 0; row < rows; row += 1) {
    let accumulator = start;
    for (let at = row * length; at < (row + 1) * length; at += 1) {
      accumulator = BigInt.asIntN(64, fold(accumulator, data[at] as bigint));
    }
    out.data[row] = accumulator;
  }
  return out;
}

/** Whether `candidate` takes the place of `best`: a NaN wins and stays, and the first of equals is kept. */
export type Beats = (candidate: number | bigint, best: number | bigint) => boolean;

/** Larger wins. */
export const larger: Beats = (a, b) => a > b || (Number.isNaN(a) && !Number.isNaN(b));
/** Smaller wins. */
export const smaller: Beats = (a, b) => a < b || (Number.isNaN(a) && !Number.isNaN(b));

/** The winning element of each row and its position in the row. `who` names the operation in errors. */
export function extremum(
  who: string,
  x: Dense,
  dims: Dims,
  keepdim: boolean,
  beats: Beats,
): { values: Dense; indices: Dense } {
  const { data, rows, length, shape } = asRows(x, dims, keepdim);
  if (length === 0 && (rows > 0 || dims.length === x.shape.length)) throw emptyReduction(who, x, dims);
  const values = allocate(shape, x.dtype);
  const indices = allocate(shape, int64);
  for (let row = 0; row < rows; row += 1) {
    const start = row * length;
    let best = start;
    for (let at = start + 1; at < start + length; at += 1) if (beats(data[at]!, data[best]!)) best = at;
    values.data[row] = data[best]!;
    indices.data[row] = BigInt(best - start);
  }
  return { values, indices };
}

function emptyReduction(who: string, x: Dense, dims: Dims): Error {
  return new IndexError(
    `${who}(): Expected reduction dim ${dims.find((d) => x.shape[d] === 0)} to have non-zero size.`,
  );
}

/** Whether any (or, with `all`, every) element of each row is non-zero. */
export function anyOrAll(x: Dense, dims: Dims, keepdim: boolean, all: boolean): Dense {
  const { data, rows, length, shape } = asRows(x, dims, keepdim);
  const out = allocate(shape, x.dtype.name === "uint8" ? x.dtype : bool);
  for (let row = 0; row < rows; row += 1) {
    let hits = 0;
    for (let at = row * length; at < (row + 1) * length; at += 1) if (data[at] || Number.isNaN(data[at])) hits += 1;
    out.data[row] = (all ? hits === length : hits > 0) ? 1 : 0;
  }
  return out;
}

/** Running sums (or products) along one dimension; floats are kept in float64 and rounded as they are written. */
export function cumulate(x: Dense, dim: number, dtype: DType, product: boolean): Dense {
  const { data, rows, length, restore } = rowsAlong(x, dim, dtype);
  const out = dtype.allocate(data.length);
  for (let row = 0; row < rows; row += 1) {
    let total: number | bigint = dtype === int64 ? BigInt(product) : Number(product);
    for (let at = row * length; at < (row + 1) * length; at += 1) {
      const value = data[at] as never;
      total = product ? (total as never) * value : (total as never) + value;
      out[at] = total;
    }
  }
  return restore(rounded(out, dtype), dtype);
}

/** Sorts along one dimension; equal elements keep their order, NaN counts as the largest. */
export function sort(x: Dense, dim: number, descending: boolean): { values: Dense; indices: Dense } {
  const { data, rows, length, restore } = rowsAlong(x, dim, x.dtype);
  const values = x.dtype.allocate(data.length);
  const indices = int64.allocate(data.length);
  const sign = descending ? -1 : 1;
  for (let row = 0; row < rows; row += 1) {
    const start = row * length;
    const order = Array.from({ length }, (_, i) => i);
    order.sort((a, b) => sign * compare(data[start + a]!, data[start + b]!) || a - b);
    for (const [rank, from] of order.entries()) {
      values[start + rank] = data[start + from]!;
      indices[start + rank] = BigInt(from);
    }
  }
  return { values: restore(values, x.dtype, "own"), indices: restore(indices, int64, "own") };
}

function compare(a: number | bigint, b: number | bigint): number {
  if (a === b) return 0;
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  return Number.isNaN(b) || a < b ? -1 : 1;
}

/** A tensor as rows along `dim`, and the way back to its own order of dimensions. */
function rowsAlong(
  x: Dense,
  dim: number,
  dtype: DType,
): { data: Data; rows: number; length: number; restore: (data: Data, dtype: DType, layout?: "own") => Dense } {
  const moved = x.shape.length > 0 ? [...x.shape.keys()].filter((d) => d !== dim).concat(dim) : [];
  const shape = moved.map((d) => x.shape[d]!);
  const data = elements(
    x.window(
      shape,
      moved.map((d) => x.strides[d]!),
    ),
    dtype,
  );
  const length = shape.at(-1) ?? 1;
  const restore = (out: Data, as: DType, layout?: "own"): Dense => {
    const dense = wrap(out, shape, as);
    const back = x.shape.map((_, d) => moved.indexOf(d));
    const logical = dense.window(
      x.shape,
      back.map((at) => dense.strides[at]!),
    );
    return layout === "own" ? copyInOrder(logical, x) : copyDense(logical);
  };
  return { data, rows: length === 0 ? 0 : data.length / length, length, restore };
}
