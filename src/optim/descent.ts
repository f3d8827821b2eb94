/**
 * Optimisers that look at one number at a time. Each is a page of arithmetic: how a parameter p, its gradient g and what
 * is remembered of it become the next p. This class brings the numbers there and back.
 */
import { fma32, fma64 } from "../arithmetic/fma.ts";
import { fullLike } from "../autograd/create.ts";
import { enableGrad } from "../autograd/mode.ts";
import { Tensor } from "../autograd/tensor.ts";
import { ValueError } from "../check.ts";
import { elements, scalar, writeElements } from "../dense/dense.ts";
import { type DType, float32, float64 } from "../dense/dtype.ts";
import { str } from "../dense/python-text.ts";
import type { Group } from "./groups.ts";
import { Optimizer, type ParameterState } from "./optimizer.ts";

/** Numbers in memory, row-major. */
export type Numbers = Float32Array | Float64Array;

/** The rounding of one dtype, which makes steps equal to torch's to the bit. */
export interface Arithmetic {
  /** A result as the dtype keeps it. */
  readonly round: (x: number) => number;
  /** a·b + c, rounded once. */
  readonly fma: (a: number, b: number, c: number) => number;
  /** An option as it enters the arithmetic: all of it is computed in float64 before. */
  readonly option: (x: number) => number;
}

/** One parameter on its way through a step. */
export interface Update {
  /** The parameter; to be overwritten. */
  readonly p: Numbers;
  /** Its gradient, already negated when maximizing. */
  readonly g: Numbers;
  readonly arithmetic: Arithmetic;
  /** Whether something is remembered under this name. */
  readonly remembers: (name: string) => boolean;
  /** What is remembered under this name, `initial` (or zero) at first; to be overwritten. */
  readonly memory: (name: string, initial?: number) => Numbers;
  /** Counts this step and returns its number, from 1. */
  readonly count: () => number;
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
      arithmetic: arithmeticOf(parameter.dtype),
      remembers: (name) => name in state,
      memory: (name, initial = 0) => {
        state[name] ??= fullLike(parameter, initial);
        const numbers = elements(state[name].value) as Numbers;
        used.push([state[name], numbers]);
        return numbers;
      },
      count: () => countStep(state),
    });
    if (Object.keys(state).length > 0) this.state.set(parameter, state);
    // Where memory is not in row-major order the numbers were copies.
    for (const [tensor, numbers] of used) writeElements(tensor.value, numbers);
  }
}

/** Refuses an option that is out of range, in torch's words. */
export function expectOption(name: string, value: number, valid = value >= 0): void {
  // Torch has nothing against NaN.
  if (!valid && !Number.isNaN(value)) throw new ValueError(`Invalid ${name}: ${str(value)}`);
}

/** x + weight·(y − x), counted from the nearer end (torch.lerp). */
export function mixer(weight: number, { round, fma, option }: Arithmetic): (x: number, y: number) => number {
  const [towards, back] = [option(weight), option(1 - option(weight))];
  return towards < 0.5 ? (x, y) => fma(towards, round(y - x), x) : (x, y) => fma(-round(y - x), back, y);
}

function countStep(state: ParameterState): number {
  state.step ??= new Tensor(scalar(0, float32));
  const count = Number(state.step.value.data[state.step.value.offset]) + 1;
  writeElements(state.step.value, Float32Array.of(count));
  return count;
}

function arithmeticOf(dtype: DType): Arithmetic {
  if (dtype === float64) return { round: (x) => x, fma: fma64, option: (x) => x };
  const { round } = dtype;
  if (!round) return { round: Math.fround, fma: fma32, option: Math.fround };
  // The 16-bit floats are computed in float32.
  return { round: (x) => round(Math.fround(x)), fma: (a, b, c) => round(fma32(a, b, c)), option: Math.fround };
}
