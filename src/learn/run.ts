/**
 * A recurrent layer laid open: its stack run on the same scan as in `forward`, with every term of every step kept, and with
 * each of its habits (the page, what is carried on, how directions are joined) as a value that may be replaced. Nothing of
 * this is in the layer's own path.
 */
import { zeros } from "../autograd/create.ts";
import { indexSelect } from "../autograd/gather.ts";
import { cat, split, stack, unbind } from "../autograd/join.ts";
import { noGrad } from "../autograd/mode.ts";
import { dropout } from "../autograd/random.ts";
import type { ScanWeights } from "../autograd/recur.ts";
import { squeeze, transpose, unsqueeze } from "../autograd/shape.ts";
import { Tensor } from "../autograd/tensor.ts";
import { selectAt, slice } from "../autograd/views.ts";
import type { Algebra, Cell, Named } from "../cells/cell.ts";
import { pythonTypeOf, RuntimeError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { PackedSequence } from "../nn/packed.ts";
import { Recurrent } from "../nn/recurrent.ts";
import { type CellState, type Sequences, scan } from "../nn/scan.ts";

/** All that a run of a stack depends on. L layers, D directions. */
export interface Setup {
  /** The page of each layer and direction, from its weights. */
  readonly page: (weights: ScanWeights) => Cell;
  /** Layer by layer and direction by direction. */
  readonly weights: readonly ScanWeights[];
  readonly x: Sequences;
  /** One (L·D, B, H) for each state of the page. */
  readonly start: readonly Tensor[];
  /** For each direction, whether it reads from the end. */
  readonly reversed: readonly boolean[];
  /** What becomes of the state between two steps; unchanged when absent. */
  readonly carry?: (state: CellState, start: CellState) => CellState;
  /** Joins the outputs of the directions. */
  readonly join: (outputs: readonly Tensor[]) => Tensor;
  /** What is done to the output of a layer before the next one reads it. */
  readonly between: (output: Tensor) => Tensor;
  /** What is done to the last layer's output. */
  readonly finish: (output: Tensor) => Tensor;
  /** What is done to the states after the last step. */
  readonly close: (states: readonly Tensor[], output: Tensor) => readonly Tensor[];
}

/** One step of one layer in one direction: what went into the page and what it computed. */
export interface StepRecord {
  readonly x: Named<string, Tensor>;
  readonly r: Named<string, Tensor>;
  readonly v: Named<string, Tensor>;
  readonly before: CellState;
  readonly terms: Named<string, Tensor>;
}

/** One layer in one direction; steps, inputs and outputs in the order of time. */
export interface Side {
  readonly layer: number;
  readonly direction: number;
  readonly reverse: boolean;
  readonly weights: ScanWeights;
  readonly steps: readonly StepRecord[];
  /** What is handed on: h after each step, projected if the layer projects. */
  readonly outputs: readonly Tensor[];
  /** What the layer read at each time, (b_t, F). */
  readonly inputs: readonly Tensor[];
}

/** What a run gives: as `forward` does, time first, and all sides. */
export interface Run {
  readonly output: Tensor;
  readonly states: readonly Tensor[];
  readonly sides: readonly Side[];
}

/** Demands a layer that runs over sequences, of callers without types as well. Errors: RuntimeError. */
export function expectLayer(who: string, layer: unknown): void {
  if (layer instanceof Recurrent) return;
  throw new RuntimeError(`${who}: expected a recurrent layer, got ${pythonTypeOf(layer)}`);
}

/** The state of a layer as users have it: a tensor, or a list of tensors. */
export type LayerState = Tensor | readonly Tensor[];

/** The states of a layer as a list. */
export function listStates(state: LayerState | null | undefined): readonly Tensor[] {
  if (state === null || state === undefined) return [];
  return state instanceof Tensor ? [state] : state;
}

/** Brings a tensor of the caller's layout to time first with a batch, (T, B, *), by the layer's habits. */
export function timeFirst(layer: Recurrent<unknown>, x: Tensor, rank: number): Tensor {
  if (rank === 2) return unsqueeze(x, 1);
  return layer.batchFirst ? transpose(x, 0, 1) : x;
}

/** The way back of `timeFirst`. */
export function callersLayout(layer: Recurrent<unknown>, x: Tensor, rank: number): Tensor {
  if (rank === 2) return squeeze(x, 1);
  return layer.batchFirst ? transpose(x, 0, 1) : x;
}

/** A state with its batch of one, where the caller has no batch. */
export function withBatch(state: Tensor, rank: number): Tensor {
  return rank === 2 ? unsqueeze(state, 1) : state;
}

/** `forward` as it is while evaluating, whatever mode the layer is in. */
export function evaluated(
  layer: Recurrent<unknown>,
  x: Tensor,
  state: LayerState | null | undefined,
): { output: Tensor; states: readonly Tensor[] };
export function evaluated(
  layer: Recurrent<unknown>,
  x: Tensor | PackedSequence,
  state: LayerState | null | undefined,
): { output: Tensor | PackedSequence; states: readonly Tensor[] };
export function evaluated(
  layer: Recurrent<unknown>,
  x: Tensor | PackedSequence,
  state: LayerState | null | undefined,
): { output: Tensor | PackedSequence; states: readonly Tensor[] } {
  const { training } = layer;
  layer.training = false;
  try {
    const [output, end] =
      x instanceof PackedSequence ? layer.forward(x, state ?? null) : layer.forward(x, state ?? null);
    return { output, states: listStates(end as LayerState) };
  } finally {
    layer.training = training;
  }
}

/** The setup in which a run equals the layer's own `forward`. The layer itself looks at input and state first. */
export function setupOf(
  layer: Recurrent<unknown>,
  x: Tensor | PackedSequence,
  state: LayerState | null | undefined,
  training = false,
): Setup {
  const packed = x instanceof PackedSequence;
  const rank = packed ? 3 : x.shape.length;
  const order = packed ? x.sortedIndices : null;
  const { states } = noGrad(() => evaluated(layer, x, state));
  const given = listStates(state);
  const start = given.length > 0 ? given : states.map((end) => zeros(end.shape, { dtype: end.dtype }));
  return {
    page: () => layer.cell,
    weights: layer.weights(),
    x: packed
      ? { data: x.data, batchSizes: Array.from(elements(x.batchSizes.value), Number) }
      : { data: timeFirst(layer, x, rank) },
    start: start.map((one) => (order ? indexSelect(one, 1, order) : withBatch(one, rank))),
    reversed: layer.bidirectional ? [false, true] : [false],
    join: (outputs) => (outputs.length === 1 ? outputs[0]! : cat(outputs, -1)),
    between: (output) => (layer.dropout > 0 ? dropout(output, layer.dropout, training) : output),
    finish: (output) => output,
    close: (states) => states,
  };
}

/** Runs a setup. */
export function run(setup: Setup): Run {
  const D = setup.reversed.length;
  const ends: Tensor[][] = setup.start.map(() => []);
  const sides: Side[] = [];
  let { data } = setup.x;
  for (let first = 0; first < setup.weights.length; first += D) {
    const outputs = setup.reversed.map((_, direction) => {
      const { side, state } = runSide(setup, data, first + direction);
      sides.push(side);
      for (const [i, end] of ends.entries()) end.push(state[i]!);
      return setup.x.batchSizes ? cat(side.outputs) : stack(side.outputs);
    });
    data = setup.join(outputs);
    if (first + D < setup.weights.length) data = setup.between(data);
  }
  const output = setup.finish(data);
  const states = ends.map((end) => stack(end));
  return { output, states: setup.close(states, output), sides };
}

function runSide(setup: Setup, input: Tensor, index: number): { side: Side; state: Tensor[] } {
  const D = setup.reversed.length;
  const weights = setup.weights[index]!;
  const reverse = setup.reversed[index % D]!;
  const steps: StepRecord[] = [];
  const page = recording(setup.page(weights), steps);
  const start = Object.fromEntries(page.state.map((name, i) => [name, selectAt(setup.start[i]!, 0, index)]));
  const x = { ...setup.x, data: input };
  const { outputs, state } = setup.carry
    ? inPieces(page, weights, x, start, reverse, setup.carry)
    : scan(page, weights, x, start, reverse);
  if (reverse) steps.reverse();
  const inputs = x.batchSizes ? split(input, x.batchSizes) : unbind(input);
  const side = { layer: Math.floor(index / D), direction: index % D, reverse, weights, steps, outputs, inputs };
  return { side, state: page.state.map((name) => state[name]!) };
}

/** The scan one step at a time: a sequence equals its pieces, if the state is handed on unchanged. */
function inPieces(
  page: Cell,
  weights: ScanWeights,
  { data, batchSizes }: Sequences,
  start: CellState,
  reverse: boolean,
  carry: NonNullable<Setup["carry"]>,
): { outputs: Tensor[]; state: CellState } {
  const pieces = batchSizes ? split(data, batchSizes) : unbind(data);
  const outputs = new Array<Tensor>(pieces.length);
  let state = start;
  for (let step = 0; step < pieces.length; step += 1) {
    const t = reverse ? pieces.length - 1 - step : step;
    const before = step === 0 ? start : carry(state, start);
    const b = pieces[t]!.shape[0]!;
    const living = onEach(before, (_, one) => slice(one, 0, 0, b));
    const piece = scan(page, weights, { data: unsqueeze(pieces[t]!, 0) }, living, false);
    outputs[t] = piece.outputs[0]!;
    state = onEach(before, (name, one) => cat([piece.state[name]!, slice(one, 0, b, one.shape[0]!)]));
  }
  return { outputs, state };
}

function onEach(state: CellState, f: (name: string, one: Tensor) => Tensor): CellState {
  return Object.fromEntries(Object.entries(state).map(([name, one]) => [name, f(name, one)]));
}

/** A step in the arithmetic of tensors only. */
export type TensorStep = (
  m: Algebra<Tensor>,
  x: Named<string, Tensor>,
  r: Named<string, Tensor>,
  s: Named<string, Tensor>,
  v: Named<string, Tensor>,
) => Named<string, Tensor>;

/** The same page with another step. The scan reads pages as tensors and as nothing else, so this suffices for it. */
export function withStep(page: Cell, step: TensorStep): Cell {
  return { ...page, step: step as unknown as Cell["step"] };
}

/** The same page, which also notes what it is given and what it computes. */
function recording(page: Cell, steps: StepRecord[]): Cell {
  return withStep(page, (m, x, r, before, v) => {
    const terms = page.step(m, x, r, before, v);
    steps.push({ x, r, v, before, terms });
    return terms;
  });
}
