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

/**
 * A question about a plan: the inputs of a recurrent node, if those that are weights are constant. Initialisers that stand
 * for an input which may be given are not.
 */
export function constantsBehind(plan: Plan, initial: ReadonlyMap<string, Tensor>): (call: Call) => Inputs | undefined {
  const open = new Set(plan.graph.inputs.map(({ name }) => name));
  const scope = new Scope();
  let limit = 0;
  for (const [name, value] of initial) {
    limit += value.value.count;
    if (!open.has(name)) scope.set(name, value);
  }
  const makers = new Map<string, number>();
  for (const [at, { call, operator }] of plan.steps.entries()) {
    const moving = operator && MOVING.includes(call.node.opType);
    if (moving) for (const output of call.node.outputs) makers.set(output, at);
    const values = call.node.attributes.map(({ value }) => value.tensor?.dims.reduce((a, b) => a * b, 1) ?? 0);
    limit += values.reduce((a, b) => a + b, 0);
  }
  return (call) => {
    const wanted = [1, 2, 3, 7].map((i) => call.node.inputs[i] ?? "").filter((name) => name !== "");
    const needed = stepsBehind(wanted, makers, plan.steps, scope);
    if (!needed) return undefined;
    const runner = { limit, constants: () => initial, special: () => undefined };
    noGrad(() => {
      for (const at of needed) runStep(plan.steps[at]!, plan, scope, runner);
    });
    return call.node.inputs.map((name, i) => ([1, 2, 3, 7].includes(i) && name !== "" ? scope.get(name) : undefined));
  };
}

/** The positions of the nodes that make some values, in order; undefined if not all of it is constant. */
function stepsBehind(
  wanted: readonly string[],
  makers: ReadonlyMap<string, number>,
  steps: readonly Step[],
  scope: Scope,
): number[] | undefined {
  const found = new Set<number>();
  const open = [...wanted];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === "" || scope.get(name)) continue;
    const maker = makers.get(name);
    if (maker === undefined) return undefined;
    if (found.has(maker)) continue;
    found.add(maker);
    open.push(...steps[maker]!.call.node.inputs);
  }
  return [...found].sort((a, b) => a - b);
}
