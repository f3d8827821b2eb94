/** Expressions that fail, in TypeScript, keyed by the same expression in Python. */

import type { Tensor, TensorData } from "unrolled";
import * as torch from "unrolled";

/** The inputs of test/golden/errors.py, by name. */
export type Inputs = Readonly<Record<string, Tensor>>;

export type Failures = Readonly<Record<string, (inputs: Inputs) => unknown>>;

/** An int64 tensor. */
export const i = (data: TensorData): Tensor => torch.tensor(data, { dtype: torch.int64 });

export function assign(x: Tensor, grad: Tensor): void {
  x.grad = grad;
}

/** The inputs of test/golden/errors.py, anew. */
export function inputs(): Inputs {
  return {
    x: torch.arange(12, { dtype: torch.float32 }).reshape(3, 4),
    v: torch.ones(4),
    s: torch.tensor(2),
    e: torch.empty(0),
    k: torch.tensor([
      [1n, 2n],
      [3n, 4n],
    ]),
    c: torch.tensor([true, false]),
    w: torch.ones(2, 2, { requiresGrad: true }),
  };
}
