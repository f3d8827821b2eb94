/**
 * The core: the recurrent networks, training and streaming, and the operations that a model is written with, without the
 * long tail of operations and without what stands on top of them. Operations are functions only: `add(x, y)`. Whoever
 * imports `unrolled` as well has them as methods, too; the tensors are the same.
 */

// Random numbers

export { defaultGenerator, Generator, manualSeed } from "./random/generator.ts";

// Numbers with a shape, and their text

export {
  bfloat16,
  bool,
  type Data,
  type DType,
  float16,
  float32,
  float64,
  getDefaultDtype,
  int32,
  int64,
  type Scalar,
  setDefaultDtype,
  uint8,
} from "./dense/dtype.ts";
export { OrderedDict } from "./dense/ordered-dict.ts";
export { print } from "./dense/print.ts";
export { repr, str } from "./dense/python-text.ts";
export { Size } from "./dense/size.ts";

// The engine

export { engine } from "./engine/settings.ts";

// Errors, and the pages of mathematics

export type { Algebra, Cell } from "./cells/cell.ts";
export {
  AssertionError,
  AttributeError,
  IndexError,
  KeyError,
  NotImplementedError,
  RuntimeError,
  TorchError,
  ValueError,
} from "./check.ts";

// Tensors, gradients and operations

export { argmax } from "./autograd/argmax.ts";
export {
  add,
  clamp,
  div,
  eq,
  ge,
  gt,
  le,
  lt,
  maskedFill,
  mul,
  ne,
  neg,
  sub,
  where,
} from "./autograd/arithmetic.ts";
export { backward, detach, type GradOptions, grad } from "./autograd/backward.ts";
export { item, type NestedList, numpy, to, tolist } from "./autograd/convert.ts";
export {
  arange,
  empty,
  fromNumpy,
  full,
  ones,
  onesLike,
  type TensorData,
  tensor,
  zeros,
  zerosLike,
} from "./autograd/create.ts";
export type { SizeAndOptions, TensorOptions } from "./autograd/factory.ts";
export { copy_ } from "./autograd/fill.ts";
export { cat, chunk, split, stack, unbind } from "./autograd/join.ts";
export { matmul } from "./autograd/linear.ts";
export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from "./autograd/mode.ts";
export { abs, exp, log, pow, relu, sigmoid, sqrt, square, tanh } from "./autograd/pointwise.ts";
export { getRngState, rand, randn, randperm, setRngState } from "./autograd/random.ts";
export { mean, type ReduceDims, sum } from "./autograd/reduce.ts";
export { flatten, narrow, permute, select, squeeze, t, transpose, unsqueeze, view } from "./autograd/shape.ts";
export { logSoftmax, softmax } from "./autograd/softmax.ts";
export { Tensor } from "./autograd/tensor.ts";
export { clone, reshape } from "./autograd/views.ts";

// Networks

export * as nn from "./nn.ts";
export * as optim from "./optim.ts";
