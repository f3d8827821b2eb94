/**
 * Matrix products. Each ends in the engine's `gemm`, which fixes the arithmetic. Here shapes are checked, dimensions are
 * folded as torch folds them (its node names show how), and gradients are written as products again.
 */

import { listText, RuntimeError } from "../check.ts";
import { concatenate, pick } from "../dense/arrange.ts";
import { allocate, type Dense } from "../dense/dense.ts";
import { multiply } from "../dense/product.ts";
import { broadcastShapes, product } from "../dense/shape.ts";
import { type DrawType, LIMITS } from "../random/element.ts";
import { expectTensor } from "./argument.ts";
import { add, mul } from "./arithmetic.ts";
import { expand, fit } from "./broadcast.ts";
import { contiguous, t, transpose, unsqueeze, view } from "./shape.ts";
import { type Tensor, tracked } from "./tensor.ts";
import { reshape, squeezeNamed, unsafeView } from "./views.ts";

/** torch.mm: (M,K)·(K,N). */
export function mm(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length !== 2) throw new RuntimeError("self must be a matrix");
  if (b.shape.length !== 2) throw new RuntimeError("mat2 must be a matrix");
  expectShapes(a, b);
  if (a.dtype !== b.dtype) {
    const [m1, m2] = [a, b].map((x) => LIMITS[x.dtype.name as DrawType].name);
    throw new RuntimeError(`expected m1 and m2 to have the same dtype, but got: ${m1} != ${m2}`);
  }
  return tracked(
    "MmBackward0",
    [a, b],
    multiply(a.value, b.value),
    [(g) => slopeOfLeft(g, a, b), (g) => slopeOfRight(g, a, b)],
    [...(a.requiresGrad ? [b] : []), ...(b.requiresGrad ? [a] : [])],
  );
}

/** G·Bᵀ, laid out as the left factor is. */
function slopeOfLeft(g: Tensor, a: Tensor, b: Tensor): Tensor {
  return liesInColumns(a) ? t(mm(b, t(g))) : mm(g, t(b));
}

/** Aᵀ·G, laid out as the right factor is: a weight, which comes transposed, gets a gradient in rows. */
function slopeOfRight(g: Tensor, a: Tensor, b: Tensor): Tensor {
  return liesInColumns(b) ? t(mm(t(g), a)) : mm(t(a), g);
}

function liesInColumns({ shape, value: { strides } }: Tensor): boolean {
  return strides[0] === 1 && strides[1] === shape[0];
}

/** The weights of a sum with a product: beta·x + alpha·(a·b). */
export interface SumWeights {
  readonly beta?: number;
  readonly alpha?: number;
}

/** torch.addmm: beta·bias + alpha·(M,K)·(K,N); the bias is added last, once. */
export function addmm(bias: Tensor, a: Tensor, b: Tensor, weights: SumWeights = {}): Tensor {
  if (a.shape.length !== 2) throw new RuntimeError(`mat1 must be a matrix, got ${a.shape.length}-D tensor`);
  if (b.shape.length !== 2) throw new RuntimeError(`mat2 must be a matrix, got ${b.shape.length}-D tensor`);
  expectProduct(a, b);
  if (bias.dtype !== a.dtype) {
    throw new RuntimeError(
      `self and mat2 must have the same dtype, but got ${bias.dtype.scalarType} and ${b.dtype.scalarType}`,
    );
  }
  const shape = [a.shape[0]!, b.shape[1]!];
  const { alpha = 1, beta = 1 } = weights;
  const row = bias.shape.length === 1 && bias.shape[0] === shape[1] && alpha === 1 && beta === 1;
  const value = row
    ? multiply(a.value, b.value, bias.value)
    : weightedSum(bias, multiply(a.value, b.value), shape, weights);
  return tracked(
    "AddmmBackward0",
    [bias, a, b],
    value,
    [
      (g) => fit(times(g, beta), bias),
      (g) => times(slopeOfLeft(g, a, b), alpha),
      (g) => times(slopeOfRight(g, a, b), alpha),
    ],
    [...(b.requiresGrad ? [a] : []), ...(a.requiresGrad ? [b] : [])],
  );
}

/** torch.addmv: beta·bias + alpha·(M,K)·(K). */
export function addmv(bias: Tensor, a: Tensor, x: Tensor, weights: SumWeights = {}): Tensor {
  const { alpha = 1, beta = 1 } = weights;
  const shape = [a.shape[0]!];
  return tracked(
    "AddmvBackward0",
    [bias, a, x],
    weightedSum(bias, mv(constant(a.value), constant(x.value)).value, shape, weights),
    [(g) => fit(times(g, beta), bias), (g) => times(outer(g, x), alpha), (g) => times(mv(t(a), g), alpha)],
    [...(x.requiresGrad ? [a] : []), ...(a.requiresGrad ? [x] : [])],
  );
}

