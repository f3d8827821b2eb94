/** Filling a tensor with random numbers: draws come in the order of memory, whatever the order of dimensions. */
import type { DrawArray, DrawType } from "../random/element.ts";
import { type Dense, writeElements } from "./dense.ts";

/** Fills `out`; `contiguous` says whether the tensor lies in row-major order, which some draws depend on. */
export type Draw = (out: DrawArray, contiguous: boolean, type: DrawType) => unknown;

/** Fills `x` in place, in the order of its memory, and counts its version up. */
export function drawInto(x: Dense, draw: Draw): void {
  const order = [...x.shape.keys()].sort((a, b) => x.strides[b]! - x.strides[a]! || a - b);
  const inMemoryOrder = x.window(
    order.map((d) => x.shape[d]!),
    order.map((d) => x.strides[d]!),
  );
  const out = x.dtype.allocate(x.count);
  draw(out, x.contiguous, x.dtype.name as DrawType);
  writeElements(inMemoryOrder, out);
}
