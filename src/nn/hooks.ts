/** Watching a module: functions that run before and after its `forward`. A module without hooks pays nothing for them. */
import type { HookHandle } from "../autograd/backward.ts";
import { type BackwardHook, type BackwardPreHook, watched } from "./backward-hooks.ts";
import type { Module } from "./module.ts";

/** Called after `forward`; what it returns, if anything, becomes the output. */
export type ForwardHook = (module: Module, args: readonly unknown[], output: unknown) => unknown;

/** Called before `forward`; a list that it returns becomes the arguments, any other value the only argument. */
export type ForwardPreHook = (module: Module, args: readonly unknown[]) => unknown;

type Forward = (...args: readonly unknown[]) => unknown;

/** The hooks of one module, in the order in which they run. One that is registered twice runs twice. */
export interface Hooks {
  readonly before: Set<{ readonly hook: ForwardPreHook }>;
  readonly after: Set<{ readonly hook: ForwardHook }>;
  readonly backward: {
    readonly before: Set<{ readonly hook: BackwardPreHook }>;
    readonly after: Set<{ readonly hook: BackwardHook }>;
  };
}

/** Puts a `forward` that runs hooks in front of the module's own. `hooksOf` finds them: a copy has hooks of its own. */
export function hooked(module: Module, hooksOf: (module: Module) => Hooks): Hooks {
  const forward = module.forward as Forward;
  Object.defineProperty(module, "forward", {
    configurable: true,
    writable: true,
    value(this: Module, ...given: readonly unknown[]) {
      const { before, after, backward } = hooksOf(this);
      let args = given;
      for (const { hook } of before) {
        const replaced = hook(this, args);
        if (replaced !== undefined && replaced !== null) args = Array.isArray(replaced) ? replaced : [replaced];
      }
      const run = (own: readonly unknown[]): unknown => forward.apply(this, [...own]);
      const isWatched = backward.before.size + backward.after.size > 0;
      let output = isWatched ? watched(this, backward, args, run) : run(args);
      for (const { hook } of after) output = hook(this, args, output) ?? output;
      return output;
    },
  });
  return { before: new Set(), after: new Set(), backward: { before: new Set(), after: new Set() } };
}

/** Registers a hook; the handle removes it again. */
export function addHook<Hook>(hooks: Set<{ readonly hook: Hook }>, hook: Hook): HookHandle {
  const entry = { hook };
  hooks.add(entry);
  return { remove: () => void hooks.delete(entry) };
}
