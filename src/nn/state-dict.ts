/**
 * State dicts: the numbers of a module by name. Loading looks at everything before it changes anything: a checkpoint that
 * does not fit leaves the module as it was.
 */

import { copy_ } from "../autograd/fill.ts";
import { noGrad } from "../autograd/mode.ts";
import { Tensor } from "../autograd/tensor.ts";
import { AttributeError, pythonTypeOf, RuntimeError } from "../check.ts";
import { OrderedDict } from "../dense/ordered-dict.ts";
import { repr } from "../dense/python-text.ts";
import { sameDims } from "../dense/shape.ts";
import type { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Tensors by name, as `stateDict` makes them and `loadStateDict` takes them; plain objects are welcome, too. */
export type StateDict = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

/** How a checkpoint is taken over. */
export interface LoadOptions {
  /** Whether every name must be there on both sides. Default true. */
  readonly strict?: boolean;
  /** Put the checkpoint's tensors in place of the module's, dtype and all, instead of copying numbers. Default false. */
  readonly assign?: boolean;
}

/** The names that did not fit; prints as torch's. */
export class IncompatibleKeys {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];

  constructor(missingKeys: readonly string[], unexpectedKeys: readonly string[]) {
    this.missingKeys = missingKeys;
    this.unexpectedKeys = unexpectedKeys;
  }

  toString(): string {
    if (this.missingKeys.length + this.unexpectedKeys.length === 0) return "<All keys matched successfully>";
    return `_IncompatibleKeys(missing_keys=${repr(this.missingKeys)}, unexpected_keys=${repr(this.unexpectedKeys)})`;
  }
}

/** Every parameter and persistent buffer of a module by its path, without past, on the module's own memory. */
export function collectState(module: Module): OrderedDict<string, Tensor> {
  const state = new OrderedDict<string, Tensor>();
  const metadata = new OrderedDict<string, { readonly version: number }>();
  for (const [path, owner] of places(module)) {
    metadata.set(path, { version: 1 });
    for (const [name, tensor] of owner.ownState()) state.set(join(path, name), new Tensor(tensor.value));
  }
  // What torch's files keep beside the items; it is none itself and does not print.
  Object.defineProperty(state, "_metadata", { value: metadata, writable: true, configurable: true });
  return state;
}

/** Copies a checkpoint into a module. Errors: one RuntimeError that lists everything that does not fit, as torch's. */
export function loadState(module: Module, given: StateDict, options: LoadOptions = {}): IncompatibleKeys {
  const { strict = true, assign = false } = options;
  const state = asMap(given);
  const missing: string[] = [];
  const unexpected: string[] = [];
  const problems: string[] = [];
  const copies: (() => void)[] = [];
  for (const [path, owner] of places(module)) {
    const own = new Map(owner.ownState());
    for (const [name, tensor] of own) {
      const key = join(path, name);
      const value = state.get(key);
      if (!state.has(key)) missing.push(key);
      else if (!(value instanceof Tensor)) problems.push(notATensor(key, value));
      else if (!sameDims(value.shape, tensor.shape)) problems.push(sizeMismatch(key, value, tensor));
      else if (!assign) copies.push(() => noGrad(() => copy_(tensor, value)));
      else {
        try {
          copies.push(replacement(owner, name, tensor, value));
        } catch (error) {
          problems.push(exception(key, value, tensor, error as Error));
        }
      }
    }
    unexpected.push(...strangers(owner, path, own, state));
  }
  if (strict && unexpected.length > 0) problems.unshift(`Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
  if (strict && missing.length > 0) problems.unshift(`Missing key(s) in state_dict: ${quoted(missing)}. `);
  if (problems.length > 0) {
    const lines = problems.map((problem) => `\n\t${problem}`).join("");
    throw new RuntimeError(`Error(s) in loading state_dict for ${module.name()}:${lines}`);
  }
  for (const copy of copies) copy();
  return new IncompatibleKeys(missing, unexpected);
}

/** A module and all below it by path. Unlike in `namedModules`, one that has several names comes under each. */
function* places(module: Module, path = ""): IterableIterator<[path: string, owner: Module]> {
  yield [path, module];
  for (const [name, child] of module.ownModules()) yield* places(child, join(path, name));
}

function asMap(given: StateDict): ReadonlyMap<string, unknown> {
  if (given instanceof Map) return expectNames(given);
  const plain = typeof given === "object" && given !== null && !Array.isArray(given) && !(given instanceof Tensor);
  if (plain) return new Map(Object.entries(given));
  throw new TypeError(
    `Expected state_dict to be dict-like, got <class '${given instanceof Tensor ? "torch.Tensor" : pythonTypeOf(given)}'>.`,
  );
}

/** Keys of a dict from a file keep their types, and only texts are names. */
function expectNames(state: ReadonlyMap<unknown, unknown>): ReadonlyMap<string, unknown> {
  for (const key of state.keys()) {
    if (typeof key !== "string") {
      throw new AttributeError(`'${pythonTypeOf(key)}' object has no attribute 'startswith'`);
    }
  }
  return state as ReadonlyMap<string, unknown>;
}

/** The names under a module's path that mean nothing to it. */
function strangers(
  owner: Module,
  path: string,
  own: ReadonlyMap<string, Tensor>,
  state: ReadonlyMap<string, unknown>,
): string[] {
  const prefix = path === "" ? "" : `${path}.`;
  const children = new Set(owner.ownModules().map(([name]) => name));
  return [...state.keys()].filter((key) => {
    if (!key.startsWith(prefix)) return false;
    const [first, ...rest] = key.slice(prefix.length).split(".");
    return rest.length > 0 ? !children.has(first!) : !own.has(first!);
  });
}

/** What puts `value` in the place of `old`. A parameter stays the object that it is, so that tied ones stay tied. */
function replacement(owner: Module, name: string, old: Tensor, value: Tensor): () => void {
  const kept = old instanceof Parameter ? parameterOf(value, old.requiresGrad) : value;
  return () => Reflect.set(owner, name, kept);
}

function parameterOf(value: Tensor, requiresGrad: boolean): Parameter {
  if (!(value instanceof Parameter)) return new Parameter(value, requiresGrad);
  value.requiresGrad = requiresGrad;
  return value;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(", ");
}

function notATensor(key: string, value: unknown): string {
  return `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received <class '${pythonTypeOf(value)}'>`;
}

function exception(key: string, value: Tensor, tensor: Tensor, { message }: Error): string {
  return `While copying the parameter named "${key}", whose dimensions in the model are ${tensor.shape} and whose dimensions in the checkpoint are ${value.shape}, an exception occurred : (${repr(message)},).`;
}

function sizeMismatch(key: string, value: Tensor, tensor: Tensor): string {
  return `size mismatch for ${key}: copying a param with shape ${value.shape} from checkpoint, the shape in current model is ${tensor.shape}.`;
}
