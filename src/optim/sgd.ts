/**
 * Stochastic gradient descent with momentum (torch.optim.SGD).
 *
 *     d = g + weightDecay·p
 *     b = momentum·b + (1 − dampening)·d          b = d in the first step
 *     d = b, or d + momentum·b (Nesterov)
 *     p = p − lr·d
 */
import { ValueError } from "../check.ts";
import { Descent, expectOption, rulesBy, type Update } from "./descent.ts";
import type { Group, Optimizable } from "./groups.ts";
import type { OptimizerOptions } from "./optimizer.ts";

/** Options of SGD. */
export interface SGDOptions extends OptimizerOptions {
  /** Default 0. */
  momentum?: number;
  /** How much of a new gradient is kept out of the momentum. Default 0. */
  dampening?: number;
  /** Default 0. */
  weightDecay?: number;
  /** Looks ahead along the momentum. */
  nesterov?: boolean;
  fused?: boolean | null;
}

/** torch.optim.SGD. The default learning rate is 0.001. */
export class SGD extends Descent<Required<SGDOptions>> {
  static override readonly name: string = "SGD";

  constructor(params: Optimizable<SGDOptions>, options: SGDOptions = {}) {
    const { lr = 0.001, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = options;
    const { foreach = null, differentiable = false, fused = null } = options;
    expectOption("learning rate", lr);
    expectOption("momentum value", momentum);
    expectOption("weight_decay value", weightDecay);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ValueError("Nesterov momentum requires a momentum and zero dampening");
    }
    super(
      params,
      { lr, momentum, dampening, weightDecay, nesterov, maximize, foreach, differentiable, fused },
      options,
    );
  }

  protected override update(group: Group<Required<SGDOptions>>, update: Update): void {
    const { p, g, option, remembers, memory, follow } = update;
    const isFirst = !remembers("momentum_buffer");
    const b = group.momentum === 0 ? [] : [memory("momentum_buffer")];
    const decay = option(group.weightDecay);
    follow(
      ruleOf(decay !== 0, b.length > 0, isFirst, group.nesterov),
      [p, g, ...b],
      [option(-group.lr), decay, option(group.momentum), option(1 - group.dampening)],
    );
  }
}

const ruleOf = rulesBy((decays: boolean, remembers: boolean, isFirst: boolean, nesterov: boolean) => ({
  arrays: remembers ? 3 : 2,
  constants: 4,
  next(m, [p, g, b], [descent, decay, momentum, fresh]) {
    const d = decays ? m.fma(decay!, p, g!) : g!;
    if (!remembers) return [m.fma(descent!, d, p)];
    const next = isFirst ? d : m.fma(fresh!, d, m.mul(b!, momentum!));
    return [m.fma(descent!, nesterov ? m.fma(momentum!, next, d) : next, p), undefined, next];
  },
}));
