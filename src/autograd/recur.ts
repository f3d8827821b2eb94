/** A whole stack of loops over time, each in one call of the engine, where nobody will ask for gradients. */
import type { Cell } from "../cells/cell.ts";
import { type Dense, elements, wrap } from "../dense/dense.ts";
import { float32 } from "../dense/dtype.ts";
import { engine } from "../engine/engine.ts";
import { isGradEnabled } from "./mode.ts";
import { Tensor } from "./tensor.ts";
import { packable } from "./weights.ts";

/** The weights of one loop: G gates of H units, F features, P outputs, which are H without W_hr. */
export interface LoopWeights {
  /** W_ih (G·H, F) */
  readonly weightIh: Tensor;
  /** W_hh (G·H, P) */
  readonly weightHh: Tensor;
  /** b_ih (G·H) */
  readonly biasIh?: Tensor | undefined;
  /** b_hh (G·H) */
  readonly biasHh?: Tensor | undefined;
  /** W_hr (P, H) */
  readonly weightHr?: Tensor | undefined;
}

/** Loops on each other: layer by layer, in each layer D directions. */
export interface Loops {
  readonly cell: Cell;
  readonly weights: readonly LoopWeights[];
  readonly D: number;
}

/**
 * Runs the loops over B sequences (T, B, F), or with batch sizes (Σ b_t, F), from the states (L·D, B, P), (L·D, B, H) ...
 * or, without any, from zero. Gives the outputs (T, B, D·P) or (Σ b_t, D·P) and the states after the last step; undefined
 * if it has to be step by step.
 */
export function recur(
  { cell, weights, D }: Loops,
  data: Tensor,
  batchSizes: readonly number[] | undefined,
  B: number,
  start: readonly Tensor[],
): [output: Tensor, states: Tensor[]] | undefined {
  if (cell.watched || !isPlain(data) || !start.every(isPlain) || !weights.every(arePlain)) return undefined;
  const gates = cell.gates.length;
  const [rowsHh, P] = weights[0]!.weightHh.shape as unknown as [number, number];
  const H = rowsHh / gates;
  const steps = batchSizes ? batchSizes.length : data.shape[0]!;
  const rows = batchSizes ? data.shape[0]! : steps * B;
  const states = cell.state.map((_, i) => beginning(start[i]?.value, weights.length * B * (i === 0 ? P : H)));
  const width = D * P;
  let x = elements(data.value) as Float32Array;
  let output = x;
  for (const [at, { weightIh, weightHh, biasIh, biasHh, weightHr }] of weights.entries()) {
    const direction = at % D;
    if (direction === 0) output = new Float32Array(rows * width);
    const done = engine.unroll({
      cell,
      input: packable(weightIh, biasIh, gates, H),
      recurrent: packable(weightHh, biasHh, gates, H),
      projection: weightHr && packable(weightHr, undefined, 1, P),
      x,
      steps,
      rows: B,
      batchSizes,
      reverse: direction === 1,
      states: weights.length === 1 ? states : states.map((state) => part(state, at, weights.length)),
      output,
      column: direction * P,
      width,
    });
    if (!done) return undefined;
    if (direction === D - 1) x = output;
  }
  const shape = batchSizes ? [rows, width] : [steps, B, width];
  const ends = states.map((state, i) => floats(state, [weights.length, B, i === 0 ? P : H]));
  return [floats(output, shape), ends];
}

const floats = (numbers: Float32Array, shape: readonly number[]): Tensor => new Tensor(wrap(numbers, shape, float32));

/** The numbers of a state that is to be overwritten; zeros where none is given. */
function beginning(given: Dense | undefined, count: number): Float32Array {
  return given ? (elements(given) as Float32Array).slice() : new Float32Array(count);
}

function part(numbers: Float32Array, index: number, count: number): Float32Array {
  const length = numbers.length / count;
  return numbers.subarray(index * length, (index + 1) * length);
}

/** Whether a tensor is float32, not empty, and not recorded; so is one that is absent. */
function isPlain(x: Tensor | undefined): boolean {
  return x === undefined || (x.dtype === float32 && x.value.count > 0 && !(isGradEnabled() && x.requiresGrad));
}

function arePlain({ weightIh, weightHh, biasIh, biasHh, weightHr }: LoopWeights): boolean {
  return isPlain(weightIh) && isPlain(weightHh) && isPlain(biasIh) && isPlain(biasHh) && isPlain(weightHr);
}
