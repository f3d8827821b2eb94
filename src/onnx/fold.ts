/**
 * Constants that a file computes from constants: exporters and people cut, join and turn weights in the graph. They are
 * followed only through operators that move numbers, so a small file cannot ask for much.
 */
import { noGrad } from "../autograd/mode.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Call, Inputs } from "./call.ts";
import type { Plan, Step } from "./plan.ts";
import { runStep, Scope } from "./run.ts";

const MOVING = [
  "Cast",
  "Concat",
  "Constant",
  "Identity",
  "Reshape",
  "Slice",
  "Split",
  "Squeeze",
  "Transpose",
  "Unsqueeze",
];

/** The inputs of a recurrent node that are weights: W, R, B and P. */
const WEIGHTS = [1, 2, 3, 7];

/** The values computed here may have this many times the numbers that the file has. */
const GROWTH = 4;

/** What is constant in a plan. */
export interface Constants {
  /** The numbers of all constants of the file. */
  readonly count: number;
  /** The weights of a recurrent node among its inputs, if all of them are constant. */
  readonly weightsOf: (call: Call) => Inputs | undefined;
}

/** Follows the constants of a plan. An initialiser that stands for an input which may be given is none. */
export function constantsOf(plan: Plan, initial: ReadonlyMap<string, Tensor>): Constants {
  const scope = new Scope();
  const open = new Set(plan.graph.inputs.map(({ name }) => name));
  let count = 0;
  for (const [name, value] of initial) {
    count += value.value.count;
    if (!open.has(name)) scope.set(name, value);
  }
  const makers = new Map<string, number>();
  for (const [at, { call }] of plan.steps.entries()) {
    const { opType, inputs, outputs, attributes } = call.node;
    for (const { value } of attributes) count += value.tensor?.dims.reduce((a, b) => a * b, 1) ?? 0;
    const constant = inputs.every((name) => name === "" || scope.get(name) || makers.has(name));
    if (constant && MOVING.includes(opType)) for (const output of outputs) makers.set(output, at);
  }
  let left = GROWTH * count;
  const runner = { limit: count, constants: () => initial, special: () => undefined };
  const weightsOf = (call: Call): Inputs | undefined => {
    const { inputs } = call.node;
    const names = WEIGHTS.map((i) => inputs[i] ?? "").filter((name) => name !== "");
    if (!names.every((name) => scope.get(name) || makers.has(name))) return undefined;
    for (const at of stepsBehind(names, makers, plan.steps, scope)) {
      if (left < 0) return undefined;
      noGrad(() => runStep(plan.steps[at]!, plan, scope, runner));
      for (const output of plan.steps[at]!.call.node.outputs) left -= scope.get(output)?.value.count ?? 0;
    }
    return inputs.map((name, i) => (WEIGHTS.includes(i) && name !== "" ? scope.get(name) : undefined));
  };
  return { count, weightsOf };
}

/** The positions of the nodes that make some constants and have not run, in order. */
function stepsBehind(
  wanted: readonly string[],
  makers: ReadonlyMap<string, number>,
  steps: readonly Step[],
  scope: Scope,
): number[] {
  const found = new Set<number>();
  const open = [...wanted];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === "" || scope.get(name)) continue;
    const maker = makers.get(name)!;
    if (found.has(maker)) continue;
    found.add(maker);
    open.push(...steps[maker]!.call.node.inputs);
  }
  return [...found].sort((a, b) => a - b);
}
