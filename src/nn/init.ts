/**
 * torch.nn.init: filling parameters with their first values, in place and unseen by the graph. How large the numbers
 * should be is written in random/gain.ts; how they are drawn, in random/initial.ts.
 */
import * as draws from "../autograd/draw.ts";
import { type DrawOptions, source } from "../autograd/draw.ts";
import { fill_ } from "../autograd/fill.ts";
import { noGrad } from "../autograd/mode.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { NotImplementedError, ValueError, warn } from "../check.ts";
import { elements, writeElements } from "../dense/dense.ts";
import { drawInto } from "../dense/draw.ts";
import { convertScalar, type Scalar } from "../dense/dtype.ts";
import type { DrawType, FloatArray } from "../random/element.ts";
import { calculateGain, type FanMode, kaimingStd, type Nonlinearity, uniformBound, xavierStd } from "../random/gain.ts";
import { orthogonal, truncatedNormal } from "../random/initial.ts";
import { randomPermutation } from "../random/integers.ts";

export type { FanMode, Nonlinearity };
export { calculateGain };

/** Options of the Kaiming initialisers. */
export interface KaimingOptions extends DrawOptions {
  /** The slope below zero of the leaky ReLU behind the weights. Default 0. */
  readonly a?: number;
  /** Default "fan_in". */
  readonly mode?: FanMode;
  /** What stands behind the weights. Default "leaky_relu". */
  readonly nonlinearity?: Nonlinearity;
}

/** Uniform over [a, b). */
export function uniform_(x: Tensor, a = 0, b = 1, options: DrawOptions = {}): Tensor {
  return noGrad(() => draws.uniform_(x, a, b, options));
}

/** Normal with this mean and standard deviation. */
export function normal_(x: Tensor, mean = 0, std = 1, options: DrawOptions = {}): Tensor {
  return noGrad(() => draws.normal_(x, mean, std, options));
}

/** Normal, with draws outside [a, b] made again. */
export function truncNormal_(x: Tensor, mean = 0, std = 1, a = -2, b = 2, options: DrawOptions = {}): Tensor {
  if (mean < a - 2 * std || mean > b + 2 * std) {
    warn("mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.");
  }
  expectNormal(x);
  drawInto(x.value, (out, contiguous, type) =>
    truncatedNormal(source(options), out as FloatArray, mean, std, a, b, contiguous, type),
  );
  return x;
}

/** One value everywhere. */
export function constant_(x: Tensor, value: Scalar): Tensor {
  return noGrad(() => fill_(x, value));
}

/** Ones. */
export function ones_(x: Tensor): Tensor {
  return constant_(x, 1);
}

/** Zeros. */
export function zeros_(x: Tensor): Tensor {
  return constant_(x, 0);
}

/** Ones on the diagonal of a matrix, zeros elsewhere. */
export function eye_(x: Tensor): Tensor {
  const [rows, columns] = expectMatrix(x);
  const out = x.dtype.allocate(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i += 1) out[i * columns + i] = convertScalar(1, x.dtype);
  writeElements(x.value, out);
  return x;
}

/** Glorot & Bengio 2010: uniform, keeping the variance of signal and gradient on average. */
export function xavierUniform_(x: Tensor, gain = 1, options: DrawOptions = {}): Tensor {
  const bound = uniformBound(xavierStd(x.shape, gain));
  return uniform_(x, -bound, bound, options);
}

/** Glorot & Bengio 2010: normal. */
export function xavierNormal_(x: Tensor, gain = 1, options: DrawOptions = {}): Tensor {
  return normal_(x, 0, xavierStd(x.shape, gain), options);
}

/** He et al. 2015: uniform, keeping the variance of the signal behind a rectifier. */
export function kaimingUniform_(x: Tensor, options: KaimingOptions = {}): Tensor {
  if (isEmpty(x)) return x;
  const bound = uniformBound(kaimingStd(x.shape, options.a, options.mode, options.nonlinearity));
  return uniform_(x, -bound, bound, options);
}

/** He et al. 2015: normal. */
export function kaimingNormal_(x: Tensor, options: KaimingOptions = {}): Tensor {
  if (isEmpty(x)) return x;
  return normal_(x, 0, kaimingStd(x.shape, options.a, options.mode, options.nonlinearity), options);
}

/** Saxe et al. 2013: orthogonal rows or columns, whichever are fewer; what stands behind dimension 1 is flattened. */
export function orthogonal_(x: Tensor, gain = 1, options: DrawOptions = {}): Tensor {
  if (x.shape.length < 2) throw new ValueError("Only tensors with 2 or more dimensions are supported");
  if (x.value.count === 0) return x;
  expectNormal(x);
  const { name, scalarType } = x.dtype;
  if (name === "float16" || name === "bfloat16") {
    throw new NotImplementedError(`"geqrf_cpu" not implemented for '${scalarType}'`);
  }
  const out = x.dtype.allocate(x.value.count) as FloatArray;
  writeElements(x.value, orthogonal(source(options), out, x.shape[0]!, gain, name as DrawType));
  return x;
}

/** Martens 2010: normal, with a share `sparsity` of each column zero. The places come from the default generator. */
export function sparse_(x: Tensor, sparsity: number, std = 0.01, options: DrawOptions = {}): Tensor {
  const [rows, columns] = expectMatrix(x);
  normal_(x, 0, std, options);
  const out = elements(x.value);
  const zeros = Math.ceil(sparsity * rows);
  for (let column = 0; column < columns; column += 1) {
    const order = randomPermutation(source({}), rows);
    for (const row of order.subarray(0, zeros)) out[row * columns + column] = 0;
  }
  writeElements(x.value, out);
  return x;
}

/** Normal numbers are floats. */
function expectNormal({ dtype }: Tensor): void {
  if (dtype.kind === "float") return;
  throw new NotImplementedError(`"normal_kernel_cpu" not implemented for '${dtype.scalarType}'`);
}

function isEmpty(x: Tensor): boolean {
  const empty = x.shape.includes(0);
  if (empty) warn("Initializing zero-element tensors is a no-op");
  return empty;
}

function expectMatrix(x: Tensor): readonly [rows: number, columns: number] {
  if (x.shape.length !== 2) throw new ValueError("Only tensors with 2 dimensions are supported");
  return [x.shape[0]!, x.shape[1]!];
}
