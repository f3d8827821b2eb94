/**
 * Weights that the engine keeps in packed form. A pack is as old as its numbers: their memory counts what is written to it
 * (`writesTo` in dense/dense.ts), and when the count has moved on, or the tensor has been given other memory, they are
 * packed anew.
 */
import { type Dense, elements, type Writes, writesTo } from "../dense/dense.ts";
import type { Weights } from "../engine/plain.ts";
import { Tensor } from "./tensor.ts";

/** Weights and what they were made from. */
interface Packable extends Weights {
  readonly writes: Writes;
  count: number;
  added: Dense | undefined;
  addedWrites: Writes | undefined;
  addedCount: number;
}

/** What a matrix is to a loop. One memory may be several of them, each with a bias of its own. */
type Role = "W_ih" | "W_hh" | "W_hr";

const known: Readonly<Record<Role, WeakMap<Dense, Packable>>> = {
  W_ih: new WeakMap(),
  W_hh: new WeakMap(),
  W_hr: new WeakMap(),
};

/**
 * A matrix (gates·units, K) of float32, with its bias, as engines multiply by it; always the same object for the same
 * memory in the same role.
 */
export function packable(role: Role, weight: Tensor, bias: Tensor | undefined, gates: number, units: number): Weights {
  const { value } = weight;
  const before = known[role].get(value);
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
  known[role].set(value, result);
  return result;
}

/**
 * A weight of a layer: products by it may keep it packed, too (dense/again.ts), since what is written to it is counted from
 * now on. What is no tensor is for the product to refuse.
 */
export function kept<T>(weight: T): T {
  if (weight instanceof Tensor) writesTo(weight.value);
  return weight;
}

/** Vectors of one length, and what they were made from. */
interface PackableVectors extends Weights {
  values: readonly Dense[];
  writes: readonly Writes[];
  counts: readonly number[];
}

const knownVectors = new WeakMap<Dense, PackableVectors>();

/** Vectors of H numbers as engines read them; always the same object for the same first one. */
export function packableVectors(vectors: readonly Tensor[], units: number): Weights {
  const before = knownVectors.get(vectors[0]!.value);
  if (before && areFresh(before, vectors)) return before;
  const bias = new Float32Array(vectors.length * units);
  for (const [i, { value }] of vectors.entries()) bias.set(elements(value) as Float32Array, i * units);
  const values = vectors.map(({ value }) => value);
  const writes = values.map(writesTo);
  const next: PackableVectors = {
    matrix: { data: bias, offset: 0, rowStride: 0, columnStride: 0 },
    bias,
    gates: vectors.length,
    units,
    depth: 0,
    version: (before?.version ?? 0) + 1,
    values,
    writes,
    counts: writes.map(({ count }) => count),
  };
  const result = before ? Object.assign(before, next) : next;
  knownVectors.set(values[0]!, result);
  return result;
}

function areFresh({ values, writes, counts }: PackableVectors, vectors: readonly Tensor[]): boolean {
  if (values.length !== vectors.length) return false;
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] !== vectors[i]!.value || writes[i]!.count !== counts[i]) return false;
  }
  return true;
}

function isFresh({ writes, count, added, addedWrites, addedCount }: Packable, bias: Dense | undefined): boolean {
  return writes.count === count && added === bias && (addedWrites?.count ?? 0) === addedCount;
}
