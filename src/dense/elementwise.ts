/**
 * Element by element: one loop for one operand, one for two, one for three. Operands are broadcast, computed in a common
 * dtype, and the result lies in memory in the order of its operands, as in torch.
 */

import type { Rule } from "../arithmetic/rule.ts";
import { combine, type Floats } from "../engine/arrays.ts";
import { followInKernel } from "../engine/rules.ts";
import { Dense, elements, scalar, wrap } from "./dense.ts";
import {
  bool,
  convertScalar,
  type Data,
  type DType,
  dtypeOfScalar,
  float32,
  getDefaultDtype,
  int64,
  kindOfScalar,
  promoteTypes,
  type Scalar,
  strongerKind,
} from "./dtype.ts";
import { Float } from "./python-float.ts";
import { broadcastShapes, type Dims, expandStrides, isDense, memoryOrder, sameDims } from "./shape.ts";

/** A function of two numbers; int64 is computed by `integer`, shorter integers by `short` where `number` will not do. */
export interface Binary {
  readonly number: (a: number, b: number) => number | boolean;
  readonly short?: (a: number, b: number) => number;
  readonly integer?: (a: bigint, b: bigint) => bigint | boolean;
  /** The same function over whole arrays of floats, a loop of its own; an operand that is one number has step 0. */
  readonly array?: (out: Floats, a: Floats, aStep: number, b: Floats, bStep: number) => void;
  /** The same for a question, whose answers are a mask. */
  readonly mask?: (out: Uint8Array, a: Floats, aStep: number, b: Floats, bStep: number) => void;
}

/** A function of one number; int64 is computed by `integer`, shorter integers by `short` where `number` will not do. */
export interface Unary {
  readonly number: (a: number) => number | boolean;
  readonly short?: (a: number) => number;
  readonly integer?: (a: bigint) => bigint | boolean;
  /** The same function over whole arrays of `compute`'s memory, where an engine has it. */
  readonly array?: (out: Data, x: Data) => void;
  /** The same function of float32 as a page, which SIMD lanes can read. */
  readonly page?: Rule | undefined;
}

/** Sums, differences, products and quotients. Those of floats are loops without a call for each element. */
export const fourOperations = {
  sum: {
    number: (a, b) => a + b,
    integer: (a, b) => a + b,
    array: (...operands) => combine("add", ...operands),
  },
  difference: {
    number: (a, b) => a - b,
    integer: (a, b) => a - b,
    array: (...operands) => combine("sub", ...operands),
  },
  reversedDifference: {
    number: (a, b) => b - a,
    integer: (a, b) => b - a,
    array: (out, a, aStep, b, bStep) => combine("sub", out, b, bStep, a, aStep),
  },
  product: {
    number: (a, b) => a * b,
    short: Math.imul,
    integer: (a, b) => a * b,
    array: (...operands) => combine("mul", ...operands),
  },
  quotient: {
    number: (a, b) => a / b,
    array: (...operands) => combine("div", ...operands),
  },
} satisfies Record<string, Binary>;

/** The numbers of an operand; step 0 where it is one number. */
interface Stepped {
  readonly data: Data;
  readonly step: 0 | 1;
}

/** f(x) for each element, computed in `compute` and kept as `out`. */
export function map(f: Unary, x: Dense, compute: DType = x.dtype, out: DType = compute): Dense {
  const order = memoryOrder(x.shape, [x.strides]);
  const shape = order.map((d) => x.shape[d]!);
  const from = elements(permuted(x, order), compute);
  const result = out.allocate(from.length);
  if (f.array) f.array(result, from);
  else if (!(f.page && compute === float32 && out === float32 && inLanes(f.page, result, from))) {
    const apply = chosen(f, compute);
    for (let i = 0; i < result.length; i += 1) result[i] = apply(from[i]!);
  }
  return unpermuted(wrap(rounded(result, out), shape, out), order);
}

/** Computes by SIMD; false if there is none, or it would not be faster. */
function inLanes(page: Rule, out: Data, x: Data): boolean {
  out.set(x as never);
  return followInKernel(page, [out as Float32Array]);
}

/** f(a, b) for each pair of elements, broadcast. */
export function zip(f: Binary, a: Dense, b: Dense, compute: DType, out: DType = compute): Dense {
  const logical = broadcastShapes(a.shape, b.shape);
  const order = memoryOrder(logical, [
    expandStrides(a.shape, a.strides, logical),
    expandStrides(b.shape, b.strides, logical),
  ]);
  const left = operand(a, logical, order, compute);
  const right = operand(b, logical, order, compute);
  const shape = order.map((d) => logical[d]!);
  const result = wrap(out.allocate(count(shape)), shape, out);
  const data = result.data;
  if (f.array && compute.kind === "float" && out.kind === "float") {
    f.array(data as Floats, left.data as Floats, left.step, right.data as Floats, right.step);
  } else if (f.mask && compute.kind === "float" && out === bool) {
    f.mask(data as Uint8Array, left.data as Floats, left.step, right.data as Floats, right.step);
  } else {
    const apply = chosen(f, compute);
    for (let i = 0, l = 0, r = 0; i < data.length; i += 1, l += left.step, r += right.step) {
      data[i] = apply(left.data[l]!, right.data[r]!);
    }
  }
  rounded(data, out);
  return unpermuted(result, order);
}

