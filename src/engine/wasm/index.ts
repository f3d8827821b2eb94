/**
 * The SIMD engine: a module that is assembled here and compiled by the machine, with fused multiply-add where the machine
 * has it, else with products and sums. It has the bits of the plain engine of the same arithmetic.
 */
import type { Cell } from "../../cells/cell.ts";
import type { Arithmetic } from "../algebra.ts";
import type { ElementaryName } from "../functions.ts";
import { type Engine, plainEngines } from "../plain.ts";
import { Arena, type GrowingMemory } from "./arena.ts";
import { assemble, define, type FunctionCode } from "./assembler.ts";
import { gemm } from "./gemm.ts";
import { type GemmKernels, gemmKernels } from "./gemm-kernel.ts";
import { instructionSets } from "./instruction-set.ts";
import { v128 } from "./instructions.ts";
import { type MapKernels, map, mapKernels } from "./map.ts";
import { Packs } from "./packs.ts";
import { type PageKernel, pageKernel } from "./page-kernel.ts";
import type { Machinery } from "./plan.ts";
import { type ProductKernels, productKernels } from "./product-kernel.ts";
import { type Kernels, recurSaving } from "./recur-train.ts";
import { type TrainKernels, trainKernels } from "./train-kernel.ts";
import { unroll } from "./unroll.ts";
import { walkBack } from "./walk-back.ts";
import { type WeightKernels, weightKernels } from "./weight-kernel.ts";

/** The engine, compiled on the spot; undefined if this machine or its content policy has none for us. */
export function compile(arithmetic = offered()): Engine | undefined {
  try {
    return isOffered(arithmetic)
      ? instantiate(new machine.Module(assemble(kernels(arithmetic))), arithmetic)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The same without keeping a page waiting. */
export async function compileLater(arithmetic = offered()): Promise<Engine | undefined> {
  try {
    if (!isOffered(arithmetic)) return undefined;
    return instantiate(await machine.compile(assemble(kernels(arithmetic))), arithmetic);
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

/** Whether compiling on the spot is welcome: in Node and its like it is, on a page it is not. */
export const synchronous = (): boolean => host.process?.getBuiltinModule !== undefined;

/** What is used of WebAssembly, and of Node. The types of neither are those of every platform. */
interface Host {
  readonly WebAssembly?: {
    readonly validate: (bytes: Uint8Array) => boolean;
    readonly compile: (bytes: Uint8Array) => Promise<object>;
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: object) => { readonly exports: object };
    readonly Memory: new (limits: { initial: number }) => GrowingMemory;
  };
  readonly process?: {
    readonly versions?: { readonly node?: string };
    readonly getBuiltinModule?: (name: "v8") => { readonly setFlagsFromString: (flag: string) => void } | undefined;
  };
}

const host = globalThis as unknown as Host;
const machine = host.WebAssembly as NonNullable<Host["WebAssembly"]>;

type Exports = GemmKernels & MapKernels & ProductKernels & WeightKernels;

function kernels(arithmetic: Arithmetic): FunctionCode[] {
  const set = instructionSets[arithmetic];
  return [...gemmKernels(set), ...mapKernels(set), ...productKernels(set), ...weightKernels(set)];
}

const isOffered = (arithmetic: Arithmetic | undefined): arithmetic is Arithmetic =>
  arithmetic !== undefined && (arithmetic === offered() || (offered() !== undefined && arithmetic === "muladd"));

/** Relaxed SIMD may round a·b + c once or twice, as the machine likes: which one it does has to be tried. */
function find(): Arithmetic | undefined {
  try {
    if (remainder("fma") === 2 ** -24 || (unlock() && remainder("fma") === 2 ** -24)) return "fma";
    return remainder("muladd") === 0 ? "muladd" : undefined;
  } catch {
    return undefined;
  }
}

/** In Node 20 relaxed SIMD is there, but behind a flag, which may be set at any time. Other versions do not know it. */
function unlock(): boolean {
  if (!host.process?.versions?.node?.startsWith("20.")) return false;
  host.process.getBuiltinModule?.("v8")?.setFlagsFromString("--experimental-wasm-relaxed-simd");
  return true;
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

function instantiate(module: object, arithmetic: Arithmetic): Engine {
  const memory = new machine.Memory({ initial: 1 });
  const exports = exportsOf(module, memory) as Exports;
  return engineOf(memory, exports, arithmetic, recurrences(module, arithmetic));
}

const exportsOf = (module: object, memory: GrowingMemory): object =>
  new machine.Instance(module, { arena: { memory } }).exports;

/** The loops without gradients have a memory of their own, where packed weights stay. It is made when the first comes. */
function recurrences(module: object, arithmetic: Arithmetic): () => Machinery {
  let made: Machinery | undefined;
  return () => {
    if (made) return made;
    const memory = new machine.Memory({ initial: 1 });
    const arena = new Arena(memory);
    made = {
      arena,
      packs: new Packs(arena, FIRST_WORKSPACE),
      products: exportsOf(module, memory) as ProductKernels,
      page: compiledOnce(memory, (cell) => ({
        functions: [pageKernel(cell, instructionSets[arithmetic])],
        take: (exports) => (exports as { page: PageKernel }).page,
      })),
      plans: new WeakMap(),
    };
    return made;
  };
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
  read: (cell: Cell) => CellCode<Kernel> | undefined,
): (cell: Cell) => Kernel | undefined {
  const known = new WeakMap<Cell, Kernel | undefined>();
  const make = (cell: Cell): void => {
    known.set(cell, undefined);
    const code = read(cell);
    if (!code) return;
    const keep = (module: object): void => void known.set(cell, code.take(exportsOf(module, memory)));
    const bytes = assemble(code.functions);
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

function engineOf(memory: GrowingMemory, exports: Exports, arithmetic: Arithmetic, machinery: () => Machinery): Engine {
  const plain = plainEngines[arithmetic];
  const arena = new Arena(memory);
  const trained = compiledOnce<Kernels>(memory, (cell) => {
    const code = trainKernels(cell, instructionSets[arithmetic]);
    return code && { functions: code.functions, take: (own) => ({ ...exports, ...(own as TrainKernels), ...code }) };
  });
  return {
    name: "wasm",
    arithmetic,
    gemm(out, M, N, K, a, b, bias, options) {
      const single = out instanceof Float32Array && M * N * K > 0;
      const done = single && gemm(arena, exports, out, M, N, K, a, b, bias, options);
      if (!done) plain.gemm(out, M, N, K, a, b, bias, options);
    },
    map(name: ElementaryName, out, x) {
      if (out instanceof Float32Array && x instanceof Float32Array) map(arena, exports[name], out, x);
      else plain.map(name, out, x);
    },
    unroll: (problem) => unroll(machinery(), problem),
    recurSaving(problem) {
      const kernels = trained(problem.cell);
      const saved = kernels && recurSaving(arena, kernels, problem);
      // without a gradient of the last output the walk would begin with what is absent
      return saved && ((wants) => (wants.output || wants.given[0]) && walkBack(arena, kernels, problem, saved, wants));
    },
  };
}
