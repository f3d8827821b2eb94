/** The operations that write into their first operand: the ordinary ones, followed by the handover of overwrite.ts. */

import { RuntimeError } from "../check.ts";
import { allocate, copyDense } from "../dense/dense.ts";
import * as arithmetic from "./arithmetic.ts";
import { expand, toDtype } from "./broadcast.ts";
import { become, expectWritable } from "./overwrite.ts";
import * as pointwise from "./pointwise.ts";
import { sum } from "./reduce.ts";
import { asTensor, type Operand } from "./table.ts";
import { Tensor, tracked } from "./tensor.ts";

/** The in-place form of an operation. */
function inPlace<Rest extends unknown[]>(
  operation: (x: Tensor, ...rest: Rest) => Tensor,
): (x: Tensor, ...rest: Rest) => Tensor {
  return (x, ...rest) => {
    expectWritable(x);
    return become(x, operation(x, ...rest));
  };
}

const zeros = (g: Tensor): Tensor => new Tensor(allocate(g.shape, g.dtype));

/** torch.Tensor.copy_: takes over the numbers of `source`, broadcast and cast. */
export function copy_(x: Tensor, source: Operand): Tensor {
  expectWritable(x);
  const fitting = toDtype(expand(asTensor(source, x.dtype), x.shape), x.dtype);
  const value = copyDense(fitting.value);
  // The past of a view's base already knows that the old numbers are gone; only others must be told.
  if (x.viewOf) return become(x, tracked("CopyBackwards", [fitting], value, [(g) => g]));
  return become(x, tracked("CopyBackwards", [x, fitting], value, [zeros, (g) => g]));
}

/** torch.Tensor.fill_: one value everywhere. */
export const fill_ = inPlace((x: Tensor, value: Operand): Tensor => {
  const filler = asTensor(value, x.dtype);
  if (filler.shape.length > 0) {
    throw new RuntimeError(
      `fill_ only supports 0-dimension value tensor but got tensor with ${filler.shape.length} dimensions.`,
    );
  }
  const constant = copyDense(expand(filler, x.shape).value, x.dtype);
  return tracked("FillBackward0", [x, filler], constant, [zeros, (g) => sum(g)]);
});

/** torch.Tensor.zero_: zeros everywhere. */
export const zero_ = inPlace((x: Tensor): Tensor => tracked("ZeroBackward0", [x], allocate(x.shape, x.dtype), [zeros]));

/** torch.Tensor.add_: x ← x + alpha·other. */
export const add_ = inPlace(arithmetic.add as (x: Tensor, other: Operand, options?: { alpha?: number }) => Tensor);
/** torch.Tensor.sub_: x ← x − alpha·other. */
export const sub_ = inPlace(arithmetic.sub as (x: Tensor, other: Operand, options?: { alpha?: number }) => Tensor);
/** torch.Tensor.mul_: x ← x·other. */
export const mul_ = inPlace(arithmetic.mul as (x: Tensor, other: Operand) => Tensor);
/** torch.Tensor.div_: x ← x/other. */
export const div_ = inPlace(arithmetic.div as (x: Tensor, other: Operand) => Tensor);
/** torch.Tensor.pow_: x ← x^exponent. */
export const pow_ = inPlace(pointwise.pow as (x: Tensor, exponent: Operand) => Tensor);
/** torch.Tensor.clamp_: cut to [min, max]. */
export const clamp_ = inPlace(arithmetic.clamp);
/** torch.Tensor.masked_fill_: `value` where the mask is true. */
export const maskedFill_ = inPlace(arithmetic.maskedFill);
/** torch.Tensor.neg_: x ← −x. */
export const neg_ = inPlace(arithmetic.neg);
/** torch.Tensor.tanh_. */
export const tanh_ = inPlace(pointwise.tanh);
/** torch.Tensor.sigmoid_. */
export const sigmoid_ = inPlace(pointwise.sigmoid);
/** torch.Tensor.relu_. */
export const relu_ = inPlace(pointwise.relu);
/** torch.Tensor.exp_. */
export const exp_ = inPlace(pointwise.exp);
/** torch.Tensor.log_. */
export const log_ = inPlace(pointwise.log);
/** torch.Tensor.sqrt_. */
export const sqrt_ = inPlace(pointwise.sqrt);
/** torch.Tensor.abs_. */
export const abs_ = inPlace(pointwise.abs);
/** torch.Tensor.square_: x ← x². */
export const square_ = inPlace(pointwise.square);
/** torch.Tensor.round_. */
export const round_ = inPlace(pointwise.round);
/** torch.Tensor.floor_. */
export const floor_ = inPlace(pointwise.floor);
