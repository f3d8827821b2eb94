/**
 * From a padded batch to a packed one and back. Both are the same walk over times and living sequences, reading on one
 * side and writing on the other: each is the other's gradient.
 */
import { full, tensor } from "../autograd/create.ts";
import { indexSelect } from "../autograd/gather.ts";
import { transpose } from "../autograd/shape.ts";
import { Tensor, tracked } from "../autograd/tensor.ts";
import { AttributeError, IndexError, listText, pythonTypeOf, RuntimeError, ValueError } from "../check.ts";
import { putPositions, takePositions } from "../dense/arrange.ts";
import { allocate, type Dense, elements } from "../dense/dense.ts";
import { int64, type Scalar } from "../dense/dtype.ts";
import { type Dims, product, wrapDim } from "../dense/shape.ts";
import { type Tuple, tuple } from "../dense/tuple.ts";
import { PackedSequence } from "./packed.ts";
import { padSequence, sequenceLengths, unpadSequence } from "./pad.ts";
import { expectTensor } from "./recurrent-input.ts";
import { longestFirst } from "./sort-lengths.ts";

/** How a list of sequences is packed. */
export interface PackOptions {
  /** Demand that the sequences come longest first, instead of sorting them. Default true. */
  readonly enforceSorted?: boolean;
  /**
   * Accept sequences of length 0, which torch refuses. They come last, live at no time, and keep their place in
   * `sortedIndices`, which is therefore set; unpacking gives them back. Default false.
   */
  readonly allowEmpty?: boolean;
}

/** How a padded batch is packed. */
export interface PackPaddedOptions extends PackOptions {
  /** The input is (B, T, *) instead of (T, B, *). Default false. */
  readonly batchFirst?: boolean;
}

/**
 * torch.nn.utils.rnn.pack_padded_sequence: the first lengths[b] rows of each sequence b of a padded batch (T, B, *). As in
 * torch, a length may exceed T: the batch sizes then go on after the data has ended.
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: readonly (number | bigint)[] | Tensor,
  options: PackPaddedOptions = {},
): PackedSequence {
  const { batchFirst = false, enforceSorted = true, allowEmpty = false } = options;
  const list = lengthsTensor(lengths, enforceSorted);
  expectInput(input, enforceSorted);
  const given = readIntegers(list);
  const order = enforceSorted ? [...given.keys()] : longestFirst(given);
  const sorted = order.map((b) => given[b]!);
  const indices = enforceSorted && !(allowEmpty && sorted.at(-1) === 0) ? null : integers(order);
  const ordered = enforceSorted ? input : indexSelect(input, batchFirst ? 0 : 1, indices!);
  expectPackable(ordered, sorted, list.shape.length, batchFirst, allowEmpty);
  const batchSizes = livingAtEachTime(sorted);
  return new PackedSequence(packRows(ordered, batchSizes, batchFirst), integers(batchSizes), indices);
}

/** How a packed batch is padded. */
export interface PadPackedOptions {
  /** The output is (B, T, *) instead of (T, B, *). Default false. */
  readonly batchFirst?: boolean;
  /** What stands behind the end of a sequence. Default 0. */
  readonly paddingValue?: Scalar;
  /** The T of the output; default: the longest length. */
  readonly totalLength?: number | null;
}

/**
 * torch.nn.utils.rnn.pad_packed_sequence: the padded batch (T, B, *) and the lengths (B), in the order that the batch had
 * before it was packed. Empty sequences come back as padding and length 0.
 */
