/** Running a plan: values by name, node after node. */
import type { Tensor } from "../autograd/tensor.ts";
import { FormatError, shown } from "../formats/format-error.ts";
import type { Call, Inputs } from "./call.ts";
import type { Plan, Step } from "./plan.ts";

/** The values of a graph, and behind them those of the graph around it. */
export class Scope {
  readonly #own = new Map<string, Tensor>();
  readonly #around: Scope | undefined;

  constructor(around?: Scope) {
    this.#around = around;
  }

  set(name: string, value: Tensor): void {
    this.#own.set(name, value);
  }

  get(name: string): Tensor | undefined {
    return this.#own.get(name) ?? this.#around?.get(name);
  }
}

/** How a node is run where its operator alone does not know: recurrent nodes. */
export type RunStep = (step: Step, inputs: Inputs) => readonly Tensor[] | undefined;

/** The values that are in a graph before it runs. */
export type Constants = (plan: Plan) => ReadonlyMap<string, Tensor>;

/** What a run needs. */
export interface Runner {
  readonly limit: number;
  readonly constants: Constants;
  readonly special: RunStep;
}

/** Runs a graph over a scope that holds its inputs. Gives its outputs, in order. Errors: FormatError naming the node. */
export function runPlan(plan: Plan, scope: Scope, runner: Runner): Tensor[] {
  for (const step of plan.steps) runStep(step, plan, scope, runner);
  return plan.graph.outputs.map(({ name }) => {
    const value = scope.get(name);
    if (value) return value;
    throw new FormatError(`the output ${shown(name)} has no value`, { format: "onnx", part: "graph" });
  });
}

/** Runs one node of a graph. */
export function runStep(step: Step, plan: Plan, scope: Scope, runner: Runner): void {
  const { call } = step;
  const results = guarded(call, () => compute(step, plan, scope, runner));
  for (const [i, name] of call.node.outputs.entries()) {
    if (name === "") continue;
    const result = results[i];
    if (!result) throw call.error(`it has no output ${i}`);
    scope.set(name, result);
  }
}

function compute(step: Step, plan: Plan, scope: Scope, runner: Runner): readonly Tensor[] {
  const { call, operator } = step;
  const inputs = call.node.inputs.map((name) => {
    if (name === "") return undefined;
    const value = scope.get(name);
    if (!value) throw call.error(`the value ${shown(name)} is not there`);
    return value;
  });
  const done = runner.special(step, inputs);
  if (done) return done;
  const results = operator.run(call, inputs, {
    limit: runner.limit,
    runGraph: (graph) => {
      const inner = plan.within.get(graph)!;
      const own = new Scope(scope);
      for (const [name, value] of runner.constants(inner)) own.set(name, value);
      return runPlan(inner, own, runner);
    },
  });
  return Array.isArray(results) ? (results as readonly Tensor[]) : [results as Tensor];
}

/** What goes wrong within a node is told with its name. */
function guarded<T>(call: Call, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw call.error(error instanceof Error ? error.message : String(error));
  }
}
