/** Out of tensors into plain values, and from one dtype to another. */
import { AssertionError, RuntimeError } from "../check.ts";
import { elements, share } from "../dense/dense.ts";
import type { Data, DType, Scalar } from "../dense/dtype.ts";
import * as dtypes from "../dense/dtype.ts";
import { markFloats } from "../dense/python-float.ts";
import { formatElement } from "../dense/tensor-text.ts";
import { toDtype } from "./broadcast.ts";
import { expectCpu } from "./factory.ts";
import { Tensor } from "./tensor.ts";

/** Nested lists of plain values. */
export type NestedList<T extends Scalar = number> = T | NestedList<T>[];

/**
 * torch.Tensor.item: the one number in the tensor. int64 comes as a number where that is exact, else as a bigint; a mask
 * as a boolean: `x.gt(0).item<boolean>()`.
 */
export function item<T extends Scalar = number>(x: Tensor): T {
  if (x.value.count !== 1) {
    throw new RuntimeError(`a Tensor with ${x.value.count} elements cannot be converted to Scalar`);
  }
  return plain(elements(x.value)[0]!, x.dtype) as T;
}

/** torch.Tensor.tolist: nested lists, a plain value for rank 0. Whole floats print as floats, as in Python. */
export function tolist<T extends Scalar = number>(x: Tensor): NestedList<T> {
  const data = elements(x.value);
  let next = 0;
  const build = (depth: number): NestedList<T> => {
    if (depth === x.shape.length) {
      next += 1;
      return plain(data[next - 1]!, x.dtype) as T;
    }
    const list = Array.from({ length: x.shape[depth]! }, () => build(depth + 1));
    return x.dtype.kind === "float" ? (markFloats(list) as NestedList<T>) : list;
  };
  return build(0);
}

function plain(value: number | bigint, dtype: DType): Scalar {
  if (dtype === dtypes.bool) return value !== 0;
  if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) return Number(value);
  return value;
}

/** torch.Tensor.numpy: the elements in logical order as a typed array; the tensor's own memory where it lies that way. */
export function numpy(x: Tensor): Data {
  if (x.requiresGrad) {
    throw new RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.");
  }
  const numbers = elements(x.value);
  if (numbers.buffer === x.value.storage.data.buffer) share(x.value);
  return numbers;
}

/** torch.Tensor.to: another dtype, the dtype of another tensor, or the only device. */
export function to(x: Tensor, target: DType | Tensor | string): Tensor {
  if (target instanceof Tensor) return toDtype(x, target.dtype);
  if (typeof target === "object") return toDtype(x, target);
  expectCpu(target);
  return x;
}

/** torch.Tensor.type_as: the dtype of another tensor. */
export function typeAs(x: Tensor, other: Tensor): Tensor {
  return toDtype(x, other.dtype);
}

/** torch.Tensor.type: the name of the type, `torch.FloatTensor`; with a dtype, the tensor in that. */
export function type(x: Tensor): string;
export function type(x: Tensor, dtype: DType): Tensor;
export function type(x: Tensor, dtype?: DType): string | Tensor {
  return dtype ? toDtype(x, dtype) : `torch.${x.dtype.scalarType}Tensor`;
}

/** As float32. */
export const float = (x: Tensor): Tensor => toDtype(x, dtypes.float32);
/** As float64. */
export const double = (x: Tensor): Tensor => toDtype(x, dtypes.float64);
/** As float16. */
export const half = (x: Tensor): Tensor => toDtype(x, dtypes.float16);
/** As bfloat16. */
export const bfloat16 = (x: Tensor): Tensor => toDtype(x, dtypes.bfloat16);
/** As int64. */
export const long = (x: Tensor): Tensor => toDtype(x, dtypes.int64);
/** As int32. */
export const int = (x: Tensor): Tensor => toDtype(x, dtypes.int32);
/** As int16. */
export const short = (x: Tensor): Tensor => toDtype(x, dtypes.int16);
/** As int8. */
export const char = (x: Tensor): Tensor => toDtype(x, dtypes.int8);
/** As uint8. */
export const byte = (x: Tensor): Tensor => toDtype(x, dtypes.uint8);
/** As bool: whatever is not zero is true. */
export const bool = (x: Tensor): Tensor => toDtype(x, dtypes.bool);
/** torch.Tensor.cpu: the tensor itself, which is there already. */
export const cpu = (x: Tensor): Tensor => x;

/** torch.Tensor.cuda: there is none. */
export function cuda(_: Tensor): Tensor {
  throw new AssertionError("Torch not compiled with CUDA enabled");
}

/** Python's format: a number's format for one element (`format(loss, ".4f")`), plain text otherwise. */
export function format(x: Tensor, spec: string): string {
  if (x.shape.length === 0) return formatElement(x.value, spec);
  if (spec === "") return x.toString();
  throw new TypeError("unsupported format string passed to Tensor.__format__");
}
