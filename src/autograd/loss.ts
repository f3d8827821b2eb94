/**
 * Losses that compare numbers one by one: how far an input is from its target, element by element, and then the mean or
 * the sum of it. Each is one node of the graph where it is one in torch, and a chain of operations where torch has that.
 */
import { AttributeError, NotImplementedError, pythonTypeOf, RuntimeError, ValueError, warn } from "../check.ts";
import { broadcastShapes, sameDims } from "../dense/shape.ts";
import { clamp, div, eq, le, lt, mul, neg, sub, where } from "./arithmetic.ts";
import { expand, toDtype } from "./broadcast.ts";
import { isGradEnabled, noGrad } from "./mode.ts";
import { abs, exp, log } from "./pointwise.ts";
import { mean, sum } from "./reduce.ts";
import { commonType } from "./table.ts";
import { record, Tensor } from "./tensor.ts";

/** What becomes of the losses of the elements: their mean, their sum, or nothing. */
export type Reduction = "mean" | "sum" | "none";

/** What every loss takes. */
export interface LossOptions {
  /** Default "mean". */
  readonly reduction?: Reduction | undefined;
}

/** Applies the reduction. Errors: torch's ValueError for an unknown one. */
export function reduced(losses: Tensor, reduction: Reduction): Tensor {
  expectReduction(reduction);
  if (reduction === "none") return losses;
  return reduction === "mean" ? mean(losses) : sum(losses);
}

/** Refuses an unknown reduction, in torch's words. */
export function expectReduction(reduction: string): void {
  if (["mean", "sum", "none"].includes(reduction)) return;
  throw new ValueError(`${reduction} is not a valid value for reduction`);
}

/** What each element's gradient is divided by. */
export function divisor(x: Tensor, reduction: Reduction): number {
  return reduction === "mean" ? x.value.count : 1;
}

/** torch.nn.functional.mse_loss: (x − t)². */
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction = "mean" } = options;
  return ofDifference(
    { name: "MseLossBackward0", kernel: "mse_cpu" },
    meet(input, target),
    reduction,
    (d) => mul(d, d),
    (d, n) => mul(d, 2 / n),
  );
}

/** torch.nn.functional.l1_loss: |x − t|. */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { reduction = "mean" } = options;
  const [x, t] = meet(input, target);
  return reduced(abs(sub(x, t)), reduction);
}

/** torch.nn.functional.smooth_l1_loss: d²/2β where |d| < β, else |d| − β/2, for d = x − t. */
export function smoothL1Loss(input: Tensor, target: Tensor, options: LossOptions & { beta?: number } = {}): Tensor {
  const { reduction = "mean", beta = 1 } = options;
  if (beta < 0) throw new RuntimeError("smooth_l1_loss does not support negative values for beta.");
  if (beta === 0) return l1Loss(input, target, { reduction });
  return ofDifference(
    { name: "SmoothL1LossBackward0", kernel: "smooth_l1_cpu" },
    meet(input, target),
    reduction,
    (d) => {
      const size = abs(d);
      return where(lt(size, beta), div(mul(mul(size, 0.5), size), beta), sub(size, 0.5 * beta));
    },
    (d, n) => div(mul(clamp(d, { min: -beta, max: beta }), 1 / n), beta),
  );
}

/** torch.nn.functional.huber_loss: d²/2 where |d| ≤ δ, else δ·(|d| − δ/2), for d = x − t. */
export function huberLoss(input: Tensor, target: Tensor, options: LossOptions & { delta?: number } = {}): Tensor {
  const { reduction = "mean", delta = 1 } = options;
  if (delta <= 0) throw new RuntimeError("huber_loss does not support non-positive values for delta.");
  return ofDifference(
    { name: "HuberLossBackward0", kernel: "huber_cpu" },
    meet(input, target),
    reduction,
    (d) => {
      const size = abs(d);
      return where(le(size, delta), mul(mul(size, 0.5), size), mul(sub(size, 0.5 * delta), delta));
    },
    (d, n) => mul(clamp(d, { min: -delta, max: delta }), 1 / n),
  );
}

/** Options of `klDiv`. */
export interface KLDivOptions {
  /** "batchmean" divides the sum by the length of the first dimension: the definition in mathematics. Default "mean". */
  readonly reduction?: Reduction | "batchmean" | undefined;
  /** Whether the target is given as logarithms, as the input always is. */
  readonly logTarget?: boolean | undefined;
}

/** torch.nn.functional.kl_div: t·(log t − x), the divergence of log-probabilities x from the distribution t. */
export function klDiv(input: Tensor, target: Tensor, options: KLDivOptions = {}): Tensor {
  const { reduction = "mean", logTarget = false } = options;
  if (reduction === "mean") warn(BATCHMEAN);
  const losses = logTarget ? mul(exp(target), sub(target, input)) : sub(entropyTerm(target), mul(target, input));
  if (reduction !== "batchmean") return reduced(losses, reduction);
  const total = sum(losses);
  return input.shape.length > 0 ? div(total, input.shape[0]!) : total;
}

/** t·log t, which is 0 for t = 0. */
function entropyTerm(t: Tensor): Tensor {
  const absent = eq(t, 0);
  return mul(t, log(where(absent, 1, t)));
}

const BATCHMEAN =
  "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the same as 'batchmean' in the next major release.";

/** A loss of the difference d = x − t alone; `slope` is its derivative over n. */
function ofDifference(
  { name, kernel }: { name: string; kernel: string },
  [x, t]: readonly [Tensor, Tensor],
  reduction: Reduction,
  value: (d: Tensor) => Tensor,
  slope: (d: Tensor, n: number) => Tensor,
): Tensor {
  if (x.dtype.kind !== "float")
    throw new NotImplementedError(`"${kernel}" not implemented for '${x.dtype.scalarType}'`);
  const d = noGrad(() => sub(x, t));
  const loss = noGrad(() => reduced(value(d), reduction));
  // only where the way back is recorded itself does it matter where the difference came from
  const difference = (): Tensor => (isGradEnabled() ? sub(x, t) : d);
  const rule = (g: Tensor): Tensor => mul(slope(difference(), divisor(x, reduction)), g);
  record(name, [x, t], [loss], [rule, (g) => neg(rule(g))], [x, t]);
  return loss;
}

/** Input and target in one shape and dtype. Torch warns when it has to repeat one of them. */
function meet(input: Tensor, target: Tensor): readonly [Tensor, Tensor] {
  for (const x of [target, input]) {
    if (!(x instanceof Tensor)) throw new AttributeError(`'${pythonTypeOf(x)}' object has no attribute 'size'`);
  }
  if (!sameDims(input.shape, target.shape)) {
    warn(
      `Using a target size (${target.shape}) that is different to the input size (${input.shape}). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.`,
    );
  }
  const shape = broadcastShapes(input.shape, target.shape);
  const dtype = commonType(input, target);
  const fitting = (x: Tensor): Tensor => toDtype(sameDims(x.shape, shape) ? x : expand(x, shape), dtype);
  return [fitting(input), fitting(target)];
}
