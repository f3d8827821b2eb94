/** What formats that hold nothing but tensors are given to write. */
import { Tensor } from "../autograd/tensor.ts";
import { pythonTypeOf } from "../check.ts";
import type { Dense } from "../dense/dense.ts";

/** Tensors by name: a state dict, a Map, a plain object. */
export type NamedTensors = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

/** The numbers by name. Errors: TypeError for what is no tensor, before anything is written. */
export function tensorsByName(who: string, tensors: NamedTensors): ReadonlyMap<string, Dense> {
  const entries: Iterable<readonly [unknown, unknown]> = tensors instanceof Map ? tensors : Object.entries(tensors);
  return new Map(
    Array.from(entries, ([name, tensor]) => {
      if (typeof name !== "string") throw new TypeError(`${who}: expected names, got ${pythonTypeOf(name)}`);
      if (!(tensor instanceof Tensor)) {
        throw new TypeError(`${who}: expected a tensor for ${name}, got ${pythonTypeOf(tensor)}`);
      }
      return [name, tensor.value];
    }),
  );
}
