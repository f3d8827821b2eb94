/**
 * Writing into a tensor, seen from the graph. An in-place operation is the ordinary one followed by a handover: the tensor
 * takes over the result's numbers and its past. When the tensor is a view, its base gets a new past (torch's CopySlices):
 * everything as before, but for the window that was written.
 */

import { listText, RuntimeError } from "../check.ts";
import { elements, writeElements } from "../dense/dense.ts";
import { strongerKind } from "../dense/dtype.ts";
import { cast } from "../dense/elementwise.ts";
import { type Dims, sameDims } from "../dense/shape.ts";
import { type Edge, Node, shortName } from "./graph.ts";
import { isGradEnabled } from "./mode.ts";
import { cut, layoutOf, withoutWindow } from "./strided.ts";
import { Tensor } from "./tensor.ts";

/** Refuses to change a leaf that wants a gradient, or what a view shows of one. */
export function expectLeafUntouched(x: Tensor): void {
  if (!isGradEnabled()) return;
  const view = x.viewOf;
  if (x.requiresGrad || view?.base.requiresGrad) expectOrdinaryView(x);
  if (x.requiresGrad && x.isLeaf) {
    throw new RuntimeError(
      "a leaf Variable that requires grad is being used in an in-place operation.",
      "update parameters inside noGrad(() => ...)",
    );
  }
  if (view?.base.requiresGrad && view.base.isLeaf) {
    throw new RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.");
  }
}

function expectOrdinaryView({ viewOf, history }: Tensor): void {
  if (viewOf?.origin === "unrecorded") {
    throw new RuntimeError(
      "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).",
    );
  }
  if (viewOf?.origin !== "several") return;
  const which = history
    ? `Output ${history.output} of ${shortName(history.node)} is a view and is being modified inplace.`
    : "A view was created in no_grad mode and is being modified inplace with grad mode enabled.";
  throw new RuntimeError(
    `${which} This view is the output of a function that returns multiple views. Such functions do not allow the output views to be modified inplace. You should replace the inplace operation by an out-of-place one.`,
  );
}

/** Refuses what torch refuses to write into; nothing has been touched then. */
export function expectWritable(x: Tensor): void {
  expectLeafUntouched(x);
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
  let source = result;
  if (result.dtype !== x.dtype) {
    source = new Tensor(cast(result.value, x.dtype));
    source.setHistory(result.history);
  }
  const view = x.viewOf;
  const recorded = isGradEnabled() && (source.requiresGrad || x.requiresGrad || view?.base.requiresGrad);
  if (recorded) expectOrdinaryView(x);
  const base = view?.base.gradientEdge;
  writeElements(x.value, elements(source.value));
  if (!recorded) return x;
  const { history } = source;
  if (view) view.base.setHistory({ node: copySlices(view.base, base, x, source), output: 0 });
  else x.setHistory(history);
  history?.node.resave(source, x);
  return x;
}

/** The in-place form of an operation. */
export function inPlace<Rest extends unknown[]>(
  operation: (x: Tensor, ...rest: Rest) => Tensor,
): (x: Tensor, ...rest: Rest) => Tensor {
  return (x, ...rest) => {
    expectWritable(x);
    const before = standIn(x);
    const result = operation(before, ...rest);
    result.history?.node.detachSaved(before);
    return become(x, result);
  };
}

/** What stands for `x` while an operation that will write into it is recorded. */
export function standIn(x: Tensor): Tensor {
  const before = new Tensor(x.value);
  before.setHistory(x.history);
  return before;
}

/** Refuses a result of another shape. */
export function expectShape(x: Tensor, shape: Dims): void {
  if (sameDims(x.shape, shape)) return;
  throw new RuntimeError(`output with shape ${listText(x.shape)} doesn't match the broadcast shape ${listText(shape)}`);
}

function expectResult(x: Tensor, result: Tensor): void {
  expectShape(x, result.shape);
  if (strongerKind(result.dtype.kind, x.dtype.kind)) {
    throw new RuntimeError(
      `result type ${result.dtype.scalarType} can't be cast to the desired output type ${x.dtype.scalarType}`,
    );
  }
}

/** The past of a base whose window `x` was overwritten by `written`. */
function copySlices(base: Tensor, past: Edge | undefined, x: Tensor, written: Tensor): Node {
  const [outer, inner] = [layoutOf(base.value), layoutOf(x.value)];
  return new Node(
    "CopySlices",
    [past, written.gradientEdge],
    [(g) => withoutWindow(g, outer, inner), (g) => cut(g, outer, inner)],
    [],
  );
}
