/** What a hand-written network gives back, and how it is brought into the shapes of a run. */
import { Tensor } from "../autograd/tensor.ts";
import { reshape } from "../autograd/views.ts";
import { RuntimeError } from "../check.ts";
import { sameDims } from "../dense/shape.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import { callersLayout, type LayerState, listStates, type Run, timeFirst, withBatch } from "./run.ts";

/** The terms of one step by the names of the page: (B, H) each, any of them. `x.i` and `r.i` are the two halves of a gate. */
export type StepTerms = Readonly<Record<string, Tensor>>;

/** What a hand-written network may tell. */
export interface Told {
  /** As the layer's: (T, B, D·P), or as the layer has it. */
  readonly output: Tensor;
  readonly state?: LayerState | null;
  /** The terms of each step, in time; with several layers or directions a list for each, layer by layer. */
  readonly terms?: readonly StepTerms[] | readonly (readonly StepTerms[])[];
}

/** What a hand-written network gives back: the output, output and state, or both with terms. */
export type Answer = Tensor | readonly [output: Tensor, state: LayerState] | Told;

/** What was given, brought into the shapes of a run: time first, with a batch. */
export interface Given {
  readonly output: Tensor;
  readonly states: readonly Tensor[];
  readonly terms: readonly (readonly StepTerms[])[];
}

/** The output in an answer. Errors: RuntimeError if there is none. */
export function outputOf(answer: Answer): Tensor {
  if (answer instanceof Tensor) return answer;
  const output: unknown = answer && ("output" in answer ? answer.output : answer[0]);
  if (output instanceof Tensor) return output;
  throw new RuntimeError(
    "verify: expected the network to return a tensor, [output, state] or { output, state, terms }",
  );
}

/** The states in an answer, if it has any. */
export function statesOf(answer: Answer): readonly Tensor[] {
  if (answer instanceof Tensor) return [];
  return listStates("output" in answer ? answer.state : answer[1]);
}

/** Brings an answer into the shapes of the run, or says which shape is wrong. */
export function givenOf(layer: Recurrent<unknown>, x: Tensor, expected: Run, answer: Answer): Given | string {
  const rank = x.shape.length;
  const wanted = callersLayout(layer, expected.output, rank).shape;
  const output = outputOf(answer);
  const fitting = fitted(output, wanted);
  if (!fitting) {
    const turned = sameDims(output.shape, [wanted[1]!, wanted[0]!, ...wanted.slice(2)]);
    const which = turned ? "time and batch axes of the output exchanged" : "another shape of the output";
    return `${which}: expected ${[...wanted].join("×")}, got ${[...output.shape].join("×")}`;
  }
  const states = statesOf(answer).map((one, i) => fitted(withBatch(one, rank), expected.states[i]?.shape ?? []) ?? one);
  const wrong = states.findIndex((one, i) => !expected.states[i] || !sameDims(one.shape, expected.states[i].shape));
  if (wrong >= 0) {
    const shape = expected.states[wrong]?.shape;
    return `another shape of state ${wrong}: expected ${shape ? [...shape].join("×") : "none"}, got ${[...states[wrong]!.shape].join("×")}`;
  }
  const told = answer instanceof Tensor || !("output" in answer) ? [] : (answer.terms ?? []);
  const perSide = told.length > 0 && !Array.isArray(told[0]) ? [told as readonly StepTerms[]] : told;
  return { output: timeFirst(layer, fitting, rank), states, terms: perSide as readonly (readonly StepTerms[])[] };
}

/** A tensor in the wanted shape, if only axes of length 1 are different. */
export function fitted(x: Tensor, wanted: readonly number[]): Tensor | undefined {
  const long = (shape: readonly number[]): number[] => [...shape].filter((length) => length !== 1);
  return sameDims(long(x.shape), long(wanted)) ? reshape(x, wanted) : undefined;
}
