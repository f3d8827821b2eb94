/**
 * The engine as users see it: which one it is, and how many threads it has. It is apart from engine.ts so that a page that
 * asks for neither does not carry what starts threads.
 */
import { RuntimeError } from "../check.ts";
import { fastEngine, fastEngines, replaceFastEngine, engine as working } from "./engine.ts";
import type { Engine, EngineName } from "./plain.ts";
import { compileLater, compileShared } from "./wasm/index.ts";
import { LARGEST_TEAM } from "./wasm/team.ts";

/** Settings of the engine in use. */
export const engine = {
  /** Which one it is now. */
  get name(): EngineName {
    return working.name;
  },

  /** "fma" if products are added with one rounding; see `Engine`. */
  get arithmetic(): Engine["arithmetic"] {
    return working.arithmetic;
  },

  /** How many threads work together. */
  get threadCount(): number {
    return working.threadCount;
  },

  /** Chooses an engine. Errors: RuntimeError if the machine cannot run it. */
  use(...choice: Parameters<typeof working.use>): void {
    working.use(...choice);
  },

  /** Resolves when the fast engine is compiled, or known not to be available; only browsers have to wait. */
  ready: (): Promise<void> => working.ready(),

  /**
   * Lets so many threads, this one included, share the work of large loops without gradients; the bits are those of one.
   * Resolves when they are there. Soon after a call they sleep, in Node they do not keep the program from ending, and
   * `threads(1)` ends them. They are those of the arithmetic in use: after a change of it, ask again. Errors: RuntimeError
   * if they cannot be had, and then all stays as it was. A page has to be cross-origin isolated.
   */
  threads(count: number): Promise<void> {
    const changed = lastChange.then(() => changeThreads(count));
    lastChange = changed.catch(() => {});
    return changed;
  },
};

let lastChange: Promise<void> = Promise.resolve();

async function changeThreads(count: number): Promise<void> {
  if (!Number.isInteger(count) || count < 1 || count > LARGEST_TEAM) {
    throw new RuntimeError(`engine.threads: expected a whole number from 1 to ${LARGEST_TEAM}, got ${count}`);
  }
  await working.ready();
  const fast = fastEngine();
  if (count !== (fast?.threads ?? 1)) {
    if (!fast) throw new RuntimeError('engine.threads: the "wasm" engine is not available here');
    // which arithmetic is in use may change meanwhile
    const { arithmetic } = fast;
    const next = count === 1 ? await compileLater(arithmetic) : await compileShared(count, arithmetic);
    replaceFastEngine(arithmetic, next);
  }
  // those of an arithmetic that was in use before
  for (const { arithmetic, threads } of fastEngines()) {
    if (arithmetic !== fast?.arithmetic && threads > 1) replaceFastEngine(arithmetic, await compileLater(arithmetic));
  }
}
