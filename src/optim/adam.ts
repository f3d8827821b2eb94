/**
 * Adam (Kingma & Ba 2015; torch.optim.Adam), and AdamW, whose weight decay bypasses the averages (Loshchilov & Hutter
 * 2019).
 *
 *     g = g + weightDecay·p, or (AdamW) p = p·(1 − lr·weightDecay)
 *     m = m + (1 − β₁)·(g − m)                    exp_avg
 *     v = β₂·v + (1 − β₂)·g²                      exp_avg_sq
 *     p = p − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
 *
 * With `amsgrad` the largest v so far takes its place in the last line (Reddi et al. 2018).
 */
import { tuple } from "../dense/tuple.ts";
import { Descent, expectOption, mixed, mixing, rulesBy, type Update } from "./descent.ts";
import type { Group, Optimizable } from "./groups.ts";
import type { OptimizerOptions } from "./optimizer.ts";
import { power } from "./power.ts";

/** Options of Adam and AdamW. */
export interface AdamOptions extends OptimizerOptions {
  /** β₁ and β₂: how slowly the averages forget. Default 0.9 and 0.999. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
  /** Default 0; 0.01 for AdamW. */
  weightDecay?: number;
  amsgrad?: boolean;
  capturable?: boolean;
  fused?: boolean | null;
  /** Whether the weight decay is AdamW's. */
  decoupledWeightDecay?: boolean;
}

/** torch.optim.Adam. The default learning rate is 0.001. */
export class Adam extends Descent<Required<AdamOptions>> {
  static override readonly name: string = "Adam";

  constructor(params: Optimizable<AdamOptions>, options: AdamOptions = {}) {
    super(params, settled(options), options);
  }

  protected override update(group: Group<Required<AdamOptions>>, update: Update): void {
    adamStep(group, update);
  }
}

/** torch.optim.AdamW. The default learning rate is 0.001, the default weight decay 0.01. */
export class AdamW extends Descent<Required<AdamOptions>> {
  static override readonly name: string = "AdamW";

  constructor(params: Optimizable<AdamOptions>, options: Omit<AdamOptions, "decoupledWeightDecay"> = {}) {
    super(params, settled({ weightDecay: 0.01, ...options, decoupledWeightDecay: true }), options);
  }

  protected override update(group: Group<Required<AdamOptions>>, update: Update): void {
    adamStep(group, update);
  }
}

function settled(options: AdamOptions): Required<AdamOptions> {
  const { lr = 0.001, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, amsgrad = false, maximize = false } = options;
  const { foreach = null, capturable = false, differentiable = false, fused = null } = options;
  const { decoupledWeightDecay = false } = options;
  expectOption("learning rate", lr);
  expectOption("epsilon value", eps);
  for (const [i, beta] of betas.entries()) expectOption(`beta parameter at index ${i}`, beta, beta >= 0 && beta < 1);
  expectOption("weight_decay value", weightDecay);
  return {
    lr,
    betas: tuple(betas[0], betas[1]),
    eps,
    weightDecay,
    amsgrad,
    maximize,
    foreach,
    capturable,
    differentiable,
    fused,
    decoupledWeightDecay,
  };
}

function adamStep(group: Required<AdamOptions>, { p, g, option, memory, count, follow }: Update): void {
  const { lr, betas, weightDecay, amsgrad, decoupledWeightDecay } = group;
  const t = count();
  const [m, v] = [memory("exp_avg"), memory("exp_avg_sq")];
  const largest = amsgrad ? [memory("max_exp_avg_sq")] : [];
  const decay = decoupledWeightDecay ? 0 : option(weightDecay);
  const { isNear, share } = mixing(1 - betas[0], option);
  // Everything about the options alone is computed in float64.
  follow(
    ruleOf(decay !== 0, isNear, amsgrad),
    [p, g, m, v, ...largest],
    [
      option(-lr / (1 - power(betas[0], t))),
      option(Math.sqrt(1 - power(betas[1], t))),
      option(betas[1]),
      option(1 - betas[1]),
      option(group.eps),
      decay,
      decoupledWeightDecay ? option(1 - lr * weightDecay) : 1,
      share,
    ],
  );
}

const ruleOf = rulesBy((decays: boolean, isNear: boolean, amsgrad: boolean) => ({
  arrays: amsgrad ? 5 : 4,
  constants: 8,
  next(m, [p, g, average, square, largest], [descent, correction, kept, fresh, eps, decay, shrink, share]) {
    const from = m.mul(p, shrink!);
    const d = decays ? m.fma(decay!, from, g!) : g!;
    const nextAverage = mixed(m, average!, d, isNear, share!);
    const nextSquare = m.fma(m.mul(fresh!, d), d, m.mul(square!, kept!));
    const top = amsgrad ? m.max(largest!, nextSquare) : nextSquare;
    const width = m.div(m.sqrt(top), correction!);
    const next = m.add(from, m.div(m.mul(descent!, nextAverage), m.add(width, eps!)));
    return [next, undefined, nextAverage, nextSquare, ...(amsgrad ? [top] : [])];
  },
}));
