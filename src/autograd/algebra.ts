/** The reader that turns a cell's page into tensors on the tape. */
import type { DifferentiableAlgebra } from "../cells/cell.ts";
import { add, le, mul, neg, sub, where } from "./arithmetic.ts";
import { relu, sigmoid, tanh } from "./pointwise.ts";
import type { Tensor } from "./tensor.ts";

/** Tensors as an arithmetic: reading a page with it computes all rows of a batch at once and remembers how. */
export const tensors: DifferentiableAlgebra<Tensor> = {
  add: (a, b) => add(a, b),
  sub: (a, b) => sub(a, b),
  mul,
  neg,
  sigmoid,
  tanh,
  relu,
  sigmoidGrad: (g, y) => mul(g, mul(sub(1, y), y)),
  tanhGrad: (g, y) => mul(g, sub(1, mul(y, y))),
  reluGrad: (g, y) => where(le(y, 0), 0, g),
};
