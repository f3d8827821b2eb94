/** The matrix product of two tensors, by the engine; integers, which no engine has, are multiplied here. */
import { engine } from "../engine/engine.ts";
import type { Matrix, Values } from "../engine/gemm.ts";
import { comingAgain } from "./again.ts";
import { allocate, copyElements, type Dense, elements, wrap } from "./dense.ts";
import { bool, float32, float64, int64 } from "./dtype.ts";
import { cast, rounded } from "./elementwise.ts";

/** (M,K)·(K,N) [+ bias (N)], rounded as the numerics contract says. */
export function multiply(a: Dense, b: Dense, bias?: Dense): Dense {
  const { dtype } = a;
  const [M, K] = a.shape as unknown as [number, number];
  const N = b.shape[1]!;
  if (dtype.kind !== "float") return multiplyIntegers(a, b);
  const memory = dtype === float64 ? float64 : float32;
  const out = memory.allocate(M * N) as Values;
  const added = bias && (elements(bias) as Values);
  const weights = comingAgain(b);
  const isDone = weights && engine.affine(out as Float32Array, read(a), weights, added as Float32Array | undefined);
  if (!isDone) engine.gemm(out, M, N, K, asMatrix(a), asMatrix(b), added);
  return wrap(rounded(out, dtype), [M, N], dtype);
}

// `Dense.data` would count as writing

function read(x: Dense): Float32Array {
  const { storage, offset, count } = x;
  return (x.contiguous ? storage.data.subarray(offset, offset + count) : copyElements(x)) as Float32Array;
}

function asMatrix({ storage, offset, strides }: Dense): Matrix {
  return { data: storage.data as Values, offset, rowStride: strides[0]!, columnStride: strides[1]! };
}

function multiplyIntegers(a: Dense, b: Dense): Dense {
  const [M, K] = a.shape as unknown as [number, number];
  const N = b.shape[1]!;
  const out = allocate([M, N], int64);
  const [left, right] = [elements(a, int64) as BigInt64Array, elements(b, int64) as BigInt64Array];
  for (let m = 0; m < M; m += 1) {
    for (let n = 0; n < N; n += 1) {
      let total = 0n;
      for (let k = 0; k < K; k += 1) total += left[m * K + k]! * right[k * N + n]!;
      out.data[m * N + n] = BigInt.asIntN(64, total);
    }
  }
  return a.dtype === bool ? cast(out, bool) : cast(out, a.dtype);
}
