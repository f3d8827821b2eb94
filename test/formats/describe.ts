/** A value from a file in JSON, with types, as test/golden/files.py writes it; and the files of that script. */
import type { Tensor } from "../../src/autograd/tensor.ts";
import { elements } from "../../src/dense/dense.ts";
import type { Data } from "../../src/dense/dtype.ts";
import { OrderedDict } from "../../src/dense/ordered-dict.ts";
import { isPythonInt } from "../../src/dense/python-text.ts";
import { Size } from "../../src/dense/size.ts";
import { Tuple } from "../../src/dense/tuple.ts";
import { metadataOf, StoredTensor } from "../../src/formats/values.ts";
import golden from "../golden/files.json" with { type: "json" };

/** The files, and what torch says is in them. */
export const FILES: readonly { name: string; bytes: Uint8Array; value: unknown }[] = Object.entries(golden.files).map(
  ([name, { base64, value }]) => ({ name, bytes: new Uint8Array(Buffer.from(base64, "base64")), value }),
);

/** The bytes of one file. */
export function fileNamed(wanted: string): Uint8Array {
  return FILES.find(({ name }) => name === wanted)!.bytes;
}

/** The value with types; tensors and memories are numbered in the order in which they come up. */
export function describeValue(root: unknown): unknown {
  const [tensors, memories] = [new Map<unknown, number>(), new Map<Data, number>()];
  const number = <K>(map: Map<K, number>, key: K): number => {
    if (!map.has(key)) map.set(key, map.size);
    return map.get(key)!;
  };
  const describe = (value: unknown): unknown => {
    if (typeof value === "bigint" || (typeof value === "number" && isPythonInt(value))) return { int: String(value) };
    if (typeof value === "number" || value instanceof Number) return { float: doubleHex(value.valueOf()) };
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof StoredTensor) return describeTensor(value);
    if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
    if (value instanceof Size) return { size: [...value] };
    if (value instanceof Tuple) return { tuple: Array.from(value, describe) };
    if (Array.isArray(value)) return { list: value.map(describe) };
    if (value instanceof Set) return { set: [...value].map(describe) };
    if (!(value instanceof Map)) return { named: String(value) };
    const pairs = Array.from(value, ([key, item]) => [describe(key), describe(item)]);
    if (!(value instanceof OrderedDict)) return { dict: pairs };
    const metadata = metadataOf(value);
    return { OrderedDict: pairs, ...(metadata !== undefined && { metadata: describe(metadata) }) };
  };
  const describeTensor = (tensor: StoredTensor): unknown => {
    const { value, requiresGrad, isParameter } = tensor;
    const { buffer, byteOffset, byteLength } = elements(value);
    return {
      tensor: number(tensors, tensor),
      storage: number(memories, value.data),
      count: value.data.length,
      dtype: String(value.dtype),
      shape: [...value.shape],
      strides: [...value.strides],
      offset: value.offset,
      requiresGrad,
      isParameter,
      bytes: Buffer.from(buffer, byteOffset, byteLength).toString("base64"),
    };
  };
  return describe(root);
}

function doubleHex(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}

/** An array as test/golden/arrays.py writes it. */
export interface Described {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: string;
}

/** Arrays by name, as that script writes them. */
export function describeArrays(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Described> {
  return new Map(
    Array.from(tensors, ([name, { value }]) => {
      const { buffer, byteOffset, byteLength } = elements(value);
      const bytes = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
      return [name, { dtype: String(value.dtype), shape: [...value.shape], bytes }];
    }),
  );
}
