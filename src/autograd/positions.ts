/** Picking elements at known positions and putting them back: each is the other's gradient. */

import { addSlices, putPositions, takePositions, takeSlices } from "../dense/arrange.ts";
import { allocate } from "../dense/dense.ts";
import type { Dims } from "../dense/shape.ts";
import { type Tensor, tracked } from "./tensor.ts";

/** Zeros of `shape` with the elements of `g` added at `positions`: the adjoint of picking them. */
export function placed(g: Tensor, positions: Int32Array, shape: Dims): Tensor {
  const from = g.shape;
  const value = putPositions(allocate(shape, g.dtype), positions, g.value, true);
  return tracked("ScatterAddBackward0", [g], value, [(back) => picked(back, positions, from)]);
}

/** The elements at `positions` of a row-major reading of `x`. */
export function picked(x: Tensor, positions: Int32Array, shape: Dims): Tensor {
  const from = x.shape;
  return tracked("TakeBackward0", [x], takePositions(x.value, positions, shape), [(g) => placed(g, positions, from)]);
}

/** `g` with zeros at `positions`. */
export function erased(g: Tensor, positions: Int32Array): Tensor {
  const zero = allocate([1], g.dtype);
  return tracked("ScatterBackward1", [g], putPositions(g.value, positions, zero, false), [
    (back) => erased(back, positions),
  ]);
}

/** The slices of `x` at `indices` along `dim`, under the name of the operation that asked. */
export function selectSlices(
  name: string,
  x: Tensor,
  dim: number,
  indices: Int32Array,
  saved: readonly Tensor[] = [],
): Tensor {
  const shape = x.shape;
  const rule = (g: Tensor): Tensor => spreadSlices(g, dim, indices, shape);
  return tracked(name, [x], takeSlices(x.value, dim, indices), [rule], saved);
}

function spreadSlices(g: Tensor, dim: number, indices: Int32Array, shape: Dims): Tensor {
  return tracked("IndexAddBackward0", [g], addSlices(g.value, dim, indices, shape), [
    (back) => selectSlices("IndexSelectBackward0", back, dim, indices),
  ]);
}
