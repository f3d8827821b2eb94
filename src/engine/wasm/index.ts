/**
 * The SIMD engine: a module that is assembled here, compiled by the machine, and used only where its multiply-add is
 * fused, since only then are its bits those of the plain engine.
 */
import type { Cell } from "../../cells/cell.ts";
import type { ElementaryName } from "../functions.ts";
import { type Engine, plain } from "../plain.ts";
import { Arena, type GrowingMemory } from "./arena.ts";
import { assemble, define, type FunctionCode } from "./assembler.ts";
import { gemm } from "./gemm.ts";
import { type GemmKernels, gemmKernels } from "./gemm-kernel.ts";
import { f32x4, v128 } from "./instructions.ts";
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
  const memory = new machine.Memory({ initial: 1 });
  const exports = exportsOf(module, memory) as Exports;
  const engine = engineOf(memory, exports, recurrences(module));
  return isFused(engine) ? engine : undefined;
}

const exportsOf = (module: object, memory: GrowingMemory): object =>
  new machine.Instance(module, { arena: { memory } }).exports;

/** The loops without gradients have a memory of their own, where packed weights stay. It is made when the first comes. */
function recurrences(module: object): () => Machinery {
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
        functions: [pageKernel(cell)],
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

function engineOf(memory: GrowingMemory, exports: Exports, machinery: () => Machinery): Engine {
  const arena = new Arena(memory);
  const trained = compiledOnce<Kernels>(memory, (cell) => {
    const code = trainKernels(cell);
    return code && { functions: code.functions, take: (own) => ({ ...exports, ...(own as TrainKernels), ...code }) };
  });
  return {
    name: "wasm",
    arithmetic: "fma",
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

/** (1 + 2^-12)² - (1 + 2^-11) = 2^-24, which is lost when the square is rounded by itself. */
function isFused({ gemm }: Engine): boolean {
  const x = 1 + 2 ** -12;
  const row = { data: Float32Array.of(-1, x), offset: 0, rowStride: 2, columnStride: 1 };
  const column = { data: Float32Array.of(1 + 2 ** -11, x), offset: 0, rowStride: 1, columnStride: 1 };
  const out = new Float32Array(1);
  gemm(out, 1, 1, 2, row, column);
  return out[0] === 2 ** -24;
}
