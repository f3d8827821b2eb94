/** Other windows on the same numbers: views share the memory of what they were made from. */
import { IndexError, listText, RuntimeError } from "../check.ts";
import { narrow as narrowed, overwrite, pick } from "../dense/arrange.ts";
import { allocate, copyDense, type Dense } from "../dense/dense.ts";
import { type Dims, inferShape, isDense, product, rowMajor, viewStrides, wrapDim, wrapDims } from "../dense/shape.ts";
import { type Tensor, tracked, viewed } from "./tensor.ts";

type Lengths = (number | readonly number[])[];

/** torch.Tensor.view: another shape on the same memory; one length may be -1. */
export function view(x: Tensor, ...shape: Lengths): Tensor {
  return viewNamed("ViewBackward0", x, shape.flat() as number[]);
}

/** torch.Tensor.view_as. */
export function viewAs(x: Tensor, other: Tensor): Tensor {
  return view(x, other.shape);
}

function viewNamed(name: string, x: Tensor, wanted: Dims): Tensor {
  const { value } = x;
  const target = inferShape(wanted, value.count);
  const strides = viewStrides(value.shape, value.strides, target);
  if (!strides) {
    throw new RuntimeError(
      "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
    );
  }
  const from = x.shape;
  return viewed(
    name,
    x,
    value.window(target, strides),
    (g) => reshape(g, from),
    (again) => viewNamed(name, again, target),
  );
}

/** torch.reshape: a view where the memory allows it, else a copy. */
export function reshape(x: Tensor, ...shape: Lengths): Tensor {
  const { value } = x;
  const target = inferShape(shape.flat() as number[], value.count);
  if (viewStrides(value.shape, value.strides, target)) return viewNamed("ViewBackward0", x, target);
  return unsafeView(clone(x, { contiguous: true }), target);
}

/** torch.clone: a copy in new memory, laid out as the original unless `contiguous` is asked for. */
export function clone(x: Tensor, options: { contiguous?: boolean } = {}): Tensor {
  const { shape, strides } = x.value;
  const keep = !options.contiguous && isDense(shape, strides);
  return tracked("CloneBackward0", [x], keep ? copyInPlaceOrder(x.value) : copyDense(x.value), [(g) => g]);
}

/** torch.Tensor.contiguous: the tensor itself if it lies in row-major order, else a copy that does. */
export function contiguous(x: Tensor): Tensor {
  return x.value.contiguous ? x : clone(x, { contiguous: true });
}

function copyInPlaceOrder(x: Dense): Dense {
  const order = [...x.shape.keys()].sort((a, b) => x.strides[b]! - x.strides[a]!);
  const copy = copyDense(
    x.window(
      order.map((d) => x.shape[d]!),
      order.map((d) => x.strides[d]!),
    ),
  );
  const strides = x.shape.map((_, d) => copy.strides[order.indexOf(d)]!);
  return copy.window(x.shape, strides);
}

/** A reshaped result that is not a view for anybody: torch's name for what `matmul` and `reshape` give back. */
export function unsafeView(x: Tensor, target: Dims): Tensor {
  const from = x.shape;
  return tracked("UnsafeViewBackward0", [x], x.value.window(target, rowMajor(target)), [(g) => reshape(g, from)]);
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
  const inner = inferShape(sizes, x.shape[at]!);
  return view(x, [...x.shape.slice(0, at), ...inner, ...x.shape.slice(at + 1)]);
}

/** torch.squeeze: drops dimensions of length 1, all of them or the given ones. */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  const name =
    dim === undefined ? "SqueezeBackward0" : typeof dim === "number" ? "SqueezeBackward1" : "SqueezeBackward2";
  return squeezeNamed(name, x, wrapDims(dim, x.shape.length));
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
    (again) => squeezeNamed(name, again, dims),
  );
}

/** torch.unsqueeze: a new dimension of length 1 at `dim`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  const { value } = x;
  const at = wrapDim(dim, x.shape.length + 1);
  const stride = at < x.shape.length ? x.shape[at]! * value.strides[at]! : 1;
  return viewed(
    "UnsqueezeBackward0",
    x,
    value.window(value.shape.toSpliced(at, 0, 1), value.strides.toSpliced(at, 0, stride)),
    (g) => squeeze(g, at),
    (again) => unsqueeze(again, at),
  );
}

function rearranged(name: string, x: Tensor, order: Dims): Tensor {
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
    (again) => rearranged(name, again, order),
  );
}

/** torch.permute: the dimensions in another order. */
export function permute(x: Tensor, ...dims: Lengths): Tensor {
  const order = dims.flat() as number[];
  if (order.length !== x.shape.length) {
    throw new RuntimeError(
      `permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ${x.shape.length} is not equal to len(dims) = ${order.length}`,
    );
  }
  const wrapped = order.map((dim) => wrapDim(dim, x.shape.length));
  if (new Set(wrapped).size !== wrapped.length) throw new RuntimeError("permute(): duplicate dims are not allowed.");
  return rearranged("PermuteBackward0", x, wrapped);
}

function swapped(name: string, x: Tensor, dim0: number, dim1: number): Tensor {
  const rank = x.shape.length;
  const [a, b] = [wrapDim(dim0, rank), wrapDim(dim1, rank)];
  const order = [...x.shape.keys()];
  if (rank > 0) [order[a], order[b]] = [b, a];
  return rearranged(name, x, order);
}

/** torch.transpose: two dimensions change places. */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  return swapped("TransposeBackward0", x, dim0, dim1);
}

/** torch.transpose_ as torch's layers use it to give batch-first results: same numbers, another node name. */
export function transposedInPlace(x: Tensor, dim0: number, dim1: number): Tensor {
  return swapped("TransposeBackward1", x, dim0, dim1);
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
  const order = [...x.shape.keys()].filter((d) => d !== from);
  order.splice(wrapDim(destination, x.shape.length), 0, from);
  return rearranged("PermuteBackward0", x, order);
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

/** One dimension cut to start, start+step, ... below stop; bounds are already in range. */
export function slice(x: Tensor, dim: number, start: number, stop: number, step = 1): Tensor {
  const length = Math.max(0, Math.ceil((stop - start) / step));
  const from = x.shape;
  return viewed(
    "SliceBackward0",
    x,
    narrowed(x.value, dim, start, length, step),
    (g) =>
      embed(
        g,
        from,
        (zero) => narrowed(zero, dim, start, length, step),
        (back) => slice(back, dim, start, stop, step),
      ),
    (again) => slice(again, dim, start, stop, step),
  );
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

/** `select` with everything in range. */
export function selectAt(x: Tensor, dim: number, index: number): Tensor {
  const from = x.shape;
  return viewed(
    "SelectBackward0",
    x,
    pick(x.value, dim, index),
    (g) =>
      embed(
        g,
        from,
        (zero) => pick(zero, dim, index),
        (back) => selectAt(back, dim, index),
      ),
    (again) => selectAt(again, dim, index),
  );
}

/** Zeros of `shape` with `g` in one window: the adjoint of cutting that window out. */
function embed(g: Tensor, shape: Dims, window: (zero: Dense) => Dense, cut: (back: Tensor) => Tensor): Tensor {
  const zero = allocate(shape, g.dtype);
  overwrite(window(zero), g.value);
  zero.storage.version = 0;
  return tracked("SliceBackward0", [g], zero, [cut]);
}
