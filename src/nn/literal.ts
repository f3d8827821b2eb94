/**
 * The loop over time as torch runs it, operation by operation, for input and states whose sizes are not what they should
 * be. A layer looks at them before; but torch's functions (torch.lstm, ...) and its LSTM over packed input look at nothing,
 * and what is wrong comes out where it happens to: in a product, a sum, a slice. So where anything is unusual the very
 * operations are done, and the one that fails has torch's words. Now and then none does.
 */
import { tensors } from "../autograd/algebra.ts";
import { expand } from "../autograd/broadcast.ts";
import { cat, stackNamed, unbind } from "../autograd/join.ts";
import { linear } from "../autograd/linear.ts";
import { areLiving, type ScanWeights } from "../autograd/recur.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { slice } from "../autograd/views.ts";
import type { Cell } from "../cells/cell.ts";
import { IndexError, listText, RuntimeError } from "../check.ts";
import { broadcastShapes, type Dims, sameDims, wrapDim } from "../dense/shape.ts";
import { byGate, type CellState, type Sequences } from "./scan.ts";

/**
 * Whether B sequences, of which some may be empty, their states and the weights of one layer and direction fit together.
 */
export function isUsual(
  cell: Cell,
  weights: ScanWeights,
  { data, batchSizes }: Sequences,
  B: number,
  start: CellState,
): boolean {
  const { weightIh, weightHh, biasIh, biasHh, weightHr } = weights;
  const [rows, P] = weightHh.shape as unknown as readonly [number, number];
  const H = weightHr ? weightHr.shape[1]! : P;
  const are = (x: Tensor | undefined, shape: Dims): boolean =>
    x === undefined || (x.dtype === data.dtype && sameDims(x.shape, shape));
  return (
    rows === cell.gates.length * H &&
    data.shape.length === (batchSizes ? 2 : 3) &&
    are(weightIh, [rows, data.shape.at(-1)!]) &&
    are(weightHh, [rows, P]) &&
    are(biasIh, [rows]) &&
    are(biasHh, [rows]) &&
    are(weightHr, [P, H]) &&
    cell.state.every((name, i) => are(start[name]!, [B, i === 0 ? P : H])) &&
    (!batchSizes || areLiving(batchSizes, B, data.shape[0]!))
  );
}

/** What torch counts: the weights in its flat list, the states' layers and directions. */
export function expectCounts(
  weights: number,
  hasBiases: boolean,
  start: readonly Tensor[],
  D: number,
  numLayers: number,
): void {
  const [h, c = h] = start as readonly [Tensor, Tensor?];
  // torch tells a projection by the widths of the states
  if (start.length > 1) for (const state of start) wrapDim(2, state.shape.length);
  const each = 2 + (hasBiases ? 2 : 0) + (h.shape[2] === c!.shape[2] ? 0 : 1);
  if (weights % each !== 0) throw new RuntimeError("got an incorrect number of RNN parameters");
  const [rows, sets] = [h.shape[0] ?? 0, weights / each];
  if (rows % D !== 0 || sets % D !== 0) {
    throw new RuntimeError("Odd number of params or hiddens given to a bidirectional RNN");
  }
  if (rows !== D * numLayers || c!.shape[0]! < rows) {
    throw new RuntimeError("Expected more hidden states in stacked_rnn");
  }
  if (sets !== D * numLayers) throw new RuntimeError("Expected more weights in stacked_rnn");
}

/** One layer in one direction, to the output of all steps and the state after the last. */
export function runLiterally(
  cell: Cell,
  weights: ScanWeights,
  { data, batchSizes }: Sequences,
  start: CellState,
  reverse: boolean,
  joinedBy: string,
): { output: Tensor; state: CellState } {
  const projected = linear(data, weights.weightIh, weights.biasIh);
  const step = (x: Tensor, state: CellState): CellState => advanceLiterally(cell, weights, x, state);
  const [name] = cell.state;
  if (!batchSizes) {
    const steps = unbind(projected);
    const states: CellState[] = [];
    let state = start;
    for (const x of reverse ? [...steps].reverse() : steps) {
      state = step(x, state);
      states.push(state);
    }
    const outputs = (reverse ? states.reverse() : states).map((own) => own[name!]!);
    return { output: stackNamed(joinedBy, outputs, 0), state };
  }
  const { states, state } = reverse
    ? backwards(projected, batchSizes, start, step)
    : forwards(projected, batchSizes, start, step);
  return { output: cat(states.map((own) => own[name!]!)), state };
}

type Step = (x: Tensor, state: CellState) => CellState;
type Steps = { states: CellState[]; state: CellState };

/** Packed rows in the order of time: what has ended is cut off and put aside. */
function forwards(rows: Tensor, batchSizes: readonly number[], start: CellState, step: Step): Steps {
  const states: CellState[] = [];
  const ended: CellState[] = [];
  let state = start;
  let [at, last] = [0, batchSizes[0]!];
  for (const b of batchSizes) {
    const x = narrow(rows, at, b);
    at += b;
    if (b < last) {
      ended.unshift(rowsOf(state, b, last));
      state = rowsOf(state, 0, b);
    }
    last = b;
    state = step(x, state);
    states.push(state);
  }
  return { states, state: joined([state, ...ended]) };
}

/** Packed rows from the last: a longer sequence brings its start along. */
function backwards(rows: Tensor, batchSizes: readonly number[], start: CellState, step: Step): Steps {
  const states: CellState[] = [];
  let [end, last] = [rows.shape[0]!, batchSizes.at(-1)!];
  let state = rowsOf(start, 0, last);
  for (const b of [...batchSizes].reverse()) {
    if (b > last) state = joined([state, rowsOf(start, last, b)]);
    end -= b;
    last = b;
    state = step(narrow(rows, end, b), state);
    states.unshift(state);
  }
  return { states, state };
}

/** One step: W_hh·h + b_hh takes W_ih·x + b_ih into itself, so its shape is the one that counts. */
function advanceLiterally(cell: Cell, weights: ScanWeights, x: Tensor, state: CellState): CellState {
  const [name] = cell.state;
  const recurrent = linear(state[name!]!, weights.weightHh, weights.biasHh);
  const common = broadcastShapes(recurrent.shape, x.shape);
  if (!sameDims(common, recurrent.shape)) {
    throw new RuntimeError(
      `output with shape ${listText(recurrent.shape)} doesn't match the broadcast shape ${listText(common)}`,
    );
  }
  const next = cell.step(tensors, byGate(cell, expand(x, common)), byGate(cell, recurrent), state);
  const states = Object.fromEntries(cell.state.map((own) => [own, next[own]!]));
  return weights.weightHr ? { ...states, [name!]: linear(next[name!]!, weights.weightHr) } : states;
}

function rowsOf(state: CellState, from: number, to: number): CellState {
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, narrow(value, from, to - from)]));
}

function joined(states: readonly CellState[]): CellState {
  const names = Object.keys(states[0]!);
  return Object.fromEntries(names.map((name) => [name, cat(states.map((state) => state[name]!))]));
}

/** torch.narrow along the first dimension. */
function narrow(x: Tensor, start: number, length: number): Tensor {
  const size = x.shape[0]!;
  if (start > size || start < -size) {
    throw new IndexError(`start out of range (expected to be in range of [${-size}, ${size}], but got ${start})`);
  }
  if (start + length > size) {
    throw new RuntimeError(`start (${start}) + length (${length}) exceeds dimension size (${size}).`);
  }
  return slice(x, 0, start, start + length);
}
