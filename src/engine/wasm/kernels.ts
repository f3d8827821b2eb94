/**
 * Kernels by their names, each compiled when it is first called: a program that starts, runs one step and is done has
 * no time for those of which it never hears.
 */
import type { GrowingMemory } from "./arena.ts";
import { assemble, type FunctionCode } from "./assembler.ts";
import { exportsOf, machine } from "./host.ts";

/** How each of some kernels is written. */
export type Sources<Kernels> = { readonly [Name in keyof Kernels]: () => FunctionCode };

/** The code of all of them. */
export const codeOf = (sources: Readonly<Record<string, () => FunctionCode>>): FunctionCode[] =>
  Object.values(sources).map((write) => write());

/** Kernels that work in this memory; each is assembled and compiled on the spot when it is called first. */
export function onRequest<Kernels extends object>(
  sources: Sources<Kernels>,
  memory: GrowingMemory,
  shared = false,
): Kernels {
  const kernels: Record<string, (...values: number[]) => unknown> = {};
  for (const [name, write] of Object.entries<() => FunctionCode>(sources)) {
    kernels[name] = (...values) => {
      const exports = exportsOf(new machine.Module(assemble([write()], shared)), memory);
      kernels[name] = (exports as typeof kernels)[name]!;
      return kernels[name](...values);
    };
  }
  return kernels as Kernels;
}

/** Kernels with others besides, which are not copied: what is not compiled yet will take its place there. */
export const besides = <Own extends object, Kernels extends object>(own: Own, kernels: Kernels): Own & Kernels =>
  Object.assign(Object.create(kernels), own);
