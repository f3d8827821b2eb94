/**
 * Optimisers that look at one number at a time. Each is a page of arithmetic: how a parameter p, its gradient g and what
 * is remembered of it become the next p. This class brings the numbers there and back.
 */
import type { Rule, RuleAlgebra } from "../arithmetic/rule.ts";
import { fullLike } from "../autograd/create.ts";
import { enableGrad } from "../autograd/mode.ts";
import { Tensor } from "../autograd/tensor.ts";
import { ValueError } from "../check.ts";
import { countWrite, elements, scalar, writeElements } from "../dense/dense.ts";
import { float32, float64 } from "../dense/dtype.ts";
import { str } from "../dense/python-text.ts";
import { follow } from "../dense/rules.ts";
import type { Group } from "./groups.ts";
import { Optimizer, type ParameterState } from "./optimizer.ts";

/** Numbers in memory, row-major. */
export type Numbers = Float32Array | Float64Array;

/** One parameter on its way through a step. */
export interface Update {
  /** The parameter; to be overwritten. */
  readonly p: Numbers;
  /** Its gradient, already negated when maximizing. */
  readonly g: Numbers;
  /** An option as it enters the arithmetic: all of it is computed in float64 before. */
  readonly option: (x: number) => number;
  /** Whether something is remembered under this name. */
  readonly remembers: (name: string) => boolean;
  /** What is remembered under this name, `initial` (or zero) at first; to be overwritten. */
  readonly memory: (name: string, initial?: number) => Numbers;
  /** Counts this step and returns its number, from 1. */
  readonly count: () => number;
  /** Overwrites arrays as a rule says; see arithmetic/rule.ts. */
  readonly follow: (rule: Rule, arrays: readonly Numbers[], constants: readonly number[]) => void;
}

/** An optimiser whose rule is elementwise. */
export abstract class Descent<Options extends { lr: number; maximize: boolean }> extends Optimizer<Options> {
  /** The rule: overwrites `p` and the memory. */
  protected abstract update(group: Group<Options>, update: Update): void;

  /** Moves every parameter that has a gradient. */
  override step(closure?: () => Tensor): Tensor | null {
    const loss = closure ? enableGrad(closure) : null;
    for (const group of this.paramGroups) {
      for (const parameter of group.params) {
        if (parameter.grad) this.#move(group, parameter, parameter.grad);
      }
    }
    return loss;
  }

  #move(group: Group<Options>, parameter: Tensor, grad: Tensor): void {
    const p = elements(parameter.value) as Numbers;
    const g = elements(grad.value, parameter.dtype) as Numbers;
    const state = this.state.get(parameter) ?? {};
    const used: [Tensor, Numbers][] = [[parameter, p]];
    this.update(group, {
      p,
      g: group.maximize ? g.map((x) => -x) : g,
      option: parameter.dtype === float64 ? (x) => x : Math.fround,
      remembers: (name) => name in state,
      memory: (name, initial = 0) => {
        state[name] ??= fullLike(parameter, initial);
        const numbers = elements(state[name].value) as Numbers;
        used.push([state[name], numbers]);
        return numbers;
      },
      count: () => countStep(state),
      follow: (rule, arrays, constants) => follow(rule, arrays, constants, parameter.dtype),
    });
    if (Object.keys(state).length > 0) this.state.set(parameter, state);
    // Where memory is not in row-major order the numbers were copies.
    for (const [{ value }, numbers] of used) {
      if (numbers.buffer === value.storage.data.buffer) countWrite(value);
      else writeElements(value, numbers);
    }
  }
}

/** Refuses an option that is out of range, in torch's words. */
export function expectOption(name: string, value: number, valid = value >= 0): void {
  // Torch has nothing against NaN.
  if (!valid && !Number.isNaN(value)) throw new ValueError(`Invalid ${name}: ${str(value)}`);
}

/**
 * x + weight·(y − x), counted from the nearer end (torch.lerp): from x with the share `weight`, or from y with the share
 * 1 − weight.
 */
export function mixed<V>(m: RuleAlgebra<V>, x: V, y: V, isNear: boolean, share: V | number): V {
  return isNear ? m.fma(share, m.sub(y, x), x) : m.fma(m.negate(m.sub(y, x)), share, y);
}

/** From which end a weight counts, and the share. */
export function mixing(weight: number, option: Update["option"]): { isNear: boolean; share: number } {
  const towards = option(weight);
  return towards < 0.5 ? { isNear: true, share: towards } : { isNear: false, share: option(1 - towards) };
}

/** Rules by the choices that they depend on: each is made once, and so compiled once. */
export function rulesBy<Choices extends readonly boolean[]>(make: (...choices: Choices) => Rule) {
  const made = new Map<number, Rule>();
  return (...choices: Choices): Rule => {
    const key = choices.reduce((bits, choice) => 2 * bits + Number(choice), 1);
    const rule = made.get(key) ?? make(...choices);
    made.set(key, rule);
    return rule;
  };
}

function countStep(state: ParameterState): number {
  state.step ??= new Tensor(scalar(0, float32));
  const count = Number(state.step.value.data[state.step.value.offset]) + 1;
  writeElements(state.step.value, Float32Array.of(count));
  return count;
}
