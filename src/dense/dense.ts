/**
 * Numbers with a shape: a strided window on typed memory, without history. Engines, files and optimisers see only this;
 * a Tensor is a Dense that remembers how it came about.
 */
import { convertScalar, type Data, type DType, int64, type Scalar } from "./dtype.ts";
import { type Dims, isContiguous, isDense, product, rowMajor } from "./shape.ts";
import { type Size, size } from "./size.ts";

/** Memory that several views may share. `version` counts the in-place writes, for autograd's checks. */
export interface Storage {
  data: Data;
  version: number;
  /** What `writesTo` gave for this memory. */
  writes?: Writes;
  /** As in `Writes`, also where nobody counts yet. */
  isShared?: boolean;
}

/** Counts what may have changed in some memory, whichever tensors show it. */
export interface Writes {
  count: number;
  /** Whether somebody outside has this memory, too, and may write to it unnoticed. */
  isShared?: boolean;
}

/** Numbers with a shape. The element (i, j, ...) is `storage.data[offset + i·strides[0] + j·strides[1] + ...]`. */
export class Dense {
  readonly storage: Storage;
  readonly dtype: DType;
  readonly shape: Size;
  readonly strides: Dims;
  readonly offset: number;

  constructor(storage: Storage, dtype: DType, shape: Dims, strides: Dims = rowMajor(shape), offset = 0) {
    this.storage = storage;
    this.dtype = dtype;
    this.shape = size(shape);
    this.strides = strides;
    this.offset = offset;
  }

  /** The memory itself. Whoever has it may write into it: where writes are counted, this is one. */
  get data(): Data {
    const { data, writes } = this.storage;
    if (writes) writes.count += 1;
    return data;
  }

  /** The number of elements. */
  get count(): number {
    return product(this.shape);
  }

  get contiguous(): boolean {
    return isContiguous(this.shape, this.strides);
  }

  /** Another window on the same memory. */
  window(shape: Dims, strides: Dims, offset: number = this.offset): Dense {
    return new Dense(this.storage, this.dtype, shape, strides, offset);
  }
}

const counted = new WeakMap<ArrayBufferLike, Writes>();

/**
 * The count of writes to the memory of a tensor, which from now on is kept: of all that the library writes, and of the
 * times that `data` was handed out. Not counted is what is written into a typed array that somebody had before.
 */
export function writesTo({ storage }: Dense): Writes {
  if (storage.writes) return storage.writes;
  const { buffer } = storage.data;
  const writes = counted.get(buffer) ?? { count: 0 };
  counted.set(buffer, writes);
  storage.writes = writes;
  return writes;
}

/** Says that somebody outside has the memory of a tensor, too. */
export function share({ storage }: Dense): void {
  storage.isShared = true;
  if (storage.writes) storage.writes.isShared = true;
}

/** New memory of zeros in row-major order. */
export function allocate(shape: Dims, dtype: DType): Dense {
  return wrap(dtype.allocate(product(shape)), shape, dtype);
}

/** Existing memory, taken as it is, in row-major order. */
export function wrap(data: Data, shape: Dims, dtype: DType): Dense {
  return new Dense({ data, version: 0 }, dtype, shape);
}

/** One value, of rank 0. */
export function scalar(value: Scalar, dtype: DType): Dense {
  const result = allocate([], dtype);
  result.data[0] = convertScalar(value, dtype);
  return result;
}

