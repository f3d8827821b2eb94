/** A stack of recurrent layers: each reads what the one below gave, in one direction or in both. */
import { cat, stack, stackNamed, unbind } from "../autograd/join.ts";
import { dropout } from "../autograd/random.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Cell } from "../cells/cell.ts";
import { type ScanWeights, type Sequences, scan } from "./scan.ts";

/** How a stack runs, besides its weights. */
export interface StackOptions {
  /** Directions, 1 or 2. */
  readonly D: number;
  /** Probability of dropout between the layers. */
  readonly dropout: number;
  readonly training: boolean;
  /** torch's name for the node that joins the steps of a padded batch. */
  readonly outputNode: string;
}

/**
 * Runs all layers: `weights` layer by layer and direction by direction, the states (L·D, B, H) each. Gives the output,
 * (T, B, D·P) or packed as the input was, and the states after the last step.
 */
export function runStack(
  cell: Cell,
  weights: readonly ScanWeights[],
  x: Sequences,
  start: readonly Tensor[],
  options: StackOptions,
): [output: Tensor, states: Tensor[]] {
  const { D } = options;
  const starts = start.map((state) => unbind(state));
  const ends: Tensor[][] = start.map(() => []);
  const { batchSizes } = x;
  let { data } = x;
  for (let first = 0; first < weights.length; first += D) {
    const sides = weights.slice(first, first + D).map((own, direction) => {
      const state = Object.fromEntries(cell.state.map((name, i) => [name, starts[i]![first + direction]!]));
      const join = (outputs: readonly Tensor[]): Tensor =>
        batchSizes ? cat(outputs) : stackNamed(options.outputNode, outputs, 0);
      const run = scan(cell, own, { data, batchSizes }, state, direction === 1, join);
      for (const [i, name] of cell.state.entries()) ends[i]!.push(run.state[name]!);
      return run.output;
    });
    data = sides.length === 1 ? sides[0]! : cat(sides, -1);
    const last = first + D === weights.length;
    if (!last && options.dropout > 0) data = dropout(data, options.dropout, options.training);
  }
  return [data, ends.map((states) => stack(states))];
}
