/**
 * The elementary functions over arrays. A kernel replaces the float32 of memory from `at` up to `end`, four at a time:
 *
 *     do { memory[at .. at + 16] = f(memory[at .. at + 16]);  at += 16 } while (at < end)
 */
import { type ElementaryName, pages } from "../functions.ts";
import type { Arena } from "./arena.ts";
import { define, type FunctionCode, repeatWhile } from "./assembler.ts";
import type { InstructionSet } from "./instruction-set.ts";
import { i32, v128 } from "./instructions.ts";
import type { Sources } from "./kernels.ts";
import { Lanes } from "./lanes.ts";

/** One kernel for each elementary function, under its name. */
export const mapKernels = (set: InstructionSet): Sources<MapKernels> => ({
  exp: () => mapKernel("exp", set),
  log: () => mapKernel("log", set),
  tanh: () => mapKernel("tanh", set),
  sigmoid: () => mapKernel("sigmoid", set),
});

const mapKernel = (name: ElementaryName, set: InstructionSet): FunctionCode =>
  define(name, 2, (scope, at, end) => {
    const lanes = new Lanes(scope, set);
    const result = pages[name](lanes, lanes.keep(v128.load(at)));
    const loop = repeatWhile(
      i32.ltU(at, end),
      lanes.take(),
      v128.store(at, result),
      at.set(i32.add(at, i32.const(16))),
    );
    return [lanes.constants(), loop];
  });

/** The kernels as JavaScript calls them: addresses in bytes. */
export type MapKernels = Readonly<Record<ElementaryName, (at: number, end: number) => void>>;

// Small enough to stay in the first cache on the way in, through and out.
const CHUNK = 4096;

/** out = f(x), in chunks that are copied in and out. */
export function map(arena: Arena, kernel: (at: number, end: number) => void, out: Float32Array, x: Float32Array): void {
  arena.reserve(CHUNK);
  const { floats } = arena;
  for (let start = 0; start < x.length; start += CHUNK) {
    const length = Math.min(CHUNK, x.length - start);
    floats.set(x.subarray(start, start + length));
    kernel(0, 4 * length);
    out.set(floats.subarray(0, length), start);
  }
}
