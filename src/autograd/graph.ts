/**
 * The graph of what was computed. A node is one operation: its name, where the gradient of each input goes, and one rule
 * per input. Nodes are numbered as they are created, and an operation is created after its inputs: walking the numbers
 * downwards visits every node after all nodes that use its results. So `backward` needs no recursion, however long the
 * sequence.
 */
import { listText, RuntimeError } from "../check.ts";
import { copyDense } from "../dense/dense.ts";
import { addTo } from "../dense/elementwise.ts";
import { withGrad } from "./mode.ts";
import type { Tensor } from "./tensor.ts";

/** Gradients of a node's outputs; undefined where nothing arrived. */
export type Gradients = readonly (Tensor | undefined)[];

/**
 * The gradient of one input from that of the first output, and from those of all where there are several. `isLast`: what
 * the rule reads is freed afterwards.
 */
export type Rule = (grad: Tensor, grads: Gradients, isLast: boolean) => Tensor | undefined;

/** Where a gradient goes: the node that made the tensor, and which of its outputs the tensor was. */
export interface Edge {
  readonly node: Node;
  readonly output: number;
}

/** Called with the finished gradient of a tensor; a tensor that it returns takes the gradient's place. */
export type GradientHook = (grad: Tensor) => unknown;

interface Saved {
  readonly tensor: Tensor;
  readonly version: number;
  /** Where it came from; by default what the tensor itself says then. */
  readonly origin?: Edge;
}

let created = 0;

/** One operation that was recorded. `name()` is torch's: `TanhBackward0`. */
export class Node {
  /** Position in the order of creation. */
  readonly order: number;
  readonly edges: readonly (Edge | undefined)[];
  /** Gradient hooks by output. */
  readonly hooks = new Map<number, Set<GradientHook>>();
  /** Tensors that keep their gradient, by output. */
  readonly retained = new Map<number, Tensor>();
  readonly #name: string;
  #rules: readonly Rule[] | undefined;
  #saved: Saved[];

