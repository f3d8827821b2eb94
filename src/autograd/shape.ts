/** Other windows on the same numbers: views share the memory of what they were made from. */

import { IndexError, listText, RuntimeError } from "../check.ts";
import { inferShape, lengthsOf, product, wrapDim, wrapDims } from "../dense/shape.ts";
import { expand } from "./broadcast.ts";
import type { Tensor } from "./tensor.ts";
import {
  alias,
  clone,
  rearranged,
  reshape,
  selectAt,
  slice,
  squeezeNamed,
  swapped,
  unsqueezeNamed,
  viewNamed,
} from "./views.ts";

type Lengths = (number | readonly number[])[];

/** torch.Tensor.view: another shape on the same memory; one length may be -1. */
export function view(x: Tensor, ...shape: Lengths): Tensor {
  return viewNamed("ViewBackward0", x, lengthsOf(shape));
}

/** torch.Tensor.view_as. */
export function viewAs(x: Tensor, other: Tensor): Tensor {
  return view(x, other.shape);
}

/** torch.Tensor.contiguous: the tensor itself if it lies in row-major order, else a copy that does. */
export function contiguous(x: Tensor): Tensor {
  return x.value.contiguous ? x : clone(x, { contiguous: true });
}

/** torch.flatten: dimensions start..end become one. */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  if (x.shape.length === 0) return reshape(x, 1);
  const start = wrapDim(startDim, x.shape.length);
  const end = wrapDim(endDim, x.shape.length);
  if (start > end) throw new RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim");
  if (start === end) return x;
  return reshape(x, [...x.shape.slice(0, start), product(x.shape.slice(start, end + 1)), ...x.shape.slice(end + 1)]);
}

/** torch.unflatten: one dimension becomes several. */
export function unflatten(x: Tensor, dim: number, sizes: readonly number[]): Tensor {
  const at = wrapDim(dim, x.shape.length);
  const length = x.shape[at]!;
  if (!sizes.includes(-1) && product(sizes) !== length) {
    throw new RuntimeError(
      `unflatten: Provided sizes ${listText(sizes)} don't multiply up to the size of dim ${at} (${length}) in the input tensor`,
    );
  }
  const inner = inferShape(sizes, length);
  return view(x, [...x.shape.slice(0, at), ...inner, ...x.shape.slice(at + 1)]);
}

/** torch.squeeze: drops dimensions of length 1, all of them or the given ones. */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  const name =
    dim === undefined ? "SqueezeBackward0" : typeof dim === "number" ? "SqueezeBackward1" : "SqueezeBackward2";
  return squeezeNamed(name, x, wrapDims(dim, x.shape.length));
}

/** torch.unsqueeze: a new dimension of length 1 at `dim`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  return unsqueezeNamed("UnsqueezeBackward0", x, dim);
}

/** torch.permute: the dimensions in another order. */
export function permute(x: Tensor, ...dims: Lengths): Tensor {
  const order = lengthsOf(dims);
  if (order.length !== x.shape.length) {
    throw new RuntimeError(
      `permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ${x.shape.length} is not equal to len(dims) = ${order.length}`,
    );
  }
  const wrapped = order.map((dim) => wrapDim(dim, x.shape.length));
  if (new Set(wrapped).size !== wrapped.length) throw new RuntimeError("permute(): duplicate dims are not allowed.");
  return rearranged("PermuteBackward0", x, wrapped);
}

/** torch.transpose: two dimensions change places. */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  return swapped("TransposeBackward0", x, dim0, dim1);
}

/** torch.t: the transpose of a matrix; vectors stay. */
export function t(x: Tensor): Tensor {
  if (x.shape.length > 2) {
    throw new RuntimeError(`t() expects a tensor with <= 2 dimensions, but self is ${x.shape.length}D`);
  }
  return rearranged("TBackward0", x, [...x.shape.keys()].reverse());
}

/** torch.movedim: one dimension moves to another place. */
export function movedim(x: Tensor, source: number, destination: number): Tensor {
  const from = wrapDim(source, x.shape.length);
  if (x.shape.length === 0) return alias(x);
  const order = [...x.shape.keys()].filter((d) => d !== from);
  order.splice(wrapDim(destination, x.shape.length), 0, from);
  return rearranged("PermuteBackward0", x, order);
}

/** torch.moveaxis, another name of `movedim`. */
export const moveaxis: typeof movedim = movedim;

/** torch.swapaxes, another name of `transpose`. */
export const swapaxes: typeof transpose = transpose;

/** torch.swapdims, another name of `transpose`. */
export const swapdims: typeof transpose = transpose;

/** torch.ravel: one dimension, without a copy where the memory allows it. */
export function ravel(x: Tensor): Tensor {
  return reshape(contiguous(x), -1);
}

/** torch.Tensor.reshape_as. */
export function reshapeAs(x: Tensor, other: Tensor): Tensor {
  return reshape(x, other.shape);
}

/** torch.broadcast_to: `expand` to a whole shape. */
export function broadcastTo(x: Tensor, shape: readonly number[]): Tensor {
  return expand(x, shape);
}

/** torch.Tensor.expand_as. */
export function expandAs(x: Tensor, other: Tensor): Tensor {
  return expand(x, other.shape);
}

/** torch.narrow: positions start .. start+length−1 of one dimension. */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  if (x.shape.length === 0) throw new RuntimeError("narrow() cannot be applied to a 0-dim tensor.");
  const at = wrapDim(dim, x.shape.length);
  const size = x.shape[at]!;
  if (length < 0) throw new RuntimeError("narrow(): length must be non-negative.");
  if (start < -size || start > size) {
    throw new IndexError(`start out of range (expected to be in range of [${-size}, ${size}], but got ${start})`);
  }
  const first = start < 0 ? start + size : start;
  if (first + length > size) {
    throw new RuntimeError(`start (${first}) + length (${length}) exceeds dimension size (${size}).`);
  }
  return slice(x, at, first, first + length);
}

/** torch.select: one position of one dimension, which disappears. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  if (x.shape.length === 0) throw new IndexError("select() cannot be applied to a 0-dim tensor.");
  const at = wrapDim(dim, x.shape.length);
  const size = x.shape[at]!;
  if (index < -size || index >= size) {
    throw new IndexError(
      `select(): index ${index} out of range for tensor of size ${listText(x.shape)} at dimension ${at}`,
    );
  }
  return selectAt(x, at, index < 0 ? index + size : index);
}
