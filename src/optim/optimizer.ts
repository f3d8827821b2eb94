/**
 * What all optimisers share: groups of parameters with options, a state for each parameter, and both as a state dict in
 * torch's form. An optimiser changes the numbers of a tensor and never touches the graph.
 */

import { toDtype } from "../autograd/broadcast.ts";
import { zerosLike } from "../autograd/create.ts";
import { noGrad } from "../autograd/mode.ts";
import { Tensor } from "../autograd/tensor.ts";
import { clone } from "../autograd/views.ts";
import { expectKeywords, KeyError, ValueError } from "../check.ts";
import { str } from "../dense/python-text.ts";
import {
  asGroups,
  type Group,
  type GroupOptions,
  makeGroup,
  type Optimizable,
  optionName,
  torchName,
} from "./groups.ts";

/** What every optimiser has. */
export interface OptimizerOptions {
  /** The learning rate. */
  lr?: number;
  /** Climb instead of descending. */
  maximize?: boolean;
  /** Torch's choices among implementations. Here there is one; they are kept for its state dicts. */
  foreach?: boolean | null;
  differentiable?: boolean;
}

/** The state of one parameter, by torch's names: `momentum_buffer`, `exp_avg`, … */
export type ParameterState = Record<string, Tensor>;

/** torch's form of an optimiser's state: parameters are numbered through all groups, options have torch's names. */
export interface OptimizerState {
  readonly state: ReadonlyMap<number, ParameterState> | Readonly<Record<string, ParameterState>>;
  readonly param_groups: readonly Readonly<Record<string, unknown>>[];
}

/** torch.optim.Optimizer. */
export abstract class Optimizer<Options extends { lr: number }> {
  /** The groups. Their options may be changed between steps: `optimizer.paramGroups[0].lr = 0.01`. */
  readonly paramGroups: Group<Options>[] = [];
  /** What is remembered of each parameter. */
  readonly state = new Map<Tensor, ParameterState>();
  /** The options of a group that does not give its own. */
  readonly defaults: Options;

  /** `given` are the options as the caller wrote them. Errors: TypeError for one that has no default. */
  constructor(params: Optimizable<Options>, defaults: Options, given: object = {}) {
    expectKeywords(`${this.constructor.name}.__init__`, given, Object.keys(defaults));
    this.defaults = defaults;
    for (const group of asGroups(params)) this.addParamGroup(group);
  }

  /**
   * Moves the parameters once. A `closure` computes the loss and its gradients again, for optimisers that need that; its
   * value is given back.
   */
  abstract step(closure?: () => Tensor): Tensor | null;

  /** The learning rate of the first group; set it to give all groups the same. */
  get lr(): number {
    return this.paramGroups[0]!.lr;
  }

  set lr(lr: number) {
    for (const group of this.paramGroups) group.lr = lr;
  }

  /** Forgets all gradients, or makes them zero. */
  zeroGrad(setToNone = true): void {
    for (const { params } of this.paramGroups) {
      for (const parameter of params) {
        if (parameter.grad) parameter.grad = setToNone ? null : zerosLike(parameter.grad);
      }
    }
  }

  /** Adds a group of parameters with options of its own. */
  addParamGroup(group: GroupOptions<Options>): void {
    this.paramGroups.push(makeGroup(group, this.defaults, this.paramGroups));
  }

  /** The state by number of the parameter, and the groups: `{ state, param_groups }` as torch saves it. */
  stateDict(): OptimizerState & { readonly state: Map<number, ParameterState> } {
    const numbers = new Map<Tensor, number>();
    for (const parameter of this.#parameters()) {
      if (!numbers.has(parameter)) numbers.set(parameter, numbers.size);
    }
    const groups = this.paramGroups.map(({ params, ...options }) => ({
      ...renamed(options, torchName),
      params: params.map((parameter) => numbers.get(parameter)!),
    }));
    const state = new Map<number, ParameterState>();
    for (const [parameter, memory] of this.state) state.set(numbers.get(parameter)!, { ...memory });
    return { state, param_groups: groups };
  }

  /** Continues where `stateDict` was taken: here, or in torch. The tensors are copied. */
  loadStateDict(saved: OptimizerState): void {
    const groups = saved.param_groups as readonly ({ readonly params: readonly number[] } & object)[];
    if (groups === undefined) throw new KeyError("param_groups");
    if (groups.length !== this.paramGroups.length) {
      throw new ValueError("loaded state dict has a different number of parameter groups");
    }
    if (groups.some(({ params }, i) => params.length !== this.paramGroups[i]!.params.length)) {
      throw new ValueError(
        "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
      );
    }
    const numbered = new Map<number, Tensor>();
    for (const [i, group] of groups.entries()) {
      const { params, ...own } = this.paramGroups[i]!;
      for (const [at, number] of group.params.entries()) numbered.set(number, params[at]!);
      this.paramGroups[i] = { ...own, ...renamed(group, optionName), params } as Group<Options>;
    }
    this.state.clear();
    const entries = saved.state instanceof Map ? saved.state : Object.entries(saved.state);
    for (const [number, memory] of entries as Iterable<[number | string, ParameterState]>) {
      const parameter = numbered.get(Number(number));
      if (parameter)
        this.state.set(
          parameter,
          noGrad(() => fitted(memory, parameter)),
        );
    }
  }

  /** torch's text: the options of each group, sorted. */
  toString(): string {
    let text = `${this.constructor.name} (`;
    for (const [i, { params: _, ...options }] of this.paramGroups.entries()) {
      text += `\nParameter Group ${i}\n`;
      const entries = Object.entries(renamed(options, torchName)).sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [name, value] of entries) text += `    ${name}: ${str(value)}\n`;
    }
    return `${text})`;
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  *#parameters(): IterableIterator<Tensor> {
    for (const { params } of this.paramGroups) yield* params;
  }
}

function renamed(options: object, rename: (name: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [rename(name), value]));
}

/** Copies of saved tensors in the dtype of their parameter; the count of steps keeps its own. */
function fitted(memory: ParameterState, parameter: Tensor): ParameterState {
  const entries = Object.entries(memory).map(([name, value]) => {
    if (!(value instanceof Tensor)) return [name, value];
    return [name, clone(name === "step" ? value : toDtype(value, parameter.dtype))];
  });
  return Object.fromEntries(entries);
}
