/**
 * Rules: pages of arithmetic over several arrays at once, place by place, as what an optimiser does to a parameter, its
 * gradient and what is remembered of them. Read with numbers a rule is a loop, for all dtypes; read with SIMD lanes it is a
 * kernel (engine/rules.ts).
 */
import { fma32, fma64 } from "./fma.ts";

/** The arithmetic of rules. Each operation is rounded once, `fma` (a·b + c) too. Constants are numbers. */
export interface RuleAlgebra<V> {
  add(a: V | number, b: V | number): V;
  sub(a: V | number, b: V | number): V;
  mul(a: V | number, b: V | number): V;
  div(a: V | number, b: V | number): V;
  fma(a: V | number, b: V | number, c: V | number): V;
  /** NaN if either is NaN, and -0 < 0. */
  max(a: V | number, b: V | number): V;
  negate(a: V): V;
  sqrt(a: V): V;
  /** The sign bit cleared. */
  abs(a: V): V;
  /** `then` if a < b, else `otherwise`, also where a or b is NaN. */
  whereLess(a: V | number, b: V | number, then: V | number, otherwise: V | number): V;
}

/** What becomes of the numbers at one place. */
export interface Rule {
  /** How many arrays it reads. */
  readonly arrays: number;
  /** How many constants it reads. */
  readonly constants: number;
  /** From the numbers at one place of each array, and constants: the next ones; undefined where they stay. */
  next<V>(m: RuleAlgebra<V>, x: readonly [V, ...V[]], c: readonly (V | number)[]): readonly (V | undefined)[];
}

/** Numbers, each result rounded. */
export function numbersOf(
  round: (x: number) => number,
  fma: (a: number, b: number, c: number) => number,
): RuleAlgebra<number> {
  return {
    add: (a, b) => round(a + b),
    sub: (a, b) => round(a - b),
    mul: (a, b) => round(a * b),
    div: (a, b) => round(a / b),
    fma,
    max: Math.max,
    negate: (a) => -a,
    sqrt: (a) => round(Math.sqrt(a)),
    abs: Math.abs,
    whereLess: (a, b, then, otherwise) => (a < b ? then : otherwise),
  };
}

/** Numbers of float32. */
export const singles: RuleAlgebra<number> = numbersOf(Math.fround, fma32);
/** Numbers of float64. */
export const doubles: RuleAlgebra<number> = numbersOf((x) => x, fma64);
