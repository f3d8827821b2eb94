/**
 * Loops over arrays of floats for which tensors would need thousands of calls: the four operations, and sums of columns.
 * They are written here as plain loops; arrays of float32 that are long enough go to the fast engine, whose bits are the
 * same, since each of these operations is rounded alike everywhere.
 */
import { engine } from "./engine.ts";
import { combineLanes, sumColumnsInLanes } from "./wasm/arrays.ts";

/** Memory of floats. */
export type Floats = Float32Array | Float64Array;

/** a + b, a - b, a·b and a/b. */
export type OperationName = "add" | "sub" | "mul" | "div";

/** A loop out = a ∘ b; an operand that is one number has step 0, others have step 1. */
type Loop = (out: Floats, a: Floats, aStep: number, b: Floats, bStep: number) => void;

const loops: Readonly<Record<OperationName, Loop>> = {
  add(out, a, aStep, b, bStep) {
    for (let i = 0; i < out.length; i += 1) out[i] = a[i * aStep]! + b[i * bStep]!;
  },
  sub(out, a, aStep, b, bStep) {
    for (let i = 0; i < out.length; i += 1) out[i] = a[i * aStep]! - b[i * bStep]!;
  },
  mul(out, a, aStep, b, bStep) {
    for (let i = 0; i < out.length; i += 1) out[i] = a[i * aStep]! * b[i * bStep]!;
  },
  div(out, a, aStep, b, bStep) {
    for (let i = 0; i < out.length; i += 1) out[i] = a[i * aStep]! / b[i * bStep]!;
  },
};

// Below this length, measured, copying in and out costs more than it gains.
const WORTHWHILE = 128;

/** out = a ∘ b for each element; an operand that is one number has step 0, others have step 1. */
export function combine(name: OperationName, ...[out, a, aStep, b, bStep]: Parameters<Loop>): void {
  const workshop = out.length < WORTHWHILE || !isSingle(out, a, b) ? undefined : engine.workshop;
  const done =
    workshop && combineLanes(workshop, name, out as Float32Array, a as Float32Array, aStep, b as Float32Array, bStep);
  if (!done) loops[name](out, a, aStep, b, bStep);
}

/** The sums of the columns of a matrix that lies in rows: each is kept in float64, and rows are added from the first on. */
export function sumColumns(data: Floats, columns: number): Float64Array {
  const totals = new Float64Array(columns);
  const workshop = data.length < WORTHWHILE || !isSingle(data) ? undefined : engine.workshop;
  if (!workshop || !sumColumnsInLanes(workshop, totals, data as Float32Array)) addRows(totals, data);
  return totals;
}

function addRows(totals: Float64Array, data: Floats): void {
  const columns = totals.length;
  for (let row = 0; row < data.length; row += columns) {
    for (let j = 0; j < columns; j += 1) totals[j]! += data[row + j]!;
  }
}

function isSingle(...arrays: readonly Floats[]): boolean {
  return arrays.every((array) => array instanceof Float32Array);
}
