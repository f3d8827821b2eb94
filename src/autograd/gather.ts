/** Picking elements and slices by index tensors, and putting them back: each is the other's gradient. */

import { IndexError, listText, RuntimeError } from "../check.ts";
import {
  gatherPositions,
  nonzero as nonzeroOf,
  pick,
  putPositions,
  readIndices,
  takePositions,
  takeSlices,
} from "../dense/arrange.ts";
import { allocate, copyDense, elements, wrap } from "../dense/dense.ts";
import { bool, float64, int64 } from "../dense/dtype.ts";
import { broadcastShapes, type Dims, product, wrapDim } from "../dense/shape.ts";
import { type Tuple, tuple } from "../dense/tuple.ts";
import { mul } from "./arithmetic.ts";
import { expand, fit, toDtype } from "./broadcast.ts";
import { erased, picked, placed, selectSlices } from "./positions.ts";
import { sum } from "./reduce.ts";
import { asTensor, type Operand } from "./table.ts";
import { Tensor, tracked } from "./tensor.ts";
import { reshape, slice } from "./views.ts";

/** torch.gather: the element at `index` along `dim`, for each element of the index. */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  const at = wrapDim(dim, x.shape.length);
  expectIndex("gather", x, at, index);
  const positions = gatherPositions(index.value, at, x.shape);
  return tracked(
    "GatherBackward0",
    [x],
    takePositions(x.value, positions, index.shape),
    [(g) => placed(g, positions, x.shape)],
    [index],
  );
}

/** torch.scatter: a copy of `x` with `source` written to `index` along `dim`. */
export function scatter(x: Tensor, dim: number, index: Tensor, source: Operand): Tensor {
  return scattered(source instanceof Tensor ? "ScatterBackward0" : "ScatterBackward1", x, dim, index, source, false);
}

/** torch.scatter_add: a copy of `x` with `source` added at `index` along `dim`. */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  return scattered("ScatterAddBackward0", x, dim, index, source, true);
}

function scattered(name: string, x: Tensor, dim: number, index: Tensor, source: Operand, accumulate: boolean): Tensor {
  const at = wrapDim(dim, x.shape.length);
  expectScatter(x, at, index, source);
  const positions = gatherPositions(index.value, at, x.shape);
  const filler = asTensor(source, x.dtype);
  // A source may be larger than the index: only its corner is read.
  const corner = filler.shape.length === 0 ? filler : cutTo(filler, index.shape);
  return tracked(
    name,
    [x, corner],
    putPositions(x.value, positions, corner.value, accumulate),
    [(g) => (accumulate ? g : erased(g, positions)), (g) => fit(picked(g, positions, index.shape), corner)],
    [index],
  );
}

function expectScatter(x: Tensor, dim: number, index: Tensor, source: Operand): void {
  if (index.dtype.kind !== "integer") throw new RuntimeError("scatter(): Expected dtype int32/int64 for index");
  if (index.shape.length !== x.shape.length) {
    throw new RuntimeError("Index tensor must have the same number of dimensions as self tensor");
  }
  if (source instanceof Tensor) {
    if (source.dtype !== x.dtype) throw new RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype");
    const fits = index.shape.every((n, d) => (d === dim || n <= x.shape[d]!) && n <= (source.shape[d] ?? n));
    if (!fits) {
      throw new RuntimeError(
        `Expected index ${listText(index.shape)} to be no larger than self ${listText(x.shape)} apart from dimension ${dim} and to be no larger size than src ${listText(source.shape)}`,
      );
    }
  }
  expectIndex("scatter", x, dim, index);
}

function cutTo(x: Tensor, shape: Dims): Tensor {
  return shape.reduce((part, length, d) => (part.shape[d] === length ? part : slice(part, d, 0, length)), x);
}

function expectIndex(who: string, x: Tensor, dim: number, index: Tensor): void {
  if (index.dtype.kind !== "integer") throw new RuntimeError(`${who}(): Expected dtype int32/int64 for index`);
  if (index.shape.length !== x.shape.length) {
    throw new RuntimeError("Index tensor must have the same number of dimensions as input tensor");
  }
  for (const [d, length] of index.shape.entries()) {
    if (d === dim || length <= x.shape[d]!) continue;
    throw new RuntimeError(
      `Size does not match at dimension ${d} expected index ${listText(index.shape)} to be no larger than self ${listText(x.shape)} apart from dimension ${dim}`,
    );
  }
}

