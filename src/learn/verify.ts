/**
 * The check this project began with, as a function: a network written by hand runs beside the layer, on the layer's weights.
 * Where the two part for the first time, and which known mistake would give just what the hand-written one gave, is the
 * answer.
 */

import { toDtype } from "../autograd/broadcast.ts";
import { noGrad } from "../autograd/mode.ts";
import { Tensor } from "../autograd/tensor.ts";
import { reshape } from "../autograd/views.ts";
import type { Named } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import { sameDims } from "../dense/shape.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import { diagnose } from "./diagnose.ts";
import { firstBeyond, relativeUlps, valueAt } from "./distance.ts";
import { callersLayout, type LayerState, listStates, type Run, run, setupOf, timeFirst, withBatch } from "./run.ts";
import { maxUlps } from "./ulp.ts";
import { compareGradients } from "./verify-gradients.ts";

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

/** How strictly two networks are compared. */
export interface VerifyOptions<State> {
  /** The state both start from. Default: none is given to either. */
  readonly state?: State | null;
  /**
   * How far apart two numbers may be, in ulp of the largest number beside them, before they count as different: sums in
   * another order differ by a few. Default 64.
   */
  readonly tolerance?: number;
  /** Compare gradients, too: of the parameters, the input and the state. Default false. */
  readonly gradients?: boolean;
  /** With `gradients`: no gradient may reach the state, as in truncated backpropagation. Default false. */
  readonly truncated?: boolean;
}

/** Where two networks part. */
export interface Parting {
  /** The first step that differs, from 0, in the order of the direction. */
  readonly step: number | null;
  /** The first term that differs in it: a name of the page, "output", or "final h". */
  readonly term: string | null;
  readonly layer: number | null;
  readonly direction: number | null;
  readonly batch: number | null;
  readonly unit: number | null;
  readonly expected: number | null;
  readonly actual: number | null;
}

/** What came of it. Prints as a few lines of text. */
export interface Verdict extends Parting {
  /** Whether all that was compared is equal within the tolerance. */
  readonly agrees: boolean;
  /** The largest distance between two numbers, counted in neighbouring numbers. */
  readonly ulps: number;
  /** The likely cause; null where there is no difference at all. */
  readonly cause: string | null;
  /** What to do about it. */
  readonly hint: string | null;
  toString(): string;
}

/** What was given, brought into the shapes of a run: time first, with a batch. */
export interface Given {
  readonly output: Tensor;
  readonly states: readonly Tensor[];
  readonly terms: readonly (readonly StepTerms[])[];
}

const NOWHERE: Parting = {
  step: null,
  term: null,
  layer: null,
  direction: null,
  batch: null,
  unit: null,
  expected: null,
  actual: null,
};

/**
 * Runs `mine` and the layer on the same input, (T, B, F) or as the layer takes it, and compares: terms, output, states and,
 * if asked, gradients. The layer is taken as it is while evaluating.
 *
 *     const verdict = verify((x) => myRnn(x, weights), rnn, x);
 *     console.log(`${verdict}`); // differs at step 0 ... likely cause: missing b_hh
 */
export function verify<State extends LayerState>(
  mine: (x: Tensor, state?: State) => Answer,
  official: Recurrent<State>,
  inputs: Tensor,
  options: VerifyOptions<State> = {},
): Verdict {
  const { state, tolerance = 64, gradients = false, truncated = false } = options;
  const ask = (): Answer => (state === undefined || state === null ? mine(inputs) : mine(inputs, state));
  const answer = noGrad(ask);
  const setup = noGrad(() => setupOf(official, inputs, state));
  const expected = noGrad(() => run(setup));
  const shaped = givenOf(official, inputs, expected, answer);
  if (typeof shaped === "string") return verdict(false, Number.POSITIVE_INFINITY, NOWHERE, shaped, AXES);
  const ulps = farthest(expected, shaped);
  const place = noGrad(() => locate(expected, shaped, tolerance));
  if (place) {
    const again = givenOf(official, inputs, expected, noGrad(ask));
    const { cause, hint } = noGrad(() => diagnose(setup, expected, shaped, again, place, tolerance));
    return verdict(false, ulps, place, cause, hint);
  }
  if (gradients) {
    const found = compareGradients(mine, official, inputs, state, { tolerance, truncated });
    if (found) return verdict(false, found.ulps, { ...NOWHERE, term: found.term }, found.cause, found.hint);
  }
  const [cause, hint] = rounding(ulps, outputOf(answer), expected.output);
  return verdict(true, ulps, NOWHERE, cause, hint);
}

const AXES = "without batchFirst the layer gives (T, B, H), with it (B, T, H); h_n is (L·D, B, H) either way";

function rounding(ulps: number, actual: Tensor, expected: Tensor): [cause: string | null, hint: string | null] {
  if (actual.dtype !== expected.dtype) {
    return ["rounding", `it computes in ${actual.dtype}, the layer in ${expected.dtype}`];
  }
  return ulps > 0 ? ["rounding", "the same sums in another order: nothing is wrong"] : [null, null];
}

