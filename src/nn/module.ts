/**
 * The base of all layers. A module's parameters, buffers and children are its own properties, in the order in which they
 * were set: what a constructor writes down is what `parameters`, `stateDict` and the printed form list, as in torch.
 */
import type { HookHandle } from "../autograd/backward.ts";
import { toDtype } from "../autograd/broadcast.ts";
import { expectCpu } from "../autograd/factory.ts";
import { zero_ } from "../autograd/fill.ts";
import { noGrad } from "../autograd/mode.ts";
import { Tensor } from "../autograd/tensor.ts";
import { AttributeError, NotImplementedError, ValueError } from "../check.ts";
import { bfloat16, type DType, float16, float32, float64 } from "../dense/dtype.ts";
import type { OrderedDict } from "../dense/ordered-dict.ts";
import { type Tuple, tuple } from "../dense/tuple.ts";
import type { BackwardHook, BackwardPreHook } from "./backward-hooks.ts";
import { addHook, type ForwardHook, type ForwardPreHook, type Hooks, hooked } from "./hooks.ts";
import { ModelStream, type ModelStreamOptions, type StreamOf } from "./model-stream.ts";
import { Parameter } from "./parameter.ts";
import { expectName, guardParameter, typeText } from "./register.ts";
import { collectState, type IncompatibleKeys, type LoadOptions, loadState, type StateDict } from "./state-dict.ts";

/**
 * What a module knows beside its parts. An ordinary property, like all state of modules: `deepcopy` copies what it can
 * see, which the private fields of JavaScript (`#name`) are not.
 */
const registry = Symbol("registry");

interface Registry {
  /** The names of the buffers, and whether a state dict keeps them. */
  readonly buffers: Map<string, boolean>;
  /** The names given to `addModule`, in that order. */
  readonly added: Set<string>;
  hooks?: Hooks;
}

/** A name and what it stands for; prints as a Python tuple. */
export type NamedPair<V> = Tuple<string | V> & readonly [name: string, value: V];

/**
 * torch.nn.Module. Subclasses set their parts as properties and define `forward`:
 *
 *     class Net extends nn.Module {
 *       rnn = new nn.RNN(1, 8, { batchFirst: true });
 *       fc = new nn.Linear(8, 1);
 *       forward(x: Tensor): Tensor {
 *         const [output] = this.rnn.forward(x);
 *         return this.fc.forward(output.at(":, -1"));
 *       }
 *     }
 */
export class Module {
  /** What it is called in print. Written out in every class, because minifiers rename them. */
  static readonly name: string = "Module";

  /** Whether dropout and its like are active; switched by `train` and `eval`. */
  training = true;
  readonly [registry]: Registry = { buffers: new Map(), added: new Set() };

  /** What the module computes. */
  forward(..._input: never[]): unknown {
    throw new NotImplementedError(`Module [${this.name()}] is missing the required "forward" function`);
  }

  /** The class name that torch prints. */
  name(): string {
    return this.constructor.name;
  }

  /** What stands between the parentheses of the printed form. */
  extraRepr(): string {
    return "";
  }