/** torch.baddbmm: beta·bias + alpha·(B,M,K)·(B,K,N). */
export function baddbmm(bias: Tensor, a: Tensor, b: Tensor, weights: SumWeights = {}): Tensor {
  const { alpha = 1, beta = 1 } = weights;
  const product = bmm(constant(a.value), constant(b.value)).value;
  return tracked(
    "BaddbmmBackward0",
    [bias, a, b],
    weightedSum(bias, product, product.shape, weights),
    [
      (g) => fit(times(g, beta), bias),
      (g) => times(bmm(g, transpose(b, 1, 2)), alpha),
      (g) => times(bmm(transpose(a, 1, 2), g), alpha),
    ],
    [...(b.requiresGrad ? [a] : []), ...(a.requiresGrad ? [b] : [])],
  );
}

function times(x: Tensor, factor: number): Tensor {
  return factor === 1 ? x : mul(x, factor);
}

function constant(value: Dense): Tensor {
  return tracked("", [], value, []);
}

function weightedSum(
  bias: Tensor,
  product: Dense,
  shape: readonly number[],
  { alpha = 1, beta = 1 }: SumWeights,
): Dense {
  const scaled = times(expand(constant(bias.value), shape), beta);
  return add(times(constant(product), alpha), scaled).value;
}

/** torch.mv: (M,K)·(K). */
export function mv(a: Tensor, x: Tensor): Tensor {
  if (a.shape.length !== 2 || x.shape.length !== 1) {
    throw new RuntimeError(`vector + matrix @ vector expected, got 1, ${a.shape.length}, ${x.shape.length}`);
  }
  if (a.shape[1] !== x.shape[0]) {
    throw new RuntimeError(
      `size mismatch, got input (${a.shape[0]}), mat (${a.shape[0]}x${a.shape[1]}), vec (${x.shape[0]})`,
    );
  }
  if (a.dtype !== x.dtype) throw differentTypes("expected m1 and m2 to have the same dtype, but got", a, x);
  const value = multiply(a.value, column(x.value)).window([a.shape[0]!], [1]);
  return tracked("MvBackward0", [a, x], value, [(g) => outer(g, x), (g) => mv(t(a), g)], [a, x]);
}

/** torch.dot: the inner product of two vectors. */
export function dot(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length !== 1 || b.shape.length !== 1) {
    throw new RuntimeError(`1D tensors expected, but got ${a.shape.length}D and ${b.shape.length}D tensors`);
  }
  if (a.dtype !== b.dtype) throw differentTypes("dot : expected both vectors to have same dtype, but found", a, b);
  if (a.shape[0] !== b.shape[0]) {
    throw new RuntimeError(
      `inconsistent tensor size, expected tensor ${listText(a.shape)} and src ${listText(b.shape)} to have the same number of elements, but got ${a.shape[0]} and ${b.shape[0]} elements respectively`,
    );
  }
  const row = a.value.window([1, a.shape[0]!], [0, a.value.strides[0]!]);
  const value = multiply(row, column(b.value)).window([], []);
  return tracked("DotBackward0", [a, b], value, [(g) => mul(g, b), (g) => mul(g, a)], [a, b]);
}

/** torch.outer: every product of two vectors, (M,N). */
export function outer(a: Tensor, b: Tensor): Tensor {
  for (const [x, name] of [
    [a, "self"],
    [b, "vec2"],
  ] as const) {
    if (x.shape.length !== 1)
      throw new RuntimeError(`outer: Expected 1-D argument ${name}, but got ${x.shape.length}-D`);
  }
  return mul(unsqueeze(a, 1), b);
}

/** torch.bmm: one product for each matrix of a batch, (B,M,K)·(B,K,N). */
export function bmm(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length !== 3) throw new RuntimeError("batch1 must be a 3D tensor");
  if (b.shape.length !== 3) throw new RuntimeError("batch2 must be a 3D tensor");
  if (a.shape[0] !== b.shape[0] || a.shape[2] !== b.shape[1]) {
    throw new RuntimeError(
      `Expected size for first two dimensions of batch2 tensor to be: [${a.shape[0]}, ${a.shape[2]}] but got: [${b.shape[0]}, ${b.shape[1]}].`,
    );
  }
  if (a.dtype !== b.dtype) {
    throw new RuntimeError(`expected scalar type ${a.dtype.scalarType} but found ${b.dtype.scalarType}`);
  }
  const shape = [a.shape[0]!, a.shape[1]!, b.shape[2]!];
  const pieces = Array.from({ length: shape[0]! }, (_, i) => multiply(pick(a.value, 0, i), pick(b.value, 0, i)));
  const value =
    pieces.length > 0
      ? concatenate(pieces, 0).window(shape, [shape[1]! * shape[2]!, shape[2]!, 1])
      : allocate(shape, a.dtype);
  return tracked(
    "BmmBackward0",
    [a, b],
    value,
    [(g) => bmm(g, transpose(b, 1, 2)), (g) => bmm(transpose(a, 1, 2), g)],
    [...(a.requiresGrad ? [b] : []), ...(b.requiresGrad ? [a] : [])],
  );
}

