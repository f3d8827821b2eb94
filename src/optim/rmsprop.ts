/**
 * RMSprop (Hinton 2012; torch.optim.RMSprop): the gradient over the root of its mean square.
 *
 *     d = g + weightDecay·p
 *     v = α·v + (1 − α)·d²                        square_avg
 *     a = √v + ε, or (centered) √(v − m²) + ε     m: the mean of d, grad_avg
 *     p = p − lr·d/a, or (momentum) b = momentum·b + d/a and p = p − lr·b
 */
import { Descent, expectOption, mixed, mixing, rulesBy, type Update } from "./descent.ts";
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
    const { p, g, option, memory, count, follow } = update;
    count();
    const v = memory("square_avg");
    const b = group.momentum > 0 ? [memory("momentum_buffer")] : [];
    const m = group.centered ? [memory("grad_avg")] : [];
    const decay = option(group.weightDecay);
    const { isNear, share } = mixing(1 - group.alpha, option);
    follow(
      ruleOf(decay !== 0, b.length > 0, group.centered, isNear),
      [p, g, v, ...b, ...m],
      [
        option(-group.lr),
        decay,
        option(group.alpha),
        option(1 - group.alpha),
        option(group.momentum),
        option(group.eps),
        share,
      ],
    );
  }
}

const ruleOf = rulesBy((decays: boolean, remembers: boolean, centered: boolean, isNear: boolean) => ({
  arrays: 3 + (remembers ? 1 : 0) + (centered ? 1 : 0),
  constants: 7,
  next(m, [p, g, square, ...rest], [descent, decay, kept, fresh, momentum, eps, share]) {
    const [b, average] = remembers ? rest : [undefined, ...rest];
    const d = decays ? m.fma(decay!, p, g!) : g!;
    const nextSquare = m.fma(m.mul(fresh!, d), d, m.mul(square!, kept!));
    const nextAverage = centered ? [mixed(m, average!, d, isNear, share!)] : [];
    const [mean] = nextAverage;
    const spread = mean === undefined ? nextSquare : m.fma(m.negate(mean), mean, nextSquare);
    const width = m.add(m.sqrt(spread), eps!);
    if (!remembers) {
      return [m.add(p, m.div(m.mul(descent!, d), width)), undefined, nextSquare, ...nextAverage];
    }
    const next = m.add(m.mul(b!, momentum!), m.div(d, width));
    return [m.fma(descent!, next, p), undefined, nextSquare, next, ...nextAverage];
  },
}));
