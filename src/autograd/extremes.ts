/** The largest and the smallest, and elements in their order: max, min, sort, topk. */

import { RuntimeError } from "../check.ts";
import { narrow } from "../dense/arrange.ts";
import { allocate, copyDense, elements } from "../dense/dense.ts";
import { int32, int64 } from "../dense/dtype.ts";
import * as rows from "../dense/reduce.ts";
import { reducedDims, wrapDim, wrapDims } from "../dense/shape.ts";
import { type ReturnTuple, returnType } from "../dense/tuple.ts";
import { add, div, eq, gt, isnan, mul, sub, where } from "./arithmetic.ts";
import { spread } from "./broadcast.ts";
import { gather, scatterAdd } from "./gather.ts";
import { maximum, minimum } from "./maximum.ts";
import { placed } from "./positions.ts";
import { type ReduceDims, sum } from "./reduce.ts";
import { squeeze, unsqueeze } from "./shape.ts";
import { record, Tensor, tracked } from "./tensor.ts";
import { reshape } from "./views.ts";

/** Values along a dimension, and where they stood. */
export type ValuesAndIndices = ReturnTuple<readonly ["values", "indices"], Tensor>;

const makeResult = (name: string) => returnType(name, ["values", "indices"]);
const maxResult = makeResult("max");
const minResult = makeResult("min");
const sortResult = makeResult("sort");
const topkResult = makeResult("topk");
const medianResult = makeResult("median");
const aminmaxResult = returnType("aminmax", ["min", "max"]);

