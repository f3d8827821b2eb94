/**
 * The check this project began with, as a function: a network written by hand runs beside the layer, on the layer's weights.
 * Where the two part for the first time, and which known mistake would give just what the hand-written one gave, is the
 * answer.
 */

import { zerosLike } from "../autograd/create.ts";
import { noGrad } from "../autograd/mode.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { reshape } from "../autograd/views.ts";
import { PackedSequence } from "../nn/packed.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import { type Answer, type Expected, expectedOf, givenOf } from "./answer.ts";
import { farthest, locate, NOWHERE, type Parting } from "./compare.ts";
import { diagnose } from "./diagnose.ts";
import type { Network } from "./replay.ts";
import { expectLayer, type LayerState, listStates, timeFirst, withBatch } from "./run.ts";
import { networkOf } from "./sought.ts";
import { compareGradients } from "./verify-gradients.ts";
import { watch } from "./watch.ts";

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

/** What came of it. Prints as a few lines of text. */
export interface Verdict extends Parting {
  /** Whether all that was compared is equal within the tolerance. */
  readonly agrees: boolean;
  /** The largest difference, counted as the tolerance is: in whole ulp of the largest number beside it. */
  readonly ulps: number;
  /** The likely cause; null where there is no difference at all. */
  readonly cause: string | null;
  /** What to do about it. */
  readonly hint: string | null;
  toString(): string;
}

/**
 * Runs `mine` and the layer on the same input, (T, B, F), as the layer takes it or packed, and compares: terms, output,
 * states and, if asked, gradients. The layer is taken as it is while evaluating.
 *
 *     const verdict = verify((x) => myRnn(x, weights), rnn, x);
 *     console.log(`${verdict}`); // differs at step 0 ... likely cause: missing bias b_hh
 *
 * Packed input reaches `mine` packed; what it gives back may be packed, rows, or padded.
 */
export function verify<State extends LayerState>(
  mine: (x: Tensor, state?: State) => Answer,
  official: Recurrent<State>,
  inputs: Tensor,
  options?: VerifyOptions<State>,
): Verdict;
export function verify<State extends LayerState>(
  mine: (x: PackedSequence, state?: State) => Answer,
  official: Recurrent<State>,
  inputs: PackedSequence,
  options?: VerifyOptions<State>,
): Verdict;
export function verify<State extends LayerState>(
  mine: ((x: Tensor, state?: State) => Answer) | ((x: PackedSequence, state?: State) => Answer),
  official: Recurrent<State>,
  inputs: Tensor | PackedSequence,
  options: VerifyOptions<State> = {},
): Verdict {
  expectLayer("verify", official);
  const { state, tolerance = 64, gradients = false, truncated = false } = options;
  // the two signatures above see to it that input and network fit together
  const network = mine as Handwritten<State>;
  const ask = (): Answer =>
    noGrad(() => (state === undefined || state === null ? network(inputs) : network(inputs, state)));
  const { run, output, state: end } = noGrad(() => watch(official, inputs, state));
  const expected = noGrad(() => expectedOf(official, inputs, output, listStates(end)));
  const answer = ask();
  const given = noGrad(() => givenOf(official, inputs, expected, answer));
  if (typeof given === "string") return verdict(false, Number.POSITIVE_INFINITY, NOWHERE, given, AXES);
  const compared = { run, expected, given };
  const ulps = farthest(compared);
  const place = locate(compared, tolerance);
  if (place) {
    const again = noGrad(() => givenOf(official, inputs, expected, ask()));
    const replayable = noGrad(() => laidOpen(official, inputs, expected, state));
    const { cause, hint } = diagnose(replayable, compared, again, place, tolerance);
    return verdict(false, ulps, place, cause, hint);
  }
  if (gradients) {
    const found = compareGradients(network, official, inputs, state, { tolerance, truncated });
    if (found) return verdict(false, found.ulps, { ...NOWHERE, term: found.term }, found.cause, found.hint);
  }
  const [cause, hint] = rounding(ulps, given.rows, expected.rows);
  return verdict(true, ulps, NOWHERE, cause, hint);
}

/** A network that takes whatever the layer takes. */
export type Handwritten<State> = (x: Tensor | PackedSequence, state?: State) => Answer;

const AXES =
  "without batchFirst the layer gives (T, B, D·H), with it (B, T, D·H), packed sequences for packed ones; h_n is (L·D, B, H)";

/** The layer over its input in plain numbers. */
function laidOpen<State extends LayerState>(
  layer: Recurrent<State>,
  inputs: Tensor | PackedSequence,
  { places, states }: Expected,
  state: State | null | undefined,
): Network {
  const packed = inputs instanceof PackedSequence;
  const rank = packed ? 3 : inputs.shape.length;
  const given = listStates(state).map((one) => withBatch(one, rank));
  const rows = packed ? inputs.data : reshape(timeFirst(layer, inputs, rank), [places.length, layer.inputSize]);
  return networkOf(layer, rows, places, given.length > 0 ? given : states.map((end) => zerosLike(end)));
}

function rounding(ulps: number, actual: Tensor, expected: Tensor): [cause: string | null, hint: string | null] {
  if (actual.dtype !== expected.dtype) {
    return ["rounding", `it computes in ${actual.dtype}, the layer in ${expected.dtype}`];
  }
  return ulps > 0 ? ["rounding", "the same sums in another order: nothing is wrong"] : [null, null];
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
