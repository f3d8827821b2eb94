/** Activations beyond the classic ones of pointwise.ts: kinks, soft kinks and gates, as torch.nn.functional has them. */
import { RuntimeError } from "../check.ts";
import type { Unary } from "../dense/elementwise.ts";
import { wrapDim } from "../dense/shape.ts";
import { add, div, ge, gt, le, logicalAnd, lt, mul, neg, sub, where } from "./arithmetic.ts";
import { chunk } from "./join.ts";
import { abs, exp, hardtanh, sigmoid, softplus, tanh } from "./pointwise.ts";
import { softmax } from "./softmax.ts";
import { asTensor, binary, unary } from "./table.ts";
import { type Tensor, tracked } from "./tensor.ts";
import { reshape } from "./views.ts";

type OfOne = (x: Tensor) => Tensor;
type Slope = (g: Tensor, x: Tensor) => Tensor;

const real = (name: string, number: Unary["number"], rule: Slope): OfOne =>
  unary(name, () => ({ number }), { rule, reads: "x" });

/** Between two kinks, exclusively, as a mask. */
const between = (x: Tensor, low: number, high: number): Tensor => logicalAnd(gt(x, low), lt(x, high));

/** torch.nn.functional.relu6: cut to [0, 6]. */
export function relu6(x: Tensor): Tensor {
  return hardtanh(x, 0, 6);
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** torch.nn.functional.selu: scale·(x, or α(e^x − 1) below zero), with the constants that keep mean and variance. */
export const selu: OfOne = real(
  "EluBackward0",
  (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
  (g, x) => mul(g, where(gt(x, 0), SELU_SCALE, mul(exp(x), SELU_SCALE * SELU_ALPHA))),
);

/** torch.nn.functional.celu: x, or α(e^(x/α) − 1) below zero. */
export function celu(x: Tensor, alpha = 1): Tensor {
  const row = real(
    "CeluBackward0",
    (v) => (v > 0 ? v : alpha * Math.expm1(v / alpha)),
    (g, at) => where(gt(at, 0), g, mul(g, exp(div(at, alpha)))),
  );
  return row(x);
}

const SIXTH = Math.fround(1 / 6); // torch keeps the slope as a float32, whatever the dtype

/** torch.nn.functional.hardsigmoid: x/6 + 1/2, cut to [0, 1]. */
export const hardsigmoid: OfOne = real(
  "HardsigmoidBackward0",
  (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
  (g, x) => where(between(x, -3, 3), mul(g, SIXTH), 0),
);

/** torch.nn.functional.hardswish: x·hardsigmoid(x). */
export const hardswish: OfOne = real(
  "HardswishBackward0",
  (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
  (g, x) => where(le(x, -3), 0, where(lt(x, 3), mul(g, add(div(x, 3), 0.5)), g)),
);

/** torch.nn.functional.softsign: x/(1 + |x|). */
export function softsign(x: Tensor): Tensor {
  return div(x, add(abs(x), 1));
}

/** torch.nn.functional.tanhshrink: x − tanh x. */
export function tanhshrink(x: Tensor): Tensor {
  return sub(x, tanh(x));
}

/** torch.nn.functional.softshrink: λ nearer to zero. */
export function softshrink(x: Tensor, lambda = 0.5): Tensor {
  const row = real(
    "SoftshrinkBackward0",
    (v) => (v > lambda ? v - lambda : v < -lambda ? v + lambda : v * 0),
    (g, at) => where(logicalAnd(ge(at, -lambda), le(at, lambda)), 0, g),
  );
  return row(x);
}

/** torch.nn.functional.hardshrink: zero within λ of zero. */
export function hardshrink(x: Tensor, lambda = 0.5): Tensor {
  const row = real(
    "HardshrinkBackward0",
    (v) => (v >= -lambda && v <= lambda ? 0 : v),
    (g, at) => where(logicalAnd(ge(at, -lambda), le(at, lambda)), 0, g),
  );
  return row(x);
}

/** torch.nn.functional.threshold: x above the threshold, else `value`. */
export function threshold(x: Tensor, limit: number, value: number): Tensor {
  const at = asTensor(limit, x.dtype);
  return tracked(
    "ThresholdBackward0",
    [x],
    where(le(x, at), asTensor(value, x.dtype), x).value,
    [(g) => where(le(x, at), 0, g)],
    [x],
  );
}

/** torch.nn.functional.mish: x·tanh(log(1 + e^x)). */
export const mish: OfOne = real(
  "MishBackward0",
  (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  (g, x) => {
    const t = tanh(softplus(x));
    return mul(g, add(t, mul(mul(x, sigmoid(x)), sub(1, mul(t, t)))));
  },
);

/** torch.nn.functional.prelu: x, or weight·x below zero; one weight, or one for each channel (dimension 1). */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const channels = x.shape.length > 1 ? x.shape[1]! : 1;
  if (weight.value.count !== 1 && weight.value.count !== channels) {
    throw new RuntimeError(
      `Mismatch of parameter numbers and input channel size. Found parameter numbers = ${weight.value.count} and channel size = ${channels}.`,
    );
  }
  const lanes = x.shape.map((_, d) => (d === 1 ? weight.value.count : 1));
  return kinked(x, reshape(weight, lanes));
}

const kinked = binary(
  "PreluKernelBackward0",
  { number: (x, slope) => (x > 0 ? x : slope * x) },
  { rule: (g, x, slope) => where(gt(x, 0), g, mul(g, slope)), reads: "ab" },
  { rule: (g, x) => where(gt(x, 0), 0, mul(g, x)), reads: "a" },
);

const gated = binary(
  "GluBackward0",
  { number: (a, b) => a / (1 + Math.exp(-b)) },
  { rule: (g, _, b) => mul(g, sigmoid(b)), reads: "b" },
  {
    rule: (g, a, b) => {
      const s = sigmoid(b);
      return mul(mul(g, a), mul(s, sub(1, s)));
    },
    reads: "ab",
  },
);

/** torch.nn.functional.glu: the first half times the sigmoid of the second. */
export function glu(x: Tensor, dim = -1): Tensor {
  const at = wrapDim(dim, x.shape.length);
  const length = x.shape[at]!;
  if (length % 2 !== 0) {
    throw new RuntimeError(`Halving dimension must be even, but dimension ${at} is size ${length}`);
  }
  const [a, b] = chunk(x, 2, at) as [Tensor, Tensor];
  return gated(a, b);
}

/** torch.nn.functional.softmin: the softmax of −x. */
export function softmin(x: Tensor, dim?: number): Tensor {
  return softmax(neg(x), dim);
}