  /** `saved` are the tensors that the rules read: they must not have changed when backward comes. */
  constructor(
    name: string,
    edges: readonly (Edge | undefined)[],
    rules: readonly Rule[],
    saved: readonly Tensor[],
    outputs: readonly Tensor[] = [],
  ) {
    this.order = created;
    created += 1;
    this.#name = name;
    this.edges = edges;
    this.#rules = rules;
    this.#saved = saved.map((tensor) => {
      const output = outputs.indexOf(tensor);
      return { tensor, version: tensor.version, ...(output >= 0 && { origin: { node: this, output } }) };
    });
  }

  /** torch's name of the operation. */
  name(): string {
    return this.#name;
  }

  /** The nodes behind the inputs, with the number of the output: torch's `next_functions`. */
  get nextFunctions(): readonly (readonly [Node | null, number])[] {
    return this.edges.map((edge) => (edge ? [edge.node, edge.output] : [null, 0]));
  }

  /** The gradients of the inputs that anybody waits for. If this is the last time, it then forgets what it kept. */
  run(grads: Gradients, isLast = false): Gradients {
    const rules = this.#rules;
    if (!rules) throw new RuntimeError(SECOND_TIME);
    for (const saved of this.#saved) this.#expectUnchanged(saved);
    const results = this.edges.map((edge, input) =>
      edge ? rules[input]!(grads[0] as Tensor, grads, isLast) : undefined,
    );
    if (isLast) this.#release();
    return results;
  }

  /** A rule that kept no tensors can be run again, as in torch. */
  #release(): void {
    if (this.#saved.length === 0) return;
    this.#rules = undefined;
    this.#saved = [];
  }

  /** An in-place write moved the saved result `from` into `to`: from now on that is its memory. */
  resave(from: Tensor, to: Tensor): void {
    for (const [i, saved] of this.#saved.entries()) {
      if (saved.tensor !== from) continue;
      from.value = to.value;
      this.#saved[i] = to.viewOf ? { tensor: to, version: to.version } : { ...saved, version: to.version };
    }
  }

  /** The memory of `x` is about to be written to: if the rules read it, they get their own. */
  detachSaved(x: Tensor): void {
    for (const [i, { tensor }] of this.#saved.entries()) {
      if (tensor !== x) continue;
      x.value = copyDense(x.value);
      this.#saved[i] = { tensor, version: x.version };
    }
  }

  #expectUnchanged({ tensor, version, origin: known }: Saved): void {
    if (tensor.version === version) return;
    const origin = known ?? tensor.history;
    const type = `torch.${tensor.dtype.scalarType}Tensor ${listText(tensor.shape)}`;
    const made = origin ? `, which is output ${origin.output} of ${shortName(origin.node)},` : "";
    throw new RuntimeError(
      `one of the variables needed for gradient computation has been modified by an inplace operation: [${type}]${made} is at version ${tensor.version}; expected version ${version} instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).`,
    );
  }

  toString(): string {
    return `<${this.#name}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** The end of a path: adds what arrives to the `.grad` of a leaf. */
export class AccumulateGrad extends Node {
  readonly variable: Tensor;

  constructor(variable: Tensor) {
    super("torch::autograd::AccumulateGrad", [], [], []);
    this.variable = variable;
  }
}

const SECOND_TIME =
  "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.";

/** The name of an operation in messages: `Tanh`. */
export function shortName(node: Node): string {
  const name = node.name();
  return /Backward\d/.test(name) ? name.replace(/Backward\d+$/, "") : `torch::autograd::${name}`;
}

/** What a walk does besides computing. */
export interface WalkOptions {
  /** Keep the graph for another walk. */
  readonly retainGraph: boolean;
  /** Record the walk itself, for second derivatives. */
  readonly createGraph: boolean;
  /** Called with each finished gradient, and whether it is a sum of the walk's own that nobody else has. */
  readonly arrive: (edge: Edge, grad: Tensor, isOwn: boolean) => void;
  /** Where the walk shall lead; everywhere, when absent. */
  readonly wanted?: readonly Edge[] | undefined;
  /** Adds two gradients that meet. */
  readonly sum: (a: Tensor, b: Tensor) => Tensor;
}

/** Walks from `roots` down to the leaves, carrying gradients. */
export function walk(roots: readonly { edge: Edge; grad: Tensor }[], options: WalkOptions): void {
  const pending = new Map<Node, (Tensor | undefined)[]>();
  // sums that nobody has seen yet: to these more is added where they lie
  const own = new Set<Tensor>();
  const deliver = ({ node, output }: Edge, grad: Tensor): void => {
    const grads = pending.get(node) ?? [];
    const present = grads[output];
    if (present && own.has(present) && addTo(present.value, grad.value)) return;
    const next = present ? options.sum(present, grad) : grad;
    if (present && !options.createGraph) own.add(next);
    grads[output] = next;
    pending.set(node, grads);
  };
  withGrad(options.createGraph, () => {
    for (const { edge, grad } of roots) deliver(edge, grad);
    const order = inOrder(roots.map(({ edge }) => edge.node));
    const { wanted, beyond } = paths(options.wanted, order);
    for (const node of order) {
      const grads = pending.get(node);
      pending.delete(node);
      if (!grads || !wanted(node)) continue;
      for (let output = 0; output < grads.length; output += 1) {
        const grad = grads[output];
        if (!grad) continue;
        const hooks = node.hooks.get(output);
        const isOwn = own.delete(grad) && !hooks?.size;
        grads[output] = afterHooks(hooks, grad);
        options.arrive({ node, output }, grads[output]!, isOwn);
      }
      if (node.edges.length === 0 || !beyond(node)) continue;
      const results = node.run(grads, !options.retainGraph);
      for (const [input, edge] of node.edges.entries()) {
        const grad = results[input];
        if (edge && grad) deliver(edge, grad);
      }
    }
  });
}

/** All nodes that can be reached, latest first. An explicit stack: the graph may be deeper than any call stack. */
function inOrder(roots: readonly Node[]): Node[] {
  const seen = new Set<Node>(roots);
  const stack = [...seen];
  for (let node = stack.pop(); node; node = stack.pop()) {
    for (const edge of node.edges) {
      if (!edge || seen.has(edge.node)) continue;
      seen.add(edge.node);
      stack.push(edge.node);
    }
  }
  return [...seen].sort((a, b) => b.order - a.order);
}

/**
 * Which nodes lie on a path to where the walk shall lead: `wanted` are those that gradients must reach, `beyond` those
 * that must also hand them on.
 */
function paths(
  goals: readonly Edge[] | undefined,
  latestFirst: readonly Node[],
): Record<"wanted" | "beyond", (node: Node) => boolean> {
  if (!goals) return { wanted: () => true, beyond: () => true };
  const wanted = new Set(goals.map(({ node }) => node));
  const beyond = new Set<Node>();
  for (const node of latestFirst.toReversed()) {
    if (!node.edges.some((edge) => edge && wanted.has(edge.node))) continue;
    wanted.add(node);
    beyond.add(node);
  }
  return { wanted: (node) => wanted.has(node), beyond: (node) => beyond.has(node) };
}

function afterHooks(hooks: Set<GradientHook> | undefined, grad: Tensor): Tensor {
  let result = grad;
  for (const hook of hooks ?? []) result = (hook(result) as Tensor | undefined) ?? result;
  return result;
}
