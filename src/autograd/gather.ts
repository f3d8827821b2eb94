/** Picking elements and slices by index tensors, and putting them back: each is the other's gradient. */

import { IndexError, listText, RuntimeError } from "../check.ts";
import { gatherPositions, nonzero as nonzeroOf, putPositions, readIndices, takePositions } from "../dense/arrange.ts";
import { bool } from "../dense/dtype.ts";
import { type Dims, product, wrapDim } from "../dense/shape.ts";
import { expand, fit } from "./broadcast.ts";
import { erased, picked, placed, selectSlices } from "./positions.ts";
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
  expectIndex("scatter", x, at, index);
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
  const indices = readIndices(index.value, x.shape[at] ?? 1, () => new IndexError("index out of range in self"), false);
  return selectSlices("IndexSelectBackward0", x, at, indices);
}

/** torch.nonzero: the positions of the non-zero elements, one row each. */
export function nonzero(x: Tensor): Tensor {
  return new Tensor(nonzeroOf(x.value));
}

/** torch.masked_select: the elements where the mask is true, as a vector. */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  if (mask.dtype !== bool) throw new RuntimeError("masked_select: expected BoolTensor for mask");
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
