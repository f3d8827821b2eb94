/** New tensors from plain values and by rule. Random ones are made in `draw.ts`. */
import { pythonTypeOf, RuntimeError, ValueError } from "../check.ts";
import { allocate, type Dense, elements, share, wrap } from "../dense/dense.ts";
import {
  bool,
  convertScalar,
  type Data,
  type DType,
  dtypeOfScalar,
  float32,
  float64,
  getDefaultDtype,
  int8,
  int16,
  int32,
  int64,
  kindOfScalar,
  type Scalar,
  uint8,
} from "../dense/dtype.ts";
import { floatText } from "../dense/number-text.ts";
import { expectFitting } from "../dense/range.ts";
import { isDense } from "../dense/shape.ts";
import { expectInteger, expectPlain, isPlain } from "./argument.ts";
import {
  expectLengths,
  expectOptions,
  isOptions,
  leaf,
  type SizeAndOptions,
  splitSize,
  type TensorOptions,
} from "./factory.ts";
import { Tensor } from "./tensor.ts";

/** Plain values in nested lists, or typed memory. */
export type TensorData = Scalar | Tensor | Data | readonly TensorData[];

/**
 * torch.tensor: a copy of nested lists or typed memory. Numbers become floats, bigints int64, booleans bool; a dtype
 * says otherwise: `tensor([1, 2, 3], { dtype: int64 })`. Errors: ValueError for lists of unequal length.
 */
export function tensor(data: TensorData, options: TensorOptions = {}): Tensor {
  expectOptions("tensor", options);
  const shape = shapeOf(data);
  const values: Scalar[] = [];
  collect(data, shape, 0, values);
  const dtype = options.dtype ?? dtypeOf(data) ?? commonDtype(values);
  return leaf(
    fill(allocate(shape, dtype), (i) => values[i]!),
    options,
  );
}

/** torch.from_numpy: a tensor on the very memory of a typed array, one-dimensional. */
export function fromNumpy(data: Data): Tensor {
  const value = wrap(data, [data.length], dtypeOfMemory(data));
  share(value);
  return new Tensor(value);
}

/** torch.zeros. */
export function zeros(...size: SizeAndOptions): Tensor {
  const isNegative = (length: unknown): boolean => typeof length === "number" && length < 0;
  if (size.flat().some(isNegative)) throw new RuntimeError("zeros: Dimension size must be non-negative.");
  return full(...splitSize("zeros", size, 0));
}

/** torch.ones. */
export function ones(...size: SizeAndOptions): Tensor {
  return full(...splitSize("ones", size, 1));
}

/** torch.empty. What is in it is nobody's business; here it is zeros. */
export function empty(...size: SizeAndOptions): Tensor {
  return full(...splitSize("empty", size, 0));
}

/** torch.full: one value everywhere. */
export function full(size: readonly number[], value: Scalar, options: TensorOptions = {}): Tensor {
  expectOptions("full", options);
  expectLengths("full", size);
  expectPlain(value, "full", "fill_value", 2);
  const dense = allocate(size, options.dtype ?? dtypeOfScalar(value));
  expectFitting(value, dense.dtype);
  const filler = convertScalar(value, dense.dtype);
  if (!Object.is(filler, 0)) dense.data.fill(filler as never);
  return leaf(dense, options);
}

/** torch.zeros_like: zeros of the same shape, dtype and layout. */
export function zerosLike(x: Tensor, options: TensorOptions = {}): Tensor {
  return fullLike(x, 0, options);
}

/** torch.ones_like. */
export function onesLike(x: Tensor, options: TensorOptions = {}): Tensor {
  return fullLike(x, 1, options);
}

/** torch.empty_like; here it is zeros. */
export function emptyLike(x: Tensor, options: TensorOptions = {}): Tensor {
  return fullLike(x, 0, options);
}

/** torch.full_like: one value everywhere, in the memory layout of `x`. */
export function fullLike(x: Tensor, value: Scalar, options: TensorOptions = {}): Tensor {
  const { shape, strides } = x.value;
  const made = full(shape, value, { ...options, dtype: options.dtype ?? x.dtype });
  if (isDense(shape, strides)) made.value = made.value.window(shape, strides, 0);
  return made;
}

/** torch.arange: start, start+step, ... below end. Whole numbers give int64, unless marked: `arange(pyFloat(3))`. */
export function arange(...startEndStep: (number | bigint | TensorOptions)[]): Tensor {
  const numbers = startEndStep.filter((entry) => isNumber(entry) || !isOptions(entry)) as (number | bigint)[];
  for (const value of numbers.length > 0 ? numbers : [undefined]) expectPlain(value, "arange", "end");
  const options = (startEndStep.find((entry) => !numbers.includes(entry as number)) ?? {}) as TensorOptions;
  const [start, end, step = 1] = (numbers.length === 1 ? [0, numbers[0]!] : numbers).map(Number);
  if (!Number.isFinite(end - start)) {
    const [from, to] = [start, end].map((x) => floatText(x).replace(/\.0$/, ""));
    throw new RuntimeError(`unsupported range: ${from} -> ${to}`);
  }
  if (step === 0) throw new RuntimeError("step must be nonzero");
  if ((end - start) * step < 0) {
    throw new RuntimeError("upper bound and lower bound inconsistent with step sign");
  }
  const dtype =
    options.dtype ?? (numbers.every((value) => kindOfScalar(value) === "integer") ? int64 : getDefaultDtype());
  const count = Math.ceil((end - start) / step);
  return leaf(
    fill(allocate([count], dtype), (i) => start + i * step),
    options,
  );
}

