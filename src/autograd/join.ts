/** Cutting a tensor into several and joining several into one. */

import { IndexError, listText, RuntimeError, ValueError } from "../check.ts";
import { concatenate, flip as flipped, narrow as narrowed, pick, takeSlices, triangle } from "../dense/arrange.ts";
import { allocate, copyDense, type Dense, elements, wrap } from "../dense/dense.ts";
import { int64 } from "../dense/dtype.ts";
import { type Dims, sameDims, wrapDim, wrapDims } from "../dense/shape.ts";
import { type Tuple, tuple } from "../dense/tuple.ts";
import { expectTensors } from "./argument.ts";
import { expand, fit } from "./broadcast.ts";
import { selectSlices } from "./positions.ts";
import { unsqueeze, view } from "./shape.ts";
import { record, Tensor, tracked } from "./tensor.ts";
import { clone, reshape, selectAt, slice } from "./views.ts";

/** torch.unbind: the slices along one dimension. */
export function unbind(x: Tensor, dim = 0): Tuple<Tensor> {
  if (x.shape.length === 0) throw new IndexError("Dimension specified as 0 but tensor has no dimensions");
  const at = wrapDim(dim, x.shape.length);
  const outputs = Array.from({ length: x.shape[at]! }, (_, i) => new Tensor(pick(x.value, at, i)));
  const model = x.value;
  record("UnbindBackward0", [x], outputs, [
    (_, grads) =>
      stack(
        filled(grads, outputs.length, () => model.shape.toSpliced(at, 1), model),
        at,
      ),
  ]);
  for (const output of outputs) output.setView(x, "several");
  return tuple(outputs);
}

/** torch.split: pieces of `size` (the last may be shorter), or of the given sizes. */
export function split(x: Tensor, size: number | readonly number[], dim = 0): Tuple<Tensor> {
  if (x.shape.length === 0) throw new RuntimeError("split expects at least a 1-dimensional tensor");
  const at = wrapDim(dim, x.shape.length);
  const length = x.shape[at]!;
  const sizes = typeof size === "number" ? evenSizes(length, size) : [...size];
  if (sizes.some((s) => s < 0)) {
    throw new RuntimeError(
      `split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=${listText(sizes)}`,
    );
  }
  if (sizes.reduce((a, b) => a + b, 0) !== length) {
    throw new RuntimeError(
      `split_with_sizes expects split_sizes to sum exactly to ${length} (input tensor's size at dimension ${at}), but got split_sizes=${listText(sizes)}`,
    );
  }
  let end = 0;
  const outputs = sizes.map((s) => {
    end += s;
    return new Tensor(narrowed(x.value, at, end - s, s));
  });
  const model = x.value;
  const name = typeof size === "number" ? "SplitBackward0" : "SplitWithSizesBackward0";
  record(name, [x], outputs, [
    (_, grads) =>
      cat(
        filled(grads, outputs.length, (i) => model.shape.with(at, sizes[i]!), model),
        at,
      ),
  ]);
  for (const output of outputs) output.setView(x, "several");
  return tuple(outputs);
}

function evenSizes(length: number, size: number): number[] {
  if (size < 0) throw new RuntimeError(`split expects split_size be non-negative, but got split_size=${size}`);
  if (size === 0 && length > 0)
    throw new RuntimeError(`split_size can only be 0 if dimension size is 0, but got dimension size of ${length}`);
  if (length === 0) return [0];
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size));
}

/** torch.chunk: at most `chunks` pieces of equal size, the last may be shorter. */
export function chunk(x: Tensor, chunks: number, dim = 0): Tuple<Tensor> {
  if (x.shape.length === 0) throw new RuntimeError("chunk expects at least a 1-dimensional tensor");
  if (chunks <= 0) throw new RuntimeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
  const length = x.shape[wrapDim(dim, x.shape.length)]!;
  if (length === 0) return split(x, new Array<number>(chunks).fill(0), dim);
  return split(x, Math.max(Math.ceil(length / chunks), 1), dim);
}

/** Gradients of several outputs, with zeros where none arrived. */
function filled(
  grads: readonly (Tensor | undefined)[],
  length: number,
  shape: (i: number) => Dims,
  model: Dense,
): Tensor[] {
  return Array.from({ length }, (_, i) => grads[i] ?? new Tensor(allocate(shape(i), model.dtype)));
}

