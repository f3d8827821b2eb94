/**
 * Indexing in Python's words: `x.at(":, 1, :")` is `x[:, 1, :]`, `x.at(0, "1:3")` is `x[0, 1:3]`, `x.at("...", -1)` is
 * `x[..., -1]`, `x.at(mask)` and `x.at([0, 2])` pick by tensor, and `x.set(":, 1, :", y)` assigns.
 */

import { IndexError, listText, pythonTypeOf, RuntimeError, ValueError } from "../check.ts";
import { indexError, pick, putPositions, readIndices, takePositions } from "../dense/arrange.ts";
import { eachOffset, elements, wrap } from "../dense/dense.ts";
import { bool, int32, int64, uint8 } from "../dense/dtype.ts";
import { broadcastShapes, type Dims, product, rowMajor } from "../dense/shape.ts";
import { expand } from "./broadcast.ts";
import { copy_ } from "./fill.ts";
import { nonzero } from "./gather.ts";
import { become, expectWritable } from "./overwrite.ts";
import { erased, picked, placed } from "./positions.ts";
import { unsqueeze } from "./shape.ts";
import { asTensor, type Operand } from "./table.ts";
import { Tensor, tracked } from "./tensor.ts";
import { alias, reshape, selectAt, slice } from "./views.ts";

/**
 * One or more positions of an index: a number; Python's slices and `...` as text, several separated by commas; null for
 * a new dimension; a list of positions; a tensor of positions or a mask.
 */
export type Index = number | string | null | readonly number[] | readonly boolean[] | Tensor;

/** torch's `x[...]`. Numbers, slices, `...` and null give a view; lists, masks and tensors of positions a copy. */
export function at(x: Tensor, ...index: Index[]): Tensor {
  const { view, tensors } = resolve(x, index);
  if (!tensors.some((entry) => entry)) return view === x ? alias(x) : view;
  const { positions, shape } = locate(view.shape, tensors);
  const source = view.shape;
  const rule = (g: Tensor): Tensor => placed(g, positions, source);
  const saved = tensors.filter((entry) => entry !== undefined);
  return tracked("IndexBackward0", [view], takePositions(view.value, positions, shape), [rule], saved);
}

/** torch's `x[...] = value`: the last argument is the value, a number or a tensor that is broadcast. Gives `x` back. */
export function set(x: Tensor, ...indexAndValue: [first: Index, ...more: Index[], value: Operand]): Tensor {
  if (indexAndValue.length < 2) throw new TypeError('set() needs an index and a value: x.set(0, 1), x.set("...", 1)');
  const value = indexAndValue.at(-1) as Operand;
  const { view, tensors } = resolve(x, indexAndValue.slice(0, -1) as Index[]);
  const given = asTensor(value, x.dtype);
  if (!tensors.some((entry) => entry)) {
    copy_(view, expand(withoutLeadingOnes(given, view.shape.length), view.shape));
    return x;
  }
  expectWritable(view);
  const { positions, shape } = locate(view.shape, tensors);
  const source = broadcastTo(withoutLeadingOnes(given, shape.length), shape);
  // One number goes where a mask is true whatever its dtype.
  const lists = indexAndValue.slice(0, -1).filter((entry) => typeof entry === "object" && entry !== null);
  const one = given.value.count === 1 && lists.every((entry) => entry instanceof Tensor && isMask(entry));
  if (given.dtype !== x.dtype && !one) {
    throw new RuntimeError(
      `Index put requires the source and destination dtypes match, got ${x.dtype.scalarType} for the destination and ${given.dtype.scalarType} for the source.`,
    );
  }
  become(
    view,
    tracked("IndexPutBackward0", [view, source], putPositions(view.value, positions, source.value, false), [
      (g) => erased(g, positions),
      (g) => picked(g, positions, shape),
    ]),
  );
  return x;
}

type Entry = number | null | Slice | "..." | Tensor;

/** Python's `start:stop:step`. */
interface Slice {
  readonly start: number | undefined;
  readonly stop: number | undefined;
  readonly step: number;
}

