/** The larger and the smaller of two tensors, number by number. */
import type { Binary } from "../dense/elementwise.ts";
import { div, eq, gt, lt, where } from "./arithmetic.ts";
import { binary, type Operand } from "./table.ts";
import type { Tensor } from "./tensor.ts";

/** torch.maximum: the larger of two; where they are equal each gets half of the gradient. */
export const maximum: (a: Operand, b: Operand) => Tensor = extreme(
  "MaximumBackward0",
  { number: (a, b) => Math.max(a, b), integer: (a, b) => (a > b ? a : b) },
  (a, b) => lt(a, b),
);

/** torch.minimum: the smaller of two; where they are equal each gets half of the gradient. */
export const minimum: (a: Operand, b: Operand) => Tensor = extreme(
  "MinimumBackward0",
  { number: (a, b) => Math.min(a, b), integer: (a, b) => (a < b ? a : b) },
  (a, b) => gt(a, b),
);

function extreme(name: string, f: Binary, loses: (a: Tensor, b: Tensor) => Tensor): (a: Operand, b: Operand) => Tensor {
  const share = (g: Tensor, mine: Tensor, other: Tensor): Tensor =>
    where(eq(mine, other), div(g, 2), where(loses(mine, other), 0, g));
  return binary(
    name,
    f,
    { rule: (g, a, b) => share(g, a, b), reads: "ab" },
    { rule: (g, a, b) => share(g, b, a), reads: "ab" },
  );
}
