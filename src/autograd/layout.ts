/** Questions that are answered with plain values: how a tensor lies in memory, and whether tensors agree. */
import { RuntimeError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { bool } from "../dense/dtype.ts";
import { zip } from "../dense/elementwise.ts";
import { sameDims, wrapDim } from "../dense/shape.ts";
import type { Size } from "../dense/size.ts";
import { type Tuple, tuple } from "../dense/tuple.ts";
import { commonType } from "./table.ts";
import { Tensor } from "./tensor.ts";

/** torch.Tensor.size: the shape, or the length of one dimension. */
export function size(x: Tensor): Size;
export function size(x: Tensor, dim: number): number;
export function size(x: Tensor, dim?: number): Size | number {
  return dim === undefined ? x.shape : x.shape[wrapDim(dim, x.shape.length)]!;
}

/** torch.Tensor.stride: how far apart neighbours lie in memory, in elements. */
export function stride(x: Tensor): Tuple<number>;
export function stride(x: Tensor, dim: number): number;
export function stride(x: Tensor, dim?: number): Tuple<number> | number {
  return dim === undefined ? tuple(x.value.strides) : x.value.strides[wrapDim(dim, x.shape.length)]!;
}

/** torch.Tensor.is_contiguous: whether the elements lie in row-major order without gaps. */
export function isContiguous(x: Tensor): boolean {
  return x.value.contiguous;
}

/** torch.Tensor.numel: the number of elements. */
export function numel(x: Tensor): number {
  return x.value.count;
}

/** torch.Tensor.nelement: the number of elements, too. */
export const nelement = numel;

/** torch.Tensor.element_size: the bytes of one element in torch. */
export function elementSize(x: Tensor): number {
  return x.dtype.itemsize;
}

const addresses = new WeakMap<object, number>();
let nextAddress = 64;

/** torch.Tensor.data_ptr: equal for tensors that begin at the same place of the same memory. The number means nothing. */
export function dataPtr(x: Tensor): number {
  const { storage, offset } = x.value;
  const start = addresses.get(storage) ?? nextAddress;
  if (start === nextAddress) {
    addresses.set(storage, start);
    nextAddress += Math.ceil((storage.data.length * x.dtype.itemsize + 1) / 64) * 64;
  }
  return start + offset * x.dtype.itemsize;
}

/** torch.is_tensor. */
export function isTensor(x: unknown): x is Tensor {
  return x instanceof Tensor;
}

/** Python's `len(x)`: the length of the first dimension. */
export function len(x: Tensor): number {
  if (x.shape.length === 0) throw new TypeError("len() of a 0-d tensor");
  return x.shape[0]!;
}

/** torch.Tensor.dim: the number of dimensions. */
export function dim(x: Tensor): number {
  return x.shape.length;
}

/** Python's `bool(x)`: whether the one element is not zero. */
export function truth(x: Tensor): boolean {
  const { count } = x.value;
  if (count !== 1) {
    const many = count === 0 ? "no values" : "more than one value";
    throw new RuntimeError(`Boolean value of Tensor with ${many} is ambiguous`);
  }
  return Boolean(elements(x.value)[0]);
}

/** torch.equal: whether two tensors have the same shape and the same numbers. */
export function equal(a: Tensor, b: Tensor): boolean {
  if (!sameDims(a.shape, b.shape)) return false;
  const dtype = commonType(a, b);
  const [left, right] = [elements(a.value, dtype), elements(b.value, dtype)];
  for (let i = 0; i < left.length; i += 1) if (left[i] !== right[i]) return false;
  return true;
}

/** How close `isclose` and `allclose` want it. */
export interface Tolerance {
  /** Relative to |b|. Default 1e-5. */
  readonly rtol?: number;
  /** Absolute. Default 1e-8. */
  readonly atol?: number;
  /** Whether NaN is close to NaN. Default false. */
  readonly equalNan?: boolean;
}

/** torch.isclose: |a − b| ≤ atol + rtol·|b|, element by element. */
export function isclose(a: Tensor, b: Tensor, tolerance: Tolerance = {}): Tensor {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = tolerance;
  if (a.dtype !== b.dtype) {
    throw new RuntimeError(`${a.dtype.scalarType} did not match ${b.dtype.scalarType}`);
  }
  const close = (x: number, y: number): boolean => {
    if (x === y) return true;
    if (Number.isNaN(x) || Number.isNaN(y)) return equalNan && Number.isNaN(x) && Number.isNaN(y);
    return Number.isFinite(y) && Math.abs(x - y) <= atol + Math.abs(rtol * y);
  };
  const integer = (x: bigint, y: bigint): boolean => close(Number(x), Number(y));
  return new Tensor(zip({ number: close, integer }, a.value, b.value, a.dtype, bool));
}

/** torch.allclose: whether `isclose` holds everywhere. */
export function allclose(a: Tensor, b: Tensor, tolerance: Tolerance = {}): boolean {
  return (elements(isclose(a, b, tolerance).value) as Uint8Array).every(Boolean);
}
