/**
 * The engine in use. The fast one is chosen silently wherever the machine has what it takes: compiled at the first work
 * that is worth it, in Node on the spot, in a browser in the background while the plain one answers. Both compute the
 * same bits in the same arithmetic, which is the machine's best from the first call on: the choice is one of speed only.
 */
import { RuntimeError } from "../check.ts";
import type { Arithmetic } from "./algebra.ts";
import { type ElementaryFunctions, functions, type Precision } from "./functions.ts";
import { type Engine, type EngineName, plainEngines, type Unrolled } from "./plain.ts";
import { synchronous } from "./wasm/host.ts";
import { compile, compileLater, offered } from "./wasm/index.ts";

// Below this work, measured, copying in and out costs more than it gains.
const WORTHWHILE_PRODUCTS = 400;
const WORTHWHILE_ELEMENTS = 8;

/** What was asked for; in the beginning the fast engine, where there is one. */
interface Choice {
  readonly name: EngineName;
  readonly arithmetic: Arithmetic;
}

/** A fast engine as far as it is there. */
interface Fast {
  engine: Engine | undefined;
  readonly compiled: Promise<void>;
}

let choice: Choice | undefined;
const fast: Partial<Record<Arithmetic, Fast>> = {};

/** Settings and work of the engine in use; what users see of it is in settings.ts. */
export const engine = {
  /** Which one it is now. */
  get name(): EngineName {
    return current().name;
  },

  /** "fma" if products are added with one rounding, "muladd" if with two; numbers of the two differ in their last bits. */
  get arithmetic(): Arithmetic {
    return current().arithmetic;
  },

  /**
   * Chooses an engine, and an arithmetic; without one, "plain" has "fma" and "wasm" the best that the machine has. Errors:
   * RuntimeError if the machine cannot run it, and nothing is changed.
   */
  use(name: EngineName, { arithmetic }: { readonly arithmetic?: Arithmetic } = {}): void {
    expectOneOf("an engine", ["plain", "wasm"], name);
    if (arithmetic !== undefined) expectOneOf("an arithmetic", ["fma", "muladd"], arithmetic);
    if (name === "wasm") expectWasm(arithmetic);
    choice = { name, arithmetic: arithmetic ?? (name === "wasm" ? best() : "fma") };
  },

  /** Resolves when the fast engine is compiled, or known not to be available; only browsers have to wait. */
  async ready(): Promise<void> {
    await start(chosen().arithmetic).compiled;
  },

  /** How many threads work together. */
  get threadCount(): number {
    return current().threads;
  },

  /** `Engine.gemm` */
  gemm(...[out, M, N, K, a, b, bias, options]: Parameters<Engine["gemm"]>): void {
    const own = M * N * K < WORTHWHILE_PRODUCTS ? plainEngines[chosen().arithmetic] : current();
    own.gemm(out, M, N, K, a, b, bias, options);
  },

  /** `Engine.affine` */
  affine(...[out, x, weights, bias]: Parameters<Engine["affine"]>): boolean {
    return out.length * weights.depth >= WORTHWHILE_PRODUCTS && current().affine(out, x, weights, bias);
  },

  /** `Engine.map` */
  map(...[name, out, x]: Parameters<Engine["map"]>): void {
    const own = x.length < WORTHWHILE_ELEMENTS ? plainEngines[chosen().arithmetic] : current();
    own.map(name, out, x);
  },

  /** The functions that `map` computes, for one number at a time. */
  functions(precision: Precision): ElementaryFunctions {
    return functions(precision, chosen().arithmetic);
  },

  /** `Engine.unroll` */
  unroll(problem: Unrolled): boolean {
    return current().unroll(problem);
  },

  /** `Engine.workshop` */
  get workshop(): Engine["workshop"] {
    return current().workshop;
  },
};

/** The fast engine of the arithmetic in use, if it is there by now. */
export const fastEngine = (): Engine | undefined => fast[chosen().arithmetic]?.engine;

/** The fast engines that there are by now, also those of an arithmetic that is not in use. */
export const fastEngines = (): Engine[] => Object.values(fast).flatMap(({ engine }) => engine ?? []);

/** Puts another fast engine in the place of that of its arithmetic, which ends. */
export function replaceFastEngine(arithmetic: Arithmetic, next: Engine | undefined): void {
  const place = start(arithmetic);
  place.engine?.end();
  place.engine = next;
}

const best = (): Arithmetic => offered() ?? "fma";

function chosen(): Choice {
  choice ??= { name: "wasm", arithmetic: best() };
  return choice;
}

function current(): Engine {
  const { name, arithmetic } = chosen();
  return (name === "wasm" && start(arithmetic).engine) || plainEngines[arithmetic];
}

/** The fast engine of an arithmetic; the first call has it compiled. */
function start(arithmetic: Arithmetic): Fast {
  fast[arithmetic] ??= synchronous() ? onTheSpot(arithmetic) : inTheBackground(arithmetic);
  return fast[arithmetic];
}

const onTheSpot = (arithmetic: Arithmetic): Fast => ({ engine: compile(arithmetic), compiled: Promise.resolve() });

function inTheBackground(arithmetic: Arithmetic): Fast {
  const made: Fast = {
    engine: undefined,
    compiled: compileLater(arithmetic).then((engine) => {
      made.engine = engine;
    }),
  };
  return made;
}

function expectWasm(arithmetic: Arithmetic = best()): void {
  if (offered() === "muladd" && arithmetic === "fma") {
    throw new RuntimeError(
      'engine: "wasm" has no arithmetic "fma" here, since the machine has no fused multiply-add',
      'use { arithmetic: "muladd" }, or "plain", which has both',
    );
  }
  if (!offered() || (synchronous() && !start(arithmetic).engine)) {
    throw new RuntimeError('engine: "wasm" is not available here', "it needs WebAssembly with SIMD");
  }
}

function expectOneOf(what: string, known: readonly string[], given: unknown): void {
  if (known.some((name) => name === given)) return;
  const names = known.map((name) => `"${name}"`).join(" or ");
  throw new RuntimeError(`engine: expected ${what}, ${names}, got ${JSON.stringify(given)}`);
}
