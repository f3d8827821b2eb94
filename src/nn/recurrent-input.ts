/** The door of a recurrent layer: torch's questions about input and state, in torch's order and words. */
import { Tensor } from "../autograd/tensor.ts";
import { AttributeError, listText, pythonTypeOf, RuntimeError, tupleText, ValueError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import type { DType } from "../dense/dtype.ts";
import { sameDims } from "../dense/shape.ts";

/** What the door has to know about a layer. */
export interface Door {
  /** The name in messages. */
  readonly name: string;
  /** The names of the states. */
  readonly states: readonly string[];
  /** What torch writes after the number of dimensions: " tensor" for RNN, nothing for others. */
  readonly rankNote: string;
  /** Whether torch looks at packed input before it computes. */
  readonly checksPacked: boolean;
  readonly inputSize: number;
  readonly batchFirst: boolean;
  readonly dtype: DType;
  /** The sizes of the states of a batch of B: (L·D, B, H) each. */
  readonly stateShapes: (B: number) => number[][];
}

/** Checks that an input is a batch or a single sequence. */
export function expectSequences(door: Door, input: unknown): asserts input is Tensor {
  if (input === undefined) {
    throw new TypeError(`${door.name}.forward() missing 1 required positional argument: 'input'`);
  }
  expectTensor(input);
  const rank = input.shape.length;
  if (rank === 2 || rank === 3) return;
  throw new ValueError(`${door.name}: Expected input to be 2D or 3D, got ${rank}D${door.rankNote} instead`);
}

/** Checks the rest about an input and the states given with it; an absent state is an empty list. */
export function expectInput(door: Door, input: Tensor, states: readonly unknown[]): asserts states is Tensor[] {
  const rank = input.shape.length;
  expectStateRanks(door, rank, states);
  if (input.dtype !== door.dtype) throw wrongType(door, input);
  expectFeatures(door, input);
  const B = rank === 2 ? 1 : input.shape[door.batchFirst ? 0 : 1]!;
  expectStateSizes(door, rank, B, states);
}

function wrongType(door: Door, input: Tensor): ValueError {
  return new ValueError(
    `RNN input dtype (${input.dtype}) does not match weight dtype (${door.dtype}). Convert input: input.to(${door.dtype}), or convert model: model.to(${input.dtype})`,
  );
}

function expectFeatures(door: Door, input: Tensor): void {
  if (input.shape.at(-1) === door.inputSize) return;
  throw new RuntimeError(
    `input.size(-1) must be equal to input_size. Expected ${door.inputSize}, got ${input.shape.at(-1)}`,
    `the input has shape ${listText(input.shape)}; its last dimension is the features`,
  );
}

/** Checks a padded batch and the lengths of its sequences, from 0 to T each. */
export function expectLengths(
  door: Door,
  input: Tensor,
  lengths: readonly number[] | Tensor,
  states: readonly unknown[],
): asserts states is Tensor[] {
  expectInput(door, input, states);
  if (input.shape.length !== 3) throw new ValueError(`${door.name}: lengths go with a batch, 3D, got 2D instead`);
  const [T, B] = door.batchFirst ? [input.shape[1]!, input.shape[0]!] : [input.shape[0]!, input.shape[1]!];
  const given = lengths instanceof Tensor ? Array.from(elements(lengths.value), Number) : lengths;
  const wrong = given.find((length) => !Number.isInteger(length) || length < 0 || length > T);
  if (given.length === B && wrong === undefined) return;
  const got = wrong ?? `${given.length} lengths`;
  throw new ValueError(`${door.name}: expected ${B} lengths between 0 and ${T}, got ${got}`);
}

/**
 * Checks packed rows (Σ b_t, F) of B sequences and the states given with them. torch's LSTM does not: what is wrong there
 * comes out in its loop (nn/literal.ts).
 */
export function expectPacked(
  door: Door,
  data: Tensor,
  B: number,
  states: readonly unknown[],
): asserts states is Tensor[] {
  if (!door.checksPacked) return;
  if (data.dtype !== door.dtype) throw wrongType(door, data);
  if (data.shape.length !== 2) throw new RuntimeError(`input must have 2 dimensions, got ${data.shape.length}`);
  expectFeatures(door, data);
  for (const state of states) expectTensor(state, "size", stateType);
  expectStateSizes(door, 3, B, states as readonly Tensor[]);
}

/** Demands a tensor; torch misses the attribute that it asks for first. */
export function expectTensor(value: unknown, attribute = "dim", typeOf = pythonTypeOf): asserts value is Tensor {
  if (value instanceof Tensor) return;
  throw new AttributeError(`'${typeOf(value)}' object has no attribute '${attribute}'`);
}

/** Python's name for the type of a state: several states are a tuple there, and an array here. */
export function stateType(value: unknown): string {
  return Array.isArray(value) ? "tuple" : pythonTypeOf(value);
}

function expectStateRanks(door: Door, rank: number, states: readonly unknown[]): asserts states is Tensor[] {
  for (const state of states) expectTensor(state, "dim", stateType);
  const ranks = (states as readonly Tensor[]).map((state) => state.shape.length);
  if (ranks.every((own) => own === rank)) return;
  const kind = rank === 3 ? "batched 3-D" : "unbatched 2-D";
  const got = ranks.length === 1 ? `${ranks[0]}-D tensor` : `(${ranks.map((own) => `${own}-D`).join(", ")}) tensors`;
  const names = door.states.map((name) => `${name}x`).join(" and ");
  throw new RuntimeError(
    `For ${kind} input, ${names} should also be ${rank}-D but got ${got}`,
    rank === 3 ? "a state is (numLayers * numDirections, B, H), also with batchFirst" : undefined,
  );
}

function expectStateSizes(door: Door, rank: number, B: number, states: readonly Tensor[]): void {
  const wanted = door.stateShapes(B);
  for (const [i, state] of states.entries()) {
    // torch compares after giving an unbatched state its batch of one
    const shape = rank === 2 ? state.shape.toSpliced(1, 0, 1) : [...state.shape];
    if (sameDims(shape, wanted[i]!)) continue;
    const which = states.length === 1 ? "hidden" : `hidden[${i}]`;
    throw new RuntimeError(`Expected ${which} size ${tupleText(wanted[i]!)}, got ${listText(shape)}`);
  }
}
