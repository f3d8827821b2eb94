/**
 * The loss of a guess among C classes: −log of the probability that was given to the true class. Classes lie along
 * dimension 1 of the input (N, C, d₁, …), or along the only one of (C); targets are class indices (N, d₁, …), or
 * probabilities in the shape of the input.
 */
import { IndexError, listText, RuntimeError, ValueError } from "../check.ts";
import { allocate, elements } from "../dense/dense.ts";
import { int64, uint8 } from "../dense/dtype.ts";
import { product, sameDims } from "../dense/shape.ts";
import { expectTensor } from "./argument.ts";
import { add, div, eq, maskedFill, mul, neg } from "./arithmetic.ts";
import { expectReduction, type LossOptions, type Reduction } from "./loss.ts";
import { noGrad } from "./mode.ts";
import { placed } from "./positions.ts";
import { sum } from "./reduce.ts";
import { logSoftmax } from "./softmax.ts";
import { record, Tensor, tracked } from "./tensor.ts";
import { reshape } from "./views.ts";

/** Options of `nllLoss`. */
export interface ClassLossOptions extends LossOptions {
  /** How much each class counts (C). */
  readonly weight?: Tensor | null | undefined;
  /** The index of a target that does not count at all. Default −100. */
  readonly ignoreIndex?: number | undefined;
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** The share of the target that is spread evenly over all classes (Szegedy et al. 2016). Default 0. */
  readonly labelSmoothing?: number | undefined;
}

/** torch.nn.functional.nll_loss: minus the input at the target's class; the mean is weighted. */
export function nllLoss(input: Tensor, target: Tensor, options: ClassLossOptions = {}): Tensor {
  const { weight, ignoreIndex = -100, reduction = "mean" } = options;
  expectReduction(reduction);
  expectTensor(input, "nll_loss_nd");
  expectTensor(target, "nll_loss_nd", "target", 2);
  expectTargets(input, target);
  expectClassWeight(input, weight);
  const rank = input.shape.length;
  const name = rank <= 2 ? "NllLossBackward0" : "NllLoss2DBackward0";
  if (rank <= 2 || rank === 4) return likelihood(name, input, target, weight, ignoreIndex, reduction);
  // Torch knows images: other ranks are seen as images of one row.
  const [N = 0, C = 0, ...inner] = input.shape;
  const row = product(inner);
  const image = reshape(input, N, C, 1, row);
  const losses = likelihood(name, image, reshape(target, N, 1, row), weight, ignoreIndex, reduction);
  return reduction === "none" ? reshape(losses, target.shape) : losses;
}

/** torch.nn.functional.cross_entropy: `nllLoss` of the log-softmax of logits; targets may also be probabilities. */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { reduction = "mean", labelSmoothing = 0 } = options;
  expectReduction(reduction);
  expectTensor(input, "cross_entropy_loss");
  expectTensor(target, "cross_entropy_loss", "target", 2);
  if (labelSmoothing > 1) {
    throw new RuntimeError(`label_smoothing must be between 0.0 and 1.0. Got: ${labelSmoothing}`);
  }
  if (sameDims(input.shape, target.shape)) return softCrossEntropy(input, target, options);
  const x = logSoftmax(input, classDim(input));
  return labelSmoothing > 0 ? smoothed(x, target, options) : nllLoss(x, target, options);
}

/** Class indices, each mixed with a share of all classes alike. */
function smoothed(x: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const { reduction = "mean", labelSmoothing = 0, weight, ignoreIndex = -100 } = options;
  const own = nllLoss(x, target, options);
  const ignored = eq(target, ignoreIndex);
  const each = neg(sum(weight ? mul(x, alongClasses(weight, x)) : x, classDim(x)));
  const losses = maskedFill(each, ignored, 0);
  const all =
    reduction === "none" ? losses : reduction === "sum" ? sum(losses) : div(sum(losses), counted(target, options));
  return add(mul(own, 1 - labelSmoothing), mul(all, labelSmoothing / x.shape[classDim(x)]!));
}

/** How many targets count, or the sum of their weights. */
function counted(target: Tensor, { weight, ignoreIndex = -100 }: CrossEntropyOptions): number {
  const weights = weight && elements(weight.value);
  let total = 0;
  for (const label of elements(target.value, int64)) {
    if (Number(label) !== ignoreIndex) total += Number(weights?.[Number(label)] ?? 1);
  }
  return total;
}

/** Targets that are probabilities: −Σ t·log softmax(x) over the classes. */
function softCrossEntropy(input: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const { reduction = "mean", labelSmoothing = 0, weight, ignoreIndex = -100 } = options;
  if (target.dtype.kind !== "float") {
    throw new RuntimeError(
      `Expected floating point type for target with class probabilities, got ${target.dtype.scalarType}`,
    );
  }
  if (ignoreIndex >= 0) throw new RuntimeError("ignore_index is not supported for floating point target");
  expectClassWeight(input, weight, "cross_entropy: ");
  const dim = classDim(input);
  const C = input.shape[dim]!;
  const x = logSoftmax(input, dim);
  const t = labelSmoothing > 0 ? add(mul(target, 1 - labelSmoothing), labelSmoothing / C) : target;
  const products = weight ? mul(mul(x, t), alongClasses(weight, x)) : mul(x, t);
  if (reduction === "none") return neg(sum(products, dim));
  const total = neg(sum(products));
  return reduction === "sum" ? total : over(total, input.value.count / C);
}

