/** Watching a module: functions that run before and after its `forward`. A module without hooks pays nothing for them. */
import type { HookHandle } from "../autograd/backward.ts";
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
}

/** Puts a `forward` that runs hooks in front of the module's own. `hooksOf` finds them: a copy has hooks of its own. */
export function hooked(module: Module, hooksOf: (module: Module) => Hooks): Hooks {
  const forward = module.forward as Forward;
  Object.defineProperty(module, "forward", {
    configurable: true,
    writable: true,
    value(this: Module, ...given: readonly unknown[]) {
      const { before, after } = hooksOf(this);
      let args = given;
      for (const { hook } of before) {
        const replaced = hook(this, args);
        if (replaced !== undefined && replaced !== null) args = Array.isArray(replaced) ? replaced : [replaced];
      }
      let output = forward.apply(this, [...args]);
      for (const { hook } of after) output = hook(this, args, output) ?? output;
      return output;
    },
  });
  return { before: new Set(), after: new Set() };
}

/** Registers a hook; the handle removes it again. */
export function addHook<Hook>(hooks: Set<{ readonly hook: Hook }>, hook: Hook): HookHandle {
  const entry = { hook };
  hooks.add(entry);
  return { remove: () => void hooks.delete(entry) };
}
