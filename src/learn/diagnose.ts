/** From a difference to its likely cause: the first known mistake that gives what was given. */
import { noGrad } from "../autograd/mode.ts";
import type { Given } from "./answer.ts";
import { type Parting, reproduces } from "./compare.ts";
import { relativeUlps } from "./distance.ts";
import { mistakes } from "./mistakes.ts";
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
  for (const { cause, hint, setup: variation } of mistakes(setup)) {
    if (
      reproduces(
        noGrad(() => run(variation)),
        given,
        tolerance,
      )
    )
      return { cause, hint };
  }
  if (given.output.dtype !== expected.output.dtype || relativeUlps(expected.output, given.output) <= ROUNDING) {
    return {
      cause: "rounding",
      hint: `it computes in another precision or order (${given.output.dtype} here, ${expected.output.dtype} in the layer)`,
    };
  }
  return { cause: "unknown: none of the known mistakes alone gives this", hint: whereToLook(setup, place) };
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