/** torch.index_select: the slices at the positions of a 1-D index. */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  const at = wrapDim(dim, x.shape.length);
  if (index.shape.length > 1) throw new IndexError("index_select(): Index is supposed to be a vector");
  if (index.dtype.kind !== "integer") throw new RuntimeError("index_select(): Expected dtype int32 or int64 for index");
  expectSelectable(x, at, index);
  const length = x.shape[at] ?? 1;
  const outside = (id: number): Error =>
    at > 0
      ? new RuntimeError(`INDICES element is out of DATA bounds, id=${id} axis_dim=${length}`)
      : new IndexError("index out of range in self");
  const indices = readIndices(index.value, length, outside, false);
  return selectSlices("IndexSelectBackward0", x, at, indices, [index]);
}

function expectSelectable(x: Tensor, at: number, index: Tensor): void {
  const count = index.shape[0] ?? 1;
  if (x.shape.length === 0 && count !== 1) {
    throw new RuntimeError(`index_select(): Index to scalar can have only 1 value, got ${count} value(s)`);
  }
  if (x.shape.length > 1 && x.shape[at] === 0 && count > 0) {
    throw new RuntimeError("index_select(): self indexing axis dim should be positive");
  }
}

/** torch.nonzero: the positions of the non-zero elements, one row each; as a tuple, one vector for each dimension. */
export function nonzero(x: Tensor): Tensor;
export function nonzero(x: Tensor, options: { asTuple: true }): Tuple<Tensor>;
export function nonzero(x: Tensor, options: { asTuple?: boolean } = {}): Tensor | Tuple<Tensor> {
  const rows = nonzeroOf(x.value);
  if (!options.asTuple) return new Tensor(rows);
  return tuple(Array.from(x.shape, (_, d) => new Tensor(copyDense(pick(rows, 1, d)))));
}

/** torch.bincount: how often each of the whole numbers 0, 1, 2, ... occurs in a vector. */
export function bincount(x: Tensor, options: { weights?: Tensor | null; minlength?: number } = {}): Tensor {
  const { weights, minlength = 0 } = options;
  const numbers = Array.from(elements(x.value), Number);
  if (x.shape.length !== 1 || numbers.some((n) => n < 0)) {
    throw new RuntimeError("bincount only supports 1-d non-negative integral inputs.");
  }
  const length = numbers.reduce((most, n) => Math.max(most, n + 1), minlength);
  const amounts = weights ?? asTensor(1, int64);
  const counts = new Tensor(allocate([length], amounts.dtype));
  return scatterAdd(counts, 0, toDtype(x, int64), expand(amounts, x.shape));
}

/** torch.masked_select: the elements where the mask is true, as a vector. */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  if (mask.dtype !== bool) throw new RuntimeError("masked_select: expected BoolTensor for mask");
  broadcastShapes(mask.shape, x.shape);
  const chosen = expand(mask, x.shape);
  const flat = reshape(chosen, -1);
  const positions = nonzeroOf(flat.value);
  const indices = readIndices(positions, product(x.shape), () => new IndexError("index out of range in self"));
  const from = x.shape;
  return tracked(
    "MaskedSelectBackward0",
    [x],
    takePositions(x.value, indices, [indices.length]),
    [(g) => placed(g, indices, from)],
    [mask],
  );
}

/** torch.take: the elements at positions of the flattened tensor. */
export function take(x: Tensor, index: Tensor): Tensor {
  if (index.dtype !== int64) {
    throw new RuntimeError(`take(): Expected a long tensor for index, but got ${index.dtype.scalarType}`);
  }
  const count = product(x.shape);
  const outside = (value: number): Error =>
    new IndexError(`out of range: tried to access index ${value} on a tensor of ${count} elements.`);
  const positions = readIndices(index.value, count, outside);
  const from = x.shape;
  const value = takePositions(x.value, positions, index.shape);
  return tracked("TakeBackward0", [x], value, [(g) => placed(g, positions, from)], [index]);
}

/** torch.take_along_dim: `gather` with an index that is broadcast; without a dimension, of the flattened tensor. */
export function takeAlongDim(x: Tensor, index: Tensor, dim?: number): Tensor {
  if (dim === undefined) return takeAlongDim(reshape(x, -1), reshape(index, -1), 0);
  const at = wrapDim(dim, x.shape.length);
  const without = (shape: Dims): number[] => shape.map((length, d) => (d === at ? 1 : length));
  const common = broadcastShapes(without(x.shape), without(index.shape));
  return gather(expand(x, common.with(at, x.shape[at]!)), at, expand(index, common.with(at, index.shape[at]!)));
}

