/**
 * The one loop over time. What does not depend on the past, W_ih·x + b_ih, is computed for all steps at once; then each
 * step computes W_hh·h + b_hh and asks the cell for the rest. The reverse direction walks the same steps from the end.
 */
import { tensors } from "../autograd/algebra.ts";
import { chunk, unbind } from "../autograd/join.ts";
import { linear } from "../autograd/linear.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Cell, Named } from "../cells/cell.ts";

/** The weights of one layer in one direction: G gates of H units, F features. */
export interface ScanWeights {
  /** W_ih (G·H, F) */
  readonly weightIh: Tensor;
  /** W_hh (G·H, H) */
  readonly weightHh: Tensor;
  /** b_ih (G·H) */
  readonly biasIh?: Tensor | undefined;
  /** b_hh (G·H) */
  readonly biasHh?: Tensor | undefined;
}

/** The values that a cell carries from step to step, (B, H) each. */
export type CellState = Named<string, Tensor>;

/** Runs a cell over x (T, B, F). Gives the output of each step, in the order of time, and the state after the last. */
export function scan(
  cell: Cell,
  weights: ScanWeights,
  x: Tensor,
  start: CellState,
  reverse: boolean,
): { outputs: Tensor[]; state: CellState } {
  const projected = unbind(linear(x, weights.weightIh, weights.biasIh));
  const outputs = new Array<Tensor>(projected.length);
  const [output] = cell.state;
  let state = start;
  for (let step = 0; step < projected.length; step += 1) {
    const t = reverse ? projected.length - 1 - step : step;
    state = advance(cell, weights, projected[t]!, state);
    outputs[t] = state[output!]!;
  }
  return { outputs, state };
}

/** One step: from W_ih·x_t + b_ih (B, G·H) and the state to all that the cell computes, by name. */
export function advance(cell: Cell, weights: ScanWeights, projected: Tensor, state: CellState): CellState {
  const recurrent = linear(state[cell.state[0]!]!, weights.weightHh, weights.biasHh);
  return cell.step(tensors, byGate(cell, projected), byGate(cell, recurrent), state);
}

/** Cuts the columns (B, G·H) into one (B, H) block for each gate. */
function byGate(cell: Cell, columns: Tensor): Named<string, Tensor> {
  const { gates } = cell;
  const blocks = gates.length === 1 ? [columns] : chunk(columns, gates.length, 1);
  return Object.fromEntries(gates.map((gate, i) => [gate, blocks[i]!]));
}
