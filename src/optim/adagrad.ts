/**
 * Adagrad (Duchi, Hazan & Singer 2011; torch.optim.Adagrad): each number has its own learning rate, which only falls.
 *
 *     d = g + weightDecay·p
 *     s = s + d²                                  sum
 *     p = p − lr/(1 + (t − 1)·lrDecay) · d/(√s + ε)
 */
import { fullLike, tensor } from "../autograd/create.ts";
import { float32 } from "../dense/dtype.ts";
import { Descent, expectOption, rulesBy, type Update } from "./descent.ts";
import type { Group, Optimizable } from "./groups.ts";
import type { OptimizerOptions } from "./optimizer.ts";

/** Options of Adagrad. */
export interface AdagradOptions extends OptimizerOptions {
  /** Default 0. */
  lrDecay?: number;
  /** Default 1e-10. */
  eps?: number;
  /** Default 0. */
  weightDecay?: number;
  /** What the sum of squares starts from. Default 0. */
  initialAccumulatorValue?: number;
  fused?: boolean | null;
}

/** torch.optim.Adagrad. The default learning rate is 0.01. */
export class Adagrad extends Descent<Required<AdagradOptions>> {
  static override readonly name: string = "Adagrad";

  constructor(params: Optimizable<AdagradOptions>, options: AdagradOptions = {}) {
    const { lr = 0.01, lrDecay = 0, eps = 1e-10, weightDecay = 0, initialAccumulatorValue = 0 } = options;
    const { foreach = null, maximize = false, differentiable = false, fused = null } = options;
    expectOption("learning rate", lr);
    expectOption("lr_decay value", lrDecay);
    expectOption("weight_decay value", weightDecay);
    expectOption("initial_accumulator_value value", initialAccumulatorValue);
    expectOption("epsilon value", eps);
    const first = { lr, lrDecay, eps, weightDecay, initialAccumulatorValue };
    super(params, { ...first, foreach, maximize, differentiable, fused }, options);
    // Torch has the state ready before the first step, and saves it. It does not ask the groups what to start from.
    for (const group of this.paramGroups) {
      for (const parameter of group.params) {
        const sum = fullLike(parameter, initialAccumulatorValue);
        this.state.set(parameter, { step: tensor(0, { dtype: float32 }), sum });
      }
    }
  }

  protected override update(group: Group<Required<AdagradOptions>>, update: Update): void {
    const { p, g, option, memory, count, follow } = update;
    const t = count();
    const s = memory("sum", group.initialAccumulatorValue);
    const decay = option(group.weightDecay);
    const descent = option(-group.lr / (1 + (t - 1) * group.lrDecay));
    follow(ruleOf(decay !== 0), [p, g, s], [descent, decay, option(group.eps)]);
  }
}

const ruleOf = rulesBy((decays: boolean) => ({
  arrays: 3,
  constants: 3,
  next(m, [p, g, sum], [descent, decay, eps]) {
    const d = decays ? m.fma(decay!, p, g!) : g!;
    const next = m.fma(d, d, sum!);
    return [m.add(p, m.div(m.mul(descent!, d), m.add(m.sqrt(next), eps!))), undefined, next];
  },
}));
