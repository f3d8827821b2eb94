/** The windows that all operations on shapes are made of, under torch's several node names. */

import { RuntimeError } from "../check.ts";
import { narrow as narrowed, overwrite, pick } from "../dense/arrange.ts";
import { allocate, copyDense, copyInOrder, type Dense } from "../dense/dense.ts";
import { type Dims, inferShape, lengthsOf, rowMajor, viewStrides, wrapDim } from "../dense/shape.ts";
import { type Tensor, tracked, viewed } from "./tensor.ts";

type Lengths = (number | readonly number[])[];

/** The same memory in another shape. Errors: RuntimeError where only a copy could do it. */
export function viewNamed(name: string, x: Tensor, wanted: Dims): Tensor {
  const { value } = x;
  const target = inferShape(wanted, value.count);
  const strides = viewStrides(value.shape, value.strides, target);
  if (!strides) {
    throw new RuntimeError(
      "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
    );
  }
  const from = x.shape;
  return viewed(name, x, value.window(target, strides), (g) => reshape(g, from));
}

/** A reshaped result that is not a view for anybody: torch's name for what `matmul` and `reshape` give back. */
export function unsafeView(x: Tensor, target: Dims): Tensor {
  const from = x.shape;
  return tracked("UnsafeViewBackward0", [x], x.value.window(target, rowMajor(target)), [(g) => reshape(g, from)]);
}

/** `squeeze` under one of torch's several node names. */
export function squeezeNamed(name: string, x: Tensor, dims: Dims): Tensor {
  const { value } = x;
  const kept = [...x.shape.keys()].filter((d) => !(dims.includes(d) && x.shape[d] === 1));
  const from = x.shape;
  return viewed(
    name,
    x,
    value.window(
      kept.map((d) => from[d]!),
      kept.map((d) => value.strides[d]!),
    ),
    (g) => reshape(g, from),
  );
}

/** `unsqueeze` under one of torch's node names. */
export function unsqueezeNamed(name: string, x: Tensor, dim: number): Tensor {
  const { value } = x;
  const at = wrapDim(dim, x.shape.length + 1);
  const stride = at < x.shape.length ? x.shape[at]! * value.strides[at]! : 1;
  return viewed(name, x, value.window(value.shape.toSpliced(at, 0, 1), value.strides.toSpliced(at, 0, stride)), (g) =>
    squeezeNamed("SqueezeBackward1", g, [at]),
  );
}

/** The dimensions in another order. */
export function rearranged(name: string, x: Tensor, order: Dims): Tensor {
  const { value } = x;
  const back = order.map((_, d) => order.indexOf(d));
  return viewed(
    name,
    x,
    value.window(
      order.map((d) => value.shape[d]!),
      order.map((d) => value.strides[d]!),
    ),
    (g) => rearranged(name, g, back),
  );
}

/** Two dimensions exchanged. */
export function swapped(name: string, x: Tensor, dim0: number, dim1: number): Tensor {
  const rank = x.shape.length;
  const [a, b] = [wrapDim(dim0, rank), wrapDim(dim1, rank)];
  const order = [...x.shape.keys()];
  if (rank > 0) [order[a], order[b]] = [b, a];
  return rearranged(name, x, order);
}

/** One dimension cut to start, start+step, ... below stop; bounds are already in range. */
export function slice(x: Tensor, dim: number, start: number, stop: number, step = 1): Tensor {
  const length = Math.max(0, Math.ceil((stop - start) / step));
  const from = x.shape;
  return viewed("SliceBackward0", x, narrowed(x.value, dim, start, length, step), (g) =>
    embed(
      "SliceBackwardBackward0",
      g,
      from,
      (zero) => narrowed(zero, dim, start, length, step),
      (back) => slice(back, dim, start, stop, step),
    ),
  );
}

/** `x` by another name: what `x[...]` is. */
export function alias(x: Tensor): Tensor {
  return viewed("AliasBackward0", x, x.value, (g) => g);
}

/** `select` with everything in range. */
export function selectAt(x: Tensor, dim: number, index: number): Tensor {
  const from = x.shape;
  return viewed("SelectBackward0", x, pick(x.value, dim, index), (g) =>
    embed(
      "SelectBackwardBackward0",
      g,
      from,
      (zero) => pick(zero, dim, index),
      (back) => selectAt(back, dim, index),
    ),
  );
}

/** Zeros of `shape` with `g` in one window: the adjoint of cutting that window out. */
function embed(
  name: string,
  g: Tensor,
  shape: Dims,
  window: (zero: Dense) => Dense,
  cut: (back: Tensor) => Tensor,
): Tensor {
  const zero = allocate(shape, g.dtype);
  overwrite(window(zero), g.value);
  zero.storage.version = 0;
  return tracked(name, [g], zero, [cut]);
}

/** torch.reshape: a view where the memory allows it, else a copy. */
export function reshape(x: Tensor, ...shape: Lengths): Tensor {
  const { value } = x;
  const target = inferShape(lengthsOf(shape), value.count);
  if (viewStrides(value.shape, value.strides, target)) {
    return viewNamed(value.contiguous ? "ViewBackward0" : "ReshapeAliasBackward0", x, target);
  }
  return unsafeView(clone(x, { contiguous: true }), target);
}

/** torch.clone: a copy in new memory, laid out as the original unless `contiguous` is asked for. */
export function clone(x: Tensor, options: { contiguous?: boolean } = {}): Tensor {
  const copy = options.contiguous ? copyDense : copyInOrder;
  return tracked("CloneBackward0", [x], copy(x.value), [(g) => g]);
}