/** torch.matmul, Python's `@`: vectors, matrices and batches of them in any combination. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  expectTensor(a, "matmul");
  expectTensor(b, "matmul", "other");
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  if (rankA === 0 || rankB === 0) {
    throw new RuntimeError(`both arguments to matmul need to be at least 1D, but they are ${rankA}D and ${rankB}D`);
  }
  if (rankA === 1 && rankB === 1) return dot(a, b);
  if (rankA === 2 && rankB === 1) return mv(a, b);
  if (rankA === 1 && rankB === 2) return squeezeNamed("SqueezeBackward4", mm(unsqueeze(a, 0), b), [0]);
  if (rankA === 2 && rankB === 2) return mm(a, b);
  return foldable(a, b) ? folded(a, b) : batched(a, b);
}

/** Whether one operand is a stack of rows for the other, a single matrix or vector: then one product does it all. */
function foldable(a: Tensor, b: Tensor): boolean {
  const [stack, single] = a.shape.length >= b.shape.length ? [a, b] : [transpose(b, -1, -2), a];
  if (stack.shape.length < 3 || single.shape.length > 2) return false;
  if (single.requiresGrad) return true;
  if (a.shape.length === 2) return false;
  const { shape, strides, count } = stack.value;
  if (count === 0) return true;
  return shape.slice(0, -2).every((_, d) => strides[d] === strides[d + 1]! * shape[d + 1]!);
}

function folded(a: Tensor, b: Tensor): Tensor {
  const swap = b.shape.length > a.shape.length;
  const stack = swap ? transpose(b, -1, -2) : a;
  const single = swap ? (a.shape.length === 2 ? t(a) : a) : b;
  const lead = stack.shape.slice(0, -1);
  const rows = reshape(stack, product(lead), stack.shape.at(-1)!);
  if (single.shape.length === 1) return unsafeView(mv(rows, single), lead);
  const result = unsafeView(mm(rows, single), [...lead, single.shape[1]!]);
  return swap ? contiguous(transpose(result, -1, -2)) : result;
}

function batched(a: Tensor, b: Tensor): Tensor {
  const [M, K] = a.shape.length === 1 ? [1, a.shape[0]!] : a.shape.slice(-2);
  const [L, N] = b.shape.length === 1 ? [b.shape[0]!, 1] : b.shape.slice(-2);
  const lead = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = product(lead);
  const left = reshape(expand(a.shape.length === 1 ? unsqueeze(a, 0) : a, [...lead, M!, K!]), batch, M!, K!);
  const right = reshape(expand(b.shape.length === 1 ? unsqueeze(b, 1) : b, [...lead, L!, N!]), batch, L!, N!);
  const rows = a.shape.length === 1 ? [] : [M!];
  const columns = b.shape.length === 1 ? [] : [N!];
  return unsafeView(bmm(left, right), [...lead, ...rows, ...columns]);
}

/**
 * torch.nn.functional.linear: x·Wᵀ + b over the last dimension, x (…, in), W (out, in), b (out).
 * Rows that lie together become one product with the bias inside; otherwise the bias is added afterwards.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  expectTensor(x, "linear");
  expectTensor(weight, "linear", "weight", 2);
  if (!bias) return matmul(x, t(weight));
  if (x.shape.length === 2) return addmm(bias, x, t(weight));
  if (x.value.contiguous && bias.value.contiguous && bias.shape.length === 1 && x.shape.length > 0) {
    const rows = addmm(bias, reshape(x, product(x.shape.slice(0, -1)), x.shape.at(-1)!), t(weight));
    return view(rows, [...x.shape.slice(0, -1), weight.shape[0]!]);
  }
  return add(matmul(x, t(weight)), bias);
}

/** `linear` for rows (B, in), most of the time, and a matrix that is transposed already (in, out): a loop does it once. */
export function affine(x: Tensor, matrix: Tensor, bias?: Tensor | null): Tensor {
  if (x.shape.length !== 2) return linear(x, t(matrix), bias);
  return bias ? addmm(bias, x, matrix) : mm(x, matrix);
}

function column(x: Dense): Dense {
  return x.window([x.shape[0]!, 1], [x.strides[0]!, 0]);
}

function expectShapes(a: Tensor, b: Tensor): void {
  if (a.shape[1] === b.shape[0]) return;
  throw new RuntimeError(`mat1 and mat2 shapes cannot be multiplied (${a.shape.join("x")} and ${b.shape.join("x")})`);
}

function expectProduct(a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) throw differentTypes("mat1 and mat2 must have the same dtype, but got", a, b);
  expectShapes(a, b);
}

function differentTypes(text: string, a: Tensor, b: Tensor): RuntimeError {
  return new RuntimeError(`${text} ${a.dtype.scalarType} and ${b.dtype.scalarType}`);
}
