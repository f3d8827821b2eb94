/** A stack of recurrent layers: each reads what the one below gave, in one direction or in both. */
import { zeros } from "../autograd/create.ts";
import { cat, stack, stackNamed, unbind } from "../autograd/join.ts";
import { dropout } from "../autograd/random.ts";
import { recur, type ScanWeights } from "../autograd/recur.ts";
import { type LoopResult, type RecordedLoop, recurRecorded } from "../autograd/recur-graph.ts";
import { transpose, view } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { reshape, slice, swapped } from "../autograd/views.ts";
import type { Cell } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import { bfloat16, float16, float32 } from "../dense/dtype.ts";
import { isUsual, runLiterally } from "./literal.ts";
import type { NodeNames } from "./node-names.ts";
import { type CellState, loopWeights, project, type Sequences, scanProjected } from "./scan.ts";

/** A stack: its cell, its weights layer by layer and direction by direction, and how it runs. */
export interface Stack {
  readonly cell: Cell;
  readonly weights: readonly ScanWeights[];
  /** Directions, 1 or 2. */
  readonly D: number;
  /** Probability of dropout between the layers. */
  readonly dropout: number;
  readonly training: boolean;
  readonly names: NodeNames;
  /** The states of a batch of B where none are given. Without this they always are. */
  readonly zeroStates?: (x: Tensor, B: number) => readonly Tensor[];
}

/** What a run gives: the output, and the states after the last step, (L·D, B, H) each. */
type Run = [output: Tensor, states: Tensor[]];

/**
 * Runs a padded batch: (T, B, F) to (T, B, D·P), or with `batchFirst` (B, T, F) to (B, T, D·P). No `start` is a zero state.
 */
export function runPadded(own: Stack, input: Tensor, start: readonly Tensor[], batchFirst: boolean): Run {
  const data = batchFirst ? transpose(input, 0, 1) : input;
  const fused = fusedName(own, data, data.shape[1]!);
  if (data.shape[0] === 0) {
    // torch multiplies before it looks for steps, so what is wrong there comes first
    if (!fused) project(own.weights[0]!, { data });
    throw new RuntimeError("Expected sequence length to be larger than 0 in RNN");
  }
  if (fused) expectOneDtype(own, data, start);
  const [output, states] = runStack(own, { data }, data.shape[1]!, start, fused);
  return [batchFirst ? swapped(own.names.transposed, output, 0, 1) : output, states];
}

/** Runs the rows (Σ b_t, F) of B packed sequences to (Σ b_t, D·P). */
export function runPacked(
  own: Stack,
  data: Tensor,
  batchSizes: readonly number[],
  B: number,
  start: readonly Tensor[],
): Run {
  // only sequences of length zero: nothing runs, and the states stay what they are
  if (batchSizes.length === 0) {
    const output = zeros(0, own.D * own.weights[0]!.weightHh.shape[1]!, { dtype: data.dtype });
    return [output, [...begin(own, data, B, start)]];
  }
  const areWhole = batchSizes.every((b) => b === B) && start.every(({ shape }) => shape[1] === B);
  const fused = areWhole ? fusedName(own, data, B) : undefined;
  // Sequences of one length are a padded batch, and torch's fused kernel runs them as one.
  if (fused === undefined) return runStack(own, { data, batchSizes }, B, start);
  const padded = reshape(data, [batchSizes.length, B, data.shape.at(-1)!]);
  expectOneDtype(own, padded, start);
  const [output, states] = runStack(own, { data: padded }, B, start, fused);
  return [view(output, [batchSizes.length * B, -1]), states];
}

/** Whether torch's fused kernel takes what it is given: some numbers, of a dtype it knows, sequences of one length. */
export function isForFused(names: NodeNames, { dtype, value }: Tensor, batchSizes: readonly number[] = []): boolean {
  return value.count > 0 && names.fused(dtype) !== undefined && batchSizes.every((b) => b === batchSizes[0]);
}

/** torch's name for its fused kernel, where it would run one. */
function fusedName({ weights, names }: Stack, { dtype }: Tensor, B: number): string | undefined {
  return B > 0 && !weights[0]!.weightHr ? names.fused(dtype) : undefined;
}

/**
 * torch's fused kernel has its own words for dtypes that differ: it knows these three, and wants one of them. Beside
 * bfloat16 c may stay float32.
 */
