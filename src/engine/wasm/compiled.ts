/** Kernels that are made when they are first asked for: from the page of a cell, once for each, or for an engine. */
import type { Arithmetic } from "../algebra.ts";
import type { Arena, GrowingMemory } from "./arena.ts";
import { assemble, type FunctionCode } from "./assembler.ts";
import { exportsOf, machine, synchronous } from "./host.ts";
import type { PanelKernels } from "./panels.ts";

/** What kernels that are made later have of an engine: its memory, and the kernels that are there. */
export interface Workshop {
  readonly arithmetic: Arithmetic;
  readonly memory: GrowingMemory;
  readonly arena: Arena;
  readonly kernels: PanelKernels;
}

/** What is compiled, for which memory, and what is taken of it. */
export interface LaterCode<Kernel> {
  readonly functions: readonly FunctionCode[];
  readonly memory: GrowingMemory;
  readonly shared?: boolean;
  readonly take: (exports: object) => Kernel;
}

/** What is made for each key, once; undefined while a page is not kept waiting, or if it cannot be had. */
export function compiledOnce<Key extends object, Kernel>(
  write: (key: Key) => LaterCode<Kernel> | undefined,
): (key: Key) => Kernel | undefined {
  const known = new WeakMap<Key, Kernel | undefined>();
  const make = (key: Key): void => {
    known.set(key, undefined);
    const code = write(key);
    if (!code) return;
    const keep = (module: object): void => void known.set(key, code.take(exportsOf(module, code.memory)));
    const bytes = assemble(code.functions, code.shared);
    if (synchronous()) keep(new machine.Module(bytes));
    else
      void machine
        .compile(bytes)
        .then(keep)
        .catch(() => {});
  };
  return (key) => {
    if (known.has(key)) return known.get(key);
    try {
      make(key);
    } catch {
      // what cannot be had is done without it: a page that cannot be read as lanes is run step by step
    }
    return known.get(key);
  };
}
