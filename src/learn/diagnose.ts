/** From a difference to its likely cause: the first known mistake that gives what was given. */
import { noGrad } from "../autograd/mode.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { slice } from "../autograd/views.ts";
import type { Given } from "./answer.ts";
import { locate, type Parting, reproduces } from "./compare.ts";
import type { Mistake } from "./mistake.ts";
import { carriedMistakes, localMistakes } from "./mistakes.ts";
import { type Run, run, type Setup } from "./run.ts";
import { maxUlps } from "./ulp.ts";

/** A cause and what to do about it. */
export interface Diagnosis {
  readonly cause: string;
  readonly hint: string;
}

/** Other precisions leave differences up to about this many ulp; no mistake is as small. */
const ROUNDING = 2 ** 12;

/** Names the cause of a difference. `again` is what the same network gave when it was asked a second time. */
export function diagnose(
  setup: Setup,
  expected: Run,
  given: Given,
  again: Given | string,
  place: Parting,
  tolerance: number,
): Diagnosis {
  if (typeof again === "string" || maxUlps(given.output, again.output) > 0) {
    return {
      cause: "not the same twice: dropout left on, or other random numbers",
      hint: "call eval() on what you compare; noise has to be off",
    };
  }
  const gives = (variation: Setup, what: Given): boolean =>
    reproduces(
      noGrad(() => run(variation)),
      what,
      tolerance,
    );
  for (const { cause, hint, setup: variation } of carriedMistakes(setup)) {
    if (gives(variation, given)) return { cause, hint };
  }
  const [short, told] = shortened(setup, given);
  const all = localMistakes(setup)[Symbol.iterator]();
  for (const { setup: variation } of localMistakes(short)) {
    const { cause, hint, setup: whole } = all.next().value as Mistake;
    if (gives(variation, told) && gives(whole, given)) return { cause, hint };
  }
  if (given.output.dtype !== expected.output.dtype || !locate(expected, given, ROUNDING)) {
    return {
      cause: "rounding",
      hint: `it computes in another precision or order (${given.output.dtype} here, ${expected.output.dtype} in the layer)`,
    };
  }
  return { cause: "unknown: none of the known mistakes alone gives this", hint: whereToLook(setup, place) };
}

/**
 * A part of the input on which most mistakes can be ruled out quickly: two sequences, and, where nothing is read from the
 * end, the first steps.
 */
function shortened(setup: Setup, given: Given): [setup: Setup, given: Given] {
  const [T, B] = [setup.x.data.shape[0]!, setup.x.data.shape[1]!];
  const steps = setup.reversed.includes(true) ? T : Math.min(T, 4);
  const part = (x: Tensor): Tensor => slice(slice(x, 0, 0, steps), 1, 0, Math.min(B, 2));
  const rows = (x: Tensor): Tensor => slice(x, 1, 0, Math.min(B, 2));
  const states = steps === T ? given.states.map(rows) : [];
  return [
    { ...setup, x: { data: part(setup.x.data) }, start: setup.start.map(rows) },
    { ...given, output: part(given.output), states },
  ];
}

/** What the place of the first difference says by itself. */
function whereToLook(setup: Setup, { step, term, direction }: Parting): string {
  const page = setup.page(setup.weights[0]!);
  const equation = term === null ? undefined : page.equations[term];
  if (equation !== undefined) return `look at ${term} = ${equation}`;
  if (term === "output" && step === 0 && direction === 0) {
    return "the first step differs already, where nothing has been carried: look at the weights, the gates and the functions";
  }
  if (term === "output")
    return "the first step is right: look at what is carried from step to step, and at W_hh and b_hh";
  return "the outputs are right: look at which states are given back, and in which order";
}
