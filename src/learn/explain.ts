/** Every term of every step of a recurrent layer, by name: as tensors, as a text to follow by hand, as JSON, as LaTeX. */
import { noGrad } from "../autograd/mode.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { latex } from "../cells/latex.ts";
import { ValueError } from "../check.ts";
import type { PackedSequence } from "../nn/packed.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import { type ExplanationJSON, explanationJSON } from "./explain-json.ts";
import { explanationText, type TextOptions } from "./explain-text.ts";
import { expectLayer } from "./run.ts";
import { type Direction, type ExplainedStep, findTerm, type Run, type Side, type Term } from "./terms.ts";
import { watch } from "./watch.ts";

/** One step among all; what is left out is the first. */
export interface StepPlace {
  readonly layer?: number;
  readonly direction?: Direction;
  /** The time, counted from the start of the sequence in both directions. */
  readonly step?: number;
}

/** What `explain` gives. */
export class Explanation<State = unknown, Output = Tensor | PackedSequence> {
  /** What `forward` gives in evaluation mode, to the bit. */
  readonly output: Output;
  readonly state: State;
  /** Layer by layer, direction by direction, in the order of time. */
  readonly steps: readonly ExplainedStep[];
  /** The weights that were used, layer by layer and direction by direction. */
  readonly sides: readonly Side[];
  private readonly run: Run;

  constructor(run: Run, output: Output, state: State) {
    this.run = run;
    this.output = output;
    this.state = state;
    this.steps = run.steps;
    this.sides = run.sides;
  }

  /** One step. Errors: ValueError if there is none. */
  at({ layer = 0, direction = "forward", step = 0 }: StepPlace = {}): ExplainedStep {
    const found = this.steps.find((one) => one.layer === layer && one.direction === direction && one.t === step);
    if (found) return found;
    throw new ValueError(`explain: there is no layer ${layer}, direction ${direction}, step ${step}`);
  }

  /**
   * The value of one term: `W_ih·x`, `b_ih`, `W_hh·h` and `b_hh` of a gate, all others by name alone.
   *
   *     explanation.term("W_ih·x", { gate: "f", step: 3 })
   *     explanation.term("c'", { layer: 1, direction: "reverse" })
   */
  term(name: string, { gate, ...place }: StepPlace & { readonly gate?: string } = {}): Tensor {
    const step = this.at(place);
    const found: Term | undefined = findTerm(step, name, gate);
    if (found) return found.value;
    const names = [...new Set(step.terms.map((term) => term.name))].join(", ");
    throw new ValueError(`explain: there is no term ${name}${gate ? ` of gate ${gate}` : ""}`, `there are ${names}`);
  }

  /** The equation with the numbers in it, for each step, gate and unit: to be followed with a pocket calculator. */
  toText(options: TextOptions = {}): string {
    return explanationText(this.run, options);
  }

  /** The same as plain data for a page: names, axes, numbers, equations and formulas. */
  toJSON(): ExplanationJSON {
    return explanationJSON(this.run, this.toLatex());
  }

  /** The formula of the cell in LaTeX. */
  toLatex(): string {
    const weights = this.sides[0]!.weights;
    const has = (name: string): boolean => weights.some((weight) => weight.name === name);
    return latex(this.run.cell, { bias: has("b_ih"), projected: has("W_hr") });
  }

  toString(): string {
    return this.toText();
  }
}

/**
 * Runs a layer without recording and without dropout, and keeps all it computes. Input and state are those of `forward`:
 * (T, B, F), (B, T, F) with `batchFirst`, (T, F) without a batch, or packed; no state is a zero state. The terms
 * add up to the layer's sums to the bit. In half precision a layer keeps a product in float32 until the bias is added, and
 * so does its term: their sum, rounded to half precision, is the layer's.
 *
 *     const explanation = explain(new nn.LSTM(3, 2), x);
 *     print(explanation.toText({ step: 0, lang: "zh" }));
 */
export function explain<State>(layer: Recurrent<State>, x: Tensor, state?: State | null): Explanation<State, Tensor>;
export function explain<State>(
  layer: Recurrent<State>,
  x: Tensor | PackedSequence,
  state?: State | null,
): Explanation<State>;
export function explain<State>(
  layer: Recurrent<State>,
  x: Tensor | PackedSequence,
  state?: State | null,
): Explanation<State> {
  expectLayer("explain", layer);
  return noGrad(() => {
    const watched = watch(layer, x, state);
    return new Explanation(watched.run, watched.output, watched.state);
  });
}
