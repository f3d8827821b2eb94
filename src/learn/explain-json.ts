/** An explanation as plain data: what a page needs to show it, without tensors. */

import type { Tensor } from "../autograd/tensor.ts";
import { formulas } from "../cells/text.ts";
import { elements } from "../dense/dense.ts";
import { floatText } from "../dense/number-text.ts";
import { type Axis, type Direction, equationsOf, type Run } from "./terms.ts";

/** Nested lists; what JSON has no number for is "nan", "inf" or "-inf". */
export type Numbers = number | string | readonly Numbers[];

/** A named quantity. */
export interface QuantityJSON {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly shape: readonly number[];
  readonly values: Numbers;
}

/** What `toJSON` gives. */
export interface ExplanationJSON {
  /** The layer as torch prints it. */
  readonly layer: string;
  readonly cell: string;
  readonly dtype: string;
  readonly gates: readonly string[];
  readonly state: readonly string[];
  /** One line of mathematics for each result of a step, as in torch's documentation. */
  readonly equations: Readonly<Record<string, string>>;
  /** The same in the terms of the steps: `sigmoid(x.i + r.i)`. */
  readonly formulas: Readonly<Record<string, string>>;
  readonly latex: string;
  readonly weights: readonly {
    readonly layer: number;
    readonly direction: Direction;
    readonly weights: readonly (QuantityJSON & { readonly parameter: string })[];
  }[];
  readonly steps: readonly {
    readonly layer: number;
    readonly direction: Direction;
    readonly t: number;
    readonly sequences: readonly number[];
    readonly terms: readonly (QuantityJSON & { readonly gate?: string })[];
  }[];
}

/** The plain data of a run. */
export function explanationJSON(run: Run, latex: string): ExplanationJSON {
  const { layer, cell, sides, steps } = run;
  const plain = <Q extends { readonly value: Tensor }>({ value, ...rest }: Q) => {
    return { ...rest, shape: [...value.shape], values: nested(value) };
  };
  return {
    layer,
    cell: cell.name,
    dtype: `${sides[0]!.weights[0]!.value.dtype}`,
    gates: cell.gates,
    state: cell.state,
    equations: equationsOf(run),
    formulas: formulas(cell),
    latex,
    weights: sides.map((side) => ({ ...side, weights: side.weights.map(plain) })),
    steps: steps.map((step) => ({ ...step, terms: step.terms.map(plain) })),
  };
}

function nested({ value }: Tensor): Numbers {
  let level: Numbers[] = Array.from(elements(value), Number).map((x) => (Number.isFinite(x) ? x : floatText(x)));
  if (value.shape.length === 0) return level[0]!;
  for (const length of value.shape.slice(1).reverse()) {
    const count = length === 0 ? 0 : level.length / length;
    level = Array.from({ length: count }, (_, i) => level.slice(i * length, (i + 1) * length));
  }
  return level;
}
