/**
 * From a difference to its likely cause. The network is replayed with one known mistake after the other; the first that
 * gives what was given is named. Where none does alone, the mistakes are tried in single layers and directions, then two at
 * a time.
 */
import type { Given } from "./answer.ts";
import { type Compared, locate, locateNotFinite, type Parting, sameTwice } from "./compare.ts";
import { valuesOf } from "./distance.ts";
import type { Mistake } from "./mistake.ts";
import { localMistakes } from "./mistakes.ts";
import { stackMistakes } from "./mistakes-in-stack.ts";
import { stateMistakes } from "./mistakes-in-state.ts";
import { timeMistakes } from "./mistakes-in-time.ts";
import { type Matrix, type Network, replay, type Where } from "./replay.ts";
import { type Sought, soughtOf } from "./sought.ts";

/** A cause and what to do about it. */
export interface Diagnosis {
  readonly cause: string;
  readonly hint: string;
}

/** Other precisions leave differences up to about this many ulp; no mistake is as small. */
const ROUNDING = 2 ** 12;

/** About how many multiplications a search may take: a second or two. */
const EFFORT = 1.5e8;

/** Names the cause of a difference. `again` is what the same network gave when it was asked a second time. */
export function diagnose(
  network: Network,
  compared: Compared,
  again: Given | string,
  place: Parting,
  tolerance: number,
): Diagnosis {
  const { given, expected, run } = compared;
  if (typeof again === "string" || !sameTwice(given, again)) return NOISE;
  const sought = soughtOf(compared, tolerance);
  const found = single(network, sought) ?? scaled(compared) ?? inPart(network, sought);
  if (found) return found;
  const notFinite = locateNotFinite(compared);
  if (notFinite) return brokenAt(notFinite, compared);
  if (!locate(compared, ROUNDING)) {
    const [here, there] = [given.rows.dtype, expected.rows.dtype];
    return {
      cause: "rounding",
      hint: `it computes in another precision or order (${here} here, ${there} in the layer)`,
    };
  }
  return (
    twoAtOnce(network, sought) ?? {
      cause: "unknown: none of the known mistakes, alone or with another, gives this",
      hint: whereToLook(run.cell.equations, place),
    }
  );
}

const NOISE: Diagnosis = {
  cause: "not the same twice: dropout left on, other random numbers, or a state that is kept between calls",
  hint: "call eval() on what you compare; noise has to be off, and every call starts from the state that is given",
};

/** One mistake, made everywhere. */
function single(network: Network, sought: Sought): Diagnosis | undefined {
  const fits = fitting(network, sought);
  return [
    ...stateMistakes(network),
    ...timeMistakes(network),
    ...stackMistakes(network),
    ...localMistakes(network),
  ].find((mistake) => fits((whole) => mistake.make(whole, everywhere), mistake.whole));
}

const everywhere: Where = () => true;

/** One mistake in one layer, in one direction, or in one of both. */
function inPart(network: Network, sought: Sought): Diagnosis | undefined {
  const { D } = network;
  const L = network.weights.length / D;
  const names = ["forward", "reverse"];
  const parts: [text: string, where: Where][] = [
    ...(D > 1 ? names.map((name, d): [string, Where] => [`the ${name} direction`, (index) => index % D === d]) : []),
    ...(L > 1
      ? Array.from({ length: L }, (_, l): [string, Where] => [`layer ${l}`, (index) => Math.floor(index / D) === l])
      : []),
    ...(L > 2 ? [["the layers above layer 0", (index) => index >= D] as [string, Where]] : []),
    ...(D > 1 && L > 1
      ? network.weights.map((_, k): [string, Where] => {
          return [`layer ${Math.floor(k / D)}, ${names[k % D]}`, (index) => index === k];
        })
      : []),
  ];
  const fits = fitting(network, sought);
  const mistakes = [...stateMistakes(network), ...localMistakes(network)].filter(({ whole }) => !whole);
  for (const [text, where] of parts) {
    const found = mistakes.find((mistake) => fits((whole) => mistake.make(whole, where)));
    if (found) return { cause: `${found.cause} (only in ${text})`, hint: found.hint };
  }
  return undefined;
}

