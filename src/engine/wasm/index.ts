/**
 * The SIMD engine: a module that is assembled here and compiled by the machine, with fused multiply-add where the machine
 * has it, else with products and sums. It has the bits of the plain engine of the same arithmetic.
 */
import type { Cell } from "../../cells/cell.ts";
import { RuntimeError } from "../../check.ts";
import type { Arithmetic } from "../algebra.ts";
import type { ElementaryName } from "../functions.ts";
import { type Engine, plainEngines } from "../plain.ts";
import { affine } from "./affine.ts";
import { Arena, type GrowingMemory } from "./arena.ts";
import { type ArrangeKernels, arrangeKernels } from "./arrange-kernel.ts";
import { assemble, define, MOST_PAGES } from "./assembler.ts";
import { compiledOnce } from "./compiled.ts";
import { gemm } from "./gemm.ts";
import { exportsOf, host, machine } from "./host.ts";
import { instructionSets } from "./instruction-set.ts";
import { v128 } from "./instructions.ts";
import { besides, codeOf, onRequest, type Sources } from "./kernels.ts";
import { type MapKernels, map, mapKernels } from "./map.ts";
import { packKernels } from "./pack-kernel.ts";
import { Packs } from "./packs.ts";
import { type PageKernel, pageKernel } from "./page-kernel.ts";
import type { Hand, Machinery } from "./plan.ts";
import { type ProductKernels, productKernels } from "./product-kernel.ts";
import { ALONE, type Sharing, startTeam, type Team } from "./team.ts";
import { unroll } from "./unroll.ts";
import { checkIsolation } from "./worker.ts";

/** The engine, compiled on the spot; undefined if this machine or its content policy has none for us. */
export function compile(arithmetic = offered()): Engine | undefined {
  try {
    if (!isOffered(arithmetic)) return undefined;
    const sources = kernels(arithmetic);
    return alone((memory) => onRequest(sources, memory), arithmetic);
  } catch {
    return undefined;
  }
}

/** The same without keeping a page waiting. */
export async function compileLater(arithmetic = offered()): Promise<Engine | undefined> {
  try {
    if (!isOffered(arithmetic)) return undefined;
    const module = await machine.compile(assemble(codeOf(kernels(arithmetic))));
    return alone((memory) => exportsOf(module, memory) as Exports, arithmetic);
  } catch {
    return undefined;
  }
}

/**
 * The best arithmetic of this machine's SIMD, which has "muladd" besides; undefined if it has none for us. It takes two
 * very small modules to find out, which no page has to wait for.
 */
export function offered(): Arithmetic | undefined {
  best ??= [find()];
  return best[0];
}

let best: readonly [Arithmetic | undefined] | undefined;

/** The engine whose loops are shared by so many threads. Errors: RuntimeError with the reason if it cannot be had. */
export async function compileShared(threads: number, arithmetic: Arithmetic, sharing = SHARING): Promise<Engine> {
  try {
    return await startShared(threads, arithmetic, sharing);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeError("engine.threads: no other thread can be started here", reason);
  }
}

// Steps and runs of which two threads make fewer than this many products take microseconds, as waiting does.
const SHARING: Sharing = { step: 2 ** 15, run: 2 ** 21, rows: 8, alone: 8 };

async function startShared(threads: number, arithmetic: Arithmetic, sharing: Sharing): Promise<Engine> {
  checkIsolation();
  const products = codeOf(productKernels(instructionSets[arithmetic]));
  const [own, ofLoops] = await Promise.all([
    machine.compile(assemble(codeOf(kernels(arithmetic)))),
    machine.compile(assemble(products, true)),
  ]);
  const memory = new machine.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  const exports = exportsOf(ofLoops, memory) as ProductKernels;
  const team = await startTeam(threads, memory, sharing);
  try {
    const hands = team.hands(products, exports);
    const kernelsIn = (within: GrowingMemory): Exports => exportsOf(own, within) as Exports;
    return engineIn(kernelsIn, arithmetic, () => loopsIn(memory, arithmetic, team, hands, sharing), team);
  } catch (error) {
    team.end();
    throw error;
  }
}

type Exports = ArrangeKernels & MapKernels & ProductKernels;

function kernels(arithmetic: Arithmetic): Sources<Exports> {
  const set = instructionSets[arithmetic];
  return { ...arrangeKernels, ...mapKernels(set), ...productKernels(set) };
}

const isOffered = (arithmetic: Arithmetic | undefined): arithmetic is Arithmetic =>
  arithmetic !== undefined && (arithmetic === offered() || (offered() !== undefined && arithmetic === "muladd"));