function expectOneDtype({ weights }: Stack, x: Tensor, start: readonly Tensor[]): void {
  // no state is a zero state of the dtype of x
  const [h = x.dtype, ...others] = start.map((state) => state.dtype);
  const same = [weights[0]!.weightHh.dtype, h].every((dtype) => dtype === x.dtype);
  if (same && others.every((dtype) => dtype === x.dtype || (x.dtype === bfloat16 && dtype === float32))) return;
  if (
    [weights[0]!.weightHh.dtype, h, ...others].some(
      (dtype) => dtype !== float32 && dtype !== float16 && dtype !== bfloat16,
    )
  ) {
    throw new RuntimeError("get_mkldnn_dtype: unsupported data type");
  }
  throw new RuntimeError(
    "could not create a primitive descriptor for the LSTM forward propagation primitive. Run workload with environment variable ONEDNN_VERBOSE=all to get additional diagnostic information.",
  );
}

/**
 * Where nobody asks for gradients or watches the steps, the engine runs whole loops, if it can: those of the stack, or of
 * a layer in it. Else it is asked loop by loop, with the way back, and at last each step goes by itself, with the same bits.
 */
function runStack(own: Stack, x: Sequences, B: number, start: readonly Tensor[], fused?: string): Run {
  const dropsOut = own.dropout > 0 && own.training && own.weights.length > own.D;
  return (!dropsOut && recur(own, x.data, x.batchSizes, B, start)) || runLayers(own, x, B, start, fused);
}

function runLayers(own: Stack, x: Sequences, B: number, start: readonly Tensor[], fused?: string): Run {
  const { weights, D } = own;
  const given = begin(own, x.data, B, start);
  const starts = given.map((state) => unbind(state));
  const ends: Tensor[][] = starts.map(() => []);
  let { data } = x;
  for (let first = 0; first < weights.length; first += D) {
    const last = first + D === weights.length;
    const layer = { ...own, weights: weights.slice(first, first + D) };
    const from = (): Tensor[] => given.map((state) => slice(state, 0, first, first + D));
    // a stack of one layer has just been asked
    const whole = weights.length > D ? recur(layer, data, x.batchSizes, B, from()) : undefined;
    if (whole) for (const [i, state] of whole[1].entries()) ends[i]!.push(...unbind(state));
    const sides = starts.map((states) => states.slice(first, first + D));
    data = whole ? whole[0] : runLayer(layer, { ...x, data }, B, sides, ends, fused);
    if (!last && own.dropout > 0) data = dropout(data, own.dropout, own.training);
  }
  return [data, ends.map((states) => stack(states))];
}

/** One layer, direction by direction, from the states of each; adds those after the last step to `ends`. */
function runLayer(
  { cell, weights }: Stack,
  x: Sequences,
  B: number,
  starts: readonly (readonly Tensor[])[],
  ends: readonly Tensor[][],
  fused?: string,
): Tensor {
  const outputs = weights.map((side, direction) => {
    const state = Object.fromEntries(cell.state.map((name, i) => [name, starts[i]![direction]!]));
    const run = isUsual(cell, side, x, B, state) ? runSide : runLiterally;
    const { output, state: end } = run(cell, side, x, state, direction === 1, fused);
    for (const [i, name] of cell.state.entries()) ends[i]!.push(end[name]!);
    return output;
  });
  return outputs.length === 1 ? outputs[0]! : cat(outputs, -1);
}

/** The states to start with: zeros where none are given. */
function begin(own: Stack, data: Tensor, B: number, start: readonly Tensor[]): readonly Tensor[] {
  return start.length > 0 || !own.zeroStates ? start : own.zeroStates(data, B);
}

/** One layer in one direction: the engine runs the loop and its way back in one call, if it can, else step by step. */
function runSide(
  cell: Cell,
  weights: ScanWeights,
  x: Sequences,
  start: CellState,
  reverse: boolean,
  fused = "StackBackward0",
): LoopResult {
  const { data: projected, batchSizes } = project(weights, x);
  const name = batchSizes ? "CatBackward0" : fused;
  const stepwise = (loop: RecordedLoop): LoopResult => {
    const { matrix, bias, projection, vectors } = loop;
    const read = { matrix, bias, projection, vectors };
    const { outputs, state } = scanProjected(cell, read, { data: loop.projected, batchSizes }, loop.start, reverse);
    return { output: batchSizes ? cat(outputs) : stackNamed(name, outputs, 0), state };
  };
  const { matrix, bias, projection, vectors } = loopWeights(cell, weights);
  const loop = { projected, batchSizes, matrix, bias, projection, vectors, start, reverse };
  return (!cell.watched && recurRecorded(name, cell, loop, stepwise)) || stepwise(loop);
}