/** Two mistakes, each everywhere. */
function twoAtOnce(network: Network, sought: Sought): Diagnosis | undefined {
  const fits = fitting(network, sought);
  const likely = [...stateMistakes(network), ...localMistakes(network)].filter(({ rare }) => !rare);
  const all = [...likely, ...timeMistakes(network), ...stackMistakes(network)];
  let effort = EFFORT;
  const cost = effortOf(network, sought);
  for (const [i, first] of likely.entries()) {
    for (const second of all.slice(i + 1)) {
      effort -= second.whole ? cost * sought.steps : cost;
      if (effort < 0) return undefined;
      if (!fits((own) => second.make(first.make(own, everywhere), everywhere), second.whole)) continue;
      return both(first, second);
    }
  }
  return undefined;
}

function both(first: Mistake, second: Mistake): Diagnosis {
  return { cause: `two mistakes: ${first.cause}; and ${second.cause}`, hint: `${first.hint}; ${second.hint}` };
}

type Make = (network: Network) => Network;

/**
 * Whether a mistake gives what was given. Most are ruled out by a part of the input: one sequence, and where nothing is read
 * from the end, its first steps.
 */
function fitting(network: Network, { matches }: Sought): (make: Make, whole?: boolean) => boolean {
  const parts = partsOf(network);
  return (make, whole = false) =>
    (whole ? [] : parts).every((part) => matches(replay(make(part)), false)) && matches(replay(make(network)), true);
}

function partsOf(network: Network): Network[] {
  const cut = (steps: number): Network => ({
    ...network,
    x: network.x.slice(0, 1).map((x) => x.slice(0, steps)),
    start: network.start.map((side) => side.slice(0, 1)),
  });
  return network.D > 1 ? [cut(Number.POSITIVE_INFINITY)] : [cut(1), cut(3)];
}

function effortOf({ weights, x, D }: Network, { steps }: Sought): number {
  const size = (weight: Matrix): number => weight.length * (weight[0]?.length ?? 0);
  const products = weights.reduce((sum, { weightIh, weightHh }) => sum + size(weightIh) + size(weightHh), 0);
  // besides the products, a step costs as much as some thousand of them
  return (products + 3000 * weights.length) * (D > 1 ? Math.min(steps, x[0]!.length) : 1);
}

/** Whether all of the output is the same multiple of what it should be, or that with zeros in between. */
function scaled({ expected, given }: Compared): Diagnosis | undefined {
  const [right, left] = [valuesOf(expected.rows), valuesOf(given.rows)];
  const kept = [...right.keys()].filter((i) => left[i] !== 0 && Math.abs(right[i]!) > 1e-3);
  if (kept.length < 4) return undefined;
  const factor = left[kept[0]!]! / right[kept[0]!]!;
  if (!kept.every((i) => Math.abs(left[i]! / right[i]! - factor) < 1e-4 * Math.abs(factor))) return undefined;
  const dropped = left.filter((v, i) => v === 0 && right[i] !== 0).length;
  if (dropped === 0 && Math.abs(factor - 1) < 1e-3) return undefined;
  return dropped > 0
    ? {
        cause: "dropout active on the output: some of it is zero, the rest scaled",
        hint: "call eval() on what you compare",
      }
    : {
        cause: `the output is ${Number(factor.toPrecision(4))} times what it should be`,
        hint: "an output is h as it is, without any factor",
      };
}

function brokenAt(at: Parting, { run }: Compared): Diagnosis {
  const value = Number.isNaN(at.actual) ? "NaN" : at.actual! > 0 ? "Infinity" : "-Infinity";
  const equation = run.cell.equations[at.term ?? ""];
  const step = at.step === null ? "" : ` at step ${at.step}`;
  return {
    cause: `${value} first appears in ${at.term}${step}`,
    hint: `${equation ? `look at ${at.term} = ${equation}; ` : ""}NaN comes from 0/0, ∞/∞ or ∞ - ∞: an exp() that overflows, a logarithm or root of a negative number, a division by zero`,
  };
}

/** What the place of the first difference says by itself. */
function whereToLook(equations: Readonly<Record<string, string>>, { step, term, direction }: Parting): string {
  const equation = term === null ? undefined : equations[term];
  if (equation !== undefined) return `look at ${term} = ${equation}`;
  if (term === "output" && step === 0 && direction === 0) {
    return "the first step differs already, where nothing has been carried: look at the weights, the gates and the functions";
  }
  if (term === "output")
    return "the first step is right: look at what is carried from step to step, and at W_hh and b_hh";
  return "the outputs are right: look at which states are given back, and in which order";
}
