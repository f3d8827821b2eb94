/** Repeating and its adjoint, summing: the pair that lets operands of different shapes meet and their gradients part. */

import { listText, RuntimeError } from "../check.ts";
import type { DType } from "../dense/dtype.ts";
import { cast } from "../dense/elementwise.ts";
import { sum } from "../dense/reduce.ts";
import { expandStrides, lengthsOf, sameDims } from "../dense/shape.ts";
import { type Tensor, tracked, viewed } from "./tensor.ts";
import { reshape } from "./views.ts";

/** torch.Tensor.expand: repeats dimensions of length 1 without copying; -1 keeps a length. */
export function expand(x: Tensor, ...shape: (number | readonly number[])[]): Tensor {
  const wanted = lengthsOf(shape);
  const lead = wanted.length - x.shape.length;
  if (lead < 0) {
    throw new RuntimeError(
      `expand(torch.${x.dtype.scalarType}Tensor{${listText(x.shape)}}, size=${listText(wanted)}): the number of sizes provided (${wanted.length}) must be greater or equal to the number of dimensions in the tensor (${x.shape.length})`,
    );
  }
  const target = wanted.map((length, d) => {
    const own = x.shape[d - lead] ?? 1;
    if (length === -1 && d >= lead) return own;
    if (length < 0 && d < lead) {
      throw new RuntimeError(
        `The expanded size of the tensor (${length}) isn't allowed in a leading, non-existing dimension ${d}`,
      );
    }
    if (own === 1 || own === length) return length;
    throw new RuntimeError(
      `The expanded size of the tensor (${length}) must match the existing size (${own}) at non-singleton dimension ${d}.  Target sizes: ${listText(wanted)}.  Tensor sizes: ${listText(x.shape)}`,
    );
  });
  const { value } = x;
  const source = x.shape;
  return viewed("ExpandBackward0", x, value.window(target, expandStrides(value.shape, value.strides, target)), (g) =>
    sumTo(g, source),
  );
}

/** Sums a gradient back to the shape of an operand that was broadcast: the adjoint of `expand`. */
export function sumTo(g: Tensor, shape: readonly number[]): Tensor {
  if (sameDims(g.shape, shape)) return g;
  const lead = g.shape.length - shape.length;
  const dims = [...g.shape.keys()].filter((d) => d < lead || (shape[d - lead] === 1 && g.shape[d] !== 1));
  const from = g.shape;
  const summed = tracked("SumBackward1", [g], sum(g.value, dims, true, g.dtype), [(back) => expand(back, from)]);
  return lead > 0 ? reshape(summed, shape) : summed;
}

/** The same numbers in another dtype (torch.Tensor.to); the very same tensor if it has it already. */
export function toDtype(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const from = x.dtype;
  return tracked("ToCopyBackward0", [x], cast(x.value, dtype), [(g) => toDtype(g, from)]);
}

/** Makes a gradient fit the tensor it belongs to: its shape and its dtype. */
export function fit(g: Tensor, x: Tensor): Tensor {
  return toDtype(sumTo(g, x.shape), x.dtype);
}

/** Puts reduced dimensions back as ones and repeats them: how the gradient of a reduction returns. */
export function spread(g: Tensor, shape: readonly number[], dims: readonly number[]): Tensor {
  const ones = shape.map((length, d) => (dims.includes(d) ? 1 : length));
  return expand(reshape(g, ones), shape);
}