export function padPackedSequence(
  sequence: PackedSequence,
  options: PadPackedOptions = {},
): Tuple<Tensor> & readonly [padded: Tensor, lengths: Tensor] {
  expectPacked(sequence);
  const { batchFirst = false, paddingValue = 0, totalLength } = options;
  const { data, unsortedIndices, sequenceCount: B } = sequence;
  const batchSizes = readIntegers(sequence.batchSizes);
  const T = totalLength ?? batchSizes.length;
  if (T < batchSizes.length) {
    throw new ValueError(
      `Expected total_length to be at least the length of the longest sequence in input, but got total_length=${T} and max sequence length being ${batchSizes.length}`,
    );
  }
  expectRows(data, batchSizes, B);
  const padded = padRows(data, batchSizes, full([T, B, ...data.shape.slice(1)], paddingValue, { dtype: data.dtype }));
  const output = batchFirst ? transpose(padded, 0, 1) : padded;
  const lengths = integers(Array.from({ length: B }, (_, b) => batchSizes.filter((size) => size > b).length));
  if (!unsortedIndices) return tuple(output, lengths);
  return tuple(indexSelect(output, batchFirst ? 0 : 1, unsortedIndices), indexSelect(lengths, 0, unsortedIndices));
}

/** torch.nn.utils.rnn.pack_sequence: packs a list of sequences (L, *), or the slices of one tensor. */
export function packSequence(sequences: Tensor | Iterable<Tensor>, options: PackOptions = {}): PackedSequence {
  const lengths = sequenceLengths(sequences);
  return packPaddedSequence(padSequence(sequences), lengths, options);
}

/** torch.nn.utils.rnn.unpack_sequence: the sequences (L, *) that were packed, in the order that they had before. */
export function unpackSequence(packed: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(packed, { batchFirst: true });
  return unpadSequence(padded, lengths, true);
}

const integers = (values: readonly number[]): Tensor => tensor(values, { dtype: int64 });

const readIntegers = (x: Tensor): number[] => Array.from(elements(x.value, int64) as BigInt64Array, Number);

function expectInput(input: unknown, enforceSorted: boolean): void {
  if (!enforceSorted) expectTensor(input, "device");
  if (input instanceof Tensor) return;
  throw new TypeError(
    `_pack_padded_sequence(): argument 'input' (position 1) must be Tensor, not ${pythonTypeOf(input)}`,
  );
}

function lengthsTensor(lengths: readonly (number | bigint)[] | Tensor, enforceSorted: boolean): Tensor {
  if (lengths === null || lengths === undefined) {
    throw new TypeError("'NoneType' object cannot be interpreted as an integer");
  }
  const given = lengths instanceof Tensor ? lengths : tensor(lengths, { dtype: int64 });
  const isSorting = given.shape.length > 1 && !enforceSorted;
  if (isSorting) throw new IndexError("index_select(): Index is supposed to be a vector");
  return given;
}

/** In torch's order: of two mistakes it tells the first. */
function expectPackable(
  input: Tensor,
  sorted: readonly number[],
  rank: number,
  batchFirst: boolean,
  allowEmpty: boolean,
): void {
  if (!allowEmpty && input.value.count === 0) throw new RuntimeError("Cannot pack empty tensors.");
  if (rank !== 1) {
    throw new RuntimeError(`'lengths' argument should be a 1D CPU int64 tensor, but got ${rank}D cpu Long tensor`);
  }
  if (input.shape.length === 0 && !batchFirst) {
    throw new IndexError("Dimension specified as 1 but tensor has no dimensions");
  }
  wrapDim(1, input.shape.length);
  const B = input.shape[batchFirst ? 0 : 1]!;
  if (B === 0) throw new RuntimeError("Cannot pack empty tensors.");
  if (sorted.length !== B) {
    throw new RuntimeError(
      `Expected \`len(lengths)\` to be equal to batch_size, but got ${sorted.length} (batch_size=${B})`,
      `the input has shape ${listText(input.shape)}; its batch is dimension ${batchFirst ? 0 : 1}`,
    );
  }
  const shortest = sorted.at(-1)!;
  if (allowEmpty && shortest < 0) {
    throw new RuntimeError("Length of all samples has to be at least 0, but found an element in 'lengths' that is < 0");
  }
  if (!allowEmpty && shortest <= 0) {
    throw new RuntimeError(
      "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0",
      "allowEmpty: true packs sequences of length 0",
    );
  }
  if (sorted.some((length, b) => b > 0 && length > sorted[b - 1]!)) {
    throw new RuntimeError(
      "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.",
    );
  }
}

