/** Operators that arrange numbers anew: shapes, axes, pieces, picking by index. */

import { expand as broadcast } from "../../autograd/broadcast.ts";
import { gather, indexSelect, nonzero, scatter, scatterAdd } from "../../autograd/gather.ts";
import { cat, split as cut, repeat, tril, triu } from "../../autograd/join.ts";
import { pad as padded } from "../../autograd/pad.ts";
import { permute, squeeze, transpose, unsqueeze } from "../../autograd/shape.ts";
import { Tensor } from "../../autograd/tensor.ts";
import { reshape, slice as strided } from "../../autograd/views.ts";
import { wrap } from "../../dense/dense.ts";
import { int64 } from "../../dense/dtype.ts";
import { broadcastShapes, product } from "../../dense/shape.ts";
import { shown } from "../../formats/format-error.ts";
import type { Call, Inputs } from "../call.ts";
import { reversed } from "../sequences.ts";
import {
  ANY,
  axisOf,
  expectCount,
  listOf,
  type Operators,
  ofOne,
  oneNumber,
  type Surroundings,
  shortList,
  wholeNumbers,
} from "./operator.ts";

/** A tensor of whole numbers. */
function whole(values: readonly number[] | BigInt64Array, shape: readonly number[] = [values.length]): Tensor {
  const data = values instanceof BigInt64Array ? values : BigInt64Array.from(values, BigInt);
  return new Tensor(wrap(data, shape, int64));
}

/** 0 keeps a length, unless `allowzero`; -1 is what is left. */
function reshaped(call: Call, [x, shape]: Inputs): Tensor {
  const keep = !call.flag("allowzero");
  const lengths = shortList(call, shape!).map((length, d) => (length === 0 && keep ? x!.shape[d]! : length));
  return reshape(x!, lengths);
}

function transposed(call: Call, [x]: Inputs): Tensor {
  return permute(x!, [...(call.ints("perm") ?? [...x!.shape.keys()].reverse())]);
}

function squeezed(call: Call, [x, axes]: Inputs): Tensor {
  const given = listOf(call, "axes", axes);
  const dims = given?.map((axis) => axisOf(call, axis, x!.shape.length));
  const long = dims?.find((d) => x!.shape[d] !== 1);
  if (long !== undefined) throw call.error(`axis ${long} has length ${x!.shape[long]}, 1 expected`);
  return dims ? squeeze(x!, dims) : squeeze(x!);
}

function unsqueezed(call: Call, [x, axes]: Inputs): Tensor {
  const given = listOf(call, "axes", axes);
  if (!given) throw call.error("axes are missing");
  const rank = x!.shape.length + given.length;
  const dims = given.map((axis) => axisOf(call, axis, rank)).sort((a, b) => a - b);
  if (new Set(dims).size < dims.length) throw call.error("an axis is there twice");
  return dims.reduce((result, d) => unsqueeze(result, d), x!);
}

function flattened(call: Call, [x]: Inputs): Tensor {
  const { shape } = x!;
  const given = call.int("axis", 1);
  const axis = given === shape.length ? given : axisOf(call, given, shape.length);
  return reshape(x!, [product(shape.slice(0, axis)), product(shape.slice(axis))]);
}

function joined(call: Call, inputs: Inputs, surroundings: Surroundings): Tensor {
  const parts = inputs as readonly Tensor[];
  const axis = call.int("axis");
  if (axis === undefined) throw call.error("axis is missing");
  const [{ shape }] = parts as [Tensor];
  const at = axisOf(call, axis, shape.length);
  const length = parts.map((part) => part.shape[at] ?? 0).reduce((a, b) => a + b, 0);
  expectCount(call, shape.with(at, length), surroundings);
  if (parts.some((part) => part.shape.length !== shape.length)) throw call.error("its inputs differ in rank");
  return cat(parts, at);
}

function parted(call: Call, [x, sizes]: Inputs): readonly Tensor[] {
  const axis = axisOf(call, call.int("axis", 0), x!.shape.length);
  const length = x!.shape[axis]!;
  const given = listOf(call, "split", sizes);
  if (given) return cut(x!, given, axis);
  const { length: pieces } = call.node.outputs;
  const wanted = call.int("num_outputs", pieces);
  if (wanted !== pieces) throw call.error(`num_outputs is ${wanted}, but there are ${pieces} outputs`);
  const size = Math.ceil(length / pieces);
  if ((pieces - 1) * size > length) throw call.error(`${length} cannot be cut into ${pieces}`);
  return cut(
    x!,
    Array.from({ length: pieces }, (_, i) => Math.min(size, length - i * size)),
    axis,
  );
}

