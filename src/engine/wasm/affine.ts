/**
 * The product of rows by weights that stay packed (packs.ts):
 *
 *     out = x·Wᵀ + b
 *
 * As many rows at a time as find room before the packs, and stay in the second cache.
 */
import type { Weights } from "../plain.ts";
import { isBetterTurned } from "./gemm.ts";
import { CACHED_ROWS, upTo } from "./panels.ts";
import { gather } from "./places.ts";
import type { Machinery } from "./plan.ts";
import { MANY, SINGLE } from "./product-kernel.ts";

/** `Engine.affine`; false also if there was not enough memory. */
export function affine(
  { arena, packs, products }: Machinery,
  out: Float32Array,
  x: Float32Array,
  weights: Weights,
  bias?: Float32Array,
): boolean {
  const { units: N, depth: K } = weights;
  const M = out.length / N;
  if (isBetterTurned(M, N, K, true)) return false;
  const vectors = M === 1 ? SINGLE : MANY;
  const width = upTo(4 * vectors, N);
  // the bias lies first, then rows of x, then as many of out; four rows of W lie there while they are packed
  const room = Math.floor((packs.start - width) / (width + upTo(4, K)));
  const most = Math.min(M, CACHED_ROWS, room);
  if (most < 1 || 4 * K > packs.start || !arena.reserve(packs.start)) return false;
  const pack = packs.bring([[weights, vectors]])?.[0];
  if (!pack) return false;
  const { floats } = arena;
  if (bias) floats.set(bias);
  const added = bias ? 0 : pack.bias;
  const [from, to] = [width, width + upTo(4, most * K)];
  for (let row = 0; row < M; row += most) {
    const rows = Math.min(most, M - row);
    floats.set(M === rows ? x : x.subarray(row * K, (row + rows) * K), from);
    if (M === 1) products.row(K, 4 * from, 4 * pack.weights, 4 * added, pack.panels, 4 * to);
    else {
      const [xStride, outStride] = [4 * K, 4 * width];
      const [a, w, b] = [4 * from, 4 * pack.weights, 4 * added];
      products.rows(rows, K, a, xStride, w, b, pack.panels, 4 * to, outStride, 0);
    }
    gather(floats, to, width, out, N, row * N, N, rows);
  }
  return true;
}