/** Does what makes views, and leaves the tensors of positions, one for each dimension that has one. */
function resolve(x: Tensor, index: readonly Index[]): { view: Tensor; tensors: (Tensor | undefined)[] } {
  const entries = index.flatMap(parse);
  const consumed = entries.map(widthOf).reduce((a, b) => a + b, 0);
  if (x.shape.length === 0 && entries.length === 1 && isSlice(entries[0])) {
    throw new IndexError("slice() cannot be applied to a 0-dim tensor.");
  }
  if (x.shape.length === 0 && entries.length === 1 && entries.some((entry) => typeof entry === "number")) {
    throw new IndexError(
      "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number",
    );
  }
  if (consumed > x.shape.length) throw new IndexError(`too many indices for tensor of dimension ${x.shape.length}`);
  const onlySlice = entries.length === 1;
  const tensors: (Tensor | undefined)[] = [];
  const masks: [mask: Tensor, dim: number][] = [];
  let view = x;
  let dim = 0; // in the view so far
  for (const [place, entry] of entries.entries()) {
    if (entry === "...") {
      dim += x.shape.length - consumed;
    } else if (entry === null) {
      view = unsqueeze(view, dim);
      dim += 1;
    } else if (typeof entry === "number") {
      view = selectAt(view, dim, inRange(entry, place, view.shape[dim]!));
    } else if (entry instanceof Tensor) {
      if (entry.shape.length === 0) view = unsqueeze(view, dim);
      if (isMask(entry)) masks.push([entry, dim]);
      for (const positions of isMask(entry) ? maskAsPositions(entry) : [entry]) {
        tensors[dim] = positions;
        dim += 1;
      }
    } else {
      view = cut(view, dim, entry, onlySlice);
      dim += 1;
    }
  }
  for (const [mask, d] of masks) expectMask(view, mask, d);
  return { view, tensors: Array.from({ length: view.shape.length }, (_, d) => tensors[d]) };
}

function parse(index: Index): Entry[] {
  if (typeof index === "string") return index.split(",").map((text) => parseText(text.trim()));
  if (typeof index === "number") {
    if (!Number.isInteger(index)) throw new IndexError(notAnIndex("float"));
    return [index];
  }
  if (index === null) return [null];
  if (!(Array.isArray(index) || index instanceof Tensor)) {
    throw new IndexError(notAnIndex(pythonTypeOf(index)));
  }
  if (index instanceof Tensor) {
    const single = index.shape.length === 0 && index.dtype.kind === "integer";
    if (single) return [Number(elements(index.value)[0])];
    if (![int64, int32, uint8, bool].includes(index.dtype)) {
      throw new IndexError("tensors used as indices must be long, int, byte or bool tensors");
    }
    return [index];
  }
  const mask = index.every((entry) => typeof entry === "boolean");
  return mask && index.length > 0
    ? [new Tensor(wrap(Uint8Array.from(index, Number), [index.length], bool))]
    : [new Tensor(wrap(BigInt64Array.from(index as number[], BigInt), [index.length], int64))];
}

function notAnIndex(type: string): string {
  return `only integers, slices (\`:\`), ellipsis (\`...\`), None and long or byte Variables are valid indices (got ${type})`;
}

function parseText(text: string): Entry {
  if (text === "...") return "...";
  if (text === "None") return null;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  const parts = text.split(":").map((part) => part.trim());
  if (parts.length < 2 || parts.length > 3 || !parts.every((part) => /^([+-]?\d+)?$/.test(part))) {
    throw new TypeError(`cannot read the index "${text}": expected a number, a slice like "1:3", "..." or "None"`);
  }
  const [start, stop, step] = parts.map((part) => (part === "" ? undefined : Number(part)));
  if (step === 0) throw new ValueError("slice step cannot be zero");
  if (step !== undefined && step < 0) throw new ValueError("step must be greater than zero");
  return { start, stop, step: step ?? 1 };
}

function isSlice(entry: Entry | undefined): entry is Slice {
  return typeof entry === "object" && entry !== null && !(entry instanceof Tensor);
}

function inRange(index: number, dim: number, length: number): number {
  if (index < -length || index >= length) throw indexError(index, dim, length);
  return index < 0 ? index + length : index;
}

function cut(x: Tensor, dim: number, { start, stop, step }: Slice, always: boolean): Tensor {
  const length = x.shape[dim]!;
  const bound = (value: number): number => Math.min(Math.max(value < 0 ? value + length : value, 0), length);
  const from = bound(start ?? 0);
  const to = Math.max(bound(stop ?? length), from);
  const whole = from === 0 && to === length && step === 1;
  return whole && !always ? x : slice(x, dim, from, to, step);
}

