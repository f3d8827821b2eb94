/**
 * The loss of a yes-or-no guess: −log of the probability that was given to the truth,
 *
 *     −w·(t·log p + (1 − t)·log(1 − p)),
 *
 * from probabilities p, or from logits x with p = sigmoid(x), which is exact where p comes close to 0 or 1.
 */
import { RuntimeError, ValueError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { sameDims } from "../dense/shape.ts";
import { add, clamp, div, mul, neg, sub } from "./arithmetic.ts";
import { expand, toDtype } from "./broadcast.ts";
import { divisor, expectReduction, type LossOptions, reduced } from "./loss.ts";
import { noGrad } from "./mode.ts";
import { log, log1p, logsigmoid, sigmoid } from "./pointwise.ts";
import { commonType } from "./table.ts";
import { record, type Tensor } from "./tensor.ts";

/** Options of the binary cross-entropies. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** How much each element counts; broadcast to the target. */
  readonly weight?: Tensor | null | undefined;
}

const SMALLEST_VARIANCE = Math.fround(1e-12); // torch keeps it as a float32, whatever the dtype

/** torch.nn.functional.binary_cross_entropy, from probabilities. A logarithm is never taken for less than −100. */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options: BinaryCrossEntropyOptions = {}): Tensor {
  const { reduction = "mean", weight } = options;
  expectReduction(reduction);
  expectProbabilities(input, target);
  const n = divisor(input, reduction);
  const weighted = weighting(weight, input);
  const loss = noGrad(() => {
    const no = mul(sub(target, 1), clamp(log1p(neg(input)), { min: -100 }));
    return reduced(weighted(sub(no, mul(target, clamp(log(input), { min: -100 })))), reduction);
  });
  const overVariance = (g: Tensor): Tensor =>
    div(mul(g, sub(input, target)), clamp(mul(sub(1, input), input), { min: SMALLEST_VARIANCE }));
  const odds = (): Tensor => sub(log(sub(1, input)), log(input));
  record(
    "BinaryCrossEntropyBackward0",
    [input, target],
    [loss],
    [(g) => div(weighted(overVariance(g)), n), (g) => div(weighted(mul(g, odds())), n)],
    [input, target],
  );
  return loss;
}

/**
 * torch.nn.functional.binary_cross_entropy_with_logits: (1 − t)·x − (1 + (posWeight − 1)·t)·log sigmoid(x).
 * `posWeight` is how much more the positive examples count.
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions & { readonly posWeight?: Tensor | null | undefined } = {},
): Tensor {
  const { reduction = "mean", weight, posWeight } = options;
  expectReduction(reduction);
  if (!sameDims(input.shape, target.shape)) {
    throw new ValueError(`Target size (${target.shape}) must be the same as input size (${input.shape})`);
  }
  if (target.dtype.kind !== "float") {
    throw new RuntimeError(`result type Float can't be cast to the desired output type ${target.dtype.scalarType}`);
  }
  const dtype = commonType(input, target);
  const [x, t] = [toDtype(input, dtype), toDtype(target, dtype)];
  const n = divisor(x, reduction);
  const weighted = weighting(weight, x);
  const loss = noGrad(() => {
    const share = posWeight ? mul(add(mul(sub(posWeight, 1), t), 1), logsigmoid(x)) : logsigmoid(x);
    return reduced(weighted(sub(mul(sub(1, t), x), share)), reduction);
  });
  const forInput = (): Tensor => {
    if (!posWeight) return sub(sigmoid(x), t);
    const yes = mul(posWeight, t);
    return sub(mul(sub(add(yes, 1), t), sigmoid(x)), yes);
  };
  const forTarget = (): Tensor => (posWeight ? sub(logsigmoid(neg(x)), mul(posWeight, logsigmoid(x))) : neg(x));
  record(
    "BinaryCrossEntropyWithLogitsBackward0",
    [x, t],
    [loss],
    [(g) => div(weighted(mul(forInput(), g)), n), (g) => div(weighted(mul(forTarget(), g)), n)],
    [x, t],
  );
  return loss;
}

/** Multiplies by the weight, if there is one. */
function weighting(weight: Tensor | null | undefined, like: Tensor): (losses: Tensor) => Tensor {
  if (!weight) return (losses) => losses;
  const fitting = toDtype(expand(weight, like.shape), like.dtype);
  return (losses) => mul(losses, fitting);
}

function expectProbabilities(input: Tensor, target: Tensor): void {
  if (!sameDims(input.shape, target.shape)) {
    throw new ValueError(
      `Using a target size (${target.shape}) that is different to the input size (${input.shape}) is deprecated. Please ensure they have the same size.`,
    );
  }
  if (target.dtype !== input.dtype) {
    throw new RuntimeError(`Found dtype ${target.dtype.scalarType} but expected ${input.dtype.scalarType}`);
  }
  for (const [name, { value }] of [
    ["input", input],
    ["target", target],
  ] as const) {
    if ((elements(value) as Float64Array).every((p) => p >= 0 && p <= 1)) continue;
    throw new RuntimeError(`all elements of ${name} should be between 0 and 1`);
  }
}