/** torch.cat: joined along an existing dimension. */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  expectTensors(tensors, "cat");
  if (tensors.length === 0) throw new ValueError("torch.cat(): expected a non-empty list of Tensors");
  for (const [at, { shape }] of tensors.entries()) {
    if (shape.length === 0)
      throw new RuntimeError(`zero-dimensional tensor (at position ${at}) cannot be concatenated`);
  }
  const model = tensors.find(({ shape }) => !sameDims(shape, [0])) ?? tensors[0]!;
  const at = wrapDim(dim, model.shape.length);
  const value = concatenate(
    tensors.map((x) => x.value),
    at,
  );
  let start = 0;
  const rules = tensors.map((x) => {
    if (x.shape.length !== model.shape.length) return () => new Tensor(allocate(x.shape, x.dtype));
    const from = start;
    start += x.shape[at]!;
    const to = start;
    return (g: Tensor) => fit(slice(g, at, from, to), x);
  });
  return tracked("CatBackward0", tensors, value, rules);
}

/** torch.stack: joined along a new dimension. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  return stackNamed("StackBackward0", tensors, dim);
}

/** `stack` under the name of the operation that it is a part of. */
export function stackNamed(name: string, tensors: readonly Tensor[], dim: number): Tensor {
  expectTensors(tensors, "stack");
  const first = tensors[0];
  if (!first) throw new RuntimeError("stack expects a non-empty TensorList");
  for (const [at, { shape }] of tensors.entries()) {
    if (sameDims(shape, first.shape)) continue;
    throw new RuntimeError(
      `stack expects each tensor to be equal size, but got ${listText(first.shape)} at entry 0 and ${listText(shape)} at entry ${at}`,
    );
  }
  const at = wrapDim(dim, first.shape.length + 1);
  const shape = first.shape.toSpliced(at, 0, 1);
  const value = concatenate(
    tensors.map((x) => x.value.window(shape, x.value.strides.toSpliced(at, 0, 0))),
    at,
  );
  const rules = tensors.map((x, i) => (g: Tensor) => fit(selectAt(g, at, i), x));
  return tracked(name, tensors, value, rules);
}

/** torch.hstack: side by side, along dimension 1 (0 for vectors). */
export function hstack(tensors: readonly Tensor[]): Tensor {
  const rows = tensors.map((x) => (x.shape.length === 0 ? view(x, 1) : x));
  return cat(rows, rows[0]!.shape.length > 1 ? 1 : 0);
}

/** torch.vstack: one below the other; vectors become rows. */
export function vstack(tensors: readonly Tensor[]): Tensor {
  return cat(tensors.map((x) => (x.shape.length < 2 ? reshape(x, 1, -1) : x)));
}

/** torch.flip: reversed along the given dimensions. */
export function flip(x: Tensor, ...dims: (number | readonly number[])[]): Tensor {
  const reversed = wrapDims(dims.flat() as number[], x.shape.length);
  return tracked("FlipBackward0", [x], flipped(x.value, reversed), [(g) => flip(g, reversed)]);
}

/** torch.roll: shifted around the end of dimensions, or of the flattened tensor. */
export function roll(x: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
  if (dims === undefined) {
    const flat = reshape(new Tensor(x.value), -1).value;
    const value = rolled(flat, [shifts].flat()[0]!, 0);
    return tracked("RollBackward0", [x], wrap(value.data, x.shape, x.dtype), [(g) => roll(g, -[shifts].flat()[0]!)]);
  }
  const [by, along] = [[shifts].flat(), wrapDims(dims, x.shape.length)];
  if (by.length !== along.length) {
    throw new RuntimeError(`shifts and dimensions must align. shifts: ${by.length}, dims:${along.length}`);
  }
  const value = along.reduce((part, dim, i) => rolled(part, by[i]!, dim), x.value);
  return tracked("RollBackward0", [x], value, [
    (g) =>
      roll(
        g,
        by.map((shift) => -shift),
        along,
      ),
  ]);
}

function rolled(x: Dense, shift: number, dim: number): Dense {
  const length = x.shape[dim]!;
  return takeSlices(
    x,
    dim,
    Int32Array.from({ length }, (_, i) => (((i - shift) % length) + length) % length),
  );
}

