/**
 * The SIMD engine: a module that is assembled here, compiled by the machine, and used only where its multiply-add is
 * fused, since only then are its bits those of the plain engine.
 */
import type { Cell } from "../../cells/cell.ts";
import type { ElementaryName } from "../functions.ts";
import { type Engine, plain } from "../plain.ts";
import { Arena, type GrowingMemory } from "./arena.ts";
import { assemble, define } from "./assembler.ts";
import { gemm } from "./gemm.ts";
import { type GemmKernels, gemmKernels } from "./gemm-kernel.ts";
import { f32x4, v128 } from "./instructions.ts";
import { type MapKernels, map, mapKernels } from "./map.ts";
import { recur, type StepKernel, stepKernel } from "./recur.ts";

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

const kernels = () => [...gemmKernels(), ...mapKernels()];

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
  const instance = new machine.Instance(module, { arena: { memory } });
  const engine = engineOf(memory, instance.exports as GemmKernels & MapKernels);
  return isFused(engine) ? engine : undefined;
}

function engineOf(memory: GrowingMemory, exports: GemmKernels & MapKernels): Engine {
  const arena = new Arena(memory);
  const steps = new WeakMap<Cell, StepKernel | undefined>();
  /** The kernel of a cell; undefined while a page is not kept waiting for it, and if the cell cannot be read as one. */
  const stepOf = (cell: Cell): StepKernel | undefined => {
    if (steps.has(cell)) return steps.get(cell);
    steps.set(cell, undefined);
    try {
      compileStep(cell);
    } catch {
      // somebody's own page may do what only other readers understand: it goes step by step
    }
    return steps.get(cell);
  };
  const compileStep = (cell: Cell): void => {
    const bytes = assemble([stepKernel(cell)]);
    const keep = (module: object): void => {
      const { exports } = new machine.Instance(module, { arena: { memory } });
      steps.set(cell, (exports as { step: StepKernel }).step);
    };
    if (synchronous()) keep(new machine.Module(bytes));
    else
      void machine
        .compile(bytes)
        .then(keep)
        .catch(() => {});
  };
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
    recur(problem) {
      const step = stepOf(problem.cell);
      return step !== undefined && recur(arena, exports, step, problem);
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
