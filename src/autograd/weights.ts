/**
 * Weights that the engine keeps in packed form. A pack is as old as its numbers: their memory counts what is written to it
 * (`writesTo` in dense/dense.ts), and when the count has moved on, or the tensor has been given other memory, they are
 * packed anew.
 */
import { type Dense, elements, type Writes, writesTo } from "../dense/dense.ts";
import type { Weights } from "../engine/plain.ts";
import type { Tensor } from "./tensor.ts";

/** Weights and what they were made from. */
interface Packable extends Weights {
  readonly writes: Writes;
  count: number;
  added: Dense | undefined;
  addedWrites: Writes | undefined;
  addedCount: number;
}

const known = new WeakMap<Dense, Packable>();

/** A matrix (gates·units, K) of float32, with its bias, as engines multiply by it; always the same object for the same. */
export function packable(weight: Tensor, bias: Tensor | undefined, gates: number, units: number): Weights {
  const { value } = weight;
  const before = known.get(value);
  if (before && before.gates === gates && before.units === units && isFresh(before, bias?.value)) return before;
  const { storage, offset, strides, shape } = value;
  const vector = bias && (elements(bias.value) as Float32Array);
  const writes = writesTo(value);
  const addedWrites = bias && writesTo(bias.value);
  const next: Packable = {
    matrix: {
      data: storage.data as Float32Array,
      offset,
      rowStride: strides[0]!,
      columnStride: strides[1]!,
    },
    bias: vector,
    gates,
    units,
    depth: shape[1]!,
    version: (before?.version ?? 0) + 1,
    writes,
    count: writes.count,
    added: bias?.value,
    addedWrites,
    addedCount: addedWrites?.count ?? 0,
  };
  // The same object, so that the engine's pack of it takes the place of the last.
  const result = before ? Object.assign(before, next) : next;
  known.set(value, result);
  return result;
}

function isFresh({ writes, count, added, addedWrites, addedCount }: Packable, bias: Dense | undefined): boolean {
  return writes.count === count && added === bias && (addedWrites?.count ?? 0) === addedCount;
}