/** The output in an answer. */
export function outputOf(answer: Answer): Tensor {
  if (answer instanceof Tensor) return answer;
  return "output" in answer ? answer.output : answer[0];
}

/** The states in an answer, if it has any. */
export function statesOf(answer: Answer): readonly Tensor[] {
  if (answer instanceof Tensor) return [];
  return listStates("output" in answer ? answer.state : answer[1]);
}

/** Brings an answer into the shapes of the run, or says which shape is wrong. */
function givenOf(layer: Recurrent<unknown>, x: Tensor, expected: Run, answer: Answer): Given | string {
  const rank = x.shape.length;
  const wanted = callersLayout(layer, expected.output, rank).shape;
  const output = outputOf(answer);
  if (!(output instanceof Tensor)) {
    throw new RuntimeError(
      "verify: expected the network to return a tensor, [output, state] or { output, state, terms }",
    );
  }
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
function fitted(x: Tensor, wanted: readonly number[]): Tensor | undefined {
  const long = (shape: readonly number[]): number[] => [...shape].filter((length) => length !== 1);
  return sameDims(long(x.shape), long(wanted)) ? reshape(x, wanted) : undefined;
}

/** Output, states and terms of both, one pair after the other. */
function* pairs(expected: Run, given: Given): Iterable<{ place: Parting; right: Tensor; left: Tensor }> {
  for (const [k, steps] of given.terms.entries()) {
    const side = expected.sides[k];
    const order = side?.reverse ? [...steps.keys()].reverse() : [...steps.keys()];
    for (const t of order) {
      const step = side?.steps[t];
      if (!side || !step) continue;
      const known = { ...prefixed("x", step.x), ...prefixed("r", step.r), ...step.terms };
      for (const [term, right] of Object.entries(known)) {
        const told = steps[t]![term];
        const left = told && fitted(told, right.shape);
        const { layer, direction } = side;
        if (left) yield { place: { ...NOWHERE, step: t, term, layer, direction }, right, left };
      }
    }
  }
  yield { place: { ...NOWHERE, term: "output" }, right: expected.output, left: given.output };
  for (const [i, left] of given.states.entries()) {
    yield { place: { ...NOWHERE, term: `final state ${i}` }, right: expected.states[i]!, left };
  }
}

function prefixed(half: string, values: Named<string, Tensor>): Named<string, Tensor> {
  return Object.fromEntries(Object.entries(values).map(([gate, value]) => [`${half}.${gate}`, value]));
}

function farthest(expected: Run, given: Given): number {
  let most = 0;
  for (const { right, left } of pairs(expected, given))
    most = Math.max(most, maxUlps(right, toDtype(left, right.dtype)));
  return most;
}

/** The first place that differs by more than the tolerance. */
function locate(expected: Run, given: Given, tolerance: number): Parting | undefined {
  for (const { place, right, left } of pairs(expected, given)) {
    const at = firstBeyond(right, left, tolerance);
    if (at === undefined) continue;
    const [B, units] = [right.shape.at(-2)!, right.shape.at(-1)!];
    const found = {
      batch: Math.floor(at / units) % B,
      unit: at % units,
      expected: valueAt(right, at),
      actual: valueAt(left, at),
    };
    if (place.term !== "output") return { ...place, ...found };
    const last = expected.sides.at(-1)!;
    const P = units / (last.direction + 1);
    const direction = Math.floor(found.unit / P);
    return { ...place, ...found, step: Math.floor(at / (B * units)), layer: last.layer, direction };
  }
  return undefined;
}

/** Whether a run gives what was given: output and states. */
export function reproduces(variation: Run, given: Given, tolerance: number): boolean {
  const close = (right: Tensor, left: Tensor): boolean =>
    sameDims(right.shape, left.shape) && relativeUlps(right, left) <= tolerance;
  return close(variation.output, given.output) && given.states.every((left, i) => close(variation.states[i]!, left));
}

function verdict(agrees: boolean, ulps: number, place: Parting, cause: string | null, hint: string | null): Verdict {
  return { agrees, ulps, ...place, cause, hint, toString: () => text(agrees, ulps, place, cause, hint) };
}

function text(agrees: boolean, ulps: number, place: Parting, cause: string | null, hint: string | null): string {
  if (agrees) return `agrees: largest difference ${ulps} ulp${cause ? ` (${cause}: ${hint})` : ""}`;
  const named = [
    place.layer !== null && `layer ${place.layer}`,
    place.direction !== null && (place.direction === 0 ? "forward" : "reverse"),
    place.step !== null && `step ${place.step}`,
    place.term,
    place.batch !== null && `batch ${place.batch}`,
    place.unit !== null && `unit ${place.unit}`,
  ].filter((part) => typeof part === "string");
  const values = place.expected === null ? "" : `: ${place.actual} instead of ${place.expected}`;
  const distance = Number.isFinite(ulps) ? `\n  largest difference: ${ulps} ulp` : "";
  const where = named.length > 0 ? ` at ${named.join(", ")}` : "";
  return `differs${where}${values}${distance}\n  likely cause: ${cause}\n  hint: ${hint}`;
}
