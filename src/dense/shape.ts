/**
 * The geometry of strided memory: element (i, j, ...) lives at offset + i·stride₀ + j·stride₁ + ... Pure functions over
 * lists of lengths and strides; no numbers of any tensor are touched here.
 */
import { IndexError, listText, RuntimeError } from "../check.ts";

/** Lengths or strides, outermost dimension first. */
export type Dims = readonly number[];

/** The number of elements of a shape. */
export function product(shape: Dims): number {
  let result = 1;
  // by index: a Size is no plain array, and to iterate it takes long
  for (let d = 0; d < shape.length; d += 1) result *= shape[d]!;
  return result;
}

/** Lengths given one by one or as an array: `view(2, 3)` and `view([2, 3])`. */
export function lengthsOf(given: readonly (number | Dims)[]): Dims {
  const [first] = given;
  if (given.length === 1 && Array.isArray(first)) return first;
  return given.some(Array.isArray) ? (given.flat() as number[]) : (given as Dims);
}

/** Whether two shapes have the same lengths. */
export function sameDims(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((length, d) => length === b[d]);
}

/** Row-major strides: the last dimension is dense. */
export function rowMajor(shape: Dims): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d -= 1) {
    strides[d] = stride;
    stride *= Math.max(shape[d]!, 1);
  }
  return strides;
}

/** Whether the elements lie in memory in logical order without gaps; dimensions of length 1 do not matter. */
export function isContiguous(shape: Dims, strides: Dims): boolean {
  if (product(shape) === 0) return true;
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d -= 1) {
    if (shape[d] === 1) continue;
    if (strides[d] !== expected) return false;
    expected *= shape[d]!;
  }
  return true;
}

/** Whether the elements fill their memory without gap or overlap, in whatever order of dimensions. */
export function isDense(shape: Dims, strides: Dims): boolean {
  const order = shape.map((_, d) => d).filter((d) => shape[d] !== 1);
  order.sort((a, b) => strides[b]! - strides[a]!);
  return isContiguous(
    order.map((d) => shape[d]!),
    order.map((d) => strides[d]!),
  );
}

/** A dimension counted from the front: -1 is the last. Errors: torch's IndexError. */
export function wrapDim(dim: number, rank: number): number {
  const limit = Math.max(rank, 1);
  if (!Number.isInteger(dim) || dim < -limit || dim >= limit) {
    throw new IndexError(
      `Dimension out of range (expected to be in range of [${-limit}, ${limit - 1}], but got ${dim})`,
    );
  }
  return dim < 0 ? dim + limit : dim;
}

/** The wrapped, distinct dimensions of a reduction; none means all. */
export function wrapDims(dims: number | Dims | undefined, rank: number): number[] {
  if (dims === undefined) return Array.from({ length: rank }, (_, d) => d);
  const wrapped = (typeof dims === "number" ? [dims] : dims).map((dim) => wrapDim(dim, rank));
  for (const [at, dim] of wrapped.entries()) {
    if (wrapped.indexOf(dim) !== at) throw new RuntimeError(`dim ${dim} appears multiple times in the list of dims`);
  }
  return rank === 0 ? [] : wrapped;
}

/** The dimensions that a sum goes over; an empty list of them means all. */
export function reducedDims(dims: number | Dims | undefined, rank: number): number[] {
  return wrapDims(typeof dims === "object" && dims.length === 0 ? undefined : dims, rank);
}

/** The common shape of two broadcast operands: lengths agree or one of them is 1. */
export function broadcastShapes(a: Dims, b: Dims): number[] {
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let back = 1; back <= rank; back += 1) {
    const [left, right] = [a[a.length - back] ?? 1, b[b.length - back] ?? 1];
    if (left !== right && left !== 1 && right !== 1) {
      throw new RuntimeError(
        `The size of tensor a (${left}) must match the size of tensor b (${right}) at non-singleton dimension ${rank - back}`,
        `a has shape ${listText(a)}, b has shape ${listText(b)}`,
      );
    }
    shape[rank - back] = left === 1 ? right : left;
  }
  return shape;
}

