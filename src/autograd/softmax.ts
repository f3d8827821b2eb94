/** Softmax, its logarithm, and log-sum-exp: shifted by the largest element, so that nothing overflows. */

import { NotImplementedError } from "../check.ts";
import type { Dense } from "../dense/dense.ts";
import { type DType, float32, float64 } from "../dense/dtype.ts";
import { fourOperations, map, zip } from "../dense/elementwise.ts";
import * as rows from "../dense/reduce.ts";
import { wrapDim, wrapDims } from "../dense/shape.ts";
import { engine } from "../engine/engine.ts";
import type { ElementaryFunctions } from "../engine/functions.ts";
import { mul, sub } from "./arithmetic.ts";
import { spread, toDtype } from "./broadcast.ts";
import { elementary, exp } from "./pointwise.ts";
import { type ReduceDims, sum } from "./reduce.ts";
import { contiguous } from "./shape.ts";
import { toFloatType } from "./table.ts";
import { record, Tensor } from "./tensor.ts";

/** x − c, its powers e^(x − c), and their sum. */
interface Powers {
  readonly centred: Dense;
  readonly powers: Dense;
  readonly total: Dense;
}

/** m = max(x), x − m, and Σ e^(x − m) over `dims`: the numbers behind all three functions. */
function shifted(x: Dense, dims: readonly number[]): Powers & { readonly top: Dense } {
  const largest = rows.reduceRows(x, dims, true, x.dtype, rowMaximum);
  return { ...around(x, largest, dims), top: largest };
}

function around(x: Dense, centre: Dense, dims: readonly number[]): Powers {
  const centred = zip(fourOperations.difference, x, centre, x.dtype);
  const powers = map(elementary("exp")(x.dtype), centred);
  return { centred, powers, total: rows.sum(powers, dims, true, x.dtype) };
}

function rowMaximum(data: ArrayLike<number>, start: number, length: number): number {
  let largest = -Infinity;
  for (let at = start; at < start + length; at += 1) {
    const value = data[at]!;
    if (value > largest || Number.isNaN(value)) largest = value;
  }
  return largest;
}

function scalars(dtype: DType): ElementaryFunctions {
  return engine.functions(dtype === float64 ? "float64" : "float32");
}

function prepared(
  who: string,
  x: Tensor,
  dim: number | undefined,
  dtype: DType | undefined,
): { x: Tensor; at: number } {
  const rank = x.shape.length;
  // Without a dimension torch falls back on the oldest convention.
  const at = wrapDim(dim ?? (rank === 0 || rank === 1 || rank === 3 ? 0 : 1), rank);
  if (!dtype && x.dtype.kind !== "float") {
    const kernel = at + 1 < rank ? "kernel" : "lastdim_kernel";
    throw new NotImplementedError(`"${who}_${kernel}_impl" not implemented for '${x.dtype.scalarType}'`);
  }
  return { x: contiguous(toDtype(x, dtype ?? toFloatType(x.dtype))), at };
}

/** torch.softmax: e^x over its sum along `dim`. */
export function softmax(input: Tensor, dim?: number, dtype?: DType): Tensor {
  const { x, at } = prepared("softmax", input, dim, dtype);
  const { centred, powers, total } = shifted(x.value, dimsOf(x, at));
  const { exp: power } = scalars(x.dtype);
  // 16-bit floats are rounded once, after the division
  const y = x.dtype.round
    ? zip({ number: (v, s) => power(v) / s }, centred, total, x.dtype)
    : zip(fourOperations.quotient, powers, total, x.dtype);
  const result = new Tensor(y);
  const rule = (g: Tensor): Tensor => mul(sub(g, sum(mul(g, result), at, true)), result);
  record("SoftmaxBackward0", [x], [result], [rule], [result]);
  return result;
}

/** torch.log_softmax: x − log Σ e^x along `dim`. */
export function logSoftmax(input: Tensor, dim?: number, dtype?: DType): Tensor {
  const { x, at } = prepared("log_softmax", input, dim, dtype);
  const wide = x.dtype === float64 ? float64 : float32;
  const { centred, total } = shifted(x.value, dimsOf(x, at));
  const logs = map(elementary("log")(wide), total, wide);
  const y = new Tensor(zip(fourOperations.difference, centred, logs, wide, x.dtype));
  const rule = (g: Tensor): Tensor => sub(g, mul(exp(y), sum(g, at, true)));
  record("LogSoftmaxBackward0", [x], [y], [rule], [y]);
  return y;
}

/** torch.logsumexp: log Σ e^x. */
export function logsumexp(input: Tensor, dim: ReduceDims, keepdim = false): Tensor {
  const x = toDtype(input, toFloatType(input.dtype));
  const dims = wrapDims(dim, x.shape.length);
  const shape = x.shape;
  const { log } = scalars(x.dtype);
  // A row of nothing but −∞ (or with a +∞) is not shifted: −∞ − −∞ would be no number.
  const top = map({ number: (m) => (Math.abs(m) === Infinity ? 0 : m) }, shifted(x.value, dims).top);
  const { total } = around(x.value, top, dims);
  const full = zip({ number: (s, m) => log(s) + m }, total, top, x.dtype);
  const kept = [...shape.keys()].filter((d) => keepdim || !dims.includes(d));
  const y = new Tensor(
    full.window(
      kept.map((d) => full.shape[d]!),
      kept.map((d) => full.strides[d]!),
    ),
  );
  const rule = (g: Tensor): Tensor => mul(spread(g, shape, dims), exp(sub(x, spread(y, shape, dims))));
  record("LogsumexpBackward0", [x], [y], [rule], [x, y]);
  return y;
}

function dimsOf(x: Tensor, at: number): number[] {
  return x.shape.length === 0 ? [] : [at];
}
