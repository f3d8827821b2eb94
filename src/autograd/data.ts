/** The `.data` of a tensor: its numbers, behind the back of the graph. */

import { Dense, writesTo } from "../dense/dense.ts";
import { Tensor } from "./tensor.ts";

/** torch.Tensor.data: the same memory without a past and without the graph's watch over in-place writes. */
export function data(x: Tensor): Tensor {
  const { storage, dtype, shape, strides, offset } = x.value;
  const memory = { ...storage, version: 0, writes: writesTo(x.value) };
  return new Tensor(new Dense(memory, dtype, shape, strides, offset));
}

/** Assigning to torch.Tensor.data: other numbers for the same tensor. */
export function setData(x: Tensor, numbers: Tensor): void {
  x.value = numbers.value;
}