/** torch.linspace: `steps` numbers from start to end, both included. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  expectInteger(steps, "linspace", "steps", 3);
  if (steps < 0) throw new RuntimeError("number of steps must be non-negative");
  const dtype = options.dtype ?? getDefaultDtype();
  const round = dtype === float64 ? (v: number) => v : Math.fround;
  const [low, high] = [round(start), round(end)];
  const step = round(round(high - low) / (steps - 1));
  // Counted from the nearer end, so that both ends are met.
  const value = (i: number): number => (i < Math.floor(steps / 2) ? low + step * i : high - step * (steps - 1 - i));
  return leaf(
    fill(allocate([steps], dtype), (i) => (steps === 1 ? low : value(i))),
    options,
  );
}

/** torch.eye: ones on the diagonal. */
export function eye(rows: number, columns: number | TensorOptions = rows, options: TensorOptions = {}): Tensor {
  if (typeof columns === "object") return eye(rows, rows, columns);
  expectInteger(rows, "eye", "n");
  expectInteger(columns, "eye", "m", 2);
  if (rows < 0) throw new RuntimeError(`n must be greater or equal to 0, got ${rows}`);
  if (columns < 0) throw new RuntimeError(`m must be greater or equal to 0, got ${columns}`);
  const dense = allocate([rows, columns], options.dtype ?? getDefaultDtype());
  const one = convertScalar(1, dense.dtype);
  for (let i = 0; i < Math.min(rows, columns); i += 1) dense.data[i * columns + i] = one;
  return leaf(dense, options);
}

/** Whether a value is a number, a marked one (`pyFloat`) included. */
function isNumber(value: unknown): value is number {
  return typeof value === "number" || value instanceof Number;
}

function fill(dense: Dense, value: (i: number) => Scalar): Dense {
  const { data, dtype } = dense;
  for (let i = 0; i < data.length; i += 1) data[i] = convertScalar(value(i), dtype);
  return dense;
}

function isMemory(data: TensorData): data is Data {
  return ArrayBuffer.isView(data);
}

function dtypeOfMemory(data: Data): DType {
  if (data instanceof Float32Array) return float32;
  if (data instanceof Float64Array) return float64;
  if (data instanceof BigInt64Array) return int64;
  if (data instanceof Int32Array) return int32;
  if (data instanceof Int16Array) return int16;
  return data instanceof Int8Array ? int8 : uint8;
}

function dtypeOf(data: TensorData): DType | undefined {
  if (data instanceof Tensor) return data.dtype;
  return isMemory(data) ? dtypeOfMemory(data) : undefined;
}

function commonDtype(values: readonly Scalar[]): DType {
  if (values.length === 0 || values.some(isNumber)) return getDefaultDtype();
  return values.some((value) => typeof value === "bigint") ? int64 : bool;
}

function shapeOf(data: TensorData): number[] {
  if (data instanceof Tensor) return [...data.shape];
  if (isMemory(data)) return [data.length];
  if (!Array.isArray(data)) return [];
  return data.length === 0 ? [0] : [data.length, ...shapeOf(data[0])];
}

function collect(data: TensorData, shape: readonly number[], depth: number, into: Scalar[]): void {
  if (data instanceof Tensor) {
    const isBool = data.dtype === bool;
    for (const value of elements(data.value)) into.push(isBool ? value !== 0 : value);
    return;
  }
  if (isMemory(data) || Array.isArray(data)) {
    if (depth >= shape.length) throw new TypeError("must be real number, not list");
    if (data.length !== shape[depth]) throw ragged(data.length, shape, depth);
    for (const entry of data as Iterable<TensorData>) collect(entry, shape, depth + 1, into);
    return;
  }
  if (depth !== shape.length) throw new TypeError("not a sequence");
  if (typeof data === "string") {
    throw depth === 0 || into.length > 0
      ? new TypeError("new(): invalid data type 'str'")
      : new ValueError("too many dimensions 'str'");
  }
  if (!isPlain(data)) throw new RuntimeError(`Could not infer dtype of ${pythonTypeOf(data)}`);
  into.push(data as Scalar);
}

function ragged(length: number, shape: readonly number[], depth: number): Error {
  return new ValueError(`expected sequence of length ${shape[depth] ?? 0} at dim ${depth} (got ${length})`);
}

/** torch.Tensor.new_zeros: zeros in the dtype of `x`. */
export function newZeros(x: Tensor, ...size: SizeAndOptions): Tensor {
  return zeros({ dtype: x.dtype }, ...size);
}

/** torch.Tensor.new_ones: ones in the dtype of `x`. */
export function newOnes(x: Tensor, ...size: SizeAndOptions): Tensor {
  return ones({ dtype: x.dtype }, ...size);
}

/** torch.Tensor.new_empty; here it is zeros. */
export function newEmpty(x: Tensor, ...size: SizeAndOptions): Tensor {
  return newZeros(x, ...size);
}

/** torch.Tensor.new_full: one value everywhere, in the dtype of `x`. */
export function newFull(x: Tensor, size: readonly number[], value: Scalar, options: TensorOptions = {}): Tensor {
  return full(size, value, { dtype: x.dtype, ...options });
}

/** torch.Tensor.new_tensor: a copy of plain values in the dtype of `x`. */
export function newTensor(x: Tensor, data: TensorData, options: TensorOptions = {}): Tensor {
  return tensor(data, { dtype: x.dtype, ...options });
}
