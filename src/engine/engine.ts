/**
 * The engine in use. The fast one is chosen silently wherever the machine has what it takes: compiled at the first work
 * that is worth it, in Node on the spot, in a browser in the background while the plain one answers. Both compute the
 * same bits, so the choice is one of speed only.
 */
import { RuntimeError } from "../check.ts";
import { type Engine, type EngineName, plain, type Recurrence, type Unrolled, type WayBack } from "./plain.ts";
import { synchronous } from "./wasm/host.ts";
import { compile, compileLater, compileShared } from "./wasm/index.ts";
import { LARGEST_TEAM } from "./wasm/team.ts";

// Below this work, measured, copying in and out costs more than it gains.
const WORTHWHILE_PRODUCTS = 400;
const WORTHWHILE_ELEMENTS = 8;

let wanted: EngineName = "wasm";
let fast: Engine | undefined;
let compiled: Promise<void> | undefined;
let threadsChanged: Promise<void> = Promise.resolve();

/** Settings and work of the engine in use. */
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

  /**
   * Lets so many threads, this one included, share the work of large loops without gradients; the bits are those of one.
   * Resolves when they are there. Between calls they sleep, in Node they do not keep the program from ending, and
   * `threads(1)` ends them. Errors: RuntimeError if they cannot be had, and then all stays as it was. A page has to be
   * cross-origin isolated.
   */
  threads(count: number): Promise<void> {
    const changed = threadsChanged.then(() => changeThreads(count));
    threadsChanged = changed.catch(() => {});
    return changed;
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

async function changeThreads(count: number): Promise<void> {
  if (!Number.isInteger(count) || count < 1 || count > LARGEST_TEAM) {
    throw new RuntimeError(`engine.threads: expected a whole number from 1 to ${LARGEST_TEAM}, got ${count}`);
  }
  await engine.ready();
  if (count === (fast ?? plain).threads) return;
  if (!fast) throw new RuntimeError('engine.threads: the "wasm" engine is not available here');
  const before = fast;
  fast = count === 1 ? await compileLater() : await compileShared(count);
  before.end();
}
