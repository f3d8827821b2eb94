/**
 * The SIMD engine: a module that is assembled here, compiled by the machine, and used only where its multiply-add is
 * fused, since only then are its bits those of the plain engine.
 */
import type { Cell } from "../../cells/cell.ts";
import { RuntimeError } from "../../check.ts";
import type { ElementaryName } from "../functions.ts";
import { type Engine, plain } from "../plain.ts";
import { Arena, type GrowingMemory } from "./arena.ts";
import { assemble, define, type FunctionCode, MOST_PAGES } from "./assembler.ts";
import { gemm } from "./gemm.ts";
import { type GemmKernels, gemmKernels } from "./gemm-kernel.ts";
import { exportsOf, host, machine, synchronous } from "./host.ts";
import { f32x4, v128 } from "./instructions.ts";
import { type MapKernels, map, mapKernels } from "./map.ts";
import { Packs } from "./packs.ts";
import { type PageKernel, pageKernel } from "./page-kernel.ts";
import type { Hand, Machinery } from "./plan.ts";
import { type ProductKernels, productKernels } from "./product-kernel.ts";
import { type Kernels, recurSaving } from "./recur-train.ts";
import { ALONE, type Sharing, startTeam, type Team } from "./team.ts";
import { type TrainKernels, trainKernels } from "./train-kernel.ts";
import { unroll } from "./unroll.ts";
import { walkBack } from "./walk-back.ts";
import { type WeightKernels, weightKernels } from "./weight-kernel.ts";
import { checkIsolation } from "./worker.ts";

/** The engine, compiled on the spot; undefined if this machine or its content policy has none for us. */
export function compile(): Engine | undefined {
  try {
    return offered() ? instantiate(new machine.Module(assemble(kernels()))) : undefined;
  } catch {
    return undefined;
  }
}

/** The same without keeping a page waiting. */
export async function compileLater(): Promise<Engine | undefined> {
  try {
    return offered() ? instantiate(await machine.compile(assemble(kernels()))) : undefined;
  } catch {
    return undefined;
  }
}

/** The engine whose loops are shared by so many threads. Errors: RuntimeError with the reason if it cannot be had. */
export async function compileShared(threads: number, sharing = SHARING): Promise<Engine> {
  try {
    return await startShared(threads, sharing);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeError("engine.threads: no other thread can be started here", reason);
  }
}

// Steps and runs of which two threads make fewer than this many products take microseconds, as waiting does.
const SHARING: Sharing = { step: 2 ** 15, run: 2 ** 21, alone: 100 };

async function startShared(threads: number, sharing: Sharing): Promise<Engine> {
  checkIsolation();
  const products = productKernels();
  const [own, ofLoops] = await Promise.all([
    machine.compile(assemble(kernels())),
    machine.compile(assemble(products, true)),
  ]);
  const memory = new machine.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  const exports = exportsOf(ofLoops, memory) as ProductKernels;
  const team = await startTeam(threads, memory, sharing);
  try {
    const hands = team.hands(products, exports);
    return engineIn(own, () => loopsIn(memory, team, hands, sharing), team);
  } catch (error) {
    team.end();
    throw error;
  }
}

type Exports = GemmKernels & MapKernels & ProductKernels & WeightKernels;

const kernels = () => [...gemmKernels(), ...mapKernels(), ...productKernels(), ...weightKernels()];

/** Whether relaxed SIMD compiles. In Node 20 it is there, but behind a flag, which may be set at any time. */
function offered(): boolean {
  const probe = assemble([
    define("probe", 1, (_, at) => [v128.store(at, f32x4.relaxedMadd(v128.load(at), v128.load(at), v128.load(at)))]),
  ]);
  if (machine.validate(probe)) return true;
  // Any other version would complain about a flag that it does not know.
  if (!host.process?.versions?.node?.startsWith("20.")) return false;
  host.process.getBuiltinModule?.("v8")?.setFlagsFromString("--experimental-wasm-relaxed-simd");
  return machine.validate(probe);
}

function instantiate(module: object): Engine | undefined {
  const engine = engineIn(module, () => {
    const memory = new machine.Memory({ initial: 1 });
    return loopsIn(memory, ALONE, [exportsOf(module, memory) as ProductKernels], SHARING);
  });
  return isFused(engine) ? engine : undefined;
}

/** The loops without gradients have a memory of their own, where packed weights stay. */
function loopsIn(memory: GrowingMemory, team: Team, products: readonly ProductKernels[], sharing: Sharing): Machinery {
  const arena = new Arena(memory);
  const hands = compiledOnce<readonly Hand[]>(memory, team.size > 1, (cell) => {
    const functions = [pageKernel(cell)];
    const take = (exports: object): readonly Hand[] =>
      team.hands(functions, exports as { page: PageKernel }).map((own, thread) => ({ ...products[thread], ...own }));
    return { functions, take };
  });
  return { arena, packs: new Packs(arena, FIRST_WORKSPACE), team, hands, sharing, plans: new WeakMap() };
}

/** The floats before the packs, to begin with. */
const FIRST_WORKSPACE = 2 ** 18;

/** What the page of a cell is compiled to, and what is taken of it. */
interface CellCode<Kernel> {
  readonly functions: readonly FunctionCode[];
  readonly take: (exports: object) => Kernel;
}

/** What is made from the page of each cell; undefined while a page is not kept waiting, or if it cannot be had. */
function compiledOnce<Kernel>(
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
    else void machine.compile(bytes).then(keep, () => {});
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

/** The engine of a module; `makeLoops` is called when the first loop without gradients comes. */
function engineIn(module: object, makeLoops: () => Machinery, team = ALONE): Engine {
  const memory = new machine.Memory({ initial: 1 });
  const exports = exportsOf(module, memory) as Exports;
  const arena = new Arena(memory);
  let loops: Machinery | undefined;
  const trained = compiledOnce<Kernels>(memory, false, (cell) => {
    const code = trainKernels(cell);
    return code && { functions: code.functions, take: (own) => ({ ...exports, ...(own as TrainKernels), ...code }) };
  });
  return {
    name: "wasm",
    arithmetic: "fma",
    threads: team.size,
    end: () => team.end(),
    gemm(out, M, N, K, a, b, bias, options) {
      const single = out instanceof Float32Array && M * N * K > 0;
      const done = single && gemm(arena, exports, out, M, N, K, a, b, bias, options);
      if (!done) plain.gemm(out, M, N, K, a, b, bias, options);
    },
    map(name: ElementaryName, out, x) {
      if (out instanceof Float32Array && x instanceof Float32Array) map(arena, exports[name], out, x);
      else plain.map(name, out, x);
    },
    unroll(problem) {
      loops ??= makeLoops();
      return unroll(loops, problem);
    },
    recurSaving(problem) {
      const kernels = trained(problem.cell);
      const saved = kernels && recurSaving(arena, kernels, problem);
      // without a gradient of the last output the walk would begin with what is absent
      return saved && ((wants) => (wants.output || wants.given[0]) && walkBack(arena, kernels, problem, saved, wants));
    },
  };
}

/** (1 + 2^-12)² - (1 + 2^-11) = 2^-24, which is lost when the square is rounded by itself. */
function isFused({ gemm }: Engine): boolean {
  const x = 1 + 2 ** -12;
  const row = { data: Float32Array.of(-1, x), offset: 0, rowStride: 2, columnStride: 1 };
  const column = { data: Float32Array.of(1 + 2 ** -11, x), offset: 0, rowStride: 1, columnStride: 1 };
  const out = new Float32Array(1);
  gemm(out, 1, 1, 2, row, column);
  return out[0] === 2 ** -24;
}
