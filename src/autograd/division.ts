/** Quotients that are rounded to whole numbers. */
import { RuntimeError } from "../check.ts";
import type { Binary } from "../dense/elementwise.ts";
import { mul } from "./arithmetic.ts";
import { binary, type Operand } from "./table.ts";
import type { Tensor } from "./tensor.ts";

/** a/b rounded down. */
export const floorOfQuotient: Binary = {
  number: floorQuotient,
  short: (a, b) => Math.floor(a / divisor(b)),
  integer: (a, b) => (a - moduloOfIntegers(a, b)) / b,
};

const truncOfQuotient: Binary = {
  number: (a, b) => Math.trunc(a / b),
  short: (a, b) => Math.trunc(a / divisor(b)),
  integer: (a, b) => a / divisor(b),
};

const none = { rule: (g: Tensor): Tensor => mul(g, 0) };
const rounded = {
  floor: binary("DivBackward2", floorOfQuotient, none, none),
  trunc: binary("DivBackward2", truncOfQuotient, none, none),
};

/** a/b rounded down or towards zero: torch.div with a rounding mode. */
export function roundedQuotient(a: Operand, b: Operand, roundingMode: "floor" | "trunc"): Tensor {
  return rounded[roundingMode](a, b);
}

/** The rest of a division that was rounded down; it has the sign of b. */
export function modulo(a: number, b: number): number {
  const left = a % b;
  return left !== 0 && left < 0 !== b < 0 ? left + b : left;
}

/** `modulo` of int64. */
export function moduloOfIntegers(a: bigint, b: bigint): bigint {
  const left = a % divisor(b);
  return left !== 0n && left < 0n !== b < 0n ? left + b : left;
}

/** By way of the exact rest, as in Python: ⌊a/b⌋ would be one too high where a/b is rounded up to a whole number. */
function floorQuotient(a: number, b: number): number {
  if (b === 0) return a / b;
  const quotient = (a - modulo(a, b)) / b;
  return quotient === 0 ? 0 * (a / b) : Math.round(quotient);
}

/** Demands that b is not zero. Errors: RuntimeError. */
export function divisor<T extends number | bigint>(b: T): T {
  // biome-ignore lint/suspicious/noDoubleEquals: zero of either kind
  if (b == 0) throw new RuntimeError("ZeroDivisionError");
  return b;
}
