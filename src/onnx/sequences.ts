/** Sequences of different lengths in one padded batch: which steps live, and a sequence read from its own end. */
import { mul } from "../autograd/arithmetic.ts";
import { indexSelect } from "../autograd/gather.ts";
import { flip } from "../autograd/join.ts";
import { Tensor } from "../autograd/tensor.ts";
import { reshape } from "../autograd/views.ts";
import { elements, wrap } from "../dense/dense.ts";
import { bool, type DType, int64 } from "../dense/dtype.ts";
import type { Call } from "./call.ts";

/** The lengths that a node is given, one for each sequence, from 0 to T; undefined if all are T. */
export function readLengths(call: Call, lengths: Tensor | undefined, T: number, B: number): number[] | undefined {
  if (!lengths) return undefined;
  const values = Array.from(elements(lengths.value), Number);
  const wrong = values.find((length) => !Number.isInteger(length) || length < 0 || length > T);
  if (lengths.shape.length !== 1 || values.length !== B || wrong !== undefined) {
    throw call.error(`sequence_lens: expected ${B} lengths between 0 and ${T}, got [${values.slice(0, 8).join(", ")}]`);
  }
  return values.every((length) => length === T) ? undefined : values;
}

/** Each sequence of x (T, B, ...) reversed within its own length; what is beyond stays. Its own inverse. */
export function reversed(x: Tensor, lengths: readonly number[] | undefined): Tensor {
  if (!lengths) return flip(x, 0);
  const [T, B] = x.shape as readonly number[] as [number, number];
  const rows = new BigInt64Array(T * B);
  for (let t = 0; t < T; t += 1) {
    for (const [b, length] of lengths.entries()) rows[t * B + b] = BigInt((t < length ? length - 1 - t : t) * B + b);
  }
  const flat = reshape(x, [T * B, ...x.shape.slice(2)]);
  return reshape(indexSelect(flat, 0, new Tensor(wrap(rows, [T * B], int64))), [...x.shape]);
}

/** (B, 1): which sequences have a step t. */
export function livingAt(t: number, lengths: readonly number[]): Tensor {
  const living = Uint8Array.from(lengths, (length) => Number(t < length));
  return new Tensor(wrap(living, [lengths.length, 1], bool));
}

/** States (D, B, H) with zeros for the sequences of length 0, as onnxruntime has them. */
export function withoutEmpty(state: Tensor, lengths: readonly number[] | undefined): Tensor {
  if (!lengths?.includes(0)) return state;
  return mul(state, ones(lengths, state.dtype));
}

function ones(lengths: readonly number[], dtype: DType): Tensor {
  const data = dtype.allocate(lengths.length);
  for (const [b, length] of lengths.entries()) data[b] = Number(length > 0);
  return new Tensor(wrap(data, [lengths.length, 1], dtype));
}
