/** Two runs side by side: how far apart they are, and where they part for the first time. */
import { toDtype } from "../autograd/broadcast.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Named } from "../cells/cell.ts";
import { sameDims } from "../dense/shape.ts";
import { fitted, type Given } from "./answer.ts";
import { firstBeyond, relativeUlps, valueAt } from "./distance.ts";
import type { Run } from "./run.ts";
import { maxUlps } from "./ulp.ts";

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

/** No place at all. */
export const NOWHERE: Parting = {
  step: null,
  term: null,
  layer: null,
  direction: null,
  batch: null,
  unit: null,
  expected: null,
  actual: null,
};

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

/** The largest distance bit by bit. */
export function farthest(expected: Run, given: Given): number {
  let most = 0;
  for (const { right, left } of pairs(expected, given))
    most = Math.max(most, maxUlps(right, toDtype(left, right.dtype)));
  return most;
}

/** The first place that differs by more than the tolerance. */
export function locate(expected: Run, given: Given, tolerance: number): Parting | undefined {
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
