/**
 * Matrices by which is multiplied again and again: from the second time on that one comes unchanged, the engine may keep it
 * packed. Whether it has changed can be known only of memory whose writes are counted (`writesTo`), as layers let those of
 * their weights be, and that nobody outside has.
 */
import type { Weights } from "../engine/plain.ts";
import type { Dense, Writes } from "./dense.ts";

/** A matrix as it came last, and how much had been written until then. */
interface Known extends Weights {
  count: number;
}

/** By memory; a weight and its transpose, which the way back multiplies by, are two. */
const [inRows, inColumns] = [new WeakMap<Writes, Known>(), new WeakMap<Writes, Known>()];

/** The right operand (K, N) of a product, as weights, if it has come before and is as it was. */
export function comingAgain({ storage, shape, strides, offset }: Dense): Weights | undefined {
  const { writes, data, isShared } = storage;
  if (!writes || writes.isShared || isShared || !(data instanceof Float32Array)) return undefined;
  const [depth, units] = shape as unknown as [number, number];
  const [columnStride, rowStride] = strides as unknown as [number, number];
  const known = rowStride === 1 ? inRows : inColumns;
  const before = known.get(writes);
  const isSame =
    before?.depth === depth &&
    before.units === units &&
    before.matrix.data === data &&
    before.matrix.offset === offset &&
    before.matrix.rowStride === rowStride &&
    before.matrix.columnStride === columnStride;
  if (isSame && before.count === writes.count) return before;
  const matrix = { data, offset, rowStride, columnStride };
  const version = (before?.version ?? 0) + 1;
  const next = { matrix, bias: undefined, gates: 1, units, depth, version, count: writes.count };
  // the same object, so that the engine's pack of it takes the place of the last
  if (before) Object.assign(before, next);
  else known.set(writes, next);
  return undefined;
}
