/** The engines of both arithmetics: those of one have the same bits. */
import * as torch from "unrolled";

export const arithmetics = ["fma", "muladd"] as const;

/** What the engine gives in each arithmetic. */
export function inBoth<T>(name: "plain" | "wasm", run: () => T): [fma: T, muladd: T] {
  return arithmetics.map((arithmetic) => {
    torch.engine.use(name, { arithmetic });
    return run();
  }) as [T, T];
}
