/** Many numbers to fewer: sums, means, spreads and norms. */

import { RuntimeError } from "../check.ts";
import type { DType } from "../dense/dtype.ts";
import { map } from "../dense/elementwise.ts";
import * as rows from "../dense/reduce.ts";
import { product, reducedDims, wrapDim, wrapDims } from "../dense/shape.ts";
import { add, div, eq, mul, ne, sub, where } from "./arithmetic.ts";
import { fit, spread } from "./broadcast.ts";
import { flip, stack, unbind } from "./join.ts";
import { abs, pow, sign } from "./pointwise.ts";
import { record, Tensor, tracked } from "./tensor.ts";
import { reshape } from "./views.ts";

/** The dimensions of a reduction: one, several, or (when absent) all. */
export type ReduceDims = number | readonly number[];

/** torch.sum: over all elements, or over some dimensions. Integers and masks are summed as int64. */
export function sum(x: Tensor, dim?: ReduceDims, keepdim = false, dtype?: DType): Tensor {
  const dims = reducedDims(dim, x.shape.length);
  const shape = x.shape;
  const name = dim === undefined ? "SumBackward0" : "SumBackward1";
  return tracked(name, [x], rows.sum(x.value, dims, keepdim, dtype), [(g) => fit(spread(g, shape, dims), x)]);
}

/** torch.mean: the sum over the number of elements. */
export function mean(x: Tensor, dim?: ReduceDims, keepdim = false): Tensor {
  if (x.dtype.kind !== "float") {
    throw new RuntimeError(
      `mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: ${x.dtype.scalarType}`,
      "x.float().mean() converts first",
    );
  }
  const dims = reducedDims(dim, x.shape.length);
  const shape = x.shape;
  const count = product(dims.map((d) => shape[d]!));
  const name = dim === undefined ? "MeanBackward0" : "MeanBackward1";
  return tracked(name, [x], rows.mean(x.value, dims, keepdim), [(g) => div(spread(g, shape, dims), count)]);
}

/** torch.prod: the product of all elements or along one dimension. */
export function prod(x: Tensor, dim?: number, keepdim = false): Tensor {
  const dims = wrapDims(dim, x.shape.length);
  const shape = x.shape;
  const name = dim === undefined ? "ProdBackward0" : "ProdBackward1";
  const rule = (g: Tensor): Tensor => mul(spread(g, shape, dims), productOfOthers(x, dim));
  const y = new Tensor(rows.prod(x.value, dims, keepdim));
  record(name, [x], [y], [rule], [x, y]); // the rule needs no y, but torch's does, and sees when it is changed
  return y;
}

/** For each element the product of the others, without dividing: what stands before it times what stands behind. */
function productOfOthers(x: Tensor, dim: number | undefined): Tensor {
  if (dim === undefined) return reshape(productOfOthers(reshape(x, -1), 0), x.shape);
  if (x.value.count === 0) return x;
  const slices = unbind(x, dim);
  const before: Tensor[] = [];
  const behind: Tensor[] = [];
  for (let i = 0; i < slices.length; i += 1) {
    const j = slices.length - 1 - i;
    before[i] = i === 0 ? pow(slices[i]!, 0) : mul(before[i - 1]!, slices[i - 1]!);
    behind[j] = i === 0 ? pow(slices[j]!, 0) : mul(behind[j + 1]!, slices[j + 1]!);
  }
  return stack(
    before.map((left, i) => mul(left, behind[i]!)),
    dim,
  );
}

/** How a spread is counted: `correction` 1 divides by n − 1 (torch's default), 0 by n. */
export interface SpreadOptions {
  readonly dim?: ReduceDims | undefined;
  readonly correction?: number;
  /** torch's older word: false is correction 0. */
  readonly unbiased?: boolean;
  readonly keepdim?: boolean;
}

/** torch.var: the mean squared distance from the mean: `var(x)`, `var(x, 1)`, `var(x, { correction: 0 })`. */
function variance(x: Tensor, dim?: ReduceDims | SpreadOptions, options?: SpreadOptions): Tensor {
  const { dims, keepdim, correction, freedom } = settled(x, dim, options);
  const shape = x.shape;
  const rule = (g: Tensor): Tensor => mul(mul(spread(g, shape, dims), 2 / freedom), sub(x, mean(x, dims, true)));
  return tracked("VarBackward0", [x], rows.variance(x.value, dims, keepdim, correction), [rule], [x]);
}

/** torch.std: the square root of `variance`. */
export function std(x: Tensor, dim?: ReduceDims | SpreadOptions, options?: SpreadOptions): Tensor {
  const { dims, keepdim, correction, freedom } = settled(x, dim, options);
  const shape = x.shape;
  const y = new Tensor(map({ number: Math.sqrt }, rows.variance(x.value, dims, keepdim, correction)));
  const rule = (g: Tensor): Tensor => {
    const part = where(eq(y, 0), 0, div(g, mul(y, freedom)));
    return mul(spread(part, shape, dims), sub(x, mean(x, dims, true)));
  };
  record("StdBackward0", [x], [y], [rule], [x, y]);
  return y;
}

