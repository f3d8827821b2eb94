/** What quotients that are rounded to whole numbers leave, `%` and C's `fmod`, and Python's `//`. */
import { RuntimeError } from "../check.ts";
import type { Binary } from "../dense/elementwise.ts";
import { div, mul, neg } from "./arithmetic.ts";
import { divisor, floorOfQuotient, modulo, moduloOfIntegers } from "./division.ts";
import { binary, type Operand } from "./table.ts";
import { Tensor } from "./tensor.ts";

type OfTwo = (a: Operand, b: Operand) => Tensor;

/** The rest of a division that was rounded towards zero; it has the sign of a. */
const restOfTrunc: Binary = {
  number: (a, b) => a % b,
  short: (a, b) => a % divisor(b),
  integer: (a, b) => a % divisor(b),
};

/** The rest of a division that was rounded down; it has the sign of b. */
const restOfFloor: Binary = { number: modulo, short: (a, b) => modulo(a, divisor(b)), integer: moduloOfIntegers };

/** torch.remainder, Python's `%`: the result has the sign of the divisor. */
export const remainder: OfTwo = rest("RemainderBackward", restOfFloor, "floor");

/** torch.fmod, C's `%`: the result has the sign of the dividend. */
export const fmod: OfTwo = rest("FmodBackward", restOfTrunc, "trunc");

function rest(name: string, f: Binary, roundingMode: "floor" | "trunc"): OfTwo {
  const row = (number: 0 | 1): OfTwo =>
    binary(
      `${name}${number}`,
      f,
      { rule: (g) => g },
      { rule: (g, a, b) => neg(mul(g, div(a, b, { roundingMode }))), reads: "ab" },
    );
  const [byNumber, byTensor] = [row(0), row(1)];
  return (a, b) => (b instanceof Tensor ? byTensor : byNumber)(a, b);
}

const underivable = {
  rule: (): Tensor => {
    throw new RuntimeError("derivative for aten::floor_divide is not implemented");
  },
};

/** torch.floor_divide, Python's `//`: rounds down. It has no derivative. */
export const floorDivide: OfTwo = binary("NotImplemented", floorOfQuotient, underivable, underivable);
