/**
 * The base of all layers. A module's parameters, buffers and children are its own properties, in the order in which they
 * were set: what a constructor writes down is what `parameters`, `stateDict` and the printed form list, as in torch.
 */
import type { HookHandle } from "../autograd/backward.ts";
import { toDtype } from "../autograd/broadcast.ts";
import { expectCpu, zerosLike } from "../autograd/create.ts";
import { Tensor } from "../autograd/tensor.ts";
import { AttributeError, KeyError, NotImplementedError, ValueError } from "../check.ts";
import { type DType, float16, float32, float64 } from "../dense/dtype.ts";
import type { OrderedDict } from "../dense/ordered-dict.ts";
import { type Tuple, tuple } from "../dense/tuple.ts";
import { type ForwardHook, type ForwardPreHook, Hooks } from "./hooks.ts";
import { Parameter } from "./parameter.ts";
import { collectState, type IncompatibleKeys, type LoadOptions, loadState, type StateDict } from "./state-dict.ts";

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
  /** Whether dropout and its like are active; switched by `train` and `eval`. */
  training = true;
  readonly #buffers = new Map<string, { persistent: boolean }>();
  #hooks: Hooks | undefined;

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
    this.#expectName("parameter", name);
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new TypeError(
        `cannot assign '${typeText(parameter)}' object to parameter '${name}' (torch.nn.Parameter or None required)`,
      );
    }
    let current = parameter;
    Object.defineProperty(this, name, {
      enumerable: true,
      configurable: true,
      get: () => current,
      set: (value: Parameter | null) => {
        if (value !== null && !(value instanceof Parameter)) {
          throw new TypeError(
            `cannot assign '${typeText(value)}' as parameter '${name}' (torch.nn.Parameter or None expected)`,
          );
        }
        current = value;
      },
    });
  }

  /** Makes a property of a tensor that belongs to the module but is not learned. */
  registerBuffer(name: string, tensor: Tensor | null, persistent = true): void {
    this.#expectName("buffer", name);
    this.#buffers.set(name, { persistent });
    Reflect.set(this, name, tensor);
  }

  /** Makes a property of a child module. */
  addModule(name: string, module: Module | null): void {
    this.#expectName("module", name);
    Reflect.set(this, name, module);
  }

  #expectName(what: string, name: string): void {
    if (name.includes(".")) throw new KeyError(`'${what} name can\\'t contain "."'`);
    if (name === "") throw new KeyError(`'${what} name can\\'t be empty string ""'`);
    const present: unknown = Reflect.get(this, name);
    const replaceable =
      present === undefined || present === null || present instanceof Tensor || present instanceof Module;
    if (!replaceable) throw new KeyError(`"attribute '${name}' already exists"`);
  }

  #entries<T>(isWanted: (value: unknown, name: string) => value is T): [string, T][] {
    return Object.entries(this).filter((entry): entry is [string, T] => isWanted(entry[1], entry[0]));
  }

  /** The children by name, in order. */
  *namedChildren(): IterableIterator<NamedPair<Module>> {
    const seen = new Set<Module>();
    for (const [name, child] of this.#entries((value) => value instanceof Module)) {
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
    for (const [name, child] of this.#entries((value) => value instanceof Module)) {
      yield* child.namedModules(prefix === "" ? name : `${prefix}.${name}`, seen);
    }
  }

  /** This module and all below it. */
  *modules(): IterableIterator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /** The parameters by path, in order; one that is shared comes once. */
  *namedParameters(options: { prefix?: string; recurse?: boolean } = {}): IterableIterator<NamedPair<Parameter>> {
    yield* this.#named(options, (module) => module.#entries((value) => value instanceof Parameter));
  }

  /** The parameters, in order. */
  *parameters(recurse = true): IterableIterator<Parameter> {
    for (const [, parameter] of this.namedParameters({ recurse })) yield parameter;
  }

  /** The buffers by path, in order. */
  *namedBuffers(options: { prefix?: string; recurse?: boolean } = {}): IterableIterator<NamedPair<Tensor>> {
    yield* this.#named(options, (module) =>
      module.#entries((value, name): value is Tensor => value instanceof Tensor && module.#buffers.has(name)),
    );
  }

  /** The buffers, in order. */
  *buffers(recurse = true): IterableIterator<Tensor> {
    for (const [, buffer] of this.namedBuffers({ recurse })) yield buffer;
  }

  *#named<T extends Tensor>(
    options: { prefix?: string; recurse?: boolean },
    own: (module: Module) => [string, T][],
  ): IterableIterator<NamedPair<T>> {
    const { prefix = "", recurse = true } = options;
    const seen = new Set<T>();
    for (const [path, module] of recurse ? this.namedModules(prefix) : [[prefix, this] as const]) {
      for (const [name, tensor] of own(module)) {
        if (seen.has(tensor)) continue;
        seen.add(tensor);
        yield tuple(path === "" ? name : `${path}.${name}`, tensor);
      }
    }
  }

  /** This module's own parameters and persistent buffers: what it contributes to a state dict. */
  ownState(): [string, Tensor][] {
    const parameters = this.#entries((value): value is Tensor => value instanceof Parameter);
    const buffers = this.#entries(
      (value, name): value is Tensor => value instanceof Tensor && this.#buffers.get(name)?.persistent === true,
    );
    return [...parameters, ...buffers];
  }

  /** The parameter at a path such as "rnn.weight_ih_l0". */
  getParameter(path: string): Parameter {
    const [owner, name] = this.#locate(path);
    const found: unknown = Reflect.get(owner, name);
    if (found instanceof Parameter) return found;
    if (found === undefined) throw new AttributeError(`${owner.name()} has no attribute \`${name}\``);
    throw new AttributeError(`\`${name}\` is not an nn.Parameter`);
  }

  /** The module at a path such as "encoder.rnn"; "" is this one. */
  getSubmodule(path: string): Module {
    if (path === "") return this;
    const [owner, name] = this.#locate(path);
    const found: unknown = Reflect.get(owner, name);
    if (found instanceof Module) return found;
    if (found === undefined) throw new AttributeError(`${owner.name()} has no attribute \`${name}\``);
    throw new AttributeError(`\`${name}\` is not an nn.Module`);
  }

  #locate(path: string): [owner: Module, name: string] {
    const at = path.lastIndexOf(".");
    return [at < 0 ? this : this.getSubmodule(path.slice(0, at)), path.slice(at + 1)];
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
      if (parameter.grad) parameter.grad = setToNone ? null : zerosLike(parameter.grad);
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
    return this.#hooked().add("after", hook);
  }

  /** Calls `hook(module, args)` before every `forward`; a list that it returns becomes the arguments. */
  registerForwardPreHook(hook: ForwardPreHook): HookHandle {
    return this.#hooked().add("before", hook);
  }

  #hooked(): Hooks {
    this.#hooks ??= new Hooks(this);
    return this.#hooks;
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
    return [...this.namedChildren()].map(([name, child]) => `(${name}): ${indented(child)}`);
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

function typeText(value: unknown): string {
  return value instanceof Tensor ? `torch.${value.dtype.scalarType}Tensor` : typeof value;
}
