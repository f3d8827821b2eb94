/**
 * The one loop over time. What does not depend on the past, W_ih·x + b_ih, is computed for all steps at once; then each
 * step computes W_hh·h + b_hh and asks the cell for the rest. Every input is a packed one: step t has b_t rows, and a
 * padded batch just has the same number at every step. The state keeps all B rows, and a step touches the first b_t of
 * them: sequences that have ended stay as they were, and in reverse those that have not begun still hold their start.
 */
import { tensors } from "../autograd/algebra.ts";
import { expand } from "../autograd/broadcast.ts";
import { cat, chunk, split, unbind } from "../autograd/join.ts";
import { affine, linear } from "../autograd/linear.ts";
import type { ScanWeights } from "../autograd/recur.ts";
import { t, view } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { alias, slice } from "../autograd/views.ts";
import { kept } from "../autograd/weights.ts";
import { type Cell, type Named, recurrentGates, vectors } from "../cells/cell.ts";

/** Sequences as the loop reads them: (T, B, F), or with batch sizes the rows of all steps one after the other. */
export interface Sequences {
  readonly data: Tensor;
  /** b_0 ≥ b_1 ≥ ... of packed data (Σ b_t, F). */
  readonly batchSizes?: readonly number[] | undefined;
}

/** The values that a cell carries from step to step, (B, H) each. */
export type CellState = Named<string, Tensor>;

/** The weights of the loop as its steps read them. Their gradients meet here: a loop gives each of them one sum. */
export interface LoopWeights {
  /** W_hh (R·H, P) */
  readonly matrix: Tensor;
  /** b_hh (R·H) */
  readonly bias?: Tensor | undefined;
  /** W_hr (P, H) */
  readonly projection?: Tensor | undefined;
  /** The vectors of the cell, (H) each. */
  readonly vectors: Named<string, Tensor>;
}

/** Makes the weights ready for a loop. */
export function loopWeights(cell: Cell, weights: ScanWeights): LoopWeights {
  const { weightHh, biasHh, weightHr } = weights;
  return {
    matrix: alias(kept(weightHh)),
    bias: biasHh && alias(biasHh),
    projection: weightHr && alias(kept(weightHr)),
    vectors: vectorsOf(cell, weights),
  };
}

/** The cell's vectors, (H) each. */
export function vectorsOf(cell: Cell, weights: ScanWeights): Named<string, Tensor> {
  return Object.fromEntries(vectors(cell).map((name) => [name, view(weights[`v.${name}`]!, -1)]));
}

/** Runs a cell over sequences. Gives the output of each step, in the order of time, and the state after the last. */
export function scan(
  cell: Cell,
  weights: ScanWeights,
  x: Sequences,
  start: CellState,
  reverse: boolean,
): { outputs: Tensor[]; state: CellState } {
  return scanProjected(cell, loopWeights(cell, weights), project(weights, x), start, reverse);
}

/** W_ih·x + b_ih for all steps at once, (T, B, G·H) or packed (Σ b_t, G·H). */
export function project({ weightIh, biasIh }: ScanWeights, { data, batchSizes }: Sequences): Sequences {
  return { data: linear(data, weightIh, biasIh), batchSizes };
}

/** The loop itself, over what `project` gives. */
export function scanProjected(
  cell: Cell,
  weights: LoopWeights,
  { data, batchSizes }: Sequences,
  start: CellState,
  reverse: boolean,
): { outputs: Tensor[]; state: CellState } {
  const steps = batchSizes ? split(data, batchSizes) : unbind(data);
  const outputs = new Array<Tensor>(steps.length);
  const [output] = cell.state;
  let state = start;
  for (let step = 0; step < steps.length; step += 1) {
    const t = reverse ? steps.length - 1 - step : step;
    const living = firstRows(state, steps[t]!.shape[0]!);
    const next = advance(cell, weights, steps[t]!, living);
    outputs[t] = next[output!]!;
    state = withRest(cell, next, state);
  }
  return { outputs, state };
}

/** One step: from W_ih·x_t + b_ih (b, G·H) and the state to all that the cell computes, by name. */
export function advance(
  cell: Cell,
  { matrix, bias, projection, vectors }: LoopWeights,
  projected: Tensor,
  state: CellState,
): CellState {
  const [output] = cell.state;
  // each step turns them by itself: then a gradient with a history is torch's sum of turned ones
  const recurrent = affine(state[output!]!, t(matrix), bias && view(bias, -1));
  const [x, r] = [byGate(cell.gates, projected), byGate(recurrentGates(cell), recurrent)];
  const next = cell.step(tensors, x, r, state, inRows(vectors, projected.shape[0]!));
  return projection ? { ...next, [output!]: affine(next[output!]!, t(projection)) } : next;
}

/** Vectors (H), the same for each of b rows: (b, H). */
export function inRows(vectors: Named<string, Tensor>, b: number): Named<string, Tensor> {
  return Object.fromEntries(Object.entries(vectors).map(([name, vector]) => [name, expand(vector, b, -1)]));
}

/** Cuts the columns (b, G·H) into one (b, H) block for each of G gates. */
export function byGate(gates: readonly string[], columns: Tensor): Named<string, Tensor> {
  const blocks = gates.length < 2 ? [columns] : chunk(columns, gates.length, 1);
  return Object.fromEntries(gates.map((gate, i) => [gate, blocks[i]!]));
}

function firstRows(state: CellState, b: number): CellState {
  const cut = (value: Tensor): Tensor => (value.shape[0] === b ? value : slice(value, 0, 0, b));
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, cut(value)]));
}

/** The new state over the first rows, the old one below. */
function withRest(cell: Cell, next: CellState, old: CellState): CellState {
  return Object.fromEntries(
    cell.state.map((name) => {
      const [head, whole] = [next[name]!, old[name]!];
      const [b, B] = [head.shape[0]!, whole.shape[0]!];
      return [name, b === B ? head : cat([head, slice(whole, 0, b, B)])];
    }),
  );
}