/** The strides with which a tensor is read as if it had `target` shape: repeated dimensions get stride 0. */
export function expandStrides(shape: Dims, strides: Dims, target: Dims): number[] {
  const lead = target.length - shape.length;
  return target.map((length, d) => {
    if (d < lead || (shape[d - lead] === 1 && length !== 1)) return 0;
    return strides[d - lead]!;
  });
}

/** Fills in the one length that is given as -1. Errors: torch's text for `view` and `reshape`. */
export function inferShape(shape: Dims, count: number): number[] {
  let unknown = -1;
  let known = 1;
  for (let d = 0; d < shape.length; d += 1) {
    const length = shape[d]!;
    if (length === -1 && unknown >= 0) throw new RuntimeError("only one dimension can be inferred");
    if (length === -1) unknown = d;
    else known *= length;
  }
  const invalid = shape.findIndex((length) => length < -1);
  if (invalid >= 0) {
    throw new RuntimeError(`invalid shape dimension ${shape[invalid]} at index ${invalid} of shape ${listText(shape)}`);
  }
  if (unknown >= 0 && known === 0 && count === 0) {
    throw new RuntimeError(
      `cannot reshape tensor of 0 elements into shape ${listText(shape)} because the unspecified dimension size -1 can be any value and is ambiguous`,
    );
  }
  const fits = unknown < 0 ? known === count : known !== 0 && count % known === 0;
  if (!fits) throw new RuntimeError(`shape '${listText(shape)}' is invalid for input of size ${count}`);
  const result = [...shape];
  if (unknown >= 0) result[unknown] = count / known;
  return result;
}

/**
 * The strides that show the same memory in another shape, or undefined if only a copy can.
 * Old dimensions that continue each other in memory form a block; each block must be cut up whole by the new shape.
 */
export function viewStrides(shape: Dims, strides: Dims, target: Dims): number[] | undefined {
  if (product(shape) === 0) return sameDims(shape, target) ? [...strides] : rowMajor(target);
  const result = new Array<number>(target.length);
  let next = target.length - 1;
  let blockStride = strides[shape.length - 1] ?? 1;
  let blockSize = 1;
  for (let d = shape.length - 1; d >= 0; d -= 1) {
    blockSize *= shape[d]!;
    const blockEnds = d === 0 || (shape[d - 1] !== 1 && strides[d - 1] !== blockSize * blockStride);
    if (!blockEnds) continue;
    let filled = 1;
    while (next >= 0 && (filled < blockSize || target[next] === 1)) {
      result[next] = filled * blockStride;
      filled *= target[next]!;
      next -= 1;
    }
    if (filled !== blockSize) return undefined;
    if (d > 0) blockStride = strides[d - 1]!;
    blockSize = 1;
  }
  for (; next >= 0; next -= 1) result[next] = blockStride; // a tensor of one element: only ones are left
  return result;
}

/**
 * The order of dimensions, outermost first, in which an elementwise result is laid out: that of its operands' memory.
 * Strides decide, operand by operand; where they say nothing the logical order stays (torch's TensorIterator).
 */
export function memoryOrder(shape: Dims, operands: readonly Dims[]): number[] {
  const order = shape.map((_, d) => d);
  const outerFirst = (a: number, b: number): number => {
    for (const strides of operands) {
      const [left, right] = [strides[a]!, strides[b]!];
      if (left === 0 || right === 0) continue;
      if (left !== right) return right - left;
      if (shape[a] !== shape[b]) return shape[b]! - shape[a]!;
    }
    return 0;
  };
  for (let at = order.length - 2; at >= 0; at -= 1) {
    for (let i = at; i + 1 < order.length; i += 1) {
      const compared = outerFirst(order[i]!, order[i + 1]!);
      if (compared < 0) break;
      if (compared > 0) [order[i], order[i + 1]] = [order[i + 1]!, order[i]!];
    }
  }
  return order;
}
