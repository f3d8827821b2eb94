/** What a hand-written network gives back, and how it is brought into one form: rows, one for each step of each sequence. */
import { tensor } from "../autograd/create.ts";
import { indexSelect } from "../autograd/gather.ts";
import { Tensor } from "../autograd/tensor.ts";
import { reshape } from "../autograd/views.ts";
import { listText, RuntimeError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { int64 } from "../dense/dtype.ts";
import { sameDims } from "../dense/shape.ts";
import { PackedSequence } from "../nn/packed.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import { type LayerState, listStates, timeFirst, withBatch } from "./run.ts";

/** The terms of one step by the names of the page: (B, H) each, any of them. `x.i` and `r.i` are the two halves of a gate. */
export type StepTerms = Readonly<Record<string, Tensor>>;

/** What a hand-written network may tell. */
export interface Told {
  /** As the layer's: (T, B, D·P), or as the layer has it; packed for packed input, or padded. */
  readonly output: Tensor | PackedSequence;
  readonly state?: LayerState | null;
  /** The terms of each step, in time; with several layers or directions a list for each, layer by layer. */
  readonly terms?: readonly StepTerms[] | readonly (readonly StepTerms[])[];
}

/** What a hand-written network gives back: the output, output and state, or both with terms. */
export type Answer =
  | Tensor
  | PackedSequence
  | readonly [output: Tensor | PackedSequence, state: LayerState | null | undefined]
  | Told;

/** Which step of which sequence a row is. */
export interface RowPlace {
  readonly step: number;
  readonly batch: number;
}

/** Results in the form in which they are compared. */
export interface Given {
  /** (N, D·P), a row for each of the layer's places. */
  readonly rows: Tensor;
  /** (L·D, B, H) each. */
  readonly states: readonly Tensor[];
  readonly terms: readonly (readonly StepTerms[])[];
}

/** What the layer gave, and which step of which sequence each row of it is. */
export interface Expected {
  readonly rows: Tensor;
  readonly states: readonly Tensor[];
  readonly places: readonly RowPlace[];
}

/** The output in an answer. Errors: RuntimeError if there is none. */
export function outputOf(answer: Answer): Tensor | PackedSequence {
  if (answer instanceof Tensor || answer instanceof PackedSequence) return answer;
  const output: unknown = answer && ("output" in answer ? answer.output : answer[0]);
  if (output instanceof Tensor || output instanceof PackedSequence) return output;
  throw new RuntimeError(
    "verify: expected the network to return a tensor, [output, state] or { output, state, terms }",
  );
}

/** The states in an answer, if it has any. */
export function statesOf(answer: Answer): readonly Tensor[] {
  if (answer instanceof Tensor || answer instanceof PackedSequence) return [];
  return listStates("output" in answer ? answer.state : answer[1]);
}

/** The numbers of an output, padded or packed. */
export function dataOf(output: Tensor | PackedSequence): Tensor {
  return output instanceof PackedSequence ? output.data : output;
}

/** What the layer gave, as rows. */
export function expectedOf(
  layer: Recurrent<unknown>,
  x: Tensor | PackedSequence,
  output: Tensor | PackedSequence,
  states: readonly Tensor[],
): Expected {
  if (x instanceof PackedSequence) return { rows: dataOf(output), states, places: packedPlaces(x) };
  const rank = x.shape.length;
  const padded = timeFirst(layer, dataOf(output), rank);
  const [T, B, P] = [padded.shape[0]!, padded.shape[1]!, padded.shape[2]!];
  const places = Array.from({ length: T * B }, (_, row) => ({ step: Math.floor(row / B), batch: row % B }));
  return { rows: reshape(padded, [T * B, P]), states: states.map((one) => withBatch(one, rank)), places };
}

/** Which step of which of the caller's sequences each row of packed data is. */
function packedPlaces({ batchSizes, sortedIndices }: PackedSequence): RowPlace[] {
  const order = sortedIndices && Array.from(elements(sortedIndices.value), Number);
  return Array.from(elements(batchSizes.value), Number).flatMap((b, step) =>
    Array.from({ length: b }, (_, row) => ({ step, batch: order?.[row] ?? row })),
  );
}

/** Brings an answer into the form of what is expected, or says which shape is wrong. */
export function givenOf(
  layer: Recurrent<unknown>,
  x: Tensor | PackedSequence,
  expected: Expected,
  answer: Answer,
): Given | string {
  const rank = x instanceof PackedSequence ? 3 : x.shape.length;
  const rows =
    x instanceof PackedSequence ? rowsOfPacked(layer, outputOf(answer), expected) : rowsOf(layer, x, answer, expected);
  if (typeof rows === "string") return rows;
  const given = statesOf(answer);
  if (given.length > expected.states.length) {
    return `another number of states: expected ${expected.states.length}, got ${given.length}`;
  }
  const states = given.map((one, i) => fitted(withBatch(one, rank), expected.states[i]!.shape) ?? one);
  const wrong = states.findIndex((one, i) => !sameDims(one.shape, expected.states[i]!.shape));
  if (wrong >= 0) {
    const [want, got] = [expected.states[wrong]!.shape, states[wrong]!.shape];
    return `another shape of state ${wrong}: expected ${written(want)} (layers·directions, batch, units), got ${written(got)}`;
  }
  const told = "output" in answer ? (answer.terms ?? []) : [];
  const perSide = told.length > 0 && !Array.isArray(told[0]) ? [told as readonly StepTerms[]] : told;
  return { rows, states, terms: perSide as readonly (readonly StepTerms[])[] };
}

const written = (shape: readonly number[]): string => [...shape].join("×");

/** The rows of an output for a tensor of sequences. */
function rowsOf(layer: Recurrent<unknown>, x: Tensor, answer: Answer, expected: Expected): Tensor | string {
  const output = outputOf(answer);
  if (output instanceof PackedSequence) return "packed sequences as output: expected a tensor, as the input is one";
  const batchFirst = layer.batchFirst && x.shape.length === 3;
  const B = expected.states[0]!.shape[1]!;
  const T = x.shape[batchFirst ? 1 : 0]!;
  const units = expected.rows.shape[1]!;
  const wanted = x.shape.length === 2 ? [T, units] : batchFirst ? [B, T, units] : [T, B, units];
  const fitting = fitted(output, wanted);
  return fitting
    ? reshape(timeFirst(layer, fitting, x.shape.length), expected.rows.shape)
    : `${shapeMistake(output.shape, { T, B, units, wanted, layer })}: expected ${written(wanted)}, got ${written(output.shape)}`;
}

/** What a shape says about the mistake that made it. */
function shapeMistake(
  shape: readonly number[],
  { T, B, units, wanted, layer }: { T: number; B: number; units: number; wanted: number[]; layer: Recurrent<unknown> },
): string {
  const is = (...dims: number[]): boolean => sameDims([...shape], dims);
  const turned = wanted.length === 3 ? [wanted[1]!, wanted[0]!, wanted[2]!] : [];
  if (is(...turned)) return "time and batch axes of the output exchanged";
  if (is(B, units) || is(1, B, units) || (wanted.length === 2 && is(units)))
    return "only one step is given out: stack all h_t";
  if (layer.bidirectional && shape.at(-1) === units / 2) {
    return "one direction only, or the directions added: join them along the last dimension";
  }
  if (layer.cell.gates.length > 1 && shape.at(-1) === layer.cell.gates.length * layer.hiddenSize)
    return "the columns of all gates are given out instead of h";
  if (shape[0] === T - 1 || shape[0] === T + 1) return `${shape[0]} steps where the input has ${T}`;
  return "another shape of the output";
}

/** The rows of an output for packed sequences: packed, as rows, or padded. */
function rowsOfPacked(
  layer: Recurrent<unknown>,
  output: Tensor | PackedSequence,
  { rows, places }: Expected,
): Tensor | string {
  const units = rows.shape[1]!;
  const data = dataOf(output);
  const [T, B] = [Math.max(...places.map(({ step }) => step)) + 1, Math.max(...places.map(({ batch }) => batch)) + 1];
  const selected = (source: Tensor, at: readonly number[]): Tensor =>
    at.every((row, i) => row === i) ? source : indexSelect(source, 0, tensor([...at], { dtype: int64 }));
  if (output instanceof PackedSequence && sameDims(data.shape, rows.shape)) {
    const own = new Map(packedPlaces(output).map(({ step, batch }, row) => [`${step} ${batch}`, row]));
    const at = places.map(({ step, batch }) => own.get(`${step} ${batch}`) ?? -1);
    return at.includes(-1) ? "other batch sizes of the packed output" : selected(data, at);
  }
  if (sameDims(data.shape, rows.shape)) return data;
  const padded = layer.batchFirst ? [B, T, units] : [T, B, units];
  if (sameDims(data.shape, padded)) {
    const flat = reshape(timeFirst(layer, data, 3), [T * B, units]);
    return selected(
      flat,
      places.map(({ step, batch }) => step * B + batch),
    );
  }
  return `another shape of the output: expected packed rows ${written(rows.shape)} or padded ${written(padded)}, got ${listText(data.shape)}`;
}

/** A tensor in the wanted shape, if only axes of length 1 are different. */
export function fitted(x: Tensor, wanted: readonly number[]): Tensor | undefined {
  const long = (shape: readonly number[]): number[] => [...shape].filter((length) => length !== 1);
  return sameDims(long(x.shape), long(wanted)) ? reshape(x, wanted) : undefined;
}
