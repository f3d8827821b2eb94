/** Arrays as the generators write them, and how far a tensor is from one. */
import { elements, wrap } from "../../src/dense/dense.ts";
import { bool, type DType, float32, float64, int32, int64 } from "../../src/dense/dtype.ts";
import { bytesOf } from "../../src/formats/memory.ts";
import { Tensor } from "../../src/index.ts";

/** An array in JSON: its bytes in base64. */
export interface Coded {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
}

const DTYPES: Readonly<Record<string, DType>> = { bool, float32, float64, int32, int64 };

/** The bytes of a text in base64. */
export function bytesFrom(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

/** The tensor that was coded. */
export function decode({ dtype, shape, data }: Coded): Tensor {
  const known = DTYPES[dtype]!;
  const Memory = known.allocate(0).constructor as new (buffer: ArrayBufferLike) => Float32Array;
  return new Tensor(wrap(new Memory(bytesFrom(data).buffer), shape, known));
}

/** A tensor in JSON. */
export function encode({ value, shape, dtype }: Tensor): Coded {
  const data = Buffer.from(bytesOf(elements(value), dtype)).toString("base64");
  return { dtype: dtype.name, shape: [...shape], data };
}

/** The largest difference, relative where numbers are larger than 1; Infinity for another shape or dtype. */
export function distance(ours: Tensor, theirs: Tensor): number {
  if (ours.dtype !== theirs.dtype || ours.shape.join() !== theirs.shape.join()) return Infinity;
  const [a, b] = [elements(ours.value), elements(theirs.value)].map((data) => Array.from(data, Number)) as [
    number[],
    number[],
  ];
  return a.reduce((worst, x, i) => {
    const y = b[i]!;
    if (Object.is(x, y) || x === y || (Number.isNaN(x) && Number.isNaN(y))) return worst;
    const apart = Math.abs(x - y) / Math.max(1, Math.abs(y));
    return Number.isNaN(apart) ? Infinity : Math.max(worst, apart);
  }, 0);
}
