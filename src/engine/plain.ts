/** The narrow waist: what every engine can do with flat memory, and the plain engine, which the others must equal. */
import type { Cell } from "../cells/cell.ts";
import { type ElementaryName, functions } from "./functions.ts";
import { type GemmOptions, gemm, type Matrix, type Values } from "./gemm.ts";

/** An engine computes; it knows no shapes beyond a matrix, no gradients and no layers. */
export interface Engine {
  /** The name by which it is chosen. */
  readonly name: EngineName;
  /** How a float32 product chain rounds: once for each link, or once for the product and once for the sum. */
  readonly arithmetic: "fma" | "muladd";
  /** The matrix product out = a·b + bias, each output a chain in the order of k; see gemm.ts. */
  gemm(out: Values, M: number, N: number, K: number, a: Matrix, b: Matrix, bias?: Values, options?: GemmOptions): void;
  /** out = f(x) for each number of a contiguous array, in the precision of `out`; see functions.ts. */
  map(name: ElementaryName, out: Values, x: Values): void;
  /** A whole recurrence in one call. False: this engine cannot, nothing is done, and the caller goes step by step. */
  recur(problem: Recurrence): boolean;
}

/** A recurrence without gradients: a cell of G gates, R of them recurrent, of H units, over sequences of b_t <= B rows. */
export interface Recurrence {
  readonly cell: Cell;
  readonly H: number;
  /** W_ih·x + b_ih for all steps one after the other, (Σ b_t, G·H) */
  readonly x: Float32Array;
  /** W_hhᵀ (H, R·H) */
  readonly weights: Matrix;
  /** b_hh (R·H) */
  readonly bias: Float32Array | undefined;
  /** The cell's vectors (H) each, in its order. */
  readonly vectors: readonly Float32Array[];
  readonly batchSizes: readonly number[];
  /** Whether the last step is run first. */
  readonly reverse: boolean;
  /** (B, H) each, in the order of the cell: the states before the first step, overwritten with those after the last. */
  readonly states: readonly Float32Array[];
  /** The first state after each step is written here, (Σ b_t, H) */
  readonly output: Float32Array;
}

/** The engines that there are. */
export type EngineName = "plain" | "wasm";

/** The engine in plain JavaScript: the reference. */
export const plain: Engine = {
  name: "plain",
  arithmetic: "fma",
  gemm,
  map(name, out, x) {
    const f = functions(out instanceof Float32Array ? "float32" : "float64")[name];
    for (let i = 0; i < x.length; i++) out[i] = f(x[i]);
  },
  recur: () => false,
};
