/** Where the largest and the smallest stand. */
import { IndexError } from "../check.ts";
import { type Beats, extremum, larger, smaller } from "../dense/reduce.ts";
import { wrapDims } from "../dense/shape.ts";
import { Tensor } from "./tensor.ts";

/** torch.argmax: the position of the largest element, in the flattened tensor or along a dimension. */
export function argmax(x: Tensor, dim?: number, keepdim = false): Tensor {
  return position("argmax", x, dim, keepdim, larger);
}

/** torch.argmin: the position of the smallest element. */
export function argmin(x: Tensor, dim?: number, keepdim = false): Tensor {
  return position("argmin", x, dim, keepdim, smaller);
}

function position(who: string, x: Tensor, dim: number | undefined, keepdim: boolean, beats: Beats): Tensor {
  if (dim === undefined && x.value.count === 0) {
    throw new IndexError(`${who}(): Expected reduction dim to be specified for input.numel() == 0.`);
  }
  return new Tensor(extremum(who, x.value, wrapDims(dim, x.shape.length), keepdim, beats).indices);
}