/** torch.index_add: a copy of `x` with the slices of `source` added at `index` along `dim`. */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  options: { alpha?: number } = {},
): Tensor {
  const { alpha = 1 } = options;
  const at = wrapDim(dim, x.shape.length);
  const count = source.shape[at] ?? 1;
  if (source.dtype !== x.dtype) {
    throw new RuntimeError(
      `index_add_(): self (${x.dtype.scalarType}) and source (${source.dtype.scalarType}) must have the same scalar type`,
    );
  }
  if (index.value.count !== count) {
    throw new RuntimeError(
      `index_add_(): Number of indices (${index.value.count}) should be equal to source.size(dim): (${count}), for dim: ${at}`,
    );
  }
  const indices = slicesOf(x, at, index, {
    vector: new IndexError("index_add_(): Index is supposed to be a vector"),
    outside: (text) => new RuntimeError(text),
  });
  const positions = slicePositions(x.shape, at, indices);
  const added = alpha === 1 ? source : mul(source, alpha);
  const shape = source.shape;
  return tracked(
    "IndexAddBackward0",
    [x, added],
    putPositions(x.value, positions, added.value, true),
    [(g) => g, (g) => picked(g, positions, shape)],
    [index],
  );
}

/** torch.index_copy: a copy of `x` with the slices of `source` written to `index` along `dim`. */
export function indexCopy(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  const at = wrapDim(dim, x.shape.length);
  const count = source.shape[at] ?? 1;
  if (index.value.count !== count) {
    throw new IndexError(
      `index_copy_(): Number of indices (${index.value.count}) should be equal to source.size(dim) (${count})`,
    );
  }
  const indices = slicesOf(x, at, index, {
    vector: new IndexError("index_copy_(): Index should have dimension 1 or 0 (got 2)"),
    outside: (text) => new IndexError(`index_copy_(): ${text}`),
  });
  const positions = slicePositions(x.shape, at, indices);
  const shape = source.shape;
  return tracked(
    "IndexCopyBackward0",
    [x, source],
    putPositions(x.value, positions, source.value, false),
    [(g) => erased(g, positions), (g) => picked(g, positions, shape)],
    [index],
  );
}

/** torch.index_fill: a copy of `x` with `value` in the slices at `index` along `dim`. */
export function indexFill(x: Tensor, dim: number, index: Tensor, value: Operand): Tensor {
  const at = wrapDim(dim, x.shape.length);
  const indices = slicesOf(x, at, index, {
    vector: new RuntimeError("Index has to be a vector/scalar"),
    outside: (text) => new IndexError(text),
    negative: true,
  });
  const positions = slicePositions(x.shape, at, indices);
  const filler = asTensor(value, x.dtype);
  if (filler.shape.length > 0) {
    throw new RuntimeError(
      `index_fill_ only supports a 0-dimensional value tensor, but got tensor with ${filler.shape.length} dimension(s).`,
    );
  }
  return tracked(
    value instanceof Tensor ? "IndexFillBackward1" : "IndexFillBackward0",
    [x, filler],
    putPositions(x.value, positions, filler.value, false),
    [(g) => erased(g, positions), (g) => sum(picked(g, positions, [positions.length]))],
    [index],
  );
}

function slicesOf(
  x: Tensor,
  dim: number,
  index: Tensor,
  refuse: { vector: Error; outside: (text: string) => Error; negative?: boolean },
): Int32Array {
  if (index.shape.length > 1) throw refuse.vector;
  if (index.dtype.kind !== "integer") throw new RuntimeError("index should be an integer tensor");
  const length = x.shape[dim] ?? 1;
  return readIndices(
    index.value,
    length,
    (value) => refuse.outside(`index ${value} is out of bounds for dimension ${dim} with size ${length}`),
    refuse.negative ?? false,
  );
}

/** Where the elements of the slices at `indices` stand in a row-major tensor of `shape`. */
function slicePositions(shape: Dims, dim: number, indices: Int32Array): Int32Array {
  const numbers = Float64Array.from({ length: product(shape) }, (_, i) => i);
  return Int32Array.from(elements(takeSlices(wrap(numbers, shape, float64), dim, indices)) as Float64Array);
}