/** x/n as torch's own code writes it: a division by a number, whose node has another name than Python's `x / n`. */
function over(x: Tensor, n: number): Tensor {
  return tracked("DivBackward1", [x], noGrad(() => div(x, n)).value, [(g) => div(g, n)]);
}

/** −weight·x at each target: the numbers by hand, and one rule that puts gradients back where they came from. */
function likelihood(
  name: string,
  x: Tensor,
  target: Tensor,
  weight: Tensor | null | undefined,
  ignoreIndex: number,
  reduction: Reduction,
): Tensor {
  const C = x.shape[classDim(x)]!;
  const inner = product(x.shape.slice(classDim(x) + 1));
  const from = elements(x.value);
  const weights = weight && elements(weight.value);
  const labels = elements(target.value, int64);
  const positions = new Int32Array(labels.length);
  const shares = allocate(target.shape, x.dtype);
  const losses = allocate(target.shape, x.dtype);
  let total = 0;
  for (let i = 0; i < labels.length; i += 1) {
    const label = Number(labels[i]);
    if (label === ignoreIndex) continue;
    if (label < 0 || label >= C) throw new IndexError(`Target ${label} is out of bounds.`);
    positions[i] = (Math.floor(i / inner) * C + label) * inner + (i % inner);
    const share = Number(weights?.[label] ?? 1);
    shares.data[i] = -share;
    losses.data[i] = -share * Number(from[positions[i]!]);
    total += share;
  }
  const loss = noGrad(() => {
    const each = new Tensor(losses);
    if (reduction === "none") return each;
    return reduction === "sum" ? sum(each) : div(sum(each), total);
  });
  // Without any target that counts the mean is not a number, but its gradient is zero.
  const slope = noGrad(() => mul(new Tensor(shares), reduction === "mean" && total !== 0 ? 1 / total : 1));
  record(name, [x], [loss], [(g) => placed(mul(g, slope), positions, x.shape)], [x]);
  return loss;
}

function classDim(x: Tensor): number {
  return x.shape.length <= 1 ? 0 : 1;
}

function alongClasses(weight: Tensor, x: Tensor): Tensor {
  return reshape(
    weight,
    x.shape.map((length, d) => (d === classDim(x) ? length : 1)),
  );
}

function expectTargets(input: Tensor, target: Tensor): void {
  const rank = input.shape.length;
  if (rank < 1) throw new ValueError("Expected 1 or more dimensions (got 0)");
  const [batch, count = 0] = [input.shape[0]!, target.shape[0]];
  if (rank > 1 && batch !== count) {
    throw new ValueError(`Expected input batch_size (${batch}) to match target batch_size (${count}).`);
  }
  if (rank === 1 && target.shape.length === 1 && count !== 1) {
    throw new ValueError(`For 1D input, 1D target must have size 1, but got target size: ${count}`);
  }
  const expected = [batch, ...input.shape.slice(2)];
  if (rank <= 2) {
    if (target.shape.length > 1) throw new RuntimeError("0D or 1D target tensor expected, multi-target not supported");
  } else if (rank === 4) {
    if (target.shape.length !== 3) {
      throw new RuntimeError(
        `only batches of spatial targets supported (3D tensors) but got targets of dimension: ${target.shape.length}`,
      );
    }
    if (!sameDims(expected, target.shape)) {
      // The missing parenthesis is torch's.
      throw new RuntimeError(`size mismatch (got input: ${listText(input.shape)} , target: ${listText(target.shape)}`);
    }
  } else if (!sameDims(expected, target.shape)) {
    throw new RuntimeError(`Expected target size ${listText(expected)}, got ${listText(target.shape)}`);
  }
  if (target.dtype !== int64 && target.dtype !== uint8) {
    throw new RuntimeError(`expected target dtype to be Long or Byte, but got ${target.dtype.scalarType}`);
  }
}

function expectClassWeight(input: Tensor, weight: Tensor | null | undefined, who = ""): void {
  if (!weight) return;
  const C = input.shape[classDim(input)]!;
  if (!sameDims(weight.shape, [C])) {
    const images = who === "" && input.shape.length > 2;
    throw new RuntimeError(
      images
        ? "weight tensor should be defined either for all or no classes"
        : `${who}weight tensor should be defined either for all ${C} classes or no classes but got weight tensor of shape: ${listText(weight.shape)}`,
    );
  }
  if (who === "" && weight.dtype !== input.dtype) {
    throw new RuntimeError(`expected scalar type ${input.dtype.scalarType} but found ${weight.dtype.scalarType}`);
  }
}