/** torch.max: the largest element; along a dimension with its position; or the larger of two tensors. */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, other: Tensor): Tensor;
export function max(x: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
export function max(x: Tensor, dim?: number | Tensor, keepdim = false): Tensor | ValuesAndIndices {
  if (dim instanceof Tensor) return maximum(x, dim);
  if (dim === undefined) return extremeOfAll("max", "MaxBackward1", x, rows.larger);
  return maxResult(...extremeAlong("max", "MaxBackward0", x, dim, keepdim, rows.larger));
}

/** torch.min: the smallest element; along a dimension with its position; or the smaller of two tensors. */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, other: Tensor): Tensor;
export function min(x: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
export function min(x: Tensor, dim?: number | Tensor, keepdim = false): Tensor | ValuesAndIndices {
  if (dim instanceof Tensor) return minimum(x, dim);
  if (dim === undefined) return extremeOfAll("min", "MinBackward1", x, rows.smaller);
  return minResult(...extremeAlong("min", "MinBackward0", x, dim, keepdim, rows.smaller));
}

/** torch.amax: the largest element along dimensions; equal ones share the gradient. */
export function amax(x: Tensor, dim?: ReduceDims, keepdim = false): Tensor {
  return shared("amax", "AmaxBackward0", x, dim, keepdim, rows.larger);
}

/** torch.amin: the smallest element along dimensions; equal ones share the gradient. */
export function amin(x: Tensor, dim?: ReduceDims, keepdim = false): Tensor {
  return shared("amin", "AminBackward0", x, dim, keepdim, rows.smaller);
}

/** torch.sort along one dimension; equal elements keep their order. */
export function sort(x: Tensor, dim = -1, descending = false): ValuesAndIndices {
  const at = wrapDim(dim, x.shape.length);
  const sorted = rows.sort(x.value, at, descending);
  return sortResult(...picked("SortBackward0", x, at, true, new Tensor(sorted.values), new Tensor(sorted.indices)));
}

/** torch.argsort: the positions that sort the tensor. */
export function argsort(x: Tensor, dim = -1, descending = false): Tensor {
  return new Tensor(rows.sort(x.value, wrapDim(dim, x.shape.length), descending).indices);
}

/** torch.topk: the k largest (or smallest) along a dimension, best first. */
export function topk(x: Tensor, k: number, dim = -1, largest = true): ValuesAndIndices {
  const at = wrapDim(dim, x.shape.length);
  if (k < 0 || k > (x.shape[at] ?? 1)) throw new RuntimeError("selected index k out of range");
  const { values, indices } = rows.sort(x.value, at, largest);
  const first = ({ value }: Tensor): Tensor => new Tensor(x.shape.length ? copyDense(narrow(value, at, 0, k)) : value);
  return topkResult(...picked("TopkBackward0", x, at, true, first(new Tensor(values)), first(new Tensor(indices))));
}

function extremeAlong(
  who: string,
  name: string,
  x: Tensor,
  dim: number,
  keepdim: boolean,
  beats: rows.Beats,
): [Tensor, Tensor] {
  const at = wrapDim(dim, x.shape.length);
  const { values, indices } = rows.extremum(who, x.value, wrapDims(dim, x.shape.length), keepdim, beats);
  return picked(name, x, at, keepdim, new Tensor(values), new Tensor(indices));
}

/** Values that were picked from `x` along `dim`: their gradient goes back to where they stood. */
function picked(
  name: string,
  x: Tensor,
  dim: number,
  kept: boolean,
  values: Tensor,
  indices: Tensor,
): [Tensor, Tensor] {
  const { shape, dtype } = x;
  const open = (v: Tensor): Tensor => (kept ? v : unsqueeze(v, dim));
  const rule = (g: Tensor): Tensor =>
    shape.length === 0 ? g : scatterAdd(new Tensor(allocate(shape, dtype)), dim, open(indices), open(g));
  record(name, [x], [values], [rule], [indices]);
  return [values, indices];
}

function expectElements(who: string, x: Tensor): void {
  if (x.value.count > 0) return;
  throw new RuntimeError(
    `${who}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`,
  );
}

function extremeOfAll(who: string, name: string, x: Tensor, beats: rows.Beats): Tensor {
  expectElements(who, x);
  return sharing(
    name,
    x,
    wrapDims(undefined, x.shape.length),
    rows.extremum(who, x.value, wrapDims(undefined, x.shape.length), false, beats).values,
  );
}

function shared(
  who: string,
  name: string,
  x: Tensor,
  dim: ReduceDims | undefined,
  keepdim: boolean,
  beats: rows.Beats,
): Tensor {
  const dims = reducedDims(dim, x.shape.length);
  if (dim === undefined || (typeof dim === "object" && dim.length === 0)) expectElements(who, x);
  return sharing(name, x, dims, rows.extremum(who, x.value, dims, keepdim, beats).values);
}

/** The gradient of an extreme whose position nobody asked for is divided among all that are equal to it. */
function sharing(name: string, x: Tensor, dims: readonly number[], value: Tensor["value"]): Tensor {
  const y = new Tensor(value);
  record(name, [x], [y], [(g) => evenly(x, y, g, dims)], [x, y]);
  return y;
}

function evenly(x: Tensor, y: Tensor, g: Tensor, dims: readonly number[]): Tensor {
  const mask = eq(x, spread(y, x.shape, dims));
  return mul(spread(div(g, sum(mask, dims, g.shape.length === x.shape.length)), x.shape, dims), mask);
}

/** torch.median: the middle element, the lower one of two; along a dimension with its position. */
export function median(x: Tensor): Tensor;
export function median(x: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
export function median(x: Tensor, dim?: number, keepdim = false): Tensor | ValuesAndIndices {
  if (dim === undefined) {
    const [value, index] = middle(new Tensor(reshape(new Tensor(x.value), -1).value), 0, false);
    const shape = x.shape;
    const position = Int32Array.from(elements(index.value, int32) as Int32Array);
    return tracked("MedianBackward0", [x], value.value, [(g) => placed(g, position, shape)]);
  }
  const at = wrapDim(dim, x.shape.length);
  const [values, indices] = middle(new Tensor(x.value), at, keepdim);
  return medianResult(...picked("MedianBackward1", x, at, keepdim, values, indices));
}

/** A NaN, if there is one, is the middle, as in torch. */
function middle(x: Tensor, dim: number, keepdim: boolean): [Tensor, Tensor] {
  if (x.shape.length === 0) return [new Tensor(copyDense(x.value)), new Tensor(allocate([], int64))];
  const { values, indices } = rows.sort(x.value, dim, false);
  const nan = sum(isnan(x), dim, true);
  const last = x.shape[dim]! - 1;
  const place = where(gt(nan, 0), sub(last + 1, nan), last >> 1);
  const taken = [values, indices].map((sorted) => gather(new Tensor(sorted), dim, place));
  return (keepdim ? taken : taken.map((kept) => squeeze(kept, dim))) as [Tensor, Tensor];
}

/** torch.aminmax: the smallest and the largest element, or those along a dimension. */
export function aminmax(
  x: Tensor,
  options: { dim?: number; keepdim?: boolean } = {},
): ReturnTuple<readonly ["min", "max"], Tensor> {
  const { dim, keepdim } = options;
  const extremes = [amin, amax].map((extreme) => extreme(x, dim, keepdim));
  const results = extremes.map(({ value }) => new Tensor(value)) as [Tensor, Tensor];
  record("AminmaxBackward0", [x], results, [(_, grads) => aminmaxSlope(x, results, grads, dim)], [x, ...results]);
  return aminmaxResult(...results);
}

function aminmaxSlope(
  x: Tensor,
  results: readonly Tensor[],
  grads: readonly (Tensor | undefined)[],
  dim: number | undefined,
): Tensor {
  const dims = wrapDims(dim, x.shape.length);
  const slopes = results.flatMap((y, i) => (grads[i] ? [evenly(x, y, grads[i], dims)] : []));
  return slopes.reduce((a, b) => add(a, b));
}

/** torch.unique: the different elements, in order. */
export function unique(x: Tensor): Tensor {
  const { values } = rows.sort(reshape(new Tensor(x.value), -1).value, 0, false);
  const sorted = elements(values);
  const kept = [...sorted].filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const out = allocate([kept.length], x.dtype);
  out.data.set(kept as never);
  return new Tensor(out);
}