/** Relaxed SIMD may round a·b + c once or twice, as the machine likes: which one it does has to be tried. */
function find(): Arithmetic | undefined {
  try {
    unlock();
    if (remainder("fma") === 2 ** -24) return "fma";
    return remainder("muladd") === 0 ? "muladd" : undefined;
  } catch {
    return undefined;
  }
}

/** In Node 20 relaxed SIMD is there, but behind a flag, which may be set at any time. Other versions do not know it. */
function unlock(): void {
  if (!host.process?.versions?.node?.startsWith("20.")) return;
  host.process.getBuiltinModule?.("v8")?.setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** (1 + 2^-12)² - (1 + 2^-11) = 2^-24, which is lost when the square is rounded by itself; undefined: it cannot be had. */
function remainder(arithmetic: Arithmetic): number | undefined {
  const { multiplyAdd } = instructionSets[arithmetic];
  const square = define("square", 1, (_, at) => {
    const x = v128.load(at);
    return [v128.store(at, multiplyAdd(x, x, v128.load(at, 16)))];
  });
  const bytes = assemble([square]);
  if (!machine.validate(bytes)) return undefined;
  const memory = new machine.Memory({ initial: 1 });
  const floats = new Float32Array(memory.buffer);
  floats.fill(1 + 2 ** -12, 0, 4).fill(-(1 + 2 ** -11), 4, 8);
  (exportsOf(new machine.Module(bytes), memory) as { square: (at: number) => void }).square(0);
  return floats[0];
}

/** How kernels are had that work in a memory. */
type KernelsIn = (memory: GrowingMemory) => Exports;

/** The engine of one thread. */
function alone(kernelsIn: KernelsIn, arithmetic: Arithmetic): Engine {
  const makeLoops = (): Machinery => {
    const memory = new machine.Memory({ initial: 1 });
    return loopsIn(memory, arithmetic, ALONE, [kernelsIn(memory)], SHARING);
  };
  return engineIn(kernelsIn, arithmetic, makeLoops);
}

/** The loops without gradients have a memory of their own, where packed weights stay. */
function loopsIn(
  memory: GrowingMemory,
  arithmetic: Arithmetic,
  team: Team,
  products: readonly ProductKernels[],
  sharing: Sharing,
): Machinery {
  const arena = new Arena(memory);
  const shared = team.size > 1;
  const hands = compiledOnce<Cell, readonly Hand[]>((cell) => {
    const functions = [pageKernel(cell, instructionSets[arithmetic])];
    const take = (exports: object): readonly Hand[] =>
      team
        .hands(functions, exports as { page: PageKernel })
        .map(({ page }, thread) => besides({ page, meet: team.meets[thread] }, products[thread]));
    return { functions, memory, shared, take };
  });
  const packs = new Packs(arena, onRequest(packKernels, memory, shared), FIRST_WORKSPACE);
  return { arena, packs, products: products[0]!, team, hands, sharing, plans: new WeakMap() };
}

/** The floats before the packs, to begin with. */
const FIRST_WORKSPACE = 2 ** 18;

/** The engine of these kernels; `makeLoops` is called when the first loop without gradients comes. */
function engineIn(kernelsIn: KernelsIn, arithmetic: Arithmetic, makeLoops: () => Machinery, team = ALONE): Engine {
  const plain = plainEngines[arithmetic];
  const memory = new machine.Memory({ initial: 1 });
  const exports = kernelsIn(memory);
  const arena = new Arena(memory);
  let loops: Machinery | undefined;
  const machinery = (): Machinery | undefined => {
    try {
      loops ??= makeLoops();
    } catch {
      // the machine has no second memory
    }
    return loops;
  };
  return {
    name: "wasm",
    arithmetic,
    threads: team.size,
    end: () => team.end(),
    workshop: { arithmetic, memory, arena, kernels: exports },
    gemm(out, M, N, K, a, b, bias, options) {
      const single = out instanceof Float32Array && M * N * K > 0;
      const done = single && gemm(arena, exports, out, M, N, K, a, b, bias, options);
      if (!done) plain.gemm(out, M, N, K, a, b, bias, options);
    },
    affine(out, x, weights, bias) {
      const own = machinery();
      return own !== undefined && affine(own, out, x, weights, bias);
    },
    map(name: ElementaryName, out, x) {
      if (out instanceof Float32Array && x instanceof Float32Array) map(arena, exports[name], out, x);
      else plain.map(name, out, x);
    },
    unroll(problem) {
      const own = machinery();
      return own !== undefined && unroll(own, problem);
    },
  };
}
