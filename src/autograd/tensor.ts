/**
 * A Tensor: numbers with a shape and a history. This file holds what lives in a tensor: its value, its gradient and where
 * it came from. What tensors can do stands in the files beside it: each operation is a function there, and `methods.ts`
 * makes it a method as well.
 */
import { RuntimeError } from "../check.ts";
import type { Dense } from "../dense/dense.ts";
import { type DType, expectDifferentiable } from "../dense/dtype.ts";
import type { Size } from "../dense/size.ts";
import { tensorText } from "../dense/tensor-text.ts";
import { AccumulateGrad, type Edge, Node, type Rule } from "./graph.ts";
import { enableGrad, isGradEnabled } from "./mode.ts";

/** What makes a tensor a view: whose memory it shows, and how it is made again from that tensor. */
interface View {
  readonly base: Tensor;
  readonly replay: (base: Tensor) => Tensor;
}

/** Numbers with a shape and a history (torch.Tensor). */
export class Tensor {
  /** The numbers. */
  value: Dense;
  /** What `backward` left here: dLoss/dThis, of the same shape; null before. */
  grad: Tensor | null = null;
  /** Whether `.grad` is kept although this is no leaf (torch's `retains_grad`). */
  retainsGrad = false;
  #leafRequiresGrad = false;
  #history: Edge | undefined;
  #view: View | undefined;
  #viewVersion = 0;
  #accumulator: AccumulateGrad | undefined;

  /** A leaf. Use `tensor`, `zeros` and their like to make one from plain values. */
  constructor(value: Dense, requiresGrad = false) {
    this.value = value;
    if (requiresGrad) this.requiresGrad = true;
  }

  /** The length of each dimension. */
  get shape(): Size {
    return this.value.shape;
  }

  /** What its numbers are. */
  get dtype(): DType {
    return this.value.dtype;
  }

  /** The number of in-place writes to the memory so far (torch's `_version`). */
  get version(): number {
    return this.value.storage.version;
  }

  /** Whose memory this tensor shows, if it is a view. */
  get viewOf(): View | undefined {
    return this.#view;
  }

  /** The recorded operation that made this tensor, and which of its results it is; undefined for leaves. */
  get history(): Edge | undefined {
    const view = this.#view;
    if (view && this.#viewVersion !== this.version) {
      // The memory was written to since: the history of a view is that of the base as it is now.
      this.#viewVersion = this.version;
      if (view.base.requiresGrad) this.#history = enableGrad(() => view.replay(view.base)).#history;
    }
    return this.#history;
  }

  /** The operation that made this tensor (torch's `grad_fn`), null for leaves. */
  get gradFn(): Node | null {
    return this.history?.node ?? null;
  }

  /** Whether gradients flow to this tensor. Can be switched on leaves only. */
  get requiresGrad(): boolean {
    return this.#leafRequiresGrad || this.history !== undefined;
  }

  set requiresGrad(on: boolean) {
    if (!on && this.history) {
      throw new RuntimeError(
        "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
      );
    }
    if (on) expectDifferentiable(this.dtype);
    this.#leafRequiresGrad = on && !this.history;
  }

  /** Whether this tensor was made by the user and not by a recorded operation. */
  get isLeaf(): boolean {
    return this.history === undefined;
  }

  /** Where a gradient of this tensor goes: to the operation that made it, or to its own `.grad`. */
  get gradientEdge(): Edge | undefined {
    const { history } = this;
    if (history || !this.#leafRequiresGrad) return history;
    this.#accumulator ??= new AccumulateGrad(this);
    return { node: this.#accumulator, output: 0 };
  }

  /** Gives this tensor a new past. Only `record` and in-place writes do. */
  setHistory(history: Edge | undefined): void {
    this.#history = history;
    this.#leafRequiresGrad = false;
  }

  /** Makes this tensor a view of `source`, unless recording is off. */
  setView(source: Tensor, replay: View["replay"]): void {
    if (!isGradEnabled()) return;
    const outer = source.#view;
    this.#view = outer ? { base: outer.base, replay: (base) => replay(outer.replay(base)) } : { base: source, replay };
    this.#viewVersion = this.version;
  }

  /** torch's text: `tensor([1., 2.], grad_fn=<AddBackward0>)`. */
  toString(): string {
    const gradFn = this.history?.node.name();
    return tensorText(this.value, gradFn ? { gradFn } : { requiresGrad: this.requiresGrad });
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/**
 * Remembers how `outputs` came from `inputs`: the name of the operation, a rule per input that carries gradients back,
 * and the tensors that the rules will read. Nothing happens while recording is off or when no input wants a gradient.
 */
export function record(
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  rules: readonly Rule[],
  saved: readonly Tensor[] = [],
): void {
  if (!isGradEnabled() || !inputs.some((input) => input.requiresGrad)) return;
  const edges = inputs.map((input) => input.gradientEdge);
  const node = new Node(name, edges, rules, saved);
  for (const [output, tensor] of outputs.entries()) {
    if (tensor.dtype.kind === "float") tensor.setHistory({ node, output });
  }
}

/** The result of an operation whose rules read at most its inputs (`saved` among them). */
export function tracked(
  name: string,
  inputs: readonly Tensor[],
  value: Dense,
  rules: readonly Rule[],
  saved: readonly Tensor[] = [],
): Tensor {
  const result = new Tensor(value);
  record(name, inputs, [result], rules, saved);
  return result;
}

/** A view of `x`: the same memory in another window. `again` makes the same view of another tensor. */
export function viewed(name: string, x: Tensor, value: Dense, rule: Rule, again: (x: Tensor) => Tensor): Tensor {
  const result = tracked(name, [x], value, [rule]);
  result.setView(x, again);
  return result;
}
