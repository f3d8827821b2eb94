/**
 * Watching gradients pass through a module. Its tensor inputs and its outputs go through operations that change nothing;
 * when the gradients come back through them, the hooks are called: with those of the outputs, and, once the module's own
 * backward is done, with those of the inputs.
 */
import { zerosLike } from "../autograd/create.ts";
import { type Gradients, Node } from "../autograd/graph.ts";
import { isGradEnabled } from "../autograd/mode.ts";
import { Tensor } from "../autograd/tensor.ts";
import { RuntimeError } from "../check.ts";
import { Tuple, tuple } from "../dense/tuple.ts";
import type { Module } from "./module.ts";

/** The gradients of the inputs or outputs of a module; null for what is no tensor or got no gradient. */
export type ModuleGradients = readonly (Tensor | null)[];

/** Called when the gradients of a module's inputs are there; a list that it returns takes their place. */
export type BackwardHook = (module: Module, gradInput: ModuleGradients, gradOutput: ModuleGradients) => unknown;

/** Called when the gradients of a module's outputs are there; a list that it returns takes their place. */
export type BackwardPreHook = (module: Module, gradOutput: ModuleGradients) => unknown;

/** The backward hooks of one module, in the order in which they run. */
export interface BackwardHooks {
  readonly before: Iterable<{ readonly hook: BackwardPreHook }>;
  readonly after: Iterable<{ readonly hook: BackwardHook }>;
}

/** Runs a module's forward with its inputs and outputs watched. */
export function watched(
  module: Module,
  { before, after }: BackwardHooks,
  args: readonly unknown[],
  run: (args: readonly unknown[]) => unknown,
): unknown {
  if (!isGradEnabled()) return run(args);
  let gradOutput: ModuleGradients = [];
  const finish = (gradInput: ModuleGradients): ModuleGradients => {
    let result = gradInput;
    for (const { hook } of after) result = replaced("input", hook(module, result, gradOutput), result);
    return result;
  };
  const inputsWatched = args.some((arg) => arg instanceof Tensor && arg.requiresGrad);
  const given = inputsWatched
    ? passThrough(args, (grads) => {
        const tensors = args.map((arg, i) => (arg instanceof Tensor ? (grads[i] ?? zerosLike(arg)) : null));
        return finish(tensors);
      })
    : args;
  const output = run(given);
  const outputs = output instanceof Tensor ? [output] : Array.isArray(output) ? output : [];
  const shown = passThrough(outputs, (grads) => {
    gradOutput = outputs.map((_, i) => grads[i] ?? null);
    for (const { hook } of before) gradOutput = replaced("output", hook(module, gradOutput), gradOutput);
    if (!inputsWatched) finish(args.map(() => null));
    return gradOutput;
  });
  if (output instanceof Tensor) return shown[0];
  return output instanceof Tuple ? tuple(shown) : Array.isArray(output) ? shown : output;
}

function replaced(which: string, result: unknown, present: ModuleGradients): ModuleGradients {
  if (result === undefined || result === null) return present;
  const list: ModuleGradients = Array.isArray(result) ? result : [result];
  if (list.length === present.length) return list;
  throw new RuntimeError(
    `Backward hook returned an invalid number of grad_${which}, got ${list.length}, but expected ${present.length}`,
  );
}

/** The same values, the tensors among them as results of one operation whose gradients `settle` may change. */
function passThrough(values: readonly unknown[], settle: (grads: Gradients) => ModuleGradients): readonly unknown[] {
  const settled = new WeakMap<Gradients, ModuleGradients>(); // each walk asks once for every value
  const once = (grads: Gradients): ModuleGradients => {
    const known = settled.get(grads) ?? settle(grads);
    settled.set(grads, known);
    return known;
  };
  const edges = values.map((value) => (value instanceof Tensor ? value.gradientEdge : undefined));
  const rules = values.map((_, i) => (_grad: Tensor, grads: Gradients) => once(grads)[i] ?? undefined);
  const node = new Node("BackwardHookFunctionBackward", edges, rules, []);
  return values.map((value, output) => {
    if (!(value instanceof Tensor) || !value.requiresGrad) return value;
    const passed = new Tensor(value.value);
    passed.setHistory({ node, output });
    return passed;
  });
}
