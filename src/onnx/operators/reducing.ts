/** Operators that sum, pick or normalise along axes, and products of matrices. */

import { argmax, argmin } from "../../autograd/argmax.ts";
import { add, mul, sub } from "../../autograd/arithmetic.ts";
import { toDtype } from "../../autograd/broadcast.ts";
import { einsum } from "../../autograd/einsum.ts";
import { amax, amin, topk } from "../../autograd/extremes.ts";
import { flip } from "../../autograd/join.ts";
import { matmul } from "../../autograd/linear.ts";
import { rsqrt } from "../../autograd/logarithm.ts";
import { abs, log, sqrt, square } from "../../autograd/pointwise.ts";
import { cumsum, mean, prod, type ReduceDims, sum } from "../../autograd/reduce.ts";
import { t } from "../../autograd/shape.ts";
import { logSoftmax, logsumexp, softmax } from "../../autograd/softmax.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import { reshape } from "../../autograd/views.ts";
import { product } from "../../dense/shape.ts";
import type { Call, Inputs } from "../call.ts";
import { ANY, axisOf, listOf, type Operator, type Operators, oneNumber } from "./operator.ts";

type Reduce = (x: Tensor, dims: ReduceDims, keepdim: boolean) => Tensor;

const reducing = (reduce: Reduce): Operator => ({
  attributes: ["axes", "keepdims", "noop_with_empty_axes"],
  inputs: [1, 2],
  run: (call, [x, axes]) => {
    const rank = x!.shape.length;
    const given = listOf(call, "axes", axes)?.map((axis) => axisOf(call, axis, rank)) ?? [];
    if (given.length === 0 && call.flag("noop_with_empty_axes")) return x!;
    const dims = given.length === 0 ? [...x!.shape.keys()] : given;
    return toDtype(reduce(x!, dims, call.flag("keepdims", true)), x!.dtype);
  },
});

/** The product over several axes, one after another, the last first so that the others keep their places. */
const product_: Reduce = (x, dims, keepdim) =>
  [...(dims as readonly number[])].sort((a, b) => b - a).reduce((result, d) => prod(result, d, keepdim), x);

const picking = (pick: typeof argmax): Operator => ({
  attributes: ["axis", "keepdims", "select_last_index"],
  inputs: [1, 1],
  run: (call, [x]) => {
    const axis = axisOf(call, call.int("axis", 0), x!.shape.length);
    const keepdim = call.flag("keepdims", true);
    if (!call.flag("select_last_index")) return pick(x!, axis, keepdim);
    return sub(x!.shape[axis]! - 1, pick(flip(x!, axis), axis, keepdim));
  },
});

/** Before version 13 all axes from the given one on are one. */
const normalising = (normalise: (x: Tensor, dim: number) => Tensor): Operator => ({
  attributes: ["axis"],
  inputs: [1, 1],
  run: (call, [x]) => {
    const { shape } = x!;
    const axis = axisOf(call, call.int("axis", call.opset < 13 ? 1 : -1), Math.max(shape.length, 1));
    if (call.opset >= 13) return normalise(x!, axis);
    const flat = reshape(x!, [product(shape.slice(0, axis)), product(shape.slice(axis))]);
    return reshape(normalise(flat, 1), [...shape]);
  },
});

/** α·A·B + β·C, where A and B may be transposed. */
function gemm(call: Call, [a, b, c]: Inputs): Tensor {
  if (a!.shape.length !== 2 || b!.shape.length !== 2) throw call.error("its inputs must be matrices");
  const [alpha, beta] = [call.float("alpha", 1), call.float("beta", 1)];
  const [left, right] = [call.flag("transA") ? t(a!) : a!, call.flag("transB") ? t(b!) : b!];
  const made = matmul(left, right);
  const scaled = alpha === 1 ? made : mul(made, alpha);
  if (!c) return scaled;
  return add(scaled, beta === 1 ? c : mul(c, beta));
}

