/** Quotients that are rounded to whole numbers, and what they leave: `//`, `%` and C's `fmod`. */
import { RuntimeError } from "../check.ts";
import type { Binary } from "../dense/elementwise.ts";
import { div, mul, neg } from "./arithmetic.ts";
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

const floorOfQuotient: Binary = {
  number: floorQuotient,
  short: (a, b) => Math.floor(a / divisor(b)),
  integer: (a, b) => (a - moduloOfIntegers(a, b)) / b,
};

const truncOfQuotient: Binary = {
  number: (a, b) => Math.trunc(a / b),
  short: (a, b) => Math.trunc(a / divisor(b)),
  integer: (a, b) => a / divisor(b),
};

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

const none = { rule: (g: Tensor): Tensor => mul(g, 0) };
const rounded = {
  floor: binary("DivBackward2", floorOfQuotient, none, none),
  trunc: binary("DivBackward2", truncOfQuotient, none, none),
};

/** a/b rounded down or towards zero: torch.div with a rounding mode. */
export function roundedQuotient(a: Operand, b: Operand, roundingMode: "floor" | "trunc"): Tensor {
  return rounded[roundingMode](a, b);
}

const underivable = {
  rule: (): Tensor => {
    throw new RuntimeError("derivative for aten::floor_divide is not implemented");
  },
};

/** torch.floor_divide, Python's `//`: rounds down. It has no derivative. */
export const floorDivide: OfTwo = binary("NotImplemented", floorOfQuotient, underivable, underivable);

function modulo(a: number, b: number): number {
  const left = a % b;
  return left !== 0 && left < 0 !== b < 0 ? left + b : left;
}

function moduloOfIntegers(a: bigint, b: bigint): bigint {
  const left = a % divisor(b);
  return left !== 0n && left < 0n !== b < 0n ? left + b : left;
}

/** By way of the exact rest, as in Python: ⌊a/b⌋ would be one too high where a/b is rounded up to a whole number. */
function floorQuotient(a: number, b: number): number {
  if (b === 0) return a / b;
  const quotient = (a - modulo(a, b)) / b;
  return quotient === 0 ? 0 * (a / b) : Math.round(quotient);
}

function divisor<T extends number | bigint>(b: T): T {
  // biome-ignore lint/suspicious/noDoubleEquals: zero of either kind
  if (b == 0) throw new RuntimeError("ZeroDivisionError");
  return b;
}
