/** The reader that turns a page into numbers: the reference that all others are compared with. */
import type { DifferentiableAlgebra } from "./cell.ts";

/** What the numbers reader needs to know about a precision: how to round, and the functions that round by themselves. */
export interface Precision {
  /** The nearest number of the precision: `Math.fround`, or the identity for float64. */
  readonly round: (x: number) => number;
  readonly sigmoid: (x: number) => number;
  readonly tanh: (x: number) => number;
}

/** Reads a page as numbers, rounded after every operation. */
export function numbers({ round, sigmoid, tanh }: Precision): DifferentiableAlgebra<number> {
  return {
    add: (a, b) => round(a + b),
    sub: (a, b) => round(a - b),
    mul: (a, b) => round(a * b),
    neg: (a) => -a,
    sigmoid,
    tanh,
    relu: (a) => (a < 0 ? 0 : a),
    sigmoidGrad: (g, y) => round(g * round(round(1 - y) * y)),
    tanhGrad: (g, y) => round(g * round(1 - round(y * y))),
    reluGrad: (g, y) => (y <= 0 ? 0 : g),
  };
}
