/** Where things lie in the arena, and rows that go in and out. */
import { upTo } from "./panels.ts";

/** Hands out places of so many floats, one behind the other. */
export function places(): (count: number) => number {
  let next = 0;
  return (count) => {
    const at = next;
    next += upTo(4, count);
    return at;
  };
}

/** From this many floats on, `set` is faster than a loop. */
const LONG = 48;

/** Rows of H floats that lie together, to rows that lie `stride` apart. */
export function spread(floats: Float32Array, to: number, stride: number, rows: Float32Array, H: number): void {
  if (rows.length >= LONG && (stride === H || rows.length === H)) {
    floats.set(rows, to);
    return;
  }
  for (let from = 0, at = to; from < rows.length; from += H, at += stride) {
    if (H >= LONG) floats.set(rows.subarray(from, from + H), at);
    else for (let i = 0; i < H; i += 1) floats[at + i] = rows[from + i];
  }
}

/** Pieces of an arena that are asked for again and again: the same object for the same piece. */
export class Views {
  readonly #known = new Map<number, Float32Array>();

  of(floats: Float32Array, from: number, count: number): Float32Array {
    const known = this.#known.get(from);
    if (known && known.length === count && known.buffer === floats.buffer) return known;
    const view = floats.subarray(from, from + count);
    this.#known.set(from, view);
    return view;
  }
}

/** And back: `count` rows, from `to` on to rows that lie `toStride` apart. With `views`, one step allocates nothing. */
export function gather(
  floats: Float32Array,
  from: number,
  stride: number,
  rows: Float32Array,
  H: number,
  to = 0,
  toStride = H,
  count = rows.length / H,
  views?: Views,
): void {
  const length = count * H;
  const together = count === 1 || (stride === H && toStride === H);
  if (together && length >= LONG) {
    rows.set(views ? views.of(floats, from, length) : floats.subarray(from, from + length), to);
    return;
  }
  for (let row = 0, at = from, end = to; row < count; row += 1, at += stride, end += toStride) {
    if (H >= LONG) rows.set(floats.subarray(at, at + H), end);
    else for (let i = 0; i < H; i += 1) rows[end + i] = floats[at + i];
  }
}
