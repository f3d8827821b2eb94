/**
 * A Tensor: numbers with a shape and a history. This file holds what lives in a tensor: its value, its gradient and where
 * it came from. What tensors can do stands in the files beside it: each operation is a function there, and `methods.ts`
 * makes it a method as well.
 */
import { listText, RuntimeError } from "../check.ts";
import type { Dense } from "../dense/dense.ts";
import { type DType, expectDifferentiable } from "../dense/dtype.ts";
import { cppName } from "../dense/range.ts";
import { sameDims } from "../dense/shape.ts";
import type { Size } from "../dense/size.ts";
import { tensorText } from "../dense/tensor-text.ts";
import { AccumulateGrad, type Edge, Node, type Rule } from "./graph.ts";
import { isGradEnabled } from "./mode.ts";
import { asStrided } from "./strided.ts";

/** What makes a tensor a view. */
interface View {
  /** Whose memory it shows. */
  readonly base: Tensor;
  /** How it came about: a view made without recording, or one of several, must not be written to where it is recorded. */
  readonly origin: "recorded" | "unrecorded" | "several";
}

/** Numbers with a shape and a history (torch.Tensor). */
export class Tensor {
  static readonly name: string = "Tensor";

  /** The numbers. */
  value: Dense;
  #grad: Tensor | null = null;
  #retainsGrad = false;
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

  /** What `backward` left here: dLoss/dThis, of the same shape; null before. */
  get grad(): Tensor | null {
    return this.#grad;
  }

  set grad(grad: Tensor | null) {
    if (grad) expectGradient(this, grad);
    this.#grad = grad;
  }

  /** Whether `.grad` is kept although this is no leaf (torch's `retains_grad`). */
  get retainsGrad(): boolean {
    return this.#retainsGrad;
  }

  /** Keeps `.grad` from now on. */
  retain(): void {
    const { history } = this;
    if (!history) return;
    this.#retainsGrad = true;
    history.node.retained.set(history.output, this);
  }

  /** Whose memory this tensor shows, if it is a view. */
  get viewOf(): View | undefined {
    return this.#view;
  }

  /** The recorded operation that made this tensor, and which of its results it is; undefined for leaves. */
  get history(): Edge | undefined {
    const view = this.#view;
    if (view && view.origin !== "unrecorded" && this.#viewVersion !== this.version) {
      // The memory was written to since: the history of a view is that of the base as it is now.
      this.#viewVersion = this.version;
      if (view.base.requiresGrad) this.#history = asStrided(view.base, this.value);
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
    const before = this.#history;
    this.#history = history;
    this.#leafRequiresGrad = false;
    if (!this.#retainsGrad) return;
    before?.node.retained.delete(before.output);
    history?.node.retained.set(history.output, this);
  }

  /** Makes this tensor a view of `source`, or of what that is a view of. */
  setView(source: Tensor, origin: View["origin"] = "recorded"): void {
    const outer = source.#view;
    const own = isGradEnabled() ? origin : "unrecorded";
    this.#view = { base: outer?.base ?? source, origin: own === "recorded" ? (outer?.origin ?? own) : own };
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
  const node = new Node(name, edges, rules, saved, outputs);
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

/** A view of `x`: the same memory in another window. */
export function viewed(name: string, x: Tensor, value: Dense, rule: Rule): Tensor {
  const result = tracked(name, [x], value, [rule]);
  result.setView(x);
  return result;
}

function expectGradient(x: Tensor, grad: Tensor): void {
  if (x === grad) throw new RuntimeError("can't assign Variable as its own grad");
  if (!(grad instanceof Tensor)) {
    throw new TypeError(`assigned grad expected to be a Tensor or None but got grad of type ${typeName(grad)}`);
  }
  if (!sameDims(x.shape, grad.shape)) {
    throw new RuntimeError(
      `attempting to assign a gradient of size '${listText(grad.shape)}' to a tensor of size '${listText(x.shape)}'. Please ensure that the gradient and the tensor are the same size`,
    );
  }
  if (x.dtype === grad.dtype) return;
  throw new RuntimeError(
    `attempting to assign a gradient with dtype '${cppName(grad.dtype)}' to a tensor with grad_dtype '${x.dtype.scalarType}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break downstream systems that assume they match.`,
  );
}

function typeName(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return typeof value === "string" ? "str" : typeof value;
}
