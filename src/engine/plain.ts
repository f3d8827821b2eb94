/** The narrow waist: what every engine can do with flat memory, and the plain engine, which the others must equal. */
import type { Cell } from "../cells/cell.ts";
import type { Arithmetic } from "./algebra.ts";
import { type ElementaryName, functions } from "./functions.ts";
import { type GemmOptions, gemm, type Matrix, type Values } from "./gemm.ts";
import type { Workshop } from "./wasm/compiled.ts";

/** An engine computes; it knows no shapes beyond a matrix, no gradients and no layers. */
export interface Engine {
  /** The name by which it is chosen. */
  readonly name: EngineName;
  /** How a float32 a·b + c is rounded, in products and in functions alike. Engines of one arithmetic have the same bits. */
  readonly arithmetic: Arithmetic;
  /** How many threads it has. */
  readonly threads: number;
  /** Ends the threads but the caller's own; the engine is not used after that. */
  end(): void;
  /** The matrix product out = a·b + bias, each output a chain in the order of k; see gemm.ts. */
  gemm(out: Values, M: number, N: number, K: number, a: Matrix, b: Matrix, bias?: Values, options?: GemmOptions): void;
  /**
   * out = x·Wᵀ + b, the same product of rows x (M, K) by weights of one gate, which the engine may keep packed. False: this
   * engine cannot, or would not be faster, nothing is done, and the caller takes `gemm`.
   */
  affine(out: Float32Array, x: Float32Array, weights: Weights, bias?: Float32Array): boolean;
  /** out = f(x) for each number of a contiguous array, in the precision of `out`; see functions.ts. */
  map(name: ElementaryName, out: Values, x: Values): void;
  /**
   * A whole recurrence in one call, with weights that the engine may keep packed. False: this engine cannot, nothing is
   * done, and the caller goes step by step.
   */
  unroll(problem: Unrolled): boolean;
  /** What further kernels can be made with, such as those of training.ts; absent if there are none. */
  readonly workshop?: Workshop;
}

/**
 * A matrix of weights with its bias, which is multiplied again and again: W (G·H, K), gate by gate, and b (G·H). Vectors of
 * H are a bias alone, of a matrix without columns.
 */
export interface Weights {
  matrix: Matrix;
  bias: Float32Array | undefined;
  /** G and H: the units of the gates lie one behind the other. */
  gates: number;
  units: number;
  /** K */
  depth: number;
  /** Whoever owns the numbers counts this up when they change: what was made from them before is no longer used. */
  version: number;
}

/** A recurrence without gradients: a cell over sequences of b_0 .. b_T-1 rows, or over B sequences of T steps. */
export interface Unrolled {
  readonly cell: Cell;
  /** W_ih, b_ih */
  readonly input: Weights;
  /** W_hh, b_hh, of the recurrent gates only */
  readonly recurrent: Weights;
  /** W_hr (P, H): what is done to the first state before it is handed on. Without it P = H. */
  readonly projection: Weights | undefined;
  /** The vectors of the cell, one behind the other; absent if it has none. */
  readonly vectors?: Weights | undefined;
  /** All steps one after the other, (Σ b_t, I) */
  readonly x: Float32Array;
  /** T */
  readonly steps: number;
  /** B */
  readonly rows: number;
  /** Where sequences differ in length, the rows of each step. */
  readonly batchSizes: readonly number[] | undefined;
  /** Whether the last step is run first. */
  readonly reverse: boolean;
  /** (B, P) and (B, H) ..., in the order of the cell: before the first step, overwritten with those after the last. */
  readonly states: readonly Float32Array[];
  /** The first state after each step is written here, in rows of `width` from `column` on, (Σ b_t, width) */
  readonly output: Float32Array;
  readonly column: number;
  readonly width: number;
}

/**
 * The gradients of a recurrence, as often as they are asked for; undefined if they cannot be had: one of the output or of
 * its last state must be given, and there must be enough memory.
 */
export type WayBack = (wants: RecurWants) => RecurGradients | undefined;

/** The gradients that arrive, and which ones are asked for. */
export interface RecurWants {
  /** Of the output, (Σ b_t, P) */
  readonly output: Float32Array | undefined;
  /** Of the states after the last step, (B, P) and (B, H) ... */
  readonly given: readonly (Float32Array | undefined)[];
  readonly weights: boolean;
  readonly bias: boolean;
  readonly projection: boolean;
  readonly vectors: boolean;
  /** The states before the first step. */
  readonly states: readonly boolean[];
  /** Whether nobody will ask again: then the gradients of `Recurrence.x` are written in its place. */
  readonly isLast: boolean;
}

/** What is asked for. */
export interface RecurGradients {
  /** Of `Recurrence.x`, (Σ b_t, G·H) */
  readonly x: Float32Array;
  /** Of W_hh, (R·H, P) */
  readonly weights: Float32Array | undefined;
  /** Of b_hh, (R·H) */
  readonly bias: Float32Array | undefined;
  /** Of W_hr, (P, H) */
  readonly projection: Float32Array | undefined;
  /** Of the vectors, (V·H) */
  readonly vectors: Float32Array | undefined;
  /** Of the states before the first step, (B, P) and (B, H) ... */
  readonly states: readonly (Float32Array | undefined)[];
}

/** A recurrence with gradients: a cell of G gates with H units, over sequences of b_0 .. b_T-1 rows, B at most. */
export interface Recurrence {
  readonly cell: Cell;
  readonly H: number;
  /** W_ih·x + b_ih for all steps one after the other, (Σ b_t, G·H) */
  readonly x: Float32Array;
  /** P, the width of the first state: H, if it is not projected. */
  readonly P: number;
  /** W_hhᵀ (P, R·H), for R recurrent gates */
  readonly weights: Matrix;
  /** b_hh (R·H) */
  readonly bias: Float32Array | undefined;
  /** W_hrᵀ (H, P): what is done to the first state before it is handed on. */
  readonly projection: Matrix | undefined;
  /** The vectors of the cell, one behind the other, (V·H) */
  readonly vectors: Float32Array;
  readonly batchSizes: readonly number[];
  /** Whether the last step is run first. */
  readonly reverse: boolean;
  /** (B, P) and (B, H) ..., in the order of the cell: before the first step, overwritten with those after the last. */
  readonly states: readonly Float32Array[];
  /** The first state after each step is written here, (Σ b_t, P) */
  readonly output: Float32Array;
}

/** The engines that there are. */
export type EngineName = "plain" | "wasm";

const plainEngine = (arithmetic: Arithmetic): Engine => ({
  name: "plain",
  arithmetic,
  threads: 1,
  end: () => {},
  gemm: (out, M, N, K, a, b, bias, options) => gemm(arithmetic, out, M, N, K, a, b, bias, options),
  affine: () => false,
  map(name, out, x) {
    const f = functions(out instanceof Float32Array ? "float32" : "float64", arithmetic)[name];
    for (let i = 0; i < x.length; i++) out[i] = f(x[i]);
  },
  unroll: () => false,
});

/** The engine in plain JavaScript: the reference. */
export const plain = plainEngine("fma");

/** The reference for each arithmetic. */
export const plainEngines: Readonly<Record<Arithmetic, Engine>> = { fma: plain, muladd: plainEngine("muladd") };