function isMask(index: Tensor): boolean {
  return index.dtype === bool || index.dtype === uint8;
}

/** How many dimensions an entry stands for. */
function widthOf(entry: Entry): number {
  if (entry === null || entry === "...") return 0;
  return entry instanceof Tensor && isMask(entry) ? entry.shape.length : 1;
}

/** A mask of rank r stands for r tensors of positions; one of rank 0 for one, along a new dimension. */
function maskAsPositions(mask: Tensor): Tensor[] {
  const positions = nonzero(mask.shape.length === 0 ? reshape(mask, 1) : mask).value;
  return Array.from({ length: positions.shape[1]! }, (_, d) => new Tensor(pick(positions, 1, d)));
}

function expectMask(x: Tensor, mask: Tensor, dim: number): void {
  for (const [d, length] of mask.shape.entries()) {
    if (length === x.shape[dim + d]) continue;
    throw new IndexError(
      `The shape of the mask ${listText(mask.shape)} at index ${d} does not match the shape of the indexed tensor ${listText(x.shape)} at index ${dim + d}`,
    );
  }
}

/** Where each element of an index by tensors stands in a row-major tensor of `shape`, and the shape of the result. */
function locate(shape: Dims, tensors: readonly (Tensor | undefined)[]): { positions: Int32Array; shape: number[] } {
  const strides = rowMajor(shape);
  const dims = [...shape.keys()];
  const indexed = dims.filter((d) => tensors[d]);
  const common = commonShape(indexed.map((d) => tensors[d]!));
  const spots = new Int32Array(product(common));
  for (const d of indexed) {
    const length = shape[d]!;
    const read = readIndices(expand(tensors[d]!, common).value, length, outsideOf(indexed.indexOf(d), length));
    for (let i = 0; i < spots.length; i += 1) spots[i]! += read[i]! * strides[d]!;
  }
  // Neighbouring index tensors leave their dimensions in place; separated ones go to the front.
  const adjacent = indexed.every((d, i) => i === 0 || d === indexed[i - 1]! + 1);
  const front = adjacent ? dims.filter((d) => d < indexed[0]!) : [];
  const back = dims.filter((d) => !tensors[d] && !front.includes(d));
  const [outer, inner] = [offsetsOf(front, shape, strides), offsetsOf(back, shape, strides)];
  const positions = new Int32Array(outer.length * spots.length * inner.length);
  let at = 0;
  for (const o of outer) for (const spot of spots) for (const i of inner) positions[at++] = o + spot + i;
  return { positions, shape: [...front.map((d) => shape[d]!), ...common, ...back.map((d) => shape[d]!)] };
}

function outsideOf(dim: number, length: number): (index: number) => IndexError {
  return (index) =>
    length > 0 ? indexError(index, dim, length) : new IndexError("index is out of bounds for dimension with size 0");
}

function commonShape(tensors: readonly Tensor[]): number[] {
  try {
    return tensors.map((x) => [...x.shape]).reduce(broadcastShapes);
  } catch {
    throw new IndexError(
      `shape mismatch: indexing tensors could not be broadcast together with shapes ${tensors.map((x) => listText(x.shape)).join(", ")}`,
    );
  }
}

function offsetsOf(dims: Dims, shape: Dims, strides: Dims): number[] {
  const offsets: number[] = [];
  eachOffset(
    dims.map((d) => shape[d]!),
    dims.map((d) => strides[d]!),
    0,
    (offset) => offsets.push(offset),
  );
  return offsets;
}

function withoutLeadingOnes(x: Tensor, rank: number): Tensor {
  let lead = 0;
  while (x.shape.length - lead > rank && x.shape[lead] === 1) lead += 1;
  return lead === 0 ? x : reshape(x, x.shape.slice(lead));
}

function broadcastTo(x: Tensor, shape: Dims): Tensor {
  const lead = shape.length - x.shape.length;
  if (lead < 0 || x.shape.some((length, d) => length !== 1 && length !== shape[d + lead])) {
    throw new RuntimeError(
      `shape mismatch: value tensor of shape ${listText(x.shape)} cannot be broadcast to indexing result of shape ${listText(shape)}`,
    );
  }
  return expand(x, shape);
}