/** x = x + y where both are floats that lie alike and fill their memory; false: they do not, and nothing is done. */
export function addTo(x: Dense, y: Dense): boolean {
  const isAlike = x.dtype === y.dtype && sameDims(x.shape, y.shape) && sameDims(x.strides, y.strides);
  if (!isAlike || x.dtype.kind !== "float" || !isDense(x.shape, x.strides)) return false;
  const size = x.count;
  const data = (z: Dense): Floats => z.data.subarray(z.offset, z.offset + size) as Floats;
  const sum = data(x);
  fourOperations.sum.array(sum, sum, 1, data(y), 1);
  rounded(sum, x.dtype);
  x.storage.version += 1;
  return true;
}

/** a where the mask is true, else b; broadcast. */
export function select(mask: Dense, a: Dense, b: Dense, dtype: DType): Dense {
  const logical = broadcastShapes(broadcastShapes(mask.shape, a.shape), b.shape);
  const order = memoryOrder(
    logical,
    [mask, a, b].map((x) => expandStrides(x.shape, x.strides, logical)),
  );
  const [test, left, right] = [
    operand(mask, logical, order, bool),
    operand(a, logical, order, dtype),
    operand(b, logical, order, dtype),
  ];
  const shape = order.map((d) => logical[d]!);
  const result = wrap(dtype.allocate(count(shape)), shape, dtype);
  const { data } = result;
  if (data instanceof Float32Array) chooseBits(data, test, left, right);
  else {
    for (let i = 0; i < data.length; i += 1) {
      data[i] = test.data[i * test.step] ? left.data[i * left.step]! : right.data[i * right.step]!;
    }
  }
  return unpermuted(result, order);
}

/** The same for float32, whose bits are chosen without a branch: which way a mask goes cannot be foretold. */
function chooseBits(out: Float32Array, mask: Stepped, a: Stepped, b: Stepped): void {
  const bits = ({ buffer, byteOffset, length }: Data): Int32Array => new Int32Array(buffer, byteOffset, length);
  const [to, x, y, test] = [bits(out), bits(a.data), bits(b.data), mask.data as Uint8Array];
  const [testStep, xStep, yStep] = [mask.step, a.step, b.step];
  for (let i = 0; i < to.length; i += 1) {
    const all = -Number(test[i * testStep]! !== 0);
    to[i] = (x[i * xStep]! & all) | (y[i * yStep]! & ~all);
  }
}

/** A value or a tensor as it enters an operation of several. */
export type Operand = Dense | Scalar;

/**
 * torch.result_type: tensors with dimensions decide first, then those of rank 0, then plain values; a weaker one only
 * counts when it is of a stronger kind (an int64 tensor times 0.5 is a float).
 */
export function resultType(...operands: readonly Operand[]): DType {
  let dims: DType | undefined;
  let zeroDim: DType | undefined;
  let value: DType | undefined;
  for (const operand of operands) {
    if (typeof operand !== "object") value = merge(value, weakDtype(operand));
    else if (operand instanceof Float) value = merge(value, getDefaultDtype());
    else if (operand.shape.length > 0) dims = merge(dims, operand.dtype);
    else zeroDim = merge(zeroDim, operand.dtype);
  }
  return stronger(stronger(dims, zeroDim), value) ?? getDefaultDtype();
}

/** An operand as a tensor; a plain value becomes one of rank 0 in the dtype of the result. */
export function asDense(operand: Operand, dtype: DType): Dense {
  return operand instanceof Dense ? operand : scalar(operand, dtype);
}

/** Rounds what was written into memory that is wider than its dtype. */
export function rounded<D extends Data>(data: D, dtype: DType): D {
  const { round } = dtype;
  if (round) for (let i = 0; i < data.length; i += 1) data[i] = round(data[i] as number);
  return data;
}

function weakDtype(value: Scalar): DType {
  const kind = kindOfScalar(value);
  if (kind === "float") return getDefaultDtype();
  return kind === "bool" ? bool : dtypeOfScalar(BigInt(value));
}

function merge(a: DType | undefined, b: DType): DType {
  return a ? promoteTypes(a, b) : b;
}

function stronger(main: DType | undefined, other: DType | undefined): DType | undefined {
  if (!main || !other) return main ?? other;
  return strongerKind(other.kind, main.kind) ? promoteTypes(main, other) : main;
}

function chosen<A extends unknown[]>(
  f: Record<"number", unknown> & Partial<Record<"integer" | "short", unknown>>,
  compute: DType,
): (...a: A) => never {
  const special = compute === int64 ? f.integer : compute.kind === "integer" && f.short;
  return (special || f.number) as (...a: A) => never;
}

function operand(x: Dense, shape: Dims, order: Dims, compute: DType): Stepped {
  if (x.count === 1) return { data: elements(x, compute), step: 0 };
  const expanded = x.window(shape, expandStrides(x.shape, x.strides, shape));
  return { data: elements(permuted(expanded, order), compute), step: 1 };
}

function permuted(x: Dense, order: Dims): Dense {
  if (order.every((d, at) => d === at)) return x;
  return x.window(
    order.map((d) => x.shape[d]!),
    order.map((d) => x.strides[d]!),
  );
}

function unpermuted(x: Dense, order: Dims): Dense {
  return permuted(
    x,
    order.map((_, at) => order.indexOf(at)),
  );
}

function count(shape: Dims): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The same elements in another dtype; the very same tensor if it has it already. */
export function cast(x: Dense, dtype: DType): Dense {
  if (x.dtype === dtype) return x;
  // typed memory converts numbers to floats by itself
  const byMemory = dtype.kind === "float" && !dtype.round && x.dtype !== int64;
  const array = byMemory ? (out: Data, from: Data): void => out.set(from as never) : undefined;
  return map({ number: (v) => convertScalar(v, dtype) as number, ...(array && { array }) }, x, x.dtype, dtype);
}
