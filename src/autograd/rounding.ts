/** Rounding to whole numbers, or to digits after the point. The slope of a step is zero. */
import { float64 } from "../dense/dtype.ts";
import { mul } from "./arithmetic.ts";
import { keepsIntegers, type OfOne, real, unary } from "./table.ts";
import type { Tensor } from "./tensor.ts";

/** torch.floor. */
export const floor: OfOne = unary("FloorBackward0", keepsIntegers(Math.floor), { rule: (g) => mul(g, 0) });
/** torch.ceil. */
export const ceil: OfOne = unary("CeilBackward0", keepsIntegers(Math.ceil), { rule: (g) => mul(g, 0) });
/** torch.trunc. */
export const trunc: OfOne = unary("TruncBackward0", keepsIntegers(Math.trunc), { rule: (g) => mul(g, 0) });
const roundWhole = unary("RoundBackward0", keepsIntegers(roundHalfToEven), { rule: (g) => mul(g, 0) });

/** torch.round: half goes to even; to whole numbers, or to `decimals` digits after the point. */
export function round(x: Tensor, options: { decimals?: number } = {}): Tensor {
  const { decimals = 0 } = options;
  if (decimals === 0 || x.dtype.kind !== "float") return roundWhole(x);
  const ten = 10 ** Math.abs(decimals);
  const single = x.dtype !== float64;
  const up = (v: number): number => (decimals > 0 ? v * ten : v / ten);
  const down = (v: number): number => (decimals > 0 ? v / ten : v * ten);
  const number = (v: number): number => down(roundHalfToEven(single ? Math.fround(up(v)) : up(v)));
  return unary("RoundBackward1", real(number), { rule: (g) => mul(g, 0) })(x);
}

function roundHalfToEven(x: number): number {
  if (x < 0) return -roundHalfToEven(-x); // so that −0.5 becomes −0
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
