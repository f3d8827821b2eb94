/**
 * Rules over arrays (arithmetic/rule.ts): a loop over numbers, or for float32 a kernel. Rules ask for fused multiply-add
 * in any case, so there is a kernel only where the machine has that.
 */
import type { Rule, RuleAlgebra } from "../arithmetic/rule.ts";
import type { Floats } from "./arrays.ts";
import { engine } from "./engine.ts";
import { followInLanes } from "./wasm/rules.ts";

// Below this length, measured, copying in and out costs more than it gains.
const WORTHWHILE = 32;

/** Overwrites the arrays, all of one length, as the rule says, in the arithmetic of `m`, or by SIMD if `isSingle`. */
export function followArrays(
  rule: Rule,
  arrays: readonly Floats[],
  constants: readonly number[],
  m: RuleAlgebra<number>,
  isSingle: boolean,
): void {
  if (isSingle && followInKernel(rule, arrays as Float32Array[], constants)) return;
  const { length } = arrays[0]!;
  const x = arrays.map(() => 0) as [number, ...number[]];
  for (let i = 0; i < length; i += 1) {
    for (let a = 0; a < x.length; a += 1) x[a] = arrays[a]![i]!;
    const next = rule.next(m, x, constants);
    for (let a = 0; a < next.length; a += 1) {
      const value = next[a];
      if (value !== undefined) arrays[a]![i] = value;
    }
  }
}

/** The same by SIMD alone; false if there is none, or it would not be faster, and nothing is done. */
export function followInKernel(
  rule: Rule,
  arrays: readonly Float32Array[],
  constants: readonly number[] = [],
): boolean {
  const workshop = arrays[0]!.length >= WORTHWHILE ? engine.workshop : undefined;
  return workshop?.arithmetic === "fma" && followInLanes(workshop, rule, arrays, constants);
}
