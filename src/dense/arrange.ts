/** Moving numbers without changing them: joining, picking and placing along a dimension. */
import { IndexError, listText, RuntimeError } from "../check.ts";
import { allocate, copyDense, copyInOrder, type Dense, elements, wrap, writeElements } from "./dense.ts";
import { type DType, int64, promoteTypes } from "./dtype.ts";
import { cast } from "./elementwise.ts";
import { type Dims, product, rowMajor, sameDims } from "./shape.ts";

/** A window on `length` positions of one dimension, beginning at `start`. */
export function narrow(x: Dense, dim: number, start: number, length: number, step = 1): Dense {
  return x.window(
    x.shape.map((size, d) => (d === dim ? length : size)),
    x.strides.map((stride, d) => (d === dim ? stride * step : stride)),
    x.offset + start * x.strides[dim]!,
  );
}

/** A window on one position of a dimension, which disappears. */
export function pick(x: Dense, dim: number, index: number): Dense {
  const others = (dims: Dims): number[] => dims.filter((_, d) => d !== dim);
  return x.window(others(x.shape), others(x.strides), x.offset + index * x.strides[dim]!);
}

/** torch.cat. Empty tensors of rank 1 are ignored, as in torch. */
export function concatenate(parts: readonly Dense[], dim: number): Dense {
  const dtype = parts.map((part) => part.dtype).reduce(promoteTypes);
  const real = parts.filter((part) => !sameDims(part.shape, [0]));
  const first = real[0];
  if (!first) return allocate([0], dtype);
  for (const [at, part] of real.entries()) expectJoinable(first, part, dim, at);
  const total = real.reduce((length, part) => length + part.shape[dim]!, 0);
  const out = allocate(
    first.shape.map((length, d) => (d === dim ? total : length)),
    dtype,
  );
  let start = 0;
  for (const part of real) {
    const length = part.shape[dim]!;
    writeElements(narrow(out, dim, start, length), elements(part, dtype));
    start += length;
  }
  out.storage.version = 0;
  return out;
}

function expectJoinable(first: Dense, part: Dense, dim: number, at: number): void {
  if (part.shape.length !== first.shape.length) {
    throw new RuntimeError(
      `Tensors must have same number of dimensions: got ${first.shape.length} and ${part.shape.length}`,
    );
  }
  for (const [d, length] of part.shape.entries()) {
    if (d === dim || length === first.shape[d]) continue;
    throw new RuntimeError(
      `Sizes of tensors must match except in dimension ${dim}. Expected size ${first.shape[d]} but got size ${length} for tensor number ${at} in the list.`,
      `shapes ${listText(first.shape)} and ${listText(part.shape)} differ in dimension ${d}`,
    );
  }
}

/** Integer indices as numbers, negative ones counted from the end. `outOfRange` makes the error for a bad one. */
export function readIndices(
  index: Dense,
  length: number,
  outOfRange: (value: number) => Error,
  wrapNegative = true,
): Int32Array {
  const from = elements(index, int64) as BigInt64Array;
  const out = new Int32Array(from.length);
  for (let i = 0; i < out.length; i += 1) {
    const value = Number(from[i]);
    if (value >= length || value < (wrapNegative ? -length : 0)) throw outOfRange(value);
    out[i] = value < 0 ? value + length : value;
  }
  return out;
}

/** The slices of `x` at `indices` along `dim`. */
export function takeSlices(x: Dense, dim: number, indices: Int32Array): Dense {
  const shape = x.shape.map((length, d) => (d === dim ? indices.length : length));
  const inner = product(x.shape.slice(dim + 1));
  const outer = product(x.shape.slice(0, dim));
  const from = elements(x);
  const out = allocate(shape, x.dtype);
  const { data } = out;
  const length = x.shape[dim] ?? 1;
  for (let o = 0, at = 0; o < outer; o += 1) {
    for (const index of indices) {
      const start = (o * length + index) * inner;
      data.set(from.subarray(start, start + inner) as never, at);
      at += inner;
    }
  }
  return out;
}

/** Adds slice i of `source` to slice indices[i] of a zero tensor of `shape`: the adjoint of `takeSlices`. */
export function addSlices(source: Dense, dim: number, indices: Int32Array, shape: Dims): Dense {
  const inner = product(shape.slice(dim + 1));
  const outer = product(shape.slice(0, dim));
  // integers of 64 bits are added alike
  const from = elements(source) as Float32Array;
  const out = allocate(shape, source.dtype);
  const data = out.data as Float32Array;
  const length = shape[dim] ?? 1;
  for (let o = 0, at = 0; o < outer; o += 1) {
    for (const index of indices) {
      const start = (o * length + index) * inner;
      for (let i = start; i < start + inner; i += 1, at += 1) data[i]! += from[at]!;
    }
  }
  return out;
}