/** torch.Tensor.repeat: the whole tensor, so many times along each dimension. */
export function repeat(x: Tensor, ...times: (number | readonly number[])[]): Tensor {
  const counts = times.flat() as number[];
  if (counts.length < x.shape.length) {
    throw new RuntimeError(
      "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
    );
  }
  const lead = counts.length - x.shape.length;
  const lengths = counts.map((count, d) => count * (x.shape[d - lead] ?? 1));
  const negative = lengths.find((length) => length < 0);
  if (negative !== undefined) {
    throw new RuntimeError(`Trying to create tensor with negative dimension ${negative}: ${listText(lengths)}`);
  }
  const padded = [...new Array<number>(lead).fill(1), ...x.shape];
  const source = reshape(new Tensor(x.value), padded);
  const spread = expand(
    reshape(
      source,
      padded.flatMap((length) => [1, length]),
    ),
    padded.flatMap((length, d) => [counts[d]!, length]),
  );
  const value = reshape(spread, lengths).value;
  const rule = (g: Tensor): Tensor =>
    fit(
      reshape(
        g,
        padded.flatMap((length, d) => [counts[d]!, length]),
      ),
      new Tensor(
        allocate(
          padded.flatMap((length) => [1, length]),
          x.dtype,
        ),
      ),
    );
  const shape = x.shape;
  return tracked("RepeatBackward0", [x], value.storage === x.value.storage ? copyDense(value) : value, [
    (g) => reshape(rule(g), shape),
  ]);
}

/** torch.repeat_interleave: each slice so many times in a row. */
export function repeatInterleave(x: Tensor, times: number | Tensor, dim?: number): Tensor {
  if (dim === undefined) return repeatInterleave(reshape(x, -1), times, 0);
  const at = wrapDim(dim, x.shape.length);
  if (times instanceof Tensor) {
    const counts = [...(elements(times.value, int64) as BigInt64Array)].map(Number);
    const repeats = counts.length === 1 ? new Array<number>(x.shape[at]!).fill(counts[0]!) : counts;
    if (repeats.length !== x.shape[at]) {
      throw new RuntimeError(
        `repeats must have the same size as input along dim, but got repeats.size(0) = ${repeats.length} and input.size(0) = ${x.shape[at]}`,
      );
    }
    const indices = Int32Array.from(repeats.flatMap((count, i) => new Array<number>(count).fill(i)));
    return selectSlices("IndexSelectBackward0", x, at, indices);
  }
  const spread = unsqueeze(x, at + 1);
  const counts = spread.shape.with(at + 1, times);
  return view(clone(expand(spread, counts), { contiguous: true }), x.shape.with(at, x.shape[at]! * times));
}

/** torch.tril: zeros above the diagonal. */
export function tril(x: Tensor, diagonal = 0): Tensor {
  if (x.shape.length < 2) throw new RuntimeError("tril: input tensor must have at least 2 dimensions");
  return tracked("TrilBackward0", [x], triangle(x.value, diagonal, true), [(g) => tril(g, diagonal)]);
}

/** torch.triu: zeros below the diagonal. */
export function triu(x: Tensor, diagonal = 0): Tensor {
  if (x.shape.length < 2) throw new RuntimeError("triu: input tensor must have at least 2 dimensions");
  return tracked("TriuBackward0", [x], triangle(x.value, diagonal, false), [(g) => triu(g, diagonal)]);
}

/** torch.tile: as `repeat`; dimensions that are not named are taken once. */
export function tile(x: Tensor, ...times: (number | readonly number[])[]): Tensor {
  const counts = times.flat() as number[];
  return repeat(x, [...new Array<number>(Math.max(x.shape.length - counts.length, 0)).fill(1), ...counts]);
}

/** torch.dstack: joined along dimension 2. */
export function dstack(tensors: readonly Tensor[]): Tensor {
  const deep = (x: Tensor): Tensor => {
    const flat = x.shape.length < 2 ? reshape(x, 1, -1) : x;
    return flat.shape.length < 3 ? unsqueeze(flat, 2) : flat;
  };
  return cat(tensors.map(deep), 2);
}

/** torch.meshgrid with indexing="ij": tensor i repeated along all dimensions but i. */
export function meshgrid(...given: readonly (Tensor | { indexing?: "ij" })[]): Tuple<Tensor> {
  const tensors = given.filter((entry) => entry instanceof Tensor);
  if (tensors.some(({ dtype }) => dtype !== tensors[0]!.dtype)) {
    throw new RuntimeError("meshgrid expects all tensors to have the same dtype");
  }
  const shape = tensors.map((x) => x.value.count);
  const along = (at: number): number[] => shape.map((length, d) => (d === at ? length : 1));
  return tuple(tensors.map((x, i) => expand(view(x, along(i)), shape)));
}
