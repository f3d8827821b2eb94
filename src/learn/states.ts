/** The last states of a run, as a classifier wants them: those that have read the whole sequence, and nothing behind it. */

import { expand } from "../autograd/broadcast.ts";
import { to } from "../autograd/convert.ts";
import { tensor } from "../autograd/create.ts";
import { gather } from "../autograd/gather.ts";
import { cat } from "../autograd/join.ts";
import { squeeze, transpose } from "../autograd/shape.ts";
import { Tensor } from "../autograd/tensor.ts";
import { reshape, selectAt, slice } from "../autograd/views.ts";
import { listText, RuntimeError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { int64 } from "../dense/dtype.ts";
import { PackedSequence } from "../nn/packed.ts";
import { relativeUlps } from "./distance.ts";
import { type LayerState, listStates } from "./run.ts";

/** What has to be known about a run besides its results. */
export interface FinalStatesOptions {
  /** The lengths of a padded batch. Default: all sequences are as long as the output. */
  readonly lengths?: readonly number[] | Tensor;
  /** Default: whether the output is twice as wide as the state. */
  readonly bidirectional?: boolean;
  readonly batchFirst?: boolean;
  readonly numLayers?: number;
}

/**
 * The states of the last layer after each sequence, (B, D·P), or (D·P) without a batch: forward after the last element,
 * and with two directions reverse after the first, side by side. `output` and `hn` are what the layer has given; of an
 * LSTM's pair h is taken.
 *
 * With `lengths` the forward state is read from the output at each sequence's own end: right for runs over packed
 * sequences, with the option `lengths`, and, in one direction, for runs over plain padding. The reverse direction of such a
 * run has read the padding first, and no later choice can mend that. Errors: RuntimeError says so.
 */
export function finalStates(output: Tensor | PackedSequence, hn: LayerState, options: FinalStatesOptions = {}): Tensor {
  const h = listStates(hn)[0]!;
  const [rows, P] = [h.shape[0]!, h.shape.at(-1)!];
  const width = (output instanceof PackedSequence ? output.data : output).shape.at(-1)!;
  const { lengths, bidirectional = width === 2 * P, batchFirst = false, numLayers } = options;
  const D = bidirectional ? 2 : 1;
  if (rows % D !== 0 || (numLayers !== undefined && rows !== numLayers * D)) {
    throw new RuntimeError(
      `finalStates: expected a state of ${numLayers ?? "L"}·${D} rows (layers · directions), got ${rows}`,
      `the state has the shape ${listText(h.shape)}`,
    );
  }
  if (width !== D * P) {
    throw new RuntimeError(
      `finalStates: expected an output of ${D}·${P} features (directions · units), got ${width}`,
      `the state has the shape ${listText(h.shape)}`,
    );
  }
  const ends = Array.from({ length: D }, (_, d) => selectAt(h, 0, rows - D + d));
  if (lengths === undefined || output instanceof PackedSequence) return cat(ends, -1);
  const padded = batchFirst ? transpose(output, 0, 1) : output;
  const forward = atLengths(slice(padded, 2, 0, P), lengths);
  if (D === 1) return forward;
  if (relativeUlps(ends[0]!, forward) > 0) {
    throw new RuntimeError(
      "finalStates: the reverse direction has read the padding before the sequences",
      "pack the input (packPaddedSequence) or give the layer `lengths`",
    );
  }
  return cat([forward, slice(selectAt(padded, 0, 0), 1, P, 2 * P)], -1);
}

/** The rows (B, P) of a padded batch (T, B, P) at the last element of each sequence. */
function atLengths(padded: Tensor, lengths: readonly number[] | Tensor): Tensor {
  const given = lengths instanceof Tensor ? Array.from(elements(to(lengths, int64).value), Number) : lengths;
  const [T, B, P] = [padded.shape[0]!, padded.shape[1]!, padded.shape[2]!];
  const wrong = given.find((length) => !Number.isInteger(length) || length < 1 || length > T);
  if (given.length !== B || wrong !== undefined) {
    throw new RuntimeError(
      `finalStates: expected ${B} lengths between 1 and ${T}, got ${wrong ?? `${given.length} lengths`}`,
    );
  }
  const last = tensor(
    [...given].map((length) => length - 1),
    { dtype: int64 },
  );
  return squeeze(gather(padded, 0, expand(reshape(last, [1, B, 1]), [1, B, P])), 0);
}
