/**
 * Loops over arrays of floats, without a call for each element: the four operations, and sums of columns. They are written
 * here plainly; arrays of float32 that are long enough go to the fast engine, whose bits are the same, since each of these
 * operations is rounded alike everywhere.
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

// Below this length, and with fewer columns, measured, copying in and out costs more than it gains.
const [WORTHWHILE, FEWEST_COLUMNS] = [256, 4];

/** out = a ∘ b for each element; an operand that is one number has step 0, others have step 1. */
export function combine(name: OperationName, out: Floats, a: Floats, aStep: number, b: Floats, bStep: number): void {
  const isSingle = out instanceof Float32Array && a instanceof Float32Array && b instanceof Float32Array;
  const workshop = isSingle && out.length >= WORTHWHILE ? engine.workshop : undefined;
  const done = isSingle && workshop && combineLanes(workshop, name, out, a, aStep, b, bStep);
  if (!done) loops[name](out, a, aStep, b, bStep);
}

/** The sums of the columns of a matrix that lies in rows: each is kept in float64, and rows are added from the first on. */
export function sumColumns(data: Floats, columns: number): Float64Array {
  const totals = new Float64Array(columns);
  const isSingle = data instanceof Float32Array;
  const workshop = isSingle && data.length >= WORTHWHILE && columns >= FEWEST_COLUMNS ? engine.workshop : undefined;
  const done = isSingle && workshop && sumColumnsInLanes(workshop, totals, data);
  if (!done) addRows(totals, data);
  return totals;
}

/** Four rows at a time, so that a total is read and written once for four numbers. */
function addRows(totals: Float64Array, data: Floats): void {
  const columns = totals.length;
  const whole = data.length - (data.length % (4 * columns));
  for (let row = 0; row < whole; row += 4 * columns) {
    for (let j = 0, at = row; j < columns; j += 1, at += 1) {
      const two = totals[j]! + data[at]! + data[at + columns]!;
      totals[j] = two + data[at + 2 * columns]! + data[at + 3 * columns]!;
    }
  }
  for (let row = whole; row < data.length; row += columns) {
    for (let j = 0; j < columns; j += 1) totals[j]! += data[row + j]!;
  }
}
