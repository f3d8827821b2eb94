/** The door of a recurrent layer: torch's questions about input and state, in torch's order and words. */
import { Tensor } from "../autograd/tensor.ts";
import { AttributeError, listText, pythonTypeOf, RuntimeError, tupleText, ValueError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import type { DType } from "../dense/dtype.ts";
import { sameDims, wrapDim } from "../dense/shape.ts";

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
  /** Whether torch would run its fused kernel, which has its own words for a state of another dtype. */
  readonly fused: boolean;
}

/** Checks everything about an input and the states given with it; an absent state is an empty list. */
export function expectInput(door: Door, input: unknown, states: readonly unknown[]): asserts input is Tensor {
  expectTensor(input);
  const rank = input.shape.length;
  if (rank !== 2 && rank !== 3) {
    throw new ValueError(`${door.name}: Expected input to be 2D or 3D, got ${rank}D${door.rankNote} instead`);
  }
  expectStateRanks(door, rank, states);
  if (input.dtype !== door.dtype) throw wrongType(door, input);
  expectFeatures(door, input);
  const B = rank === 2 ? 1 : input.shape[door.batchFirst ? 0 : 1]!;
  expectStateSizes(door, rank, B, states as readonly Tensor[]);
  const T = rank === 2 ? input.shape[0] : input.shape[door.batchFirst ? 1 : 0];
  if (T === 0) throw new RuntimeError("Expected sequence length to be larger than 0 in RNN");
  if (door.fused && (states as readonly Tensor[]).some((state) => state.dtype !== door.dtype)) {
    throw new RuntimeError("get_mkldnn_dtype: unsupported data type");
  }
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
  input: unknown,
  lengths: readonly number[] | Tensor,
  states: readonly unknown[],
): asserts input is Tensor {
  expectInput(door, input, states);
  if (input.shape.length !== 3) throw new ValueError(`${door.name}: lengths go with a batch, 3D, got 2D instead`);
  const [T, B] = door.batchFirst ? [input.shape[1]!, input.shape[0]!] : [input.shape[0]!, input.shape[1]!];
  const given = lengths instanceof Tensor ? Array.from(elements(lengths.value), Number) : lengths;
  const wrong = given.find((length) => !Number.isInteger(length) || length < 0 || length > T);
  if (given.length === B && wrong === undefined) return;
  const got = wrong ?? `${given.length} lengths`;
  throw new ValueError(`${door.name}: expected ${B} lengths between 0 and ${T}, got ${got}`);
}

/** Checks packed rows (Σ b_t, F) of B sequences and the states given with them. */
export function expectPacked(
  door: Door,
  data: Tensor,
  sizes: readonly number[],
  B: number,
  states: readonly Tensor[],
): void {
  if (door.checksPacked) {
    if (data.dtype !== door.dtype) throw wrongType(door, data);
    if (data.shape.length !== 2) throw new RuntimeError(`input must have 2 dimensions, got ${data.shape.length}`);
    expectFeatures(door, data);
    for (const state of states) expectTensor(state, "size");
    expectStateSizes(door, 3, B, states);
  } else {
    expectLoopStates(door, B, states);
  }
  expectRows(data.shape[0]!, sizes);
}

/** Lengths beyond the data leave more rows asked for than there are. */
function expectRows(rows: number, sizes: readonly number[]): void {
  let start = 0;
  for (const b of sizes) {
    if (start + b > rows) throw new RuntimeError(`start (${start}) + length (${b}) exceeds dimension size (${rows}).`);
    start += b;
  }
}

/** What torch's loop itself says of states that nobody looked at before: its LSTM takes packed input unchecked. */
function expectLoopStates(door: Door, B: number, states: readonly Tensor[]): void {
  if (states.length === 0) return;
  for (const state of states) {
    expectTensor(state);
    wrapDim(2, state.shape.length);
  }
  const wanted = door.stateShapes(B);
  const projected = (shapes: readonly (readonly number[])[]): boolean => shapes.some((own) => own[2] !== shapes[0]![2]);
  if (projected(states.map(({ shape }) => shape)) !== projected(wanted)) {
    throw new RuntimeError("got an incorrect number of RNN parameters");
  }
  for (const [i, { shape }] of states.entries()) {
    if (shape[0] !== wanted[i]![0]) throw new RuntimeError("Expected more hidden states in stacked_rnn");
    if (shape[1] === B) continue;
    const [a, b] = i === 0 ? [shape[1], B] : [B, shape[1]];
    throw new RuntimeError(
      `The size of tensor a (${a}) must match the size of tensor b (${b}) at non-singleton dimension 0`,
    );
  }
}

/** Demands a tensor; torch misses the attribute that it asks for first. */
export function expectTensor(value: unknown, attribute = "dim"): asserts value is Tensor {
  if (value instanceof Tensor) return;
  throw new AttributeError(`'${pythonTypeOf(value)}' object has no attribute '${attribute}'`);
}

function expectStateRanks(door: Door, rank: number, states: readonly unknown[]): void {
  for (const state of states) expectTensor(state);
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
