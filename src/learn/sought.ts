/** From tensors to plain numbers, sequence by sequence: the layer as a network to be replayed, and the results to be found. */

import type { ScanWeights } from "../autograd/recur.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { vectors } from "../cells/cell.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import type { RowPlace } from "./answer.ts";
import type { Compared } from "./compare.ts";
import { epsilon, valuesOf } from "./distance.ts";
import {
  joined,
  type Matrix,
  type Network,
  type Replay,
  type Sequence,
  type SideNumbers,
  type Vector,
  type Vectors,
} from "./replay.ts";

/** What is looked for. */
export interface Sought {
  /** T, the steps of the longest sequence. */
  readonly steps: number;
  /** Whether a replay, of all or of the first steps of the first sequences, gives what was given; states only of all. */
  readonly matches: (replayed: Replay, all: boolean) => boolean;
}

/** The layer in plain numbers, over the sequences in the rows of `x`, (N, F). */
export function networkOf(
  layer: Recurrent<unknown>,
  x: Tensor,
  places: readonly RowPlace[],
  starts: readonly Tensor[],
): Network {
  const weights = layer.weights().map((own) => sideNumbers(own, vectors(layer.cell)));
  const D = layer.bidirectional ? 2 : 1;
  const B = starts[0]!.shape[1]!;
  const blocks = starts.map((one) => rowsOf(one));
  const start = weights.map((_, index) =>
    Array.from({ length: B }, (_, b): Vectors => {
      return Object.fromEntries(layer.cell.state.map((name, i) => [name, blocks[i]![index * B + b]!]));
    }),
  );
  return {
    cell: layer.cell,
    D,
    weights,
    x: sequences(rowsOf(x), places, B),
    start,
    edits: [],
    carries: [],
    gives: [],
    reversed: D > 1 ? [false, true] : [false],
    begin: (own) => own,
    join: (sides) => (sides.length === 1 ? sides[0]! : sides[0]!.map((_, t) => joined(sides.map((side) => side[t]!)))),
    feed: (output) => output,
    finish: (outputs) => outputs,
    close: (ends) => ends,
  };
}

/** All rows of a tensor along its last dimension. */
function rowsOf(x: Tensor): Matrix {
  const width = x.shape.at(-1)!;
  const values = valuesOf(x);
  return Array.from({ length: values.length / width }, (_, row) => values.subarray(row * width, (row + 1) * width));
}

function sideNumbers(own: ScanWeights, names: readonly string[]): SideNumbers {
  return {
    weightIh: rowsOf(own.weightIh),
    weightHh: rowsOf(own.weightHh),
    biasIh: own.biasIh && valuesOf(own.biasIh),
    biasHh: own.biasHh && valuesOf(own.biasHh),
    weightHr: own.weightHr && rowsOf(own.weightHr),
    v: Object.fromEntries(names.map((name) => [name, valuesOf(own[`v.${name}`]!)])),
  };
}

/** Rows sorted into their sequences. */
function sequences(rows: Matrix, places: readonly RowPlace[], B: number): Sequence[] {
  const all = Array.from({ length: B }, (): Vector[] => []);
  for (const [row, { step, batch }] of places.entries()) all[batch]![step] = rows[row]!;
  return all;
}

/** A replay computes in float64; a network in float32 is a few roundings away from it. */
const MORE = 4;

/** What was given, as something that replays can be compared with. */
export function soughtOf({ run, expected, given }: Compared, tolerance: number): Sought {
  const B = expected.states[0]!.shape[1]!;
  const outputs = sequences(rowsOf(given.rows), expected.places, B);
  const states = given.states.map(rowsOf);
  const unit = Math.max(epsilon(given.rows.dtype), epsilon(expected.rows.dtype));
  const near = MORE * Math.max(tolerance, 16) * unit;
  const size = (rows: Matrix): number =>
    rows.reduce(
      (most, row) => row.reduce((a, v) => (Math.abs(v) > a && Number.isFinite(v) ? Math.abs(v) : a), most),
      1e-30,
    );
  const reach = near * size(outputs.flat());
  const reaches = states.map((rows) => near * size(rows));
  const close = (a: Vector | undefined, b: Vector | undefined, within: number): boolean =>
    a !== undefined &&
    b !== undefined &&
    a.length === b.length &&
    a.every((v, i) => Object.is(v, b[i]) || Math.abs(v - b[i]!) <= within);
  const { state } = run.cell;
  return {
    steps: run.T,
    matches: (replayed, all) =>
      replayed.outputs.every((sequence, b) => sequence.every((v, t) => close(v, outputs[b]![t], reach))) &&
      (!all ||
        states.every((rows, i) =>
          rows.every((row, at) => {
            const end = replayed.ends[Math.floor(at / B)]![at % B]!;
            return close(end[state[i]!], row, reaches[i]!);
          }),
        )),
  };
}
