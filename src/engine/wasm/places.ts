/** Where things lie in the arena, and rows that go in and out. */
import { upTo } from "./panels.ts";

/** Hands out places of so many floats, one behind the other. */
export function placesFrom(first: number): (count: number) => number {
  let next = first;
  return (count) => {
    const at = next;
    next += upTo(4, count);
    return at;
  };
}

/** Rows of H floats that lie together, to rows that lie `stride` apart. */
export function spread(floats: Float32Array, to: number, stride: number, rows: Float32Array, H: number): void {
  if (stride === H) floats.set(rows, to);
  else for (let i = 0, at = to; i < rows.length; i += H, at += stride) floats.set(rows.subarray(i, i + H), at);
}

/** And back. */
export function gather(floats: Float32Array, from: number, stride: number, rows: Float32Array, H: number): void {
  if (stride === H) rows.set(floats.subarray(from, from + rows.length));
  else for (let i = 0, at = from; i < rows.length; i += H, at += stride) rows.set(floats.subarray(at, at + H), i);
}
