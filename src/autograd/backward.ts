/** Asking for gradients: `backward` leaves them in the leaves, `grad` hands them over, hooks watch them pass. */

import { RuntimeError } from "../check.ts";
import { allocate, elements, writeElements } from "../dense/dense.ts";
import { addTo } from "../dense/elementwise.ts";
import { isDense, sameDims } from "../dense/shape.ts";
import { type Tuple, tuple } from "../dense/tuple.ts";
import { add } from "./arithmetic.ts";
import { toDtype } from "./broadcast.ts";
import { emptyLike, zerosLike } from "./create.ts";
import { AccumulateGrad, type Edge, type GradientHook, walk } from "./graph.ts";
import { isGradEnabled } from "./mode.ts";
import { become } from "./overwrite.ts";
import { Tensor, tracked } from "./tensor.ts";
import { clone } from "./views.ts";

/** How a backward walk treats the graph. */
export interface BackwardOptions {
  /** Keep what the graph saved, for another walk. Default: as `createGraph`. */
  readonly retainGraph?: boolean;
  /** Record the gradients themselves, for second derivatives. */
  readonly createGraph?: boolean;
  /** Only these leaves receive gradients. */
  readonly inputs?: readonly Tensor[];
}

/** torch.Tensor.backward: adds dThis/dLeaf, times `gradient`, to the `.grad` of every leaf. */
export function backward(x: Tensor, gradient?: Tensor | null, options: BackwardOptions = {}): void {
  const { createGraph = false, retainGraph = createGraph, inputs } = options;
  if (inputs?.length === 0) throw new RuntimeError("`inputs` argument to `backward()` cannot be empty.");
  const start = root(x, 0, gradient);
  for (const input of inputs ?? []) retainGrad(input);
  walk([start], {
    retainGraph,
    createGraph,
    sum: add,
    wanted: inputs?.map((input) => input.gradientEdge!),
    arrive: ({ node, output }, grad, isOwn) => {
      if (!(node instanceof AccumulateGrad)) keep(node.retained.get(output), grad);
      else if (node.variable.requiresGrad) accumulate(node.variable, grad, isOwn);
    },
  });
}

function keep(retained: Tensor | undefined, grad: Tensor): void {
  if (retained) accumulate(retained, grad);
}

/** Adds a gradient to what is there; one that nobody else has may become it. */
function accumulate(leaf: Tensor, grad: Tensor, isOwn = false): void {
  if (!leaf.grad) leaf.grad = !leaf.isLeaf ? clone(grad) : isOwn && liesLike(leaf, grad) ? grad : copyFor(leaf, grad);
  else if (isGradEnabled()) leaf.grad = add(leaf.grad, grad);
  else if (!addTo(leaf.grad.value, grad.value)) become(leaf.grad, add(leaf.grad, grad));
}

/** Whether a gradient lies in memory as `copyFor` would lay it out. */
function liesLike({ value: { dtype, strides, shape } }: Tensor, { value }: Tensor): boolean {
  return dtype === value.dtype && isDense(shape, strides) && sameDims(strides, value.strides);
}

/** A copy of a gradient in the memory order of its leaf, as torch lays it out. */
function copyFor(leaf: Tensor, grad: Tensor): Tensor {
  const { value } = emptyLike(leaf);
  writeElements(value, elements(grad.value));
  return tracked("CopyBackwards", [grad], value, [(g) => g]);
}

/** Where a walk starts: the tensor's edge and the gradient that goes in there. */
function root(x: Tensor, position: number, gradient: Tensor | null | undefined): { edge: Edge; grad: Tensor } {
  const edge = x.gradientEdge;
  if (!edge) {
    throw new RuntimeError(`element ${position} of tensors does not require grad and does not have a grad_fn`);
  }
  if (gradient) {
    if (sameDims(gradient.shape, x.shape)) return { edge, grad: toDtype(gradient, x.dtype) };
    throw new RuntimeError(
      `Mismatch in shape: grad_output[${position}] has a shape of ${gradient.shape} and output[${position}] has a shape of ${x.shape}.`,
    );
  }
  if (x.value.count !== 1) throw new RuntimeError("grad can be implicitly created only for scalar outputs");
  const one = allocate(x.shape, x.dtype);
  one.data.fill(1 as never);
  return { edge, grad: new Tensor(one) };
}

