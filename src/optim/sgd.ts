/**
 * Stochastic gradient descent with momentum (torch.optim.SGD).
 *
 *     d = g + weightDecay·p
 *     b = momentum·b + (1 − dampening)·d          b = d in the first step
 *     d = b, or d + momentum·b (Nesterov)
 *     p = p − lr·d
 */
import { ValueError } from "../check.ts";
import { Descent, expectOption, type Update } from "./descent.ts";
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

  protected override update(group: Group<Required<SGDOptions>>, { p, g, arithmetic, remembers, memory }: Update): void {
    const { round, fma, option } = arithmetic;
    const [descent, decay] = [option(-group.lr), option(group.weightDecay)];
    const [momentum, fresh] = [option(group.momentum), option(1 - group.dampening)];
    const first = !remembers("momentum_buffer");
    const b = momentum === 0 ? undefined : memory("momentum_buffer");
    for (let i = 0; i < p.length; i += 1) {
      let d = decay === 0 ? g[i]! : fma(decay, p[i]!, g[i]!);
      if (b) {
        b[i] = first ? d : fma(fresh, d, round(b[i]! * momentum));
        d = group.nesterov ? fma(momentum, b[i]!, d) : b[i]!;
      }
      p[i] = fma(descent, d, p[i]!);
    }
  }
}
