/** Logarithms to other bases, and what else is near an exponential or a root: JavaScript's, rounded once. */
import { add, div, mul } from "./arithmetic.ts";
import { pow } from "./pointwise.ts";
import { type OfOne, real, unary } from "./table.ts";

/** torch.log2. */
export const log2: OfOne = unary("Log2Backward0", real(Math.log2), {
  rule: (g, x) => div(g, mul(x, Math.LN2)),
  reads: "x",
});
/** torch.log10. */
export const log10: OfOne = unary("Log10Backward0", real(Math.log10), {
  rule: (g, x) => div(g, mul(x, Math.LN10)),
  reads: "x",
});
/** torch.expm1: e^x − 1, exact for small x. */
export const expm1: OfOne = unary("Expm1Backward0", real(Math.expm1), {
  rule: (g, _, y) => mul(g, add(y, 1)),
  reads: "y",
});
/** torch.rsqrt: 1/√x. */
export const rsqrt: OfOne = unary(
  "RsqrtBackward0",
  real((x) => 1 / Math.sqrt(x)),
  {
    rule: (g, _, y) => mul(mul(g, -0.5), pow(y, 3)),
    reads: "y",
  },
);
