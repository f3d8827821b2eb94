/**
 * A batch of sequences of different lengths without padding: the rows of all sequences at time 0, then those at time 1,
 * and so on. Longer sequences come first, so that the sequences that still live at a time are the first ones.
 */

import { to } from "../autograd/convert.ts";
import { arange, emptyLike } from "../autograd/create.ts";
import { scatter } from "../autograd/gather.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { AssertionError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { type DType, float16, float32, float64, int8, int16, int32, int64, uint8 } from "../dense/dtype.ts";
import { repr } from "../dense/python-text.ts";
import { Tuple } from "../dense/tuple.ts";

/**
 * torch.nn.utils.rnn.PackedSequence: a tuple of four, made by `packPaddedSequence` and `packSequence`. The sequences
 * `[1, 2, 3]`, `[4, 5]` and `[6]` have the data `[1, 4, 6, 2, 5, 3]` and the batch sizes `[3, 2, 1]`.
 *
 *     const [data, batchSizes, sortedIndices, unsortedIndices] = packed;
 */
export class PackedSequence extends Tuple<Tensor | null> {
  static override readonly name: string = "PackedSequence";

  declare readonly 0: Tensor;
  declare readonly 1: Tensor;
  declare readonly 2: Tensor | null;
  declare readonly 3: Tensor | null;

  /** `data` and `batchSizes`, one by one or as a pair; the unsorted indices follow from the sorted ones. */
  constructor(
    data: Tensor | readonly [data: Tensor, batchSizes: Tensor],
    batchSizes?: Tensor | null,
    sortedIndices: Tensor | null = null,
    unsortedIndices: Tensor | null = null,
  ) {
    super();
    const pair = batchSizes ? [data as Tensor, batchSizes] : data;
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new AssertionError("Expected data to be a list or tuple of length 2");
    }
    this.push(...pair, sortedIndices, unsortedIndices ?? invertPermutation(sortedIndices));
  }

  /** The rows of all sequences, time by time: (sum of lengths, *). */
  get data(): Tensor {
    return this[0];
  }

  /** How many sequences live at each time: (T), int64. */
  get batchSizes(): Tensor {
    return this[1];
  }

  /** Which sequence of the caller's batch comes first, second, ...: (B), int64; null if the order is the caller's. */
  get sortedIndices(): Tensor | null {
    return this[2];
  }

  /** Where each sequence of the caller's batch went: the inverse of `sortedIndices`. */
  get unsortedIndices(): Tensor | null {
    return this[3];
  }

  /** The number of sequences, B. Empty ones (see `allowEmpty`) live at no time and count in `sortedIndices` only. */
  get sequenceCount(): number {
    const [living = 0] = elements(this.batchSizes.value);
    return Math.max(Number(living), this.sortedIndices?.shape[0] ?? 0);
  }

  /** Whether the data are on a GPU: there is none. */
  get isCuda(): boolean {
    return false;
  }

  /** The same sequences with data of another dtype; this very object if nothing changes. */
  to(target: DType | Tensor | string): PackedSequence {
    const data = to(this.data, target);
    if (data === this.data) return this;
    return new PackedSequence(data, this.batchSizes, this.sortedIndices, this.unsortedIndices);
  }

  /** Stays where it is. */
  cpu(): PackedSequence {
    return this.to("cpu");
  }

  /** There is no such device. Errors: AssertionError. */
  cuda(): PackedSequence {
    return this.to("cuda");
  }

  /** Data as float64. */
  double(): PackedSequence {
    return this.to(float64);
  }

  /** Data as float32. */
  float(): PackedSequence {
    return this.to(float32);
  }

  /** Data as float16. */
  half(): PackedSequence {
    return this.to(float16);
  }

  /** Data as int64. */
  long(): PackedSequence {
    return this.to(int64);
  }

  /** Data as int32. */
  int(): PackedSequence {
    return this.to(int32);
  }

  /** Data as int16. */
  short(): PackedSequence {
    return this.to(int16);
  }

  /** Data as int8. */
  char(): PackedSequence {
    return this.to(int8);
  }

  /** Data as uint8. */
  byte(): PackedSequence {
    return this.to(uint8);
  }

  override toString(): string {
    const names = ["data", "batch_sizes", "sorted_indices", "unsorted_indices"];
    return `PackedSequence(${names.map((name, i) => `${name}=${repr(this[i])}`).join(", ")})`;
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** torch.nn.utils.rnn.invert_permutation: where each position went; null stays null. */
export function invertPermutation(permutation: Tensor): Tensor;
export function invertPermutation(permutation: Tensor | null): Tensor | null;
export function invertPermutation(permutation: Tensor | null): Tensor | null {
  if (!permutation) return null;
  return scatter(emptyLike(permutation), 0, permutation, arange(permutation.value.count));
}
