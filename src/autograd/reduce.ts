/** Many numbers to fewer: sums, means, spreads and norms. */

import { RuntimeError } from "../check.ts";
import type { DType } from "../dense/dtype.ts";
import { map } from "../dense/elementwise.ts";
import * as rows from "../dense/reduce.ts";
import { product, wrapDim, wrapDims } from "../dense/shape.ts";
import { div, eq, mul, sub, where } from "./arithmetic.ts";
import { fit, spread } from "./broadcast.ts";
import { flip, stack, unbind } from "./join.ts";
import { abs, pow, sign } from "./pointwise.ts";
import { record, Tensor, tracked } from "./tensor.ts";
import { reshape } from "./views.ts";

/** The dimensions of a reduction: one, several, or (when absent) all. */
export type ReduceDims = number | readonly number[];

/** torch.sum: over all elements, or over some dimensions. Integers and masks are summed as int64. */
export function sum(x: Tensor, dim?: ReduceDims, keepdim = false, dtype?: DType): Tensor {
  const dims = wrapDims(dim, x.shape.length);
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
  const dims = wrapDims(dim, x.shape.length);
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
  return tracked(name, [x], rows.prod(x.value, dims, keepdim), [rule], [x]);
}

/** For each element the product of the others, without dividing: what stands before it times what stands behind. */
function productOfOthers(x: Tensor, dim: number | undefined): Tensor {
  if (dim === undefined) return reshape(productOfOthers(reshape(x, -1), 0), x.shape);
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
  readonly dim?: ReduceDims;
  readonly correction?: number;
  /** torch's older word: false is correction 0. */
  readonly unbiased?: boolean;
  readonly keepdim?: boolean;
}

/** torch.var: the mean squared distance from the mean. */
function variance(x: Tensor, options: SpreadOptions = {}): Tensor {
  const { dims, keepdim, correction, freedom } = settled(x, options);
  const shape = x.shape;
  const rule = (g: Tensor): Tensor => mul(mul(spread(g, shape, dims), 2 / freedom), sub(x, mean(x, dims, true)));
  return tracked("VarBackward0", [x], rows.variance(x.value, dims, keepdim, correction), [rule], [x]);
}

/** torch.std: the square root of `variance`. */
export function std(x: Tensor, options: SpreadOptions = {}): Tensor {
  const { dims, keepdim, correction, freedom } = settled(x, options);
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
  options: SpreadOptions,
): { dims: number[]; keepdim: boolean; correction: number; freedom: number } {
  const { dim, unbiased = true, correction = unbiased ? 1 : 0, keepdim = false } = options;
  if (x.dtype.kind !== "float") throw new RuntimeError("std and var only support floating point and complex dtypes");
  const dims = wrapDims(dim, x.shape.length);
  const count = product(dims.map((d) => x.shape[d]!));
  return { dims, keepdim, correction, freedom: Math.max(count - correction, 0) };
}

/** torch.norm (linalg.vector_norm): the p-norm of all elements or along dimensions. */
export function norm(x: Tensor, p: number = 2, dim?: ReduceDims, keepdim = false): Tensor {
  const dims = wrapDims(dim, x.shape.length);
  const shape = x.shape;
  const y = new Tensor(rows.reduceRows(x.value, dims, keepdim, x.dtype, rowNorm(p)));
  const rule = (g: Tensor): Tensor => {
    const [gradient, length] = [spread(g, shape, dims), spread(y, shape, dims)];
    const slope = p === 2 ? div(x, length) : mul(sign(x), pow(div(abs(x), length), p - 1));
    return where(eq(length, 0), 0, mul(gradient, slope));
  };
  record("LinalgVectorNormBackward0", [x], [y], [rule], [x, y]);
  return y;
}

function rowNorm(p: number): (data: ArrayLike<number>, start: number, length: number) => number {
  return (data, start, length) => {
    let total = 0;
    for (let at = start; at < start + length; at += 1) {
      const size = Math.abs(data[at]!);
      if (p === Infinity) total = Math.max(total, size);
      else total += p === 2 ? size * size : size ** p;
    }
    if (p === Infinity) return total;
    return p === 2 ? Math.sqrt(total) : total ** (1 / p);
  };
}

/** torch.any: whether some element is non-zero. */
export function any(x: Tensor, dim?: ReduceDims, keepdim = false): Tensor {
  return new Tensor(rows.anyOrAll(x.value, wrapDims(dim, x.shape.length), keepdim, false));
}

/** torch.all: whether every element is non-zero. */
export function all(x: Tensor, dim?: ReduceDims, keepdim = false): Tensor {
  return new Tensor(rows.anyOrAll(x.value, wrapDims(dim, x.shape.length), keepdim, true));
}

/** torch.cumsum: running sums along one dimension. */
export function cumsum(x: Tensor, dim: number): Tensor {
  const at = wrapDim(dim, x.shape.length);
  return tracked("CumsumBackward0", [x], rows.cumulate(x.value, at, rows.sumType(x.dtype), false), [
    (g) => flip(cumsum(flip(g, at), at), at),
  ]);
}

/** torch.cumprod: running products along one dimension. Its gradient divides by x and needs x without zeros. */
export function cumprod(x: Tensor, dim: number): Tensor {
  const at = wrapDim(dim, x.shape.length);
  const y = new Tensor(rows.cumulate(x.value, at, rows.sumType(x.dtype), true));
  const rule = (g: Tensor): Tensor => div(flip(cumsum(flip(mul(g, y), at), at), at), x);
  record("CumprodBackward0", [x], [y], [rule], [x, y]);
  return y;
}

export { variance as var };
