/** The narrow waist: what every engine can do with flat memory, and the plain engine, which the others must equal. */
import { type ElementaryFunctions, functions, type Precision } from "./functions.ts";
import { type GemmOptions, gemm, type Matrix, type Values } from "./gemm.ts";

/** An engine computes; it knows no shapes beyond a matrix, no gradients and no layers. */
export interface Engine {
  /** The name by which it is chosen. */
  readonly name: string;
  /** How a float32 product chain rounds: once for each link, or once for the product and once for the sum. */
  readonly arithmetic: "fma" | "muladd";
  /** The matrix product out = a·b + bias, each output a chain in the order of k; see gemm.ts. */
  gemm(out: Values, M: number, N: number, K: number, a: Matrix, b: Matrix, bias?: Values, options?: GemmOptions): void;
  /** exp, log, tanh and sigmoid of one number in the given precision; see functions.ts. */
  functions(precision: Precision): ElementaryFunctions;
}

/** The engine in plain JavaScript: the reference. */
export const plain: Engine = { name: "plain", arithmetic: "fma", gemm, functions };
