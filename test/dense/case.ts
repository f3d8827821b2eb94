/** How test/golden/printing.py writes tensors and values, read back. */
import { type Dense, wrap } from "../../src/dense/dense.ts";
import {
  bfloat16,
  bool,
  convertScalar,
  type DType,
  float16,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  uint8,
} from "../../src/dense/dtype.ts";
import { OrderedDict } from "../../src/dense/ordered-dict.ts";
import type { PrintOptionsChange } from "../../src/dense/print-options.ts";
import { float } from "../../src/dense/python-float.ts";
import { product } from "../../src/dense/shape.ts";
import { tensorText } from "../../src/dense/tensor-text.ts";
import { tuple } from "../../src/dense/tuple.ts";

const DTYPES = [float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool];

/** A number, or the text of one that JSON cannot hold. */
export type Coded = number | boolean | string;

export interface TensorCase {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly Coded[] | { readonly step: number };
  readonly options?: Readonly<Record<string, Coded>>;
  readonly gradFn?: string;
  readonly requiresGrad?: boolean;
  readonly defaultDtype?: string;
  readonly text: string;
}

export function dtypeNamed(name: string): DType {
  return DTYPES.find((dtype) => dtype.name === name)!;
}

/** Row-major memory of these values. */
export function denseOf(dtype: DType, shape: readonly number[], values: TensorCase["values"]): Dense {
  const count = product(shape);
  const { step } = values as { step?: number };
  const list = step === undefined ? (values as readonly Coded[]) : Array.from({ length: count }, (_, i) => i * step);
  const data = dtype.allocate(count);
  for (const [i, value] of list.entries()) data[i] = convertScalar(decoded(value, dtype), dtype);
  return wrap(data, shape, dtype);
}

function decoded(value: Coded, dtype: DType): number | bigint | boolean {
  if (typeof value !== "string") return value;
  return dtype === int64 ? BigInt(value) : numberOf(value);
}

export function numberOf(value: Coded): number {
  if (value === "inf") return Infinity;
  return value === "-inf" ? -Infinity : Number(value);
}

/** torch's names of the print options as ours. */
export function optionsOf(options: Readonly<Record<string, Coded | null>>): PrintOptionsChange {
  const entries = Object.entries(options).map(([name, value]) => [
    name === "sci_mode" ? "sciMode" : name,
    value === "inf" ? Infinity : value,
  ]);
  return Object.fromEntries(entries) as PrintOptionsChange;
}

/** A tensor, as far as printing goes. */
export class Printable {
  readonly dense: Dense;
  constructor(dense: Dense) {
    this.dense = dense;
  }
  toString(): string {
    return tensorText(this.dense);
  }
}

/** A value of `random_value` in printing.py: literals are themselves, the rest is tagged. */
export type Tagged = number | boolean | null | Readonly<Record<string, unknown>>;

export function untagged(value: Tagged): unknown {
  if (typeof value !== "object" || value === null) return value;
  const [[tag, content]] = Object.entries(value) as [[string, unknown]];
  const items = (): unknown[] => (content as Tagged[]).map(untagged);
  const pairs = (): [string, unknown][] => (content as [string, Tagged][]).map(([key, item]) => [key, untagged(item)]);
  switch (tag) {
    case "float":
      return float(numberOf(content as Coded));
    case "bigint":
      return BigInt(content as string);
    case "tensor":
      return new Printable(denseOf(float32, value.shape as number[], content as Coded[]));
    case "list":
      return items();
    case "tuple":
      return tuple(items());
    case "object":
      return Object.fromEntries(pairs());
    case "map":
      return new Map(pairs());
    case "ordered":
      return new OrderedDict(pairs());
    default:
      return content;
  }
}
