/** Rules over the numbers of tensors, in the arithmetic of each dtype. */
import { fma32 } from "../arithmetic/fma.ts";
import { doubles, numbersOf, type Rule, type RuleAlgebra, singles } from "../arithmetic/rule.ts";
import type { Floats } from "../engine/arrays.ts";
import { followArrays } from "../engine/rules.ts";
import { type DType, float32, float64 } from "./dtype.ts";

/** Overwrites arrays of numbers of a dtype, all of one length, as the rule says. Constants are rounded already. */
export function follow(rule: Rule, arrays: readonly Floats[], constants: readonly number[], dtype: DType): void {
  followArrays(rule, arrays, constants, algebraOf(dtype), dtype === float32);
}

function algebraOf(dtype: DType): RuleAlgebra<number> {
  if (dtype === float32) return singles;
  if (dtype === float64) return doubles;
  // the 16-bit floats are computed in float32
  const { round } = dtype;
  return numbersOf(
    (x) => round!(Math.fround(x)),
    (a, b, c) => round!(fma32(a, b, c)),
  );
}
