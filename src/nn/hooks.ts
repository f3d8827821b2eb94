/** Watching a module: functions that run before and after its `forward`. A module without hooks pays nothing for them. */
import type { HookHandle } from "../autograd/backward.ts";
import type { Module } from "./module.ts";

/** Called after `forward`; what it returns, if anything, becomes the output. */
export type ForwardHook = (module: Module, args: readonly unknown[], output: unknown) => unknown;

/** Called before `forward`; a list that it returns becomes the arguments, any other value the only argument. */
export type ForwardPreHook = (module: Module, args: readonly unknown[]) => unknown;

type Forward = (...args: readonly unknown[]) => unknown;

/** The hooks of one module. The first puts a `forward` of the module's own in front of its class's. */
export class Hooks {
  readonly #before = new Set<{ hook: ForwardPreHook }>();
  readonly #after = new Set<{ hook: ForwardHook }>();

  constructor(module: Module) {
    const forward = module.forward as Forward;
    Object.defineProperty(module, "forward", {
      configurable: true,
      writable: true,
      value: (...args: readonly unknown[]) => this.#run(module, forward, args),
    });
  }

  /** Registers a hook; one that is registered twice runs twice. */
  add(when: "before", hook: ForwardPreHook): HookHandle;
  add(when: "after", hook: ForwardHook): HookHandle;
  add(when: "before" | "after", hook: ForwardHook): HookHandle {
    const hooks: Set<{ hook: ForwardHook }> = when === "before" ? this.#before : this.#after;
    const entry = { hook };
    hooks.add(entry);
    return { remove: () => void hooks.delete(entry) };
  }

  #run(module: Module, forward: Forward, given: readonly unknown[]): unknown {
    let args = given;
    for (const { hook } of this.#before) {
      const replaced = hook(module, args);
      if (replaced !== undefined && replaced !== null) args = Array.isArray(replaced) ? replaced : [replaced];
    }
    let output = forward.apply(module, [...args]);
    for (const { hook } of this.#after) output = hook(module, args, output) ?? output;
    return output;
  }
}