function settled(
  x: Tensor,
  first?: ReduceDims | SpreadOptions,
  last: SpreadOptions = {},
): { dims: number[]; keepdim: boolean; correction: number; freedom: number } {
  const named = typeof first === "object" && !Array.isArray(first);
  const options = named ? (first as SpreadOptions) : { dim: first as ReduceDims | undefined, ...last };
  const { dim, unbiased = true, correction = unbiased ? 1 : 0, keepdim = false } = options;
  if (x.dtype.kind !== "float") throw new RuntimeError("std and var only support floating point and complex dtypes");
  const dims = reducedDims(dim, x.shape.length);
  const count = product(dims.map((d) => x.shape[d]!));
  return { dims, keepdim, correction, freedom: Math.max(count - correction, 0) };
}

/** torch.norm (linalg.vector_norm): the p-norm of all elements or along dimensions. */
export function norm(x: Tensor, p: number = 2, dim?: ReduceDims, keepdim = false): Tensor {
  const dims = reducedDims(dim, x.shape.length);
  const shape = x.shape;
  if (x.dtype.kind !== "float") {
    throw new RuntimeError(
      `linalg.vector_norm: Expected a floating point or complex tensor as input. Got ${x.dtype.scalarType}`,
    );
  }
  const y = new Tensor(rows.reduceRows(x.value, dims, keepdim, x.dtype, rowNorm(p)));
  const rule = (g: Tensor): Tensor | undefined => {
    if (p === 0) return undefined; // a number of elements does not change with them
    const [gradient, length] = [spread(g, shape, dims), spread(y, shape, dims)];
    return where(eq(length, 0), 0, mul(gradient, normSlope(x, length, p, dims)));
  };
  record("LinalgVectorNormBackward0", [x], [y], [rule], [x, y]);
  return y;
}

/** d|x|/dx_i, where |x| is not zero. The extreme norms share it among the elements that reach them. */
function normSlope(x: Tensor, length: Tensor, p: number, dims: readonly number[]): Tensor {
  if (p === 2) return div(x, length);
  if (Math.abs(p) < Infinity) return mul(sign(x), pow(div(abs(x), length), p - 1));
  const reached = eq(abs(x), length);
  return div(mul(sign(x), reached), spread(sum(reached, dims), x.shape, dims));
}

function rowNorm(p: number): (data: ArrayLike<number>, start: number, length: number) => number {
  const sized =
    (fold: (total: number, size: number) => number, start: number, last = (total: number): number => total) =>
    (data: ArrayLike<number>, begin: number, length: number): number => {
      let total = start;
      for (let at = begin; at < begin + length; at += 1) total = fold(total, Math.abs(data[at]!));
      return last(total);
    };
  if (p === Infinity) return sized(Math.max, 0);
  if (p === -Infinity) return sized(Math.min, Infinity);
  if (p === 0) return sized((total, size) => total + (size === 0 ? 0 : 1), 0);
  if (p === 2) return euclidean;
  return sized(
    (total, size) => total + size ** p,
    0,
    (total) => total ** (1 / p),
  );
}

/** The commonest, without a call for each element. */
function euclidean(data: ArrayLike<number>, start: number, length: number): number {
  let total = 0;
  for (let at = start; at < start + length; at += 1) total += data[at]! * data[at]!;
  return Math.sqrt(total);
}

/** torch.any: whether some element is non-zero. */
export function any(x: Tensor, dim?: ReduceDims, keepdim = false): Tensor {
  return new Tensor(rows.anyOrAll(x.value, wrapDims(dim, x.shape.length), keepdim, false));
}

/** torch.all: whether every element is non-zero. */
export function all(x: Tensor, dim?: ReduceDims, keepdim = false): Tensor {
  return new Tensor(rows.anyOrAll(x.value, wrapDims(dim, x.shape.length), keepdim, true));
}

/** torch.count_nonzero: how many elements are not zero, as int64. */
export function countNonzero(x: Tensor, dim?: ReduceDims): Tensor {
  return sum(ne(x, 0), dim);
}

/** torch.cumsum: running sums along one dimension. */
export function cumsum(x: Tensor, dim: number): Tensor {
  const at = wrapDim(dim, x.shape.length);
  return tracked("CumsumBackward0", [x], rows.cumulate(x.value, at, rows.sumType(x.dtype), false), [
    (g) => flip(cumsum(flip(g, at), at), at),
  ]);
}

/** torch.cumprod: running products along one dimension. */
export function cumprod(x: Tensor, dim: number): Tensor {
  const at = wrapDim(dim, x.shape.length);
  const rule = (g: Tensor): Tensor => cumprodSlope(g, x, at);
  return tracked("CumprodBackward0", [x], rows.cumulate(x.value, at, rows.sumType(x.dtype), true), [rule], [x]);
}

/** What stands before x_k times (g_k + x_(k+1)·(g_(k+1) + x_(k+2)·( ... ))): no division, so zeros do no harm. */
function cumprodSlope(g: Tensor, x: Tensor, dim: number): Tensor {
  if (x.shape.length === 0 || x.value.count === 0) return g;
  const [grads, factors] = [unbind(g, dim), unbind(x, dim)];
  const count = factors.length;
  const behind = [...grads];
  for (let k = count - 2; k >= 0; k -= 1) behind[k] = add(grads[k]!, mul(factors[k + 1]!, behind[k + 1]!));
  const slopes = [behind[0]!];
  let before = factors[0]!;
  for (let k = 1; k < count; k += 1) {
    slopes.push(mul(before, behind[k]!));
    before = mul(before, factors[k]!);
  }
  return stack(slopes, dim);
}

export { variance as var };
