/** Modules made of modules: in a row, in a list, by name. */
import type { Tensor } from "../autograd/tensor.ts";
import { IndexError, KeyError, pythonTypeOf } from "../check.ts";
import { indented, Module } from "./module.ts";

/** A module that turns one tensor into one tensor. */
export type Layer = Module & { forward(x: Tensor): Tensor };

/** Layers by name, in order. */
export type NamedLayers = ReadonlyMap<string, Layer> | { readonly [name: string]: Layer };

/** Each layer gets what the one before it gave (torch.nn.Sequential). `sequential[0]` is the first. */
export class Sequential extends Module {
  static override readonly name: string = "Sequential";

  [index: number]: Layer;

  /** Layers one by one, or by name: `new Sequential({ hidden: new Linear(2, 3), out: new Linear(3, 1) })`. */
  constructor(...layers: Layer[] | [layers: NamedLayers]) {
    super();
    const [first] = layers;
    const named =
      first instanceof Map
        ? first
        : Object.entries(typeof first !== "object" || first instanceof Module ? layers : first);
    for (const [name, layer] of named) this.addModule(name, layer);
  }

  override forward(x: Tensor): Tensor {
    let result = x;
    for (const layer of this) result = layer.forward(result);
    return result;
  }

  /** The number of layers. */
  get length(): number {
    return this.ownModules().length;
  }

  /** The layer at a position, from the end if negative. Errors: IndexError. */
  at(index: number): Layer {
    return [...this][position(index, this.length)]!;
  }

  /** Some of the layers, under their names: Python's `sequential[start:end]`. */
  slice(start?: number, end?: number): Sequential {
    return new Sequential(new Map(this.ownModules().slice(start, end) as [string, Layer][]));
  }

  /** Adds a layer at the end. */
  append(layer: Layer): this {
    this.addModule(String(this.length), layer);
    return this;
  }

  *[Symbol.iterator](): IterableIterator<Layer> {
    for (const [, layer] of this.ownModules()) yield layer as Layer;
  }
}

/** A list of modules whose parameters are found (torch.nn.ModuleList). `list[0]` is the first, `list.at(-1)` the last. */
export class ModuleList<M extends Module = Module> extends Module {
  static override readonly name: string = "ModuleList";

  [index: number]: M;

  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /** The number of modules. */
  get length(): number {
    return this.ownModules().length;
  }

  /** Adds a module at the end. */
  append(module: M): this {
    this.addModule(String(this.length), module);
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    if (typeof modules?.[Symbol.iterator] !== "function") {
      throw new TypeError(`ModuleList.extend should be called with an iterable, but got ${pythonTypeOf(modules)}`);
    }
    for (const module of modules) this.append(module);
    return this;
  }

  /** The module at a position, from the end if negative. Errors: IndexError. */
  at(index: number): M {
    return this[position(index, this.length)]!;
  }

  /** A list of some of the modules: Python's `list[start:end]`. */
  slice(start?: number, end?: number): ModuleList<M> {
    return new ModuleList([...this].slice(start, end));
  }

  *[Symbol.iterator](): IterableIterator<M> {
    for (const [, module] of this.ownModules()) yield module as M;
  }

  /** Neighbours that print alike are shown once: `(0-2): 3 x RNN(1, 2)`. */
  protected override childLines(): string[] {
    const runs: { text: string; first: number; last: number }[] = [];
    for (const [i, module] of [...this].entries()) {
      const text = indented(module);
      const run = runs.at(-1);
      if (run?.text === text) run.last = i;
      else runs.push({ text, first: i, last: i });
    }
    return runs.map(({ text, first, last }) =>
      first === last ? `(${first}): ${text}` : `(${first}-${last}): ${last - first + 1} x ${text}`,
    );
  }
}

/** Modules by name whose parameters are found (torch.nn.ModuleDict). */
export class ModuleDict<M extends Module = Module> extends Module {
  static override readonly name: string = "ModuleDict";

  constructor(modules: Readonly<Record<string, M>> = {}) {
    super();
    for (const [name, module] of Object.entries(modules)) this.set(name, module);
  }

  /** The module of this name. Errors: KeyError. */
  get(name: string): M {
    const found = new Map(this.ownModules()).get(name);
    if (!found) throw new KeyError(name);
    return found as M;
  }

  /** Adds a module, or replaces the one of this name. */
  set(name: string, module: M): this {
    this.addModule(name, module);
    return this;
  }

  /** Whether there is a module of this name. */
  has(name: string): boolean {
    return this.ownModules().some(([own]) => own === name);
  }

  /** The names, in order. */
  keys(): IterableIterator<string> {
    return new Map(this.ownModules()).keys();
  }

  /** The modules, in order. */
  values(): IterableIterator<M> {
    return new Map(this.ownModules()).values() as IterableIterator<M>;
  }

  /** Names and modules, in order. */
  entries(): IterableIterator<[string, M]> {
    return new Map(this.ownModules()).entries() as IterableIterator<[string, M]>;
  }
}

/** A position counted from the start. Errors: IndexError. */
function position(index: number, length: number): number {
  if (index < -length || index >= length) throw new IndexError(`index ${index} is out of range`);
  return index < 0 ? index + length : index;
}
