/**
 * One direction of one layer over T steps of B sequences, on plain arrays. The engine runs it in one piece where it can;
 * else it goes step by step and row by row, and the page of the cell is read over rows of numbers.
 */
import type { Algebra, Cell, Named } from "../cells/cell.ts";
import { engine } from "../engine/engine.ts";
import type { ElementaryName } from "../engine/functions.ts";
import type { Matrix, Side } from "./weights.ts";

/** What is run: x (T, B, F), row by row. */
export interface Sequences {
  readonly x: Float32Array;
  readonly T: number;
  readonly B: number;
}

/**
 * The outputs (T, B, P). `states`, (B, P) and (B, H) ... in the order of the cell, are those before the first step, and
 * are overwritten with those after the last.
 */
export function scan(
  cell: Cell,
  side: Side,
  { x, T, B }: Sequences,
  states: readonly Float32Array[],
  reverse: boolean,
): Float32Array {
  const { weightIh, weightHh, weightHr, biasIh, biasHh } = side;
  const [H, P] = [weightHh.rows / cell.gates.length, weightHh.columns];
  const projected = product(x, weightIh, biasIh);
  const output = new Float32Array(T * B * P);
  const weights = transposed(weightHh);
  const batchSizes = new Array<number>(T).fill(B);
  const problem = { cell, H: P, x: projected, weights, bias: biasHh, batchSizes, reverse, states, output };
  if (!weightHr && engine.recur(problem)) return output;
  for (let step = 0; step < T; step += 1) {
    const t = reverse ? T - 1 - step : step;
    const recurrent = product(states[0]!, weightHh, biasHh);
    for (let b = 0; b < B; b += 1) {
      const own = Object.fromEntries(cell.state.map((name, i) => [name, rowOf(states[i]!, b, B)]));
      const next = cell.step(rows, byGate(cell, projected, t * B + b, H), byGate(cell, recurrent, b, H), own);
      for (const [i, name] of cell.state.entries()) {
        const value = i === 0 && weightHr ? product(next[name]!, weightHr) : next[name]!;
        rowOf(states[i]!, b, B).set(value);
      }
    }
    output.set(states[0]!, t * B * P);
  }
  return output;
}

/** x·Wᵀ + b: (M, K) to (M, N). */
function product(x: Float32Array, weight: Matrix, bias?: Float32Array): Float32Array {
  const { rows: N, columns: K } = weight;
  const M = x.length / K;
  const out = new Float32Array(M * N);
  engine.gemm(out, M, N, K, { data: x, offset: 0, rowStride: K, columnStride: 1 }, transposed(weight), bias);
  return out;
}

function transposed({ data, columns }: Matrix) {
  return { data, offset: 0, rowStride: 1, columnStride: columns };
}

function rowOf(values: Float32Array, row: number, rows: number): Float32Array {
  const width = values.length / rows;
  return values.subarray(row * width, (row + 1) * width);
}

/** Row `row` of (rows, G·H), cut into one (H) block for each gate. */
function byGate({ gates }: Cell, columns: Float32Array, row: number, H: number): Named<string, Float32Array> {
  const block = (i: number): Float32Array =>
    columns.subarray((row * gates.length + i) * H, (row * gates.length + i + 1) * H);
  return Object.fromEntries(gates.map((gate, i) => [gate, block(i)]));
}

/** Reads a page as rows of numbers; a Float32Array rounds what is stored in it. */
const rows: Algebra<Float32Array> = {
  add: (a, b) => a.map((value, i) => value + b[i]!),
  sub: (a, b) => a.map((value, i) => value - b[i]!),
  mul: (a, b) => a.map((value, i) => value * b[i]!),
  sigmoid: (a) => elementary("sigmoid", a),
  tanh: (a) => elementary("tanh", a),
  relu: (a) => a.map((value) => (value < 0 ? 0 : value)),
};

function elementary(name: ElementaryName, a: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  engine.map(name, out, a);
  return out;
}
