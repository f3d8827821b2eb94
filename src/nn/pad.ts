/** From a list of sequences to one padded tensor, and back. */

import { expand, fit } from "../autograd/broadcast.ts";
import { full } from "../autograd/create.ts";
import { unbind } from "../autograd/join.ts";
import { selectSlices } from "../autograd/positions.ts";
import { transpose_ } from "../autograd/restride.ts";
import { record, Tensor } from "../autograd/tensor.ts";
import { selectAt, slice } from "../autograd/views.ts";
import { AttributeError, IndexError, listText, pythonTypeOf, RuntimeError, ValueError } from "../check.ts";
import { overwrite } from "../dense/arrange.ts";
import { elements } from "../dense/dense.ts";
import { float64, type Scalar } from "../dense/dtype.ts";
import { broadcastShapes, sameDims } from "../dense/shape.ts";
import { expectTensor } from "./recurrent-input.ts";

/** How sequences are padded. */
export interface PadOptions {
  /** The output is (B, T, *) instead of (T, B, *). Default false. */
  readonly batchFirst?: boolean;
  /** What fills the rest. Default 0. */
  readonly paddingValue?: Scalar;
  /** On which side of a sequence the padding stands. Default "right". */
  readonly paddingSide?: "left" | "right";
}

/**
 * torch.nn.utils.rnn.pad_sequence: sequences (L, *) side by side in one tensor (T, B, *), T the longest L. One tensor in
 * place of a list stands for its slices along dimension 0. The first sequence decides about dtype and features.
 */
export function padSequence(sequences: Tensor | Iterable<Tensor>, options: PadOptions = {}): Tensor {
  const { batchFirst = false, paddingValue = 0, paddingSide = "right" } = options;
  const list = listOf(sequences);
  expectSequences(list, paddingSide);
  const lengths = list.map(lengthOf);
  const [T, B] = [Math.max(...lengths), list.length];
  const first = list[0]!;
  const shape = [...(batchFirst ? [B, T] : [T, B]), ...first.shape.slice(1)];
  const out = full(shape, paddingValue, { dtype: first.dtype });
  const window = (whole: Tensor, b: number): Tensor => {
    const start = paddingSide === "left" ? T - lengths[b]! : 0;
    return slice(selectAt(whole, batchFirst ? 0 : 1, b), 0, start, start + lengths[b]!);
  };
  for (const [b, sequence] of list.entries()) {
    const place = window(out, b);
    expectFitting(place, sequence);
    overwrite(place.value, expand(new Tensor(sequence.value), place.shape).value);
  }
  const rules = list.map((sequence, b) => (g: Tensor) => fit(window(g, b), sequence));
  record("CopySlices", list, [out], rules);
  return out;
}

/**
 * torch.nn.utils.rnn.unpad_sequence: the first lengths[b] rows of each sequence of a padded batch (T, B, *). Beware, as in
 * torch: unless `batchFirst`, this transposes the very tensor that it is given and leaves it so.
 */
export function unpadSequence(padded: Tensor, lengths: Tensor, batchFirst = false): Tensor[] {
  expectTensor(padded, batchFirst ? "shape" : "transpose_");
  if (!batchFirst) transpose_(padded, 0, 1);
  if (!(lengths instanceof Tensor)) {
    throw new AttributeError(`'${pythonTypeOf(lengths)}' object has no attribute 'device'`);
  }
  if (padded.shape.length < 2) throw new IndexError("tuple index out of range");
  if (lengths.shape.length !== 1) {
    throw new TypeError(
      lengths.shape.length === 0
        ? "iteration over a 0-d tensor"
        : `unpadSequence: expected lengths of rank 1, got rank ${lengths.shape.length}`,
    );
  }
  const [B, T] = [padded.shape[0]!, padded.shape[1]!];
  if (lengths.shape[0] !== B) {
    const difference = lengths.shape[0]! < B ? "shorter" : "longer";
    throw new ValueError(`zip() argument 2 is ${difference} than argument 1`);
  }
  const counts = elements(lengths.value, float64) as Float64Array;
  // As with torch's mask `positions < length`: a length beyond T is T, a negative one 0.
  const kept = (b: number): number => Math.min(Math.max(Math.ceil(counts[b]!), 0), T);
  return unbind(padded).map((sequence, b) =>
    selectSlices(
      "IndexBackward0",
      sequence,
      0,
      Int32Array.from({ length: kept(b) }, (_, t) => t),
    ),
  );
}

/** The length of each sequence of a list. Errors: what is no sequence has no length. */
export function sequenceLengths(sequences: Tensor | Iterable<Tensor>): number[] {
  if (!isIterable(sequences)) throw new TypeError(`'${pythonTypeOf(sequences)}' object is not iterable`);
  return listOf(sequences).map((sequence) => {
    if (sequence instanceof Tensor) return lengthOf(sequence);
    throw new AttributeError(`'${pythonTypeOf(sequence)}' object has no attribute 'size'`);
  });
}

function lengthOf(sequence: Tensor): number {
  if (sequence.shape.length > 0) return sequence.shape[0]!;
  throw new IndexError("Dimension specified as 0 but tensor has no dimensions");
}

function listOf(sequences: Tensor | Iterable<Tensor>): readonly Tensor[] {
  if (sequences instanceof Tensor) {
    if (sequences.shape.length === 0) throw new TypeError("iteration over a 0-d tensor");
    return unbind(sequences);
  }
  if (isIterable(sequences)) return [...sequences];
  throw new RuntimeError(
    `pad_sequence: Expected iterable for input sequences, but got arg of type: <class '${pythonTypeOf(sequences)}'>`,
  );
}

function isIterable(value: unknown): boolean {
  return value instanceof Tensor || (Object(value) as Iterable<unknown>)[Symbol.iterator] !== undefined;
}

function expectSequences(list: readonly unknown[], paddingSide: string): asserts list is readonly Tensor[] {
  for (const [i, sequence] of list.entries()) {
    if (sequence instanceof Tensor) continue;
    throw new TypeError(`expected Tensor as element ${i} in argument 0, but got ${pythonTypeOf(sequence)}`);
  }
  const [first] = list as readonly Tensor[];
  if (!first) throw new RuntimeError("received an empty list of sequences");
  if (paddingSide !== "left" && paddingSide !== "right") {
    throw new RuntimeError(`Expected padding_side to be one of left or right, but got ${paddingSide}.`);
  }
  if (first.shape.length === 0) throw new RuntimeError("ArrayRef: invalid slice, N = 1; size = 0");
}

function expectFitting(place: Tensor, sequence: Tensor): void {
  const common = broadcastShapes(place.shape, sequence.shape);
  if (sameDims(common, place.shape)) return;
  throw new RuntimeError(
    `output with shape ${listText(place.shape)} doesn't match the broadcast shape ${listText(common)}`,
  );
}
