/** A stack of recurrent layers: each reads what the one below gave, in one direction or in both. */
import { zeros } from "../autograd/create.ts";
import { cat, stack, stackNamed, unbind } from "../autograd/join.ts";
import { dropout } from "../autograd/random.ts";
import { recur } from "../autograd/recur.ts";
import { transpose, view } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { reshape, swapped } from "../autograd/views.ts";
import { type Cell, vectors } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import { bfloat16, float16, float32 } from "../dense/dtype.ts";
import { isUsual, runLiterally } from "./literal.ts";
import type { NodeNames } from "./node-names.ts";
import { type CellState, project, type ScanWeights, type Sequences, scanProjected } from "./scan.ts";

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
}

/** What a run gives: the output, and the states after the last step, (L·D, B, H) each. */
type Run = [output: Tensor, states: Tensor[]];

/** Runs a padded batch: (T, B, F) to (T, B, D·P), or with `batchFirst` (B, T, F) to (B, T, D·P). */
export function runPadded(own: Stack, input: Tensor, start: readonly Tensor[], batchFirst: boolean): Run {
  const data = batchFirst ? transpose(input, 0, 1) : input;
  if (data.shape[0] === 0) throw new RuntimeError("Expected sequence length to be larger than 0 in RNN");
  const fused = fusedName(own, data, data.shape[1]!);
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
  if (batchSizes.length === 0)
    return [zeros(0, own.D * own.weights[0]!.weightHh.shape[1]!, { dtype: data.dtype }), [...start]];
  const fused = batchSizes.every((b) => b === B) ? fusedName(own, data, B) : undefined;
  // Sequences of one length are a padded batch, and torch's fused kernel runs them as one.
  if (fused === undefined) return runStack(own, { data, batchSizes }, B, start);
  const padded = reshape(data, [batchSizes.length, B, data.shape.at(-1)!]);
  expectOneDtype(own, padded, start);
  const [output, states] = runStack(own, { data: padded }, B, start, fused);
  return [view(output, [batchSizes.length * B, -1]), states];
}

/** torch's name for its fused kernel, where it would run one. */
function fusedName({ weights, names }: Stack, { dtype }: Tensor, B: number): string | undefined {
  return B > 0 && !weights[0]!.weightHr ? names.fused(dtype) : undefined;
}

/** torch's fused kernel has its own words for dtypes that differ: it knows these three, and wants one of them. */
function expectOneDtype({ weights }: Stack, x: Tensor, start: readonly Tensor[]): void {
  const dtypes = [x, weights[0]!.weightHh, ...start].map((tensor) => tensor.dtype);
  if (dtypes.every((dtype) => dtype === x.dtype)) return;
  if (dtypes.some((dtype) => dtype !== float32 && dtype !== float16 && dtype !== bfloat16)) {
    throw new RuntimeError("get_mkldnn_dtype: unsupported data type");
  }
  throw new RuntimeError(
    "could not create a primitive descriptor for the LSTM forward propagation primitive. Run workload with environment variable ONEDNN_VERBOSE=all to get additional diagnostic information.",
  );
}

function runStack(own: Stack, x: Sequences, B: number, start: readonly Tensor[], joinedBy = "StackBackward0"): Run {
  const { cell, weights, D } = own;
  const starts = start.map((state) => unbind(state));
  const ends: Tensor[][] = start.map(() => []);
  const { batchSizes } = x;
  let { data } = x;
  for (let first = 0; first < weights.length; first += D) {
    const sides = weights.slice(first, first + D).map((side, direction) => {
      const state = Object.fromEntries(cell.state.map((name, i) => [name, starts[i]![first + direction]!]));
      const sequences = { data, batchSizes };
      const run = (isUsual(cell, side, sequences, B, state) ? runSide : runLiterally)(
        cell,
        side,
        sequences,
        state,
        direction === 1,
        joinedBy,
      );
      for (const [i, name] of cell.state.entries()) ends[i]!.push(run.state[name]!);
      return run.output;
    });
    data = sides.length === 1 ? sides[0]! : cat(sides, -1);
    const last = first + D === weights.length;
    if (!last && own.dropout > 0) data = dropout(data, own.dropout, own.training);
  }
  return [data, ends.map((states) => stack(states))];
}

/**
 * One layer in one direction. Where nobody asks for gradients or watches the steps, the engine runs the whole loop, if it
 * can, with the same bits.
 */
function runSide(
  cell: Cell,
  weights: ScanWeights,
  x: Sequences,
  start: CellState,
  reverse: boolean,
  joinedBy: string,
): { output: Tensor; state: CellState } {
  const projected = project(weights, x);
  const { weightHh: weight, biasHh: bias, weightHr } = weights;
  const own = vectors(cell).map((name) => weights[`v.${name}`]!);
  const stepwise = cell.watched || weightHr;
  const { data, batchSizes } = projected;
  const loop = { projected: data, batchSizes, weight, bias, vectors: own, start, reverse };
  const whole = stepwise ? undefined : recur(cell, loop);
  if (whole) return whole;
  const { outputs, state } = scanProjected(cell, weights, projected, start, reverse);
  return { output: batchSizes ? cat(outputs) : stackNamed(joinedBy, outputs, 0), state };
}
