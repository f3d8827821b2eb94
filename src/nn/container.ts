/** Modules made of modules: in a row, in a list, by name. */
import type { Tensor } from "../autograd/tensor.ts";
import { IndexError, KeyError } from "../check.ts";
import { indented, Module } from "./module.ts";

/** A module that turns one tensor into one tensor. */
export type Layer = Module & { forward(x: Tensor): Tensor };

/** Each layer gets what the one before it gave (torch.nn.Sequential). `sequential[0]` is the first. */
export class Sequential extends Module {
  [index: number]: Layer;

  constructor(...layers: Layer[]) {
    super();
    for (const [i, layer] of layers.entries()) this.addModule(String(i), layer);
  }

  override forward(x: Tensor): Tensor {
    let result = x;
    for (const layer of this) result = layer.forward(result);
    return result;
  }

  /** The number of layers. */
  get length(): number {
    return [...this].length;
  }

  *[Symbol.iterator](): IterableIterator<Layer> {
    for (const [, value] of Object.entries(this)) if (value instanceof Module) yield value as Layer;
  }
}

/** A list of modules whose parameters are found (torch.nn.ModuleList). `list[0]` is the first, `list.at(-1)` the last. */
export class ModuleList<M extends Module = Module> extends Module {
  [index: number]: M;
  #length = 0;

  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /** The number of modules. */
  get length(): number {
    return this.#length;
  }

  /** Adds a module at the end. */
  append(module: M): this {
    this.addModule(String(this.#length), module);
    this.#length += 1;
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  /** The module at a position, from the end if negative. Errors: IndexError. */
  at(index: number): M {
    if (index < -this.#length || index >= this.#length) throw new IndexError(`index ${index} is out of range`);
    return this[index < 0 ? index + this.#length : index]!;
  }

  *[Symbol.iterator](): IterableIterator<M> {
    for (let i = 0; i < this.#length; i += 1) yield this[i]!;
  }

  /** Neighbours that print alike are shown once: `(0-2): 3 x RNN(1, 2)`. */
  protected override childLines(): string[] {
    const runs: { text: string; first: number; last: number }[] = [];
    for (let i = 0; i < this.#length; i += 1) {
      const text = indented(this[i]!);
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
  readonly #names = new Set<string>();

  constructor(modules: Readonly<Record<string, M>> = {}) {
    super();
    for (const [name, module] of Object.entries(modules)) this.set(name, module);
  }

  /** The module of this name. Errors: KeyError. */
  get(name: string): M {
    if (!this.#names.has(name)) throw new KeyError(`'${name}'`);
    return Reflect.get(this, name) as M;
  }

  /** Adds a module, or replaces the one of this name. */
  set(name: string, module: M): this {
    this.addModule(name, module);
    this.#names.add(name);
    return this;
  }

  /** Whether there is a module of this name. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** The names, in order. */
  keys(): IterableIterator<string> {
    return this.#names.keys();
  }

  /** The modules, in order. */
  *values(): IterableIterator<M> {
    for (const name of this.#names) yield this.get(name);
  }

  /** Names and modules, in order. */
  *entries(): IterableIterator<[string, M]> {
    for (const name of this.#names) yield [name, this.get(name)];
  }
}