/** Calls `visit` with the memory offset of each element, in logical order. */
export function eachOffset(shape: Dims, strides: Dims, offset: number, visit: (offset: number) => void): void {
  const rank = shape.length;
  if (product(shape) === 0) return;
  if (rank === 0) {
    visit(offset);
    return;
  }
  const index = new Array<number>(rank).fill(0);
  const inner = shape[rank - 1]!;
  const step = strides[rank - 1]!;
  let start = offset;
  for (;;) {
    for (let i = 0, at = start; i < inner; i += 1, at += step) visit(at);
    let d = rank - 2;
    for (; d >= 0; d -= 1) {
      index[d]! += 1;
      start += strides[d]!;
      if (index[d]! < shape[d]!) break;
      start -= shape[d]! * strides[d]!;
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

/** The elements in logical order as dense memory of `dtype`: the tensor's own memory where that is what it is. */
export function elements(dense: Dense, dtype: DType = dense.dtype): Data {
  const { data, offset, count } = dense;
  if (dtype === dense.dtype && dense.contiguous) {
    return offset === 0 && data.length === count ? data : data.subarray(offset, offset + count);
  }
  return copyElements(dense, dtype);
}

/** As `elements`, but always new memory. */
export function copyElements(dense: Dense, dtype: DType = dense.dtype): Data {
  const out = dtype.allocate(dense.count);
  gather(dense, out, dtype);
  return out;
}

/** Reads the elements in logical order into `out`, converting them to `dtype`. */
function gather(dense: Dense, out: Data, dtype: DType): void {
  const { data, shape, strides, offset } = dense;
  if (dtype === dense.dtype) {
    gatherRows(data as Float32Array, shape, strides, offset, out as Float32Array);
    return;
  }
  let at = 0;
  const convert = converter(dense.dtype, dtype);
  eachOffset(shape, strides, offset, (from) => {
    out[at] = convert(data[from]!);
    at += 1;
  });
}

/** The same without conversion, row by row: nothing is called for an element. */
function gatherRows(data: Float32Array, shape: Dims, strides: Dims, offset: number, out: Float32Array): void {
  const inner = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 1;
  let at = 0;
  eachOffset(shape.slice(0, -1), strides.slice(0, -1), offset, (start) => {
    if (step === 1 && inner > 16) out.set(data.subarray(start, start + inner), at);
    else if (step === 0) out.fill(data[start]!, at, at + inner);
    else for (let i = 0, from = start; i < inner; i += 1, from += step) out[at + i] = data[from]!;
    at += inner;
  });
}

/** How one element of `from` becomes one of `to`; memory that rounds by itself needs no help. */
function converter(from: DType, to: DType): (value: number | bigint) => number | bigint {
  if (to.kind === "float" && !to.round) return from === int64 ? Number : (value) => value;
  return (value) => convertScalar(value, to);
}

/** Counts what was written into the memory itself. */
export function countWrite({ storage }: Dense): void {
  storage.version += 1;
  const writes = storage.writes ?? counted.get(storage.data.buffer);
  if (writes) writes.count += 1;
}

/** Writes `values` (in logical order, of the dtype's memory) over the elements and counts the version up. */
export function writeElements(dense: Dense, values: Data): void {
  const { storage, shape, strides, offset, count } = dense;
  if (dense.contiguous && count > 0) storage.data.set(values as never, offset);
  else {
    scatterRows(storage.data as Float32Array, shape, strides, offset, values as Float32Array);
  }
  countWrite(dense);
}

/** From this many elements on, `set` is faster than a loop. */
const LONG = 48;

/** Writes `values`, in logical order, row by row. */
function scatterRows(data: Float32Array, shape: Dims, strides: Dims, offset: number, values: Float32Array): void {
  const inner = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 1;
  let at = 0;
  eachOffset(shape.slice(0, -1), strides.slice(0, -1), offset, (start) => {
    if (step === 1 && inner > LONG) data.set(values.subarray(at, at + inner), start);
    else for (let i = 0, to = start; i < inner; i += 1, to += step) data[to] = values[at + i]!;
    at += inner;
  });
}

/** A row-major copy in new memory. */
export function copyDense(dense: Dense, dtype: DType = dense.dtype): Dense {
  return wrap(copyElements(dense, dtype), dense.shape, dtype);
}

/** A copy in new memory that lies in the order of dimensions of `model`, if that fills its memory, else row-major. */
export function copyInOrder(dense: Dense, model: Dense = dense): Dense {
  const { shape, strides } = model;
  if (!isDense(shape, strides)) return copyDense(dense);
  const order = [...shape.keys()].sort((a, b) => strides[b]! - strides[a]!);
  const copy = copyDense(
    dense.window(
      order.map((d) => dense.shape[d]!),
      order.map((d) => dense.strides[d]!),
    ),
  );
  return copy.window(
    shape,
    shape.map((_, d) => copy.strides[order.indexOf(d)]!),
  );
}
