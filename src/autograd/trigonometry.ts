/** Sines and their kin, of angles and of hyperbolas: JavaScript's, rounded once. */
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { rsqrt } from "./logarithm.ts";
import { type OfOne, real, unary } from "./table.ts";

/** torch.sin. */
export const sin: OfOne = unary("SinBackward0", real(Math.sin), { rule: (g, x) => mul(g, cos(x)), reads: "x" });
/** torch.cos. */
export const cos: OfOne = unary("CosBackward0", real(Math.cos), { rule: (g, x) => mul(g, neg(sin(x))), reads: "x" });
/** torch.tan. */
export const tan: OfOne = unary("TanBackward0", real(Math.tan), {
  rule: (g, _, y) => mul(g, add(mul(y, y), 1)),
  reads: "y",
});
/** torch.asin. */
export const asin: OfOne = unary("AsinBackward0", real(Math.asin), {
  rule: (g, x) => mul(g, rsqrt(sub(1, mul(x, x)))),
  reads: "x",
});
/** torch.acos. */
export const acos: OfOne = unary("AcosBackward0", real(Math.acos), {
  rule: (g, x) => neg(mul(g, rsqrt(sub(1, mul(x, x))))),
  reads: "x",
});
/** torch.atan. */
export const atan: OfOne = unary("AtanBackward0", real(Math.atan), {
  rule: (g, x) => div(g, add(mul(x, x), 1)),
  reads: "x",
});
/** torch.sinh. */
export const sinh: OfOne = unary("SinhBackward0", real(Math.sinh), { rule: (g, x) => mul(g, cosh(x)), reads: "x" });
/** torch.cosh. */
export const cosh: OfOne = unary("CoshBackward0", real(Math.cosh), { rule: (g, x) => mul(g, sinh(x)), reads: "x" });