/** Options of `grad`. */
export interface GradOptions {
  /** The gradients that go in, one for each output that is no scalar. */
  readonly gradOutputs?: Tensor | readonly (Tensor | null)[];
  readonly retainGraph?: boolean;
  readonly createGraph?: boolean;
  /** Give null for inputs that the outputs do not depend on, instead of an error. */
  readonly allowUnused?: boolean;
  /** Give zeros for them. */
  readonly materializeGrads?: boolean;
}

/** torch.autograd.grad: the gradients of the sum of `outputs` by each of `inputs`; no `.grad` is touched. */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions & { readonly allowUnused?: false },
): Tuple<Tensor>;
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions,
): Tuple<Tensor | null>;
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): Tuple<Tensor | null> {
  const { createGraph = false, retainGraph = createGraph, materializeGrads = false, gradOutputs } = options;
  const { allowUnused = materializeGrads } = options;
  const [from, to] = [listOf(outputs), listOf(inputs)];
  const given = gradOutputs === undefined ? [] : listOf(gradOutputs);
  const roots = from.map((x, i) => root(x, i, given[i]));
  const edges = to.map((x) => x.gradientEdge);
  if (edges.includes(undefined)) throw new RuntimeError("One of the differentiated Tensors does not require grad");
  const found: (Tensor | null)[] = to.map(() => null);
  walk(roots, {
    retainGraph,
    createGraph,
    sum: add,
    wanted: edges as Edge[],
    arrive: (edge, gradient) => {
      keep(edge.node.retained.get(edge.output), gradient);
      for (const [i, wanted] of edges.entries()) {
        if (wanted!.node === edge.node && wanted!.output === edge.output) found[i] = gradient;
      }
    },
  });
  const unused = found.indexOf(null);
  if (!allowUnused && unused >= 0) {
    throw new RuntimeError(
      `The differentiated Tensor at index ${unused} appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.`,
    );
  }
  return tuple(materializeGrads ? found.map((gradient, i) => gradient ?? zerosLike(to[i]!)) : found);
}

function listOf<T extends Tensor | null>(x: T | readonly T[]): readonly T[] {
  return x === null || x instanceof Tensor ? [x as T] : (x as readonly T[]);
}

/** torch.Tensor.detach: the same memory without a past. */
export function detach(x: Tensor): Tensor {
  return new Tensor(x.value);
}

/** torch.Tensor.detach_: forgets the past of this very tensor. */
export function detach_(x: Tensor): Tensor {
  if (x.viewOf)
    throw new RuntimeError(
      "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution.",
    );
  x.setHistory(undefined);
  return x;
}

/** torch.Tensor.requires_grad_. */
export function requiresGrad_(x: Tensor, requiresGrad = true): Tensor {
  x.requiresGrad = requiresGrad;
  return x;
}

/** Removes what was registered. */
export interface HookHandle {
  remove(): void;
}

/** torch.Tensor.register_hook: called with the finished gradient of this tensor; what it returns takes its place. */
export function registerHook(x: Tensor, hook: GradientHook): HookHandle {
  const edge = x.gradientEdge;
  if (!edge) throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
  const hooks = edge.node.hooks.get(edge.output) ?? new Set();
  edge.node.hooks.set(edge.output, hooks);
  const entry: GradientHook = (g) => hook(g); // a hook may be registered twice
  hooks.add(entry);
  return { remove: () => void hooks.delete(entry) };
}

/** torch.Tensor.retain_grad: `.grad` is kept for this tensor although it is no leaf. */
export function retainGrad(x: Tensor): void {
  if (!x.requiresGrad) throw new RuntimeError("can't retain_grad on Tensor that has requires_grad=False");
  x.retain();
}