function sliced(call: Call, [x, starts, ends, axes, steps]: Inputs): Tensor {
  const [from, to] = [listOf(call, "starts", starts), listOf(call, "ends", ends)];
  if (!from || from.length !== to?.length) throw call.error("its starts and ends do not fit");
  const along = listOf(call, "axes", axes) ?? [...from.keys()];
  const by = steps ? shortList(call, steps) : from.map(() => 1);
  if (along.length !== from.length || by.length !== from.length) throw call.error("its axes or steps do not fit");
  return from.reduce((result, start, i) => {
    const axis = axisOf(call, along[i]!, result.shape.length);
    return sliceOne(call, result, axis, start, to[i]!, by[i]!);
  }, x!);
}

function sliceOne(call: Call, x: Tensor, axis: number, start: number, end: number, step: number): Tensor {
  if (step === 0) throw call.error("a step of 0");
  const length = x.shape[axis]!;
  const wrapped = (bound: number): number => (bound < 0 ? bound + length : bound);
  const limited = (bound: number, low: number, high: number): number => Math.min(Math.max(bound, low), high);
  if (step > 0) {
    const from = limited(wrapped(start), 0, length);
    return strided(x, axis, from, Math.max(from, limited(wrapped(end), 0, length)), step);
  }
  const [from, to] = [limited(wrapped(start), -1, length - 1), limited(wrapped(end), -1, length - 1)];
  const rows = Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
  return indexSelect(x, axis, whole(rows));
}

/** Indices counted from the front. */
function wrappedIndex(call: Call, index: Tensor, length: number): Tensor {
  const values = wholeNumbers(call, index);
  const wrong = values.find((value) => value < -length || value >= length);
  if (wrong !== undefined) throw call.error(`index ${wrong} of an axis of length ${length}`);
  return whole(
    values.map((value) => (value < 0 ? value + length : value)),
    index.shape,
  );
}

function gathered(call: Call, [x, index]: Inputs, surroundings: Surroundings): Tensor {
  const axis = axisOf(call, call.int("axis", 0), x!.shape.length);
  const shape = [...x!.shape.slice(0, axis), ...index!.shape, ...x!.shape.slice(axis + 1)];
  expectCount(call, shape, surroundings);
  const flat = reshape(wrappedIndex(call, index!, x!.shape[axis]!), [-1]);
  return reshape(indexSelect(x!, axis, flat), shape);
}

function scattered(call: Call, [x, index, updates]: Inputs): Tensor {
  const axis = axisOf(call, call.int("axis", 0), x!.shape.length);
  const reduction = call.string("reduction", "none");
  const at = wrappedIndex(call, index!, x!.shape[axis]!);
  if (reduction === "none") return scatter(x!, axis, at, updates!);
  if (reduction === "add") return scatterAdd(x!, axis, at, updates!);
  throw call.error(`reduction ${shown(reduction)} is not supported`);
}

/** index (..., k): each of its rows names a slice of the first k axes. */
function gatheredSlices(call: Call, [x, index]: Inputs, surroundings: Surroundings): Tensor {
  if (call.int("batch_dims", 0) !== 0) throw call.error("batch_dims are not supported");
  const k = index!.shape.at(-1) ?? 0;
  if (k < 1 || k > x!.shape.length) throw call.error(`${k} indices for a tensor of rank ${x!.shape.length}`);
  const [outer, inner] = [x!.shape.slice(0, k), x!.shape.slice(k)];
  const lead = index!.shape.slice(0, -1);
  expectCount(call, [...lead, ...inner], surroundings);
  const values = wholeNumbers(call, index!);
  const rows = Array.from({ length: product(lead) }, (_, row) =>
    outer.reduce((at, length, d) => {
      const value = values[row * k + d]!;
      if (value < -length || value >= length) throw call.error(`index ${value} of an axis of length ${length}`);
      return at * length + (value < 0 ? value + length : value);
    }, 0),
  );
  const flat = reshape(x!, [product(outer), ...inner]);
  return reshape(indexSelect(flat, 0, whole(rows)), [...lead, ...inner]);
}

function expanded(call: Call, [x, shape]: Inputs, surroundings: Surroundings): Tensor {
  const wanted = broadcastShapes(x!.shape, shortList(call, shape!));
  expectCount(call, wanted, surroundings);
  return broadcast(x!, wanted);
}

function tiled(call: Call, [x, times]: Inputs, surroundings: Surroundings): Tensor {
  const counts = shortList(call, times!);
  if (counts.length !== x!.shape.length) throw call.error("its repeats do not fit its input");
  expectCount(
    call,
    x!.shape.map((length, d) => length * counts[d]!),
    surroundings,
  );
  return repeat(x!, counts);
}

