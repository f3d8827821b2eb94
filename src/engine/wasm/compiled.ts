/** Kernels that are made from the page of a cell, once for each page. */
import type { Cell } from "../../cells/cell.ts";
import type { Arithmetic } from "../algebra.ts";
import type { Arena, GrowingMemory } from "./arena.ts";
import { assemble, type FunctionCode } from "./assembler.ts";
import type { GemmKernels } from "./gemm-kernel.ts";
import { exportsOf, machine, synchronous } from "./host.ts";

/** What kernels that are made later have of an engine: its memory, and the kernels that are there. */
export interface Workshop {
  readonly arithmetic: Arithmetic;
  readonly memory: GrowingMemory;
  readonly arena: Arena;
  readonly kernels: GemmKernels;
}

/** What the page of a cell is compiled to, and what is taken of it. */
export interface CellCode<Kernel> {
  readonly functions: readonly FunctionCode[];
  readonly take: (exports: object) => Kernel;
}

/** What is made from the page of each cell; undefined while a page is not kept waiting, or if it cannot be had. */
export function compiledOnce<Kernel>(
  memory: GrowingMemory,
  shared: boolean,
  read: (cell: Cell) => CellCode<Kernel> | undefined,
): (cell: Cell) => Kernel | undefined {
  const known = new WeakMap<Cell, Kernel | undefined>();
  const make = (cell: Cell): void => {
    known.set(cell, undefined);
    const code = read(cell);
    if (!code) return;
    const keep = (module: object): void => void known.set(cell, code.take(exportsOf(module, memory)));
    const bytes = assemble(code.functions, shared);
    if (synchronous()) keep(new machine.Module(bytes));
    else
      void machine
        .compile(bytes)
        .then(keep)
        .catch(() => {});
  };
  return (cell) => {
    if (known.has(cell)) return known.get(cell);
    try {
      make(cell);
    } catch {
      // a page that cannot be read as lanes is run step by step
    }
    return known.get(cell);
  };
}