function cumulated(call: Call, [x, axis]: Inputs): Tensor {
  const at = axisOf(call, oneNumber(call, axis!), x!.shape.length);
  const own = call.flag("reverse") ? flip(x!, at) : x!;
  const sums = toDtype(cumsum(own, at), own.dtype);
  const result = call.flag("exclusive") ? sub(sums, own) : sums;
  return call.flag("reverse") ? flip(result, at) : result;
}

function largest(call: Call, [x, k]: Inputs): readonly Tensor[] {
  const axis = axisOf(call, call.int("axis", -1), x!.shape.length);
  const count = k ? oneNumber(call, k) : call.int("k");
  if (count === undefined) throw call.error("k is missing");
  const { values, indices } = topk(x!, count, axis, call.flag("largest", true));
  return [values, indices];
}

/** (x − mean)/√(var + ε) over the last axes, scaled and shifted; then the mean and 1/√(var + ε) themselves. */
function layerNormalised(call: Call, [x, scale, bias]: Inputs): readonly Tensor[] {
  const rank = x!.shape.length;
  const axis = axisOf(call, call.int("axis", -1), rank);
  const dims = Array.from({ length: rank - axis }, (_, i) => axis + i);
  const average = mean(x!, dims, true);
  const centred = sub(x!, average);
  const spread = rsqrt(add(mean(square(centred), dims, true), call.float("epsilon", 1e-5)));
  const normal = mul(mul(centred, spread), scale!);
  return [bias ? add(normal, bias) : normal, average, spread];
}

/** (x − mean)/√(var + ε) with means and variances of the past, for each channel, which is the second axis. */
function batchNormalised(call: Call, [x, scale, bias, average, variance]: Inputs): Tensor {
  if (call.flag("training_mode")) throw call.error("training_mode is not supported");
  const shape = [-1, ...x!.shape.slice(2).map(() => 1)];
  const channel = (value: Tensor | undefined): Tensor => reshape(value!, shape);
  const spread = rsqrt(add(channel(variance), call.float("epsilon", 1e-5)));
  return add(mul(mul(sub(x!, channel(average)), spread), channel(scale)), channel(bias));
}

/** The operators by name. */
export const REDUCING: Operators = {
  ReduceSum: reducing((x, dims, keepdim) => sum(x, dims, keepdim)),
  ReduceMean: reducing((x, dims, keepdim) => mean(x, dims, keepdim)),
  ReduceMax: reducing(amax),
  ReduceMin: reducing(amin),
  ReduceProd: reducing(product_),
  ReduceL1: reducing((x, dims, keepdim) => sum(abs(x), dims, keepdim)),
  ReduceL2: reducing((x, dims, keepdim) => sqrt(sum(square(x), dims, keepdim))),
  ReduceSumSquare: reducing((x, dims, keepdim) => sum(square(x), dims, keepdim)),
  ReduceLogSum: reducing((x, dims, keepdim) => log(sum(x, dims, keepdim))),
  ReduceLogSumExp: reducing((x, dims, keepdim) => logsumexp(x, dims, keepdim)),
  ArgMax: picking(argmax),
  ArgMin: picking(argmin),
  TopK: { attributes: ["axis", "k", "largest", "sorted"], inputs: [1, 2], run: largest },
  CumSum: { attributes: ["exclusive", "reverse"], inputs: [2, 2], run: cumulated },
  Softmax: normalising((x, dim) => softmax(x, dim)),
  LogSoftmax: normalising((x, dim) => logSoftmax(x, dim)),
  LayerNormalization: { attributes: ["axis", "epsilon", "stash_type"], inputs: [2, 3], run: layerNormalised },
  BatchNormalization: {
    attributes: ["epsilon", "momentum", "training_mode"],
    inputs: [5, 5],
    run: batchNormalised,
  },
  MatMul: { attributes: [], inputs: [2, 2], run: (_, [a, b]) => matmul(a!, b!) },
  Gemm: { attributes: ["alpha", "beta", "transA", "transB"], inputs: [2, 3], run: gemm },
  Einsum: {
    attributes: ["equation"],
    inputs: [1, ANY],
    run: (call, inputs) => einsum(call.string("equation", ""), ...(inputs as readonly Tensor[])),
  },
};