/** Pads with a constant; the list has all beginnings and then all ends. */
function withPadding(call: Call, [x, pads, value, axes]: Inputs, surroundings: Surroundings): Tensor {
  const mode = call.string("mode", "constant");
  if (mode !== "constant") throw call.error(`mode ${shown(mode)} is not supported`);
  const rank = x!.shape.length;
  const widths = listOf(call, "pads", pads);
  const along = axes ? shortList(call, axes).map((axis) => axisOf(call, axis, rank)) : [...x!.shape.keys()];
  if (widths?.length !== 2 * along.length) throw call.error("its pads do not fit its axes");
  const [before, after] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)];
  for (const [i, d] of along.entries()) [before[d], after[d]] = [widths[i]!, widths[i + along.length]!];
  expectCount(
    call,
    x!.shape.map((length, d) => length + before[d]! + after[d]!),
    surroundings,
  );
  const inner = [...x!.shape.keys()].reverse().flatMap((d) => [before[d]!, after[d]!]); // the last axis first
  return padded(x!, inner, value ? oneNumber(call, value) : call.float("value", 0));
}

function shapeOf(call: Call, [x]: Inputs): Tensor {
  const rank = x!.shape.length;
  return whole([...x!.shape.slice(call.int("start", 0), call.int("end", rank))]);
}

/** Each sequence of a padded batch read backwards within its length. */
function reversedSequences(call: Call, [x, lengths]: Inputs): Tensor {
  const timeFirst = call.int("time_axis", 0) === 0;
  if (call.int("batch_axis", 1) !== Number(timeFirst)) throw call.error("time_axis and batch_axis must be 0 and 1");
  const own = timeFirst ? x! : transpose(x!, 0, 1);
  const [T, B] = own.shape as readonly number[] as [number, number];
  const counts = wholeNumbers(call, lengths!);
  const wrong = counts.find((count) => count < 0 || count > T);
  if (counts.length !== B || wrong !== undefined) throw call.error(`${B} lengths between 0 and ${T} expected`);
  const result = reversed(own, counts);
  return timeFirst ? result : transpose(result, 0, 1);
}

/** The part above or below a diagonal. */
function triangle(call: Call, [x, k]: Inputs): Tensor {
  const diagonal = k ? oneNumber(call, k) : 0;
  return call.flag("upper", true) ? triu(x!, diagonal) : tril(x!, diagonal);
}

/** The operators by name. */
export const ARRANGING: Operators = {
  Identity: ofOne((x) => x),
  Reshape: { attributes: ["allowzero"], inputs: [2, 2], run: reshaped },
  Transpose: { attributes: ["perm"], inputs: [1, 1], run: transposed },
  Squeeze: { attributes: ["axes"], inputs: [1, 2], run: squeezed },
  Unsqueeze: { attributes: ["axes"], inputs: [1, 2], run: unsqueezed },
  Flatten: { attributes: ["axis"], inputs: [1, 1], run: flattened },
  Concat: { attributes: ["axis"], inputs: [1, ANY], run: joined },
  Split: { attributes: ["axis", "split", "num_outputs"], inputs: [1, 2], run: parted },
  Slice: { attributes: ["starts", "ends", "axes"], inputs: [1, 5], run: sliced },
  Gather: { attributes: ["axis"], inputs: [2, 2], run: gathered },
  GatherElements: {
    attributes: ["axis"],
    inputs: [2, 2],
    run: (call, [x, index]) => {
      const axis = axisOf(call, call.int("axis", 0), x!.shape.length);
      return gather(x!, axis, wrappedIndex(call, index!, x!.shape[axis]!));
    },
  },
  GatherND: { attributes: ["batch_dims"], inputs: [2, 2], run: gatheredSlices },
  ScatterElements: { attributes: ["axis", "reduction"], inputs: [3, 3], run: scattered },
  Expand: { attributes: [], inputs: [2, 2], run: expanded },
  Tile: { attributes: [], inputs: [2, 2], run: tiled },
  Pad: { attributes: ["mode", "pads", "value"], inputs: [1, 4], run: withPadding },
  Shape: { attributes: ["start", "end"], inputs: [1, 1], run: shapeOf },
  Size: ofOne((x) => whole([x.value.count], [])),
  NonZero: ofOne((x) => transpose(nonzero(x), 0, 1)),
  ReverseSequence: { attributes: ["batch_axis", "time_axis"], inputs: [2, 2], run: reversedSequences },
  Trilu: { attributes: ["upper"], inputs: [1, 2], run: triangle },
};
