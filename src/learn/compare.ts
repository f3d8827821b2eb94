/** Two runs side by side: how far apart they are, and where they part for the first time. */
import type { Tensor } from "../autograd/tensor.ts";
import { type Expected, fitted, type Given } from "./answer.ts";
import { beyond, notFinite, relativeUlps, valueAt } from "./distance.ts";
import { type ExplainedStep, primed, type Run } from "./terms.ts";

/** Where two networks part. */
export interface Parting {
  /** The first step that differs, from 0, in the order of the direction. */
  readonly step: number | null;
  /** The first term that differs in it: a name of the page, "output", or "final state 0". */
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

/** What is compared: the layer's terms and results, and what was given. */
export interface Compared {
  readonly run: Run;
  readonly expected: Expected;
  readonly given: Given;
}

interface Pair {
  readonly right: Tensor;
  readonly left: Tensor;
  /** The place of an element by its row and column. */
  readonly place: (row: number, column: number) => Partial<Parting>;
}

/** The steps of each side, in the order in which they are read. */
function readingOrder({ steps, sides }: Run): ExplainedStep[][] {
  return sides.map(({ layer, direction }) => {
    const own = steps.filter((step) => step.layer === layer && step.direction === direction);
    return direction === "reverse" ? own.reverse() : own;
  });
}

/** Terms, output and states of both, one pair after the other; what comes first in a run comes first. */
function* pairs({ run, expected, given }: Compared): Iterable<Pair> {
  for (const [side, steps] of readingOrder(run).entries()) {
    for (const { layer, direction, t, sequences, terms } of steps) {
      const told = given.terms[side]?.[t] ?? {};
      for (const { name, value, axes } of terms) {
        const plain = run.cell.state.find((state) => primed(run.cell, state) === name);
        const isOld = run.cell.state.includes(name);
        const own = isOld ? undefined : (told[name] ?? (plain && told[plain]));
        const left = own && fitted(own, value.shape);
        const place = (row: number, unit: number): Partial<Parting> => ({
          step: t,
          term: plain ?? name,
          layer,
          direction: direction === "reverse" ? 1 : 0,
          batch: sequences[axes[0] === "batch" ? row : 0]!,
          unit,
        });
        if (left) yield { right: value, left, place };
      }
    }
  }
  yield* outputs(run, expected, given);
  for (const [i, left] of given.states.entries()) {
    const right = expected.states[i]!;
    const B = right.shape[1]!;
    yield { right, left, place: (row, unit) => ({ term: `final state ${i}`, batch: row % B, unit }) };
  }
}

/** The output as a whole; the place tells the direction by the column. */
function* outputs({ sides }: Run, { rows, places }: Expected, given: Given): Iterable<Pair> {
  const { layer } = sides.at(-1)!;
  const D = sides.at(-1)!.direction === "reverse" ? 2 : 1;
  const P = rows.shape[1]! / D;
  const place = (row: number, column: number): Partial<Parting> => {
    return { ...places[row]!, term: "output", layer, direction: Math.floor(column / P), unit: column };
  };
  yield { right: rows, left: given.rows, place };
}

/** The largest difference, counted as the tolerance is, in whole ulp: any difference is one at least. */
export function farthest(compared: Compared): number {
  let most = 0;
  for (const { right, left } of pairs(compared)) most = Math.max(most, relativeUlps(right, left));
  return Math.ceil(most);
}

/** The first place that differs by more than the tolerance. */
export function locate(compared: Compared, tolerance: number): Parting | undefined {
  return firstPlace(compared, (right, left) => beyond(right, left, tolerance));
}

/** The first place where something is given that is no number, or infinite, where the layer has a finite number. */
export function locateNotFinite(compared: Compared): Parting | undefined {
  return firstPlace(compared, notFinite);
}

function firstPlace(compared: Compared, find: (right: Tensor, left: Tensor) => readonly number[]): Parting | undefined {
  for (const { right, left, place } of pairs(compared)) {
    const units = right.shape.at(-1)!;
    const wrong = find(right, left).map((at) => ({ at, place: place(Math.floor(at / units), at % units) }));
    if (wrong.length === 0) continue;
    const first = wrong.reduce((a, b) => (isBefore(compared.run.T, b.place, a.place) ? b : a));
    return {
      ...NOWHERE,
      ...first.place,
      expected: valueAt(right, first.at),
      actual: valueAt(left, first.at),
    };
  }
  return undefined;
}

/** Whether a place is reached earlier than another; a reverse direction begins at the end. */
function isBefore(T: number, a: Partial<Parting>, b: Partial<Parting>): boolean {
  const reached = ({ step, direction }: Partial<Parting>): number =>
    direction === 1 ? T - 1 - (step ?? 0) : (step ?? 0);
  return reached(a) < reached(b) || (reached(a) === reached(b) && (a.direction ?? 0) < (b.direction ?? 0));
}

/** Whether results are the same twice. */
export function sameTwice(a: Given, b: Given): boolean {
  return (
    relativeUlps(a.rows, b.rows) === 0 &&
    a.states.every((one, i) => !b.states[i] || relativeUlps(one, b.states[i]) === 0)
  );
}
