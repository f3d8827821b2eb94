/** New contents for a tensor: those of another one, one number everywhere, zeros. */
import { RuntimeError } from "../check.ts";
import { allocate, copyDense } from "../dense/dense.ts";
import { broadcastShapes } from "../dense/shape.ts";
import { expand, toDtype } from "./broadcast.ts";
import { become, expectShape, expectWritable, inPlace } from "./overwrite.ts";
import { sum } from "./reduce.ts";
import { asTensor, type Operand } from "./table.ts";
import { Tensor, tracked } from "./tensor.ts";

const zeros = (g: Tensor): Tensor => new Tensor(allocate(g.shape, g.dtype));

/** torch.Tensor.copy_: takes over the numbers of `source`, broadcast and cast. */
export function copy_(x: Tensor, source: Operand): Tensor {
  expectWritable(x);
  const given = asTensor(source, x.dtype);
  expectShape(x, broadcastShapes(x.shape, given.shape));
  const fitting = toDtype(expand(given, x.shape), x.dtype);
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
  return tracked(value instanceof Tensor ? "FillBackward3" : "FillBackward2", [x, filler], constant, [
    zeros,
    (g) => sum(g),
  ]);
});

/** torch.Tensor.zero_: zeros everywhere. */
export const zero_ = inPlace((x: Tensor): Tensor => tracked("ZeroBackward0", [x], allocate(x.shape, x.dtype), [zeros]));