  /** Makes a property of a parameter (or of its absence, null) and guards it against being given anything else. */
  registerParameter(name: string, parameter: Parameter | null): void {
    expectName(this, "parameter", name, (present) => present instanceof Parameter);
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new TypeError(
        `cannot assign '${typeText(parameter)}' object to parameter '${name}' (torch.nn.Parameter or None required)`,
      );
    }
    guardParameter(this, name, parameter);
  }

  /** Makes a property of a tensor that belongs to the module but is not learned. */
  registerBuffer(name: string, tensor: Tensor | null, persistent = true): void {
    const { buffers } = this[registry];
    expectName(this, "buffer", name, () => buffers.has(name));
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw new TypeError(
        `cannot assign '${typeText(tensor)}' object to buffer '${name}' (torch Tensor or None required)`,
      );
    }
    buffers.set(name, persistent);
    Reflect.set(this, name, tensor);
  }

  /** Makes a property of a child module. */
  addModule(name: string, module: Module | null): void {
    if (module !== null && !(module instanceof Module)) {
      throw new TypeError(`${typeText(module)} is not a Module subclass`);
    }
    expectName(this, "module", name, (present) => present instanceof Module);
    this[registry].added.add(name);
    Reflect.set(this, name, module);
  }

  /** The children by name, in order; one that has several names comes under each. */
  ownModules(): [name: string, child: Module][] {
    const found = parts(this, (value) => value instanceof Module);
    const order = [...this[registry].added];
    // JavaScript lists properties named by whole numbers first; containers keep the order in which they were filled.
    if (!found.every(([name]) => order.includes(name))) return found;
    return found.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  }

  /** The children by name, in order, each once. */
  *namedChildren(): IterableIterator<NamedPair<Module>> {
    const seen = new Set<Module>();
    for (const [name, child] of this.ownModules()) {
      if (seen.has(child)) continue;
      seen.add(child);
      yield tuple(name, child);
    }
  }

  /** The children, in order. */
  *children(): IterableIterator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }

  /** This module (under the name "") and all below it, each once. */
  *namedModules(prefix = "", seen = new Set<Module>()): IterableIterator<NamedPair<Module>> {
    if (seen.has(this)) return;
    seen.add(this);
    yield tuple(prefix, this as Module);
    for (const [name, child] of this.ownModules()) {
      yield* child.namedModules(prefix === "" ? name : `${prefix}.${name}`, seen);
    }
  }

  /** This module and all below it. */
  *modules(): IterableIterator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /** The parameters by path, in order; one that is shared comes once. */
  *namedParameters(options: { prefix?: string; recurse?: boolean } = {}): IterableIterator<NamedPair<Parameter>> {
    yield* named(this, options, (module) => parts(module, (value) => value instanceof Parameter));
  }

  /** The parameters, in order. */
  *parameters(recurse = true): IterableIterator<Parameter> {
    for (const [, parameter] of this.namedParameters({ recurse })) yield parameter;
  }

  /** The buffers by path, in order. */
  *namedBuffers(options: { prefix?: string; recurse?: boolean } = {}): IterableIterator<NamedPair<Tensor>> {
    yield* named(this, options, (module) =>
      parts(module, (value, name): value is Tensor => value instanceof Tensor && module[registry].buffers.has(name)),
    );
  }

  /** The buffers, in order. */
  *buffers(recurse = true): IterableIterator<Tensor> {
    for (const [, buffer] of this.namedBuffers({ recurse })) yield buffer;
  }

  /** This module's own parameters and persistent buffers: what it contributes to a state dict. */
  ownState(): [string, Tensor][] {
    const { buffers: persistent } = this[registry];
    const parameters = parts(this, (value): value is Tensor => value instanceof Parameter);
    const buffers = parts(
      this,
      (value, name): value is Tensor => value instanceof Tensor && persistent.get(name) === true,
    );
    return [...parameters, ...buffers];
  }

  /** The parameter at a path such as "rnn.weight_ih_l0". Errors: AttributeError. */
  getParameter(path: string): Parameter {
    const [owner, name] = locate(this, path);
    const found = attribute(owner, name);
    if (found instanceof Parameter) return found;
    throw new AttributeError(`\`${name}\` is not an nn.Parameter`);
  }

  /** The buffer at a path. Errors: AttributeError. */
  getBuffer(path: string): Tensor {
    const [owner, name] = locate(this, path);
    const found = attribute(owner, name);
    if (found instanceof Tensor && owner[registry].buffers.has(name)) return found;
    throw new AttributeError(`\`${name}\` is not a buffer`);
  }

  /** The module at a path such as "encoder.rnn"; "" is this one. Errors: AttributeError. */
  getSubmodule(path: string): Module {
    if (path === "") return this;
    const [owner, name] = locate(this, path);
    const found = attribute(owner, name);
    if (found instanceof Module) return found;
    throw new AttributeError(`\`${name}\` is not an nn.Module`);
  }

  /** Calls `f` with every module, children first, and gives the module back. */
  apply(f: (module: Module) => void): this {
    for (const child of this.children()) child.apply(f);
    f(this);
    return this;
  }

  /** Switches to training, or back. */
  train(mode = true): this {
    if (typeof mode !== "boolean") throw new ValueError("training mode is expected to be boolean");
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Switches to evaluation: no dropout. */
  eval(): this {
    return this.train(false);
  }

  /** Lets gradients flow to all parameters, or stops them. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad;
    return this;
  }

  /** Forgets the gradients, or sets them to zero. */
  zeroGrad(setToNone = true): void {
    for (const parameter of this.parameters()) {
      const { grad } = parameter;
      if (setToNone || !grad) parameter.grad = null;
      else {
        grad.setHistory(undefined);
        noGrad(() => zero_(grad));
      }
    }
  }

  /** Converts all floating point parameters and buffers; device names are accepted as far as there is such a device. */
  to(target: DType | string): this {
    if (typeof target === "string") {
      expectCpu(target);
      return this;
    }
    if (target.kind !== "float") {
      throw new TypeError(
        `nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${target}`,
      );
    }
    for (const tensor of [...this.parameters(), ...this.buffers()]) {
      if (tensor.dtype.kind !== "float") continue;
      tensor.value = toDtype(new Tensor(tensor.value), target).value;
      if (tensor.grad) tensor.grad = toDtype(tensor.grad, target);
    }
    return this;
  }

  /** As float32. */
  float(): this {
    return this.to(float32);
  }

  /** As float64. */
  double(): this {
    return this.to(float64);
  }

  /** As float16. */
  half(): this {
    return this.to(float16);
  }

  /** As bfloat16. */
  bfloat16(): this {
    return this.to(bfloat16);
  }

  /** Stays where it is. */
  cpu(): this {
    return this;
  }

  /** There is no such device. Errors: AssertionError. */
  cuda(): this {
    return this.to("cuda");
  }

  /** torch.nn.Module.state_dict: the numbers by path, on the module's own memory. */
  stateDict(): OrderedDict<string, Tensor> {
    return collectState(this);
  }

  /** torch.nn.Module.load_state_dict: copies a checkpoint in; all of it or, after an error, nothing. */
  loadStateDict(state: StateDict, options?: LoadOptions): IncompatibleKeys {
    return loadState(this, state, options);
  }

  /** Calls `hook(module, args, output)` after every `forward`; what it returns, if anything, becomes the output. */
  registerForwardHook(hook: ForwardHook): HookHandle {
    return addHook(this.hooks().after, hook);
  }

  /** Calls `hook(module, args)` before every `forward`; a list that it returns becomes the arguments. */
  registerForwardPreHook(hook: ForwardPreHook): HookHandle {
    return addHook(this.hooks().before, hook);
  }

  /** Calls `hook(module, gradInput, gradOutput)` in every backward; a list that it returns becomes the input gradients. */
  registerFullBackwardHook(hook: BackwardHook): HookHandle {
    return addHook(this.hooks().backward.after, hook);
  }

  /** Calls `hook(module, gradOutput)` in every backward; a list that it returns becomes the output gradients. */
  registerFullBackwardPreHook(hook: BackwardPreHook): HookHandle {
    return addHook(this.hooks().backward.before, hook);
  }

  private hooks(): Hooks {
    this[registry].hooks ??= hooked(this, (module) => module[registry].hooks!);
    return this[registry].hooks;
  }

  /**
   * A session that takes a sequence as it comes, by step or in chunks: it runs `forward`, in evaluation mode and without
   * recording, and remembers the states of the recurrent layers in it; see nn/model-stream.ts.
   * Errors: RuntimeError, with the path, for a bidirectional layer and for a cell.
   */
  stream<M extends Module>(this: M, options?: ModelStreamOptions): StreamOf<M>;
  // never called: beside it TypeScript lets a subclass have a session of its own kind
  stream(options?: ModelStreamOptions): unknown;
  stream(options?: ModelStreamOptions): unknown {
    return new ModelStream(this, options);
  }

  /** torch's printed form: the class, its settings, and its children indented. */
  toString(): string {
    const extra = this.extraRepr() === "" ? [] : this.extraRepr().split("\n");
    const children = this.childLines();
    if (extra.length === 1 && children.length === 0) return `${this.name()}(${extra[0]})`;
    const lines = [...extra, ...children];
    return lines.length === 0 ? `${this.name()}()` : `${this.name()}(\n  ${lines.join("\n  ")}\n)`;
  }

  /** The lines of the printed form that show the children. */
  protected childLines(): string[] {
    return this.ownModules().map(([name, child]) => `(${name}): ${indented(child)}`);
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** The printed form of a child, its further lines indented by two. */
export function indented(module: Module): string {
  return module.toString().replaceAll("\n", "\n  ");
}

/** The own properties of a module that are wanted, in the order in which they were set. */
function parts<T>(module: Module, isWanted: (value: unknown, name: string) => value is T): [string, T][] {
  return Object.entries(module).filter((entry): entry is [string, T] => isWanted(entry[1], entry[0]));
}

/** What `own` finds in a module and in all below it, by path, each once. */
function* named<T extends Tensor>(
  root: Module,
  { prefix = "", recurse = true }: { prefix?: string; recurse?: boolean },
  own: (module: Module) => [string, T][],
): IterableIterator<NamedPair<T>> {
  const seen = new Set<T>();
  for (const [path, module] of recurse ? root.namedModules(prefix) : [[prefix, root] as const]) {
    for (const [name, tensor] of own(module)) {
      if (seen.has(tensor)) continue;
      seen.add(tensor);
      yield tuple(path === "" ? name : `${path}.${name}`, tensor);
    }
  }
}

function locate(root: Module, path: string): [owner: Module, name: string] {
  const at = path.lastIndexOf(".");
  return [at < 0 ? root : root.getSubmodule(path.slice(0, at)), path.slice(at + 1)];
}

function attribute(owner: Module, name: string): unknown {
  const found: unknown = name in owner ? Reflect.get(owner, name) : undefined;
  if (found === undefined) throw new AttributeError(`${owner.name()} has no attribute \`${name}\``);
  return found;
}
