/** The reader that asks what a step depends on: a value is whether it depends on anything that is looked for. */
import { type Algebra, type Cell, type Named, recurrentGates, vectors } from "./cell.ts";

const either = (a: boolean, b: boolean): boolean => a || b;
const same = (a: boolean): boolean => a;
const reach: Algebra<boolean> = { add: either, sub: either, mul: either, sigmoid: same, tanh: same, relu: same };

/** Which of the new states depend on it, if `x`, `r`, these of the old states and these vectors do. */
export function reached(
  cell: Cell,
  x: boolean,
  r: boolean,
  state: Named<string, boolean>,
  own: Named<string, boolean>,
): Named<string, boolean> {
  const all = (names: readonly string[], value: boolean): Named<string, boolean> =>
    Object.fromEntries(names.map((name) => [name, value]));
  const computed = cell.step(reach, all(cell.gates, x), all(recurrentGates(cell), r), state, own);
  return Object.fromEntries(cell.state.map((name) => [name, computed[name]!]));
}

/** Whether every state depends on `x` after each step, whatever else it depends on. */
export function dependsOnInput(cell: Cell): boolean {
  const nothing = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, false]));
  return Object.values(reached(cell, true, false, nothing(cell.state), nothing(vectors(cell)))).every(same);
}
