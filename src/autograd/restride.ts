/** Changing the shape of a tensor in place: the same numbers, seen from now on through another window. */

import { wrapDims } from "../dense/shape.ts";
import { expectLeafUntouched } from "./overwrite.ts";
import type { Tensor } from "./tensor.ts";
import { rearranged, squeezeNamed, swapped, unsqueezeNamed } from "./views.ts";

/** Makes `x` the view of itself that `window` makes. */
function becomeView(x: Tensor, window: (x: Tensor) => Tensor): Tensor {
  expectLeafUntouched(x);
  const { value, history } = window(x);
  x.value = value;
  value.storage.version += 1;
  if (history) x.setHistory(history);
  return x;
}

/** torch.Tensor.transpose_: two dimensions change places. */
export function transpose_(x: Tensor, dim0: number, dim1: number): Tensor {
  return becomeView(x, (at) => swapped("TransposeBackward1", at, dim0, dim1));
}

/** torch.Tensor.swapaxes_, another name of `transpose_`. */
export const swapaxes_: typeof transpose_ = transpose_;

/** torch.Tensor.t_: the transpose of a matrix. */
export function t_(x: Tensor): Tensor {
  return becomeView(x, (at) => rearranged("TBackward1", at, [...at.shape.keys()].reverse()));
}

/** torch.Tensor.squeeze_: drops dimensions of length 1, all of them or the given ones. */
export function squeeze_(x: Tensor, dim?: number | readonly number[]): Tensor {
  const name =
    dim === undefined ? "SqueezeBackward3" : typeof dim === "number" ? "SqueezeBackward4" : "SqueezeBackward5";
  return becomeView(x, (at) => squeezeNamed(name, at, wrapDims(dim, at.shape.length)));
}

/** torch.Tensor.unsqueeze_: a new dimension of length 1. */
export function unsqueeze_(x: Tensor, dim: number): Tensor {
  return becomeView(x, (at) => unsqueezeNamed("UnsqueezeBackward1", at, dim));
}
