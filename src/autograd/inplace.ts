/**
 * Writing into a tensor. An in-place operation is the ordinary one followed by a handover: the tensor takes over the
 * result's value and its past. When the tensor is a view, its base gets a new past (torch's CopySlices): everything as
 * before, but for the window that was written.
 */
import { listText, RuntimeError } from "../check.ts";
import { allocate, copyDense, elements, writeElements } from "../dense/dense.ts";
import { strongerKind } from "../dense/dtype.ts";
import { sameDims } from "../dense/shape.ts";
import * as arithmetic from "./arithmetic.ts";
import { expand, toDtype } from "./broadcast.ts";
import { Node } from "./graph.ts";
import { isGradEnabled } from "./mode.ts";
import * as pointwise from "./pointwise.ts";
import { sum } from "./reduce.ts";
import { contiguous } from "./shape.ts";
import { asTensor, type Operand } from "./table.ts";
import { Tensor, tracked } from "./tensor.ts";

/** Refuses what torch refuses to write into; nothing has been touched then. */
export function expectWritable(x: Tensor): void {
  if (isGradEnabled()) {
    if (x.requiresGrad && x.isLeaf) {
      throw new RuntimeError(
        "a leaf Variable that requires grad is being used in an in-place operation.",
        "update parameters inside noGrad(() => ...)",
      );
    }
    const base = x.viewOf?.base;
    if (base?.requiresGrad && base.isLeaf) {
      throw new RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.");
    }
  }
  const { shape, strides } = x.value;
  if (shape.some((length, d) => length > 1 && strides[d] === 0)) {
    throw new RuntimeError(
      "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.",
    );
  }
}

/** Makes `x` what `result` is: its numbers and its past. Gives `x` back. */
export function become(x: Tensor, result: Tensor): Tensor {
  expectResult(x, result);
  const source = result.dtype === x.dtype ? result : toDtype(result, x.dtype);
  writeElements(x.value, elements(source.value));
  const view = x.viewOf;
  if (!isGradEnabled() || !(source.requiresGrad || x.requiresGrad || view?.base.requiresGrad)) return x;
  const { history } = source;
  if (view) {
    view.base.setHistory({ node: copySlices(view.base, source, view.replay), output: 0 });
  } else {
    x.setHistory(history);
  }
  history?.node.resave(source, x);
  return x;
}

function expectResult(x: Tensor, result: Tensor): void {
  if (!sameDims(x.shape, result.shape)) {
    throw new RuntimeError(
      `output with shape ${listText(x.shape)} doesn't match the broadcast shape ${listText(result.shape)}`,
    );
  }
  if (strongerKind(result.dtype.kind, x.dtype.kind)) {
    throw new RuntimeError(
      `result type ${result.dtype.scalarType} can't be cast to the desired output type ${x.dtype.scalarType}`,
    );
  }
}

/** The past of a base whose window `window(base)` was overwritten by `written`. */
function copySlices(base: Tensor, written: Tensor, window: (base: Tensor) => Tensor): Node {
  return new Node(
    "CopySlices",
    [base.gradientEdge, written.gradientEdge],
    [(g) => withoutWindow(g, window), (g) => window(contiguous(g))],
    [],
  );
}

/** `g` with zeros in a window: what the numbers that were overwritten still have a say in. */
function withoutWindow(g: Tensor, window: (base: Tensor) => Tensor): Tensor {
  const rest = copyDense(g.value);
  const hole = window(new Tensor(rest)).value;
  writeElements(hole, hole.dtype.allocate(hole.count));
  rest.storage.version = 0;
  return tracked("CopySlices", [g], rest, [(back) => withoutWindow(back, window)]);
}

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
export const fill_ = inPlace((x: Tensor, value: Operand) => {
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
export const zero_ = inPlace((x: Tensor) => tracked("ZeroBackward0", [x], allocate(x.shape, x.dtype), [zeros]));

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
