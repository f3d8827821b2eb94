/** A table of operations: expressions in TypeScript, keyed by the same expression in Python. */

import type { Tensor } from "unrolled";
import * as torch from "unrolled";

/** The inputs of test/golden/operations.py, by name. */
export type Inputs = Readonly<Record<string, Tensor>>;

/** What an expression gives: a tensor, or several. */
export type Outcome = Tensor | Iterable<Tensor>;

export type Table = Readonly<Record<string, (inputs: Inputs) => Outcome>>;

/** Does something to `x` and gives `x`. */
export function setIn(x: Tensor, change: (x: Tensor) => unknown): Tensor {
  change(x);
  return x;
}

/** A view that was taken before its base changed. */
export function viewAfter(x: Tensor, view: (x: Tensor) => Tensor, change: (x: Tensor) => unknown): Tensor {
  const window = view(x);
  change(x);
  return window.mul(1);
}

/** A draw from the default generator, seeded. */
export function seeded(seed: number, draw: () => Tensor): Tensor {
  torch.manualSeed(seed);
  return draw();
}