/** The memory position in a row-major tensor of `shape` that each element of a gather or scatter index points to. */
export function gatherPositions(index: Dense, dim: number, shape: Dims): Int32Array {
  const length = shape[dim] ?? 1;
  const picked = readIndices(index, length, (value) => outOfBounds(value, dim, length), false);
  const strides = rowMajor(shape);
  const sizes = index.shape;
  const out = new Int32Array(picked.length);
  const position = new Array<number>(sizes.length).fill(0);
  for (let i = 0; i < out.length; i += 1) {
    let at = 0;
    for (let d = 0; d < position.length; d += 1) at += (d === dim ? picked[i]! : position[d]!) * strides[d]!;
    out[i] = at;
    for (let d = position.length - 1; d >= 0; d -= 1) {
      position[d]! += 1;
      if (position[d]! < sizes[d]!) break;
      position[d] = 0;
    }
  }
  return out;
}

function outOfBounds(value: number, dim: number, length: number): Error {
  return new RuntimeError(`index ${value} is out of bounds for dimension ${dim} with size ${length}`);
}

/** The elements of `x` (in logical order) at `positions`, in a new shape. */
export function takePositions(x: Dense, positions: Int32Array, shape: Dims): Dense {
  const from = elements(x);
  const out = allocate(shape, x.dtype);
  for (let i = 0; i < positions.length; i += 1) out.data[i] = from[positions[i]!]!;
  return out;
}

/** Writes (or adds) the elements of `source` to `positions` of a row-major copy of `x`. */
export function putPositions(x: Dense, positions: Int32Array, source: Dense, accumulate: boolean): Dense {
  const out = copyDense(x);
  const from = elements(source, x.dtype);
  const { data } = out;
  const last = from.length - 1; // a single value is repeated
  for (let i = 0; i < positions.length; i += 1) {
    const value = from[Math.min(i, last)] as never;
    const at = positions[i]!;
    data[at] = accumulate ? (data[at] as never) + value : value;
  }
  return out;
}

/** The same elements in reverse order along the given dimensions. */
export function flip(x: Dense, dims: Dims): Dense {
  const strides = x.strides.map((stride, d) => (dims.includes(d) ? -stride : stride));
  const shift = dims.reduce((offset, d) => offset + Math.max(x.shape[d]! - 1, 0) * x.strides[d]!, 0);
  return copyInOrder(x.window(x.shape, strides, x.offset + shift), x);
}

/** The positions of the non-zero elements, one row each (N, rank). */
export function nonzero(x: Dense): Dense {
  const data = elements(x);
  const strides = rowMajor(x.shape);
  const hits: number[] = [];
  for (let i = 0; i < data.length; i += 1) {
    if (!data[i] && !Number.isNaN(data[i])) continue;
    hits.push(i);
  }
  // Column by column in memory, as torch has it.
  const columns = strides.flatMap((stride, d) => hits.map((i) => BigInt(Math.floor(i / stride) % x.shape[d]!)));
  const out = wrap(BigInt64Array.from(columns), [columns.length], int64);
  return out.window([hits.length, strides.length], [1, Math.max(hits.length, 1)]);
}

/** Copies `x` over the elements of `target`, broadcast and cast: the numbers behind every in-place write. */
export function overwrite(target: Dense, x: Dense): void {
  writeElements(target, elements(cast(x, target.dtype)));
}

/** Zeros outside the triangle on or below (`lower`) or on or above the diagonal number `diagonal`. */
export function triangle(x: Dense, diagonal: number, lower: boolean): Dense {
  const out = copyDense(x);
  const [rows, columns] = [x.shape.at(-2) ?? 1, x.shape.at(-1) ?? 1];
  const zero = (x.dtype as DType) === int64 ? 0n : 0;
  for (let i = 0; i < out.data.length; i += 1) {
    const [row, column] = [Math.floor(i / columns) % rows, i % columns];
    if (lower ? column - row > diagonal : column - row < diagonal) out.data[i] = zero;
  }
  return out;
}

/** An index error in torch's words, for one position of a dimension. */
export function indexError(index: number, dim: number, length: number): IndexError {
  return new IndexError(`index ${index} is out of bounds for dimension ${dim} with size ${length}`);
}