/** The batch sizes of lengths that go down: at time t those live that are longer than t. */
function livingAtEachTime(lengths: readonly number[]): number[] {
  let living = lengths.length;
  return Array.from({ length: lengths[0]! }, (_, t) => {
    while (lengths[living - 1]! <= t) living -= 1;
    return living;
  });
}

/**
 * The rows of a padded batch that are no padding, one living sequence after the other, time by time. Their gradient comes
 * back time first, whatever comes first in the batch.
 */
function packRows(input: Tensor, batchSizes: readonly number[], batchFirst: boolean): Tensor {
  const [T, B, ...features] = batchFirst ? [input.shape[1]!, input.shape[0]!, ...input.shape.slice(2)] : input.shape;
  const size = product(features);
  const present = batchSizes.slice(0, T);
  const shape = [total(present), ...features];
  const timeFirst = { time: B! * size, sequence: size };
  const value = takePositions(
    input.value,
    walk(present, batchFirst ? { time: size, sequence: T! * size } : timeFirst, size),
    shape,
  );
  const back = (g: Tensor): Tensor => {
    const padded = write(g, walk(present, timeFirst, size), allocate([T!, B!, ...features], g.dtype));
    return batchFirst ? transpose(padded, 0, 1) : padded;
  };
  return tracked("PackPaddedSequenceBackward0", [input], value, [back]);
}

function padRows(data: Tensor, batchSizes: readonly number[], blank: Tensor): Tensor {
  const size = product(data.shape.slice(1));
  return write(data, walk(batchSizes, { time: blank.shape[1]! * size, sequence: size }, size), blank.value);
}

/** The elements of padded memory at `positions`, in the packed `shape`. */
function read(padded: Tensor, positions: Int32Array, shape: Dims): Tensor {
  const from = padded.shape;
  const value = takePositions(padded.value, positions, shape);
  return tracked("PackPaddedSequenceBackward0", [padded], value, [(g) => write(g, positions, allocate(from, g.dtype))]);
}

/** A copy of `blank`, padded memory, with packed elements at `positions`. */
function write(packed: Tensor, positions: Int32Array, blank: Dense): Tensor {
  const from = packed.shape;
  const value = putPositions(blank, positions, packed.value, false);
  return tracked("CopySlices", [packed], value, [(g) => read(g, positions, from)]);
}

/** Where the elements of the packed rows, of `size` elements each, stand in padded memory with the given steps. */
function walk(batchSizes: readonly number[], steps: { time: number; sequence: number }, size: number): Int32Array {
  const positions = new Int32Array(total(batchSizes) * size);
  let at = 0;
  for (const [t, living] of batchSizes.entries()) {
    for (let b = 0; b < living; b += 1) {
      const start = t * steps.time + b * steps.sequence;
      for (let i = 0; i < size; i += 1, at += 1) positions[at] = start + i;
    }
  }
  return positions;
}

const total = (batchSizes: readonly number[]): number => batchSizes.reduce((sum, living) => sum + living, 0);

function expectPacked(sequence: unknown): asserts sequence is PackedSequence {
  if (sequence instanceof PackedSequence) return;
  const type = sequence instanceof Tensor ? "Tensor" : pythonTypeOf(sequence);
  throw new AttributeError(`'${type}' object has no attribute 'batch_sizes'`);
}

/** The data must have a row for each living sequence; torch notices at the first time where that is not so. */
function expectRows(data: Tensor, batchSizes: readonly number[], B: number): void {
  if (B === 0) throw new RuntimeError("batch_sizes can not be empty");
  const features: Dims = data.shape.slice(1);
  let left = data.shape[0]!;
  for (let t = 0, end = 0; t < batchSizes.length; t = end) {
    const living = batchSizes[t]!;
    if (living > (batchSizes[t - 1] ?? living)) {
      throw new RuntimeError(`batch_sizes must not increase, but they are ${listText(batchSizes)}`);
    }
    while (batchSizes[end] === living) end += 1;
    const rows = (end - t) * living;
    if (rows > left) {
      const shape = listText([end - t, living, ...features]);
      throw new RuntimeError(`shape '${shape}' is invalid for input of size ${left * product(features)}`);
    }
    left -= rows;
  }
}
