/**
 * What an explanation consists of. A step of a layer in one direction is a list of terms, in the order in which one would
 * compute them by hand; the names are those of the equations, a prime marks the state after the step:
 *
 *     x, h, c                              what goes in
 *     W_ih·x, b_ih   for each gate         and their sum   x.i = W_ih·x + b_ih
 *     W_hh·h, b_hh   for recurrent gates   and their sum   r.i = W_hh·h + b_hh
 *     v.p          for each vector         a weight of one number for each unit, if the cell has any
 *     i, f, g, o, c', t, h'                all that the cell's page computes
 *     W_hr·h'                              the projection, where there is one: the new h
 */
import type { Tensor } from "../autograd/tensor.ts";
import type { Cell } from "../cells/cell.ts";

/** What the numbers along one dimension belong to. */
export type Axis = "batch" | "feature" | "unit" | "projection" | "row";

/** Which way a layer reads the sequence. */
export type Direction = "forward" | "reverse";

/** One named quantity of a step. */
export interface Term {
  /** `W_ih·x`, `b_ih`, `x.i`, `c'`. */
  readonly name: string;
  /** The gate that a share of a product, a bias or a sum belongs to. */
  readonly gate?: string;
  /** What each dimension of the value is. An input without a batch has no axis "batch". */
  readonly axes: readonly Axis[];
  readonly value: Tensor;
}

/** Everything that happens in one layer, in one direction, at one time. */
export interface ExplainedStep {
  readonly layer: number;
  readonly direction: Direction;
  /** The time, counted from the start of the sequence in both directions. */
  readonly t: number;
  /** Which sequences of the caller's batch the rows belong to; packed sequences end at different times. */
  readonly sequences: readonly number[];
  readonly terms: readonly Term[];
}

/** A weight of one layer and direction, as it was when the layer was explained. */
export interface NamedWeight {
  /** Its name in the equations: `W_ih`. */
  readonly name: string;
  /** torch's name: `weight_ih_l0_reverse`. */
  readonly parameter: string;
  readonly axes: readonly Axis[];
  readonly value: Tensor;
}

/** The weights of one layer in one direction. */
export interface Side {
  readonly layer: number;
  readonly direction: Direction;
  readonly weights: readonly NamedWeight[];
}

/** A run of a layer with all its terms. */
export interface Run {
  /** The layer as torch prints it. */
  readonly layer: string;
  readonly cell: Cell;
  /** T, the number of times. */
  readonly T: number;
  readonly batched: boolean;
  readonly batchFirst: boolean;
  readonly sides: readonly Side[];
  readonly steps: readonly ExplainedStep[];
}

/** The name of a result: the state after the step has a prime. */
export function primed(cell: Cell, name: string): string {
  return cell.state.includes(name) ? `${name}'` : name;
}

/** The term of a step with this name; `W_ih·x`, `b_ih`, `W_hh·h` and `b_hh` need the gate as well. */
export function findTerm(step: ExplainedStep, name: string, gate?: string): Term | undefined {
  return step.terms.find((term) => term.name === name && (gate === undefined || term.gate === gate));
}

/** The equations of the cell; a layer without biases has them without. */
export function equationsOf({ cell, sides }: Run): Readonly<Record<string, string>> {
  if (sides[0]!.weights.some(({ name }) => name === "b_ih")) return cell.equations;
  const lines = Object.entries(cell.equations).map(([name, line]) => [name, line.replaceAll(/ \+ b_\w+/g, "")]);
  return Object.fromEntries(lines);
}
