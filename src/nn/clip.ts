/**
 * Keeping gradients small. The length of all gradients together is the norm of their norms:
 *
 *     n = ‖(‖g₁‖, ‖g₂‖, ...)‖          g ← g · min(max_norm / (n + 1e-6), 1)
 */
import { add, clampMax, clampMin, mul, reciprocal } from "../autograd/arithmetic.ts";
import { tensor } from "../autograd/create.ts";
import { stack } from "../autograd/join.ts";
import { noGrad } from "../autograd/mode.ts";
import { become, expectWritable } from "../autograd/overwrite.ts";
import { norm } from "../autograd/reduce.ts";
import { Tensor } from "../autograd/tensor.ts";
import { expectIterable, floatOf, RuntimeError, warn } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { floatText } from "../dense/number-text.ts";

/** How gradients are measured. */
export interface NormOptions {
  /** The p of the p-norm; Infinity for the largest element. Default 2. */
  readonly normType?: number;
  /** An error, instead of nonsense in all gradients, if the norm is NaN or infinite. Default false. */
  readonly errorIfNonfinite?: boolean;
}

/** torch.nn.utils.clip_grad_norm_: shortens all gradients together to at most `maxNorm`; gives the norm they had. */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options: NormOptions = {},
): Tensor {
  const limit = floatOf(maxNorm);
  const list = listOf(parameters);
  if (list.length === 0 && isGenerator(parameters)) {
    warn("`parameters` is an empty generator, no gradient clipping will occur.");
  }
  const total = getTotalNorm(gradientsOf(list), options);
  clipGradsWithNorm_(list, limit, total);
  return total;
}

/** torch.nn.utils.get_total_norm: the norm of the norms of several tensors, of rank 0. */
export function getTotalNorm(tensors: Tensor | Iterable<Tensor>, options: NormOptions = {}): Tensor {
  const { errorIfNonfinite = false } = options;
  const normType = floatOf(options.normType === undefined ? 2 : options.normType);
  const list = listOf(tensors);
  if (list.length === 0) return tensor(0);
  const total = noGrad(() => norm(stack(list.map((x) => norm(x, normType))), normType));
  if (errorIfNonfinite && !Number.isFinite(elements(total.value)[0])) {
    throw new RuntimeError(
      `The total norm of order ${floatText(normType)} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set \`error_if_nonfinite=False\``,
    );
  }
  return total;
}

/** torch.nn.utils.clip_grads_with_norm_: as `clipGradNorm_`, with a norm that is known already. */
export function clipGradsWithNorm_(parameters: Tensor | Iterable<Tensor>, maxNorm: number, totalNorm: Tensor): void {
  noGrad(() => {
    // torch divides a number by a tensor as number · (1/tensor), which rounds twice.
    const factor = clampMax(mul(reciprocal(add(totalNorm, 1e-6)), maxNorm), 1);
    for (const gradient of gradientsOf(listOf(parameters))) {
      expectWritable(gradient);
      become(gradient, mul(gradient, factor));
    }
  });
}

/** torch.nn.utils.clip_grad_value_: cuts each element of each gradient to [−clipValue, clipValue]. */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  const limit = floatOf(clipValue);
  noGrad(() => {
    for (const gradient of gradientsOf(listOf(parameters))) {
      expectWritable(gradient);
      become(gradient, clampMax(clampMin(gradient, -limit), limit));
    }
  });
}

function listOf(tensors: Tensor | Iterable<Tensor>): readonly Tensor[] {
  if (tensors instanceof Tensor) return [tensors];
  expectIterable(tensors);
  return [...tensors];
}

function gradientsOf(parameters: readonly Tensor[]): Tensor[] {
  return parameters.flatMap(({ grad }) => grad ?? []);
}

function isGenerator(parameters: object): boolean {
  return "next" in parameters;
}
