/**
 * One direction of one layer over T steps of B sequences, on plain arrays. The engine runs it in one piece where it can;
 * else it goes step by step and row by row, and the page of the cell is read over rows of numbers.
 */
import type { Algebra, Cell, Named } from "../cells/cell.ts";
import { engine } from "../engine/engine.ts";
import type { ElementaryName } from "../engine/functions.ts";
import type { Unrolled, Weights } from "../engine/plain.ts";

/** Runs a recurrence over sequences of one length: overwrites its states, and writes its outputs. */
export function scan(problem: Unrolled): void {
  if (!engine.unroll(problem)) scanSteps(problem);
}

function scanSteps({ cell, input, recurrent, projection, x, ...own }: Unrolled): void {
  const { steps: T, rows: B, reverse, states, output, column, width } = own;
  const [H, P] = [recurrent.units, recurrent.depth];
  const projected = product(x, input);
  for (let step = 0; step < T; step += 1) {
    const t = reverse ? T - 1 - step : step;
    const past = product(states[0]!, recurrent);
    for (let b = 0; b < B; b += 1) {
      const row = t * B + b;
      const before = Object.fromEntries(cell.state.map((name, i) => [name, rowOf(states[i]!, b, B)]));
      const next = cell.step(rows, byGate(cell, projected, row, H), byGate(cell, past, b, H), before, {});
      for (const [i, name] of cell.state.entries()) {
        const value = i === 0 && projection ? product(next[name]!, projection) : next[name]!;
        rowOf(states[i]!, b, B).set(value);
      }
      output.set(states[0]!.subarray(b * P, (b + 1) * P), row * width + column);
    }
  }
}

/** x·Wᵀ + b: (M, K) to (M, G·H). */
function product(x: Float32Array, { matrix, bias, gates, units, depth: K }: Weights): Float32Array {
  const N = gates * units;
  const M = x.length / K;
  const out = new Float32Array(M * N);
  const { data, offset, rowStride, columnStride } = matrix;
  const transposed = { data, offset, rowStride: columnStride, columnStride: rowStride };
  engine.gemm(out, M, N, K, { data: x, offset: 0, rowStride: K, columnStride: 1 }, transposed, bias);
  return out;
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
