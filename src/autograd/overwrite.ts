/**
 * Writing into a tensor, seen from the graph. An in-place operation is the ordinary one followed by a handover: the tensor
 * takes over the result's numbers and its past. When the tensor is a view, its base gets a new past (torch's CopySlices):
 * everything as before, but for the window that was written.
 */

import { listText, RuntimeError } from "../check.ts";
import { copyDense, elements, writeElements } from "../dense/dense.ts";
import { strongerKind } from "../dense/dtype.ts";
import { sameDims } from "../dense/shape.ts";
import { toDtype } from "./broadcast.ts";
import { Node } from "./graph.ts";
import { isGradEnabled } from "./mode.ts";
import { contiguous } from "./shape.ts";
import { Tensor, tracked } from "./tensor.ts";

/** Refuses to change a leaf that wants a gradient, or what a view shows of one. */
export function expectLeafUntouched(x: Tensor): void {
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
