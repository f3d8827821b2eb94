/** How far apart two results are, counted in units in the last place: 0 is equality to the bit, 1 the next number. */
import type { Tensor } from "../autograd/tensor.ts";
import { RuntimeError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { float64 } from "../dense/dtype.ts";
import { sameDims } from "../dense/shape.ts";

/** The largest distance in ulp between two tensors of the same shape and floating point dtype; NaN equals NaN. */
export function maxUlps(a: Tensor, b: Tensor): number {
  if (!sameDims(a.shape, b.shape) || a.dtype !== b.dtype || a.dtype.kind !== "float") {
    throw new RuntimeError(
      `maxUlps: expected two float tensors of one shape and dtype, got ${a.dtype} ${a.shape} and ${b.dtype} ${b.shape}`,
    );
  }
  const rank = a.dtype === float64 ? rank64 : rank32;
  const [left, right] = [elements(a.value) as Float64Array, elements(b.value) as Float64Array];
  let largest = 0;
  for (let i = 0; i < left.length; i += 1) {
    const [x, y] = [left[i]!, right[i]!];
    if (Object.is(x, y) || x === y) continue;
    const distance = rank(x) - rank(y);
    largest = Math.max(largest, Math.abs(Number(distance)));
  }
  return largest;
}

const bytes = new DataView(new ArrayBuffer(8));

/** The place of a float32 among all float32 in order: neighbours differ by one. */
function rank32(x: number): bigint {
  bytes.setFloat32(0, x);
  const bits = bytes.getInt32(0);
  return BigInt(bits < 0 ? -(bits & 0x7fffffff) : bits);
}

/** The place of a float64 among all float64 in order. */
function rank64(x: number): bigint {
  bytes.setFloat64(0, x);
  const bits = bytes.getBigInt64(0);
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}
