/**
 * The engine in use. The fast one is chosen silently wherever the machine has what it takes: compiled at the first work
 * that is worth it, in Node on the spot, in a browser in the background while the plain one answers. Both compute the
 * same bits, so the choice is one of speed only.
 */
import { RuntimeError } from "../check.ts";
import { type Engine, type EngineName, plain, type Recurrence, type Unrolled, type WayBack } from "./plain.ts";
import { synchronous } from "./wasm/host.ts";
import { compile, compileLater } from "./wasm/index.ts";

// Below this work, measured, copying in and out costs more than it gains.
const WORTHWHILE_PRODUCTS = 400;
const WORTHWHILE_ELEMENTS = 8;

let wanted: EngineName = "wasm";
let fast: Engine | undefined;
let compiled: Promise<void> | undefined;

/** Settings and work of the engine in use; what users see of it is in settings.ts. */
export const engine = {
  /** Which one it is now. */
  get name(): EngineName {
    return current().name;
  },

  /** "fma" if products are added with one rounding; see `Engine`. */
  get arithmetic(): Engine["arithmetic"] {
    return current().arithmetic;
  },

  /** Chooses an engine. Errors: RuntimeError if the machine cannot run it. */
  use(name: EngineName): void {
    if (name === "wasm" && synchronous() && !start()) {
      throw new RuntimeError('engine: "wasm" is not available here', "it needs WebAssembly with fused relaxed SIMD");
    }
    wanted = name;
  },

  /** Resolves when the fast engine is compiled, or known not to be available; only browsers have to wait. */
  async ready(): Promise<void> {
    start();
    await compiled;
  },

  /** How many threads work together. */
  get threadCount(): number {
    return current().threads;
  },

  /** `Engine.gemm` */
  gemm(...[out, M, N, K, a, b, bias, options]: Parameters<Engine["gemm"]>): void {
    const chosen = M * N * K < WORTHWHILE_PRODUCTS ? plain : current();
    chosen.gemm(out, M, N, K, a, b, bias, options);
  },

  /** `Engine.map` */
  map(...[name, out, x]: Parameters<Engine["map"]>): void {
    const chosen = x.length < WORTHWHILE_ELEMENTS ? plain : current();
    chosen.map(name, out, x);
  },

  /** `Engine.unroll` */
  unroll(problem: Unrolled): boolean {
    return current().unroll(problem);
  },

  /** `Engine.recurSaving` */
  recurSaving(problem: Recurrence): WayBack | undefined {
    return current().recurSaving(problem);
  },
};

/** The fast engine, if it is there by now. */
export const fastEngine = (): Engine | undefined => fast;

/** Puts another fast engine in the place of the one that is there, which ends. */
export function replaceFastEngine(next: Engine | undefined): void {
  fast?.end();
  fast = next;
}

function current(): Engine {
  return (wanted === "wasm" && start()) || plain;
}

/** The fast engine as far as it is there; the first call has it compiled. */
function start(): Engine | undefined {
  if (compiled) return fast;
  if (synchronous()) fast = compile();
  compiled = synchronous()
    ? Promise.resolve()
    : compileLater().then((result) => {
        fast = result;
      });
  return fast;
}
