/**
 * RMSprop (Hinton 2012; torch.optim.RMSprop): the gradient over the root of its mean square.
 *
 *     d = g + weightDecay·p
 *     v = α·v + (1 − α)·d²                        square_avg
 *     a = √v + ε, or (centered) √(v − m²) + ε     m: the mean of d, grad_avg
 *     p = p − lr·d/a, or (momentum) b = momentum·b + d/a and p = p − lr·b
 */
import { Descent, expectOption, mixer, type Update } from "./descent.ts";
import type { Group, Optimizable } from "./groups.ts";
import type { OptimizerOptions } from "./optimizer.ts";

/** Options of RMSprop. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Default 0. */
  momentum?: number;
  /** How slowly the mean forgets. Default 0.99. */
  alpha?: number;
  /** Default 1e-8. */
  eps?: number;
  /** Whether the spread around the mean is taken in place of the mean square. */
  centered?: boolean;
  /** Default 0. */
  weightDecay?: number;
  capturable?: boolean;
}

/** torch.optim.RMSprop. The default learning rate is 0.01. */
export class RMSprop extends Descent<Required<RMSpropOptions>> {
  static override readonly name: string = "RMSprop";

  constructor(params: Optimizable<RMSpropOptions>, options: RMSpropOptions = {}) {
    const { lr = 0.01, momentum = 0, alpha = 0.99, eps = 1e-8, centered = false, weightDecay = 0 } = options;
    const { capturable = false, foreach = null, maximize = false, differentiable = false } = options;
    expectOption("learning rate", lr);
    expectOption("epsilon value", eps);
    expectOption("momentum value", momentum);
    expectOption("weight_decay value", weightDecay);
    expectOption("alpha value", alpha);
    const order = { lr, momentum, alpha, eps, centered, weightDecay, capturable, foreach, maximize, differentiable };
    super(params, order, options);
  }

  protected override update(group: Group<Required<RMSpropOptions>>, update: Update): void {
    const { p, g, arithmetic, memory, count } = update;
    const { round, fma, option } = arithmetic;
    count();
    const v = memory("square_avg");
    const b = group.momentum > 0 ? memory("momentum_buffer") : undefined;
    const m = group.centered ? memory("grad_avg") : undefined;
    const [descent, decay] = [option(-group.lr), option(group.weightDecay)];
    const [kept, fresh] = [option(group.alpha), option(1 - group.alpha)];
    const [momentum, eps] = [option(group.momentum), option(group.eps)];
    const average = mixer(1 - group.alpha, arithmetic);
    for (let i = 0; i < p.length; i += 1) {
      const d = decay === 0 ? g[i]! : fma(decay, p[i]!, g[i]!);
      v[i] = fma(round(fresh * d), d, round(v[i]! * kept));
      let square = v[i]!;
      if (m) {
        m[i] = average(m[i]!, d);
        square = fma(-m[i]!, m[i]!, square);
      }
      const width = round(round(Math.sqrt(square)) + eps);
      if (b) {
        b[i] = round(round(b[i]! * momentum) + round(d / width));
        p[i] = fma(descent, b[i]!, p[i]!);
      } else {
        p[i] = round(p[i]! + round(round(descent * d) / width));
      }
    }
  }
}
