/**
 * The loop over time of any cell, without gradients, with packed weights (packs.ts) and the kernels of products and pages.
 * Some steps at a time, of about 192 rows together, lie in the arena:
 *
 *     for each chunk:  gates = x·W_ihᵀ + b_ih
 *       for t in the chunk:  r = h·W_hhᵀ + b_hh
 *                            h = out_t = page(gates_t, r, states)          with a projection out_t = page(...)·W_hrᵀ
 */
import type { Cell } from "../../cells/cell.ts";
import type { Unrolled, Weights } from "../plain.ts";
import type { Arena } from "./arena.ts";
import { type Pack, type Packs, widest } from "./packs.ts";
import type { PageKernel } from "./page-kernel.ts";
import { upTo } from "./panels.ts";
import { MANY, type ProductKernels, SINGLE } from "./product-kernel.ts";

/** Rows of inputs that are multiplied at a time: more would not stay in the second cache. */
const CHUNK_ROWS = 192;

/** The floats of the arena that a run works in; a run that needs more has to go step by step. */
export const WORKSPACE = 2 ** 25;

/** What a run works with. */
export interface Machinery {
  readonly arena: Arena;
  readonly packs: Packs;
  readonly products: ProductKernels;
  /** The kernel of a cell, if there is one. */
  readonly page: (cell: Cell) => PageKernel | undefined;
}

/** Runs the recurrence; false if there was not enough memory, or no kernel for the cell, and nothing is done. */
export function unroll(machinery: Machinery, problem: Unrolled): boolean {
  const { input, recurrent, projection, rows: B, steps: T, batchSizes } = problem;
  const page = machinery.page(problem.cell);
  if (!page || B * T === 0) return false;
  const plan = planOf(machinery, problem);
  if (!plan) return false;
  if (!arePacked(plan.packs, problem)) plan.packs = machinery.packs.bring(wantedPacks(problem, plan));
  if (!plan.packs) return false;
  const [inputPack, recurrentPack, projectionPack] = plan.packs;
  const { floats } = machinery.arena;
  const { products } = machinery;
  const { x, output, column, width, states, reverse } = problem;
  const { steps, features, P, gateStride, outStride, stride, size } = plan;
  const starts = batchSizes && startsOf(batchSizes);
  const begins = (t: number): number => (starts ? starts[t] : t * B);
  // with a projection the page's own output is on its way to it
  const paged = projection ? plan.paged : plan.out;
  const pagedStride = projection ? stride : outStride;

  copyIn(floats, plan.h, outStride, states[0], P);
  for (let i = 1; i < states.length; i += 1) copyIn(floats, plan.states + (i - 1) * size, stride, states[i], plan.H);
  let last = plan.h;
  for (let done = 0; done < T; ) {
    const count = batchSizes ? chunkOf(batchSizes, done, reverse, plan.rows) : Math.min(steps, T - done);
    const first = reverse ? T - done - count : done;
    const start = begins(first);
    const rows = begins(first + count) - start;
    if (rows === x.length / features) floats.set(x, plan.x);
    else floats.set(x.subarray(start * features, (start + rows) * features), plan.x);
    multiply(products, inputPack, plan.rows, rows, input.depth, plan.x, features, plan.gates, gateStride);
    for (let i = 0; i < count; i += 1) {
      const t = reverse ? first + count - 1 - i : first + i;
      const row = begins(t) - start;
      const b = batchSizes ? batchSizes[t] : B;
      multiply(products, recurrentPack, B, b, recurrent.depth, last, outStride, plan.r, gateStride);
      const out = plan.out + row * outStride;
      const to = projection ? paged : out;
      const gates = plan.gates + row * gateStride;
      page(
        b,
        4 * stride,
        4 * gates,
        4 * plan.r,
        4 * gateStride,
        4 * last,
        4 * outStride,
        4 * to,
        4 * pagedStride,
        4 * plan.states,
        4 * stride,
        4 * size,
      );
      if (projection) multiply(products, projectionPack, B, b, plan.H, paged, stride, out, outStride);
      // Rows that do not live now keep their state.
      if (batchSizes) floats.copyWithin(plan.h, out, out + b * outStride);
      else last = out;
    }
    done += count;
    copyOut(plan, floats, plan.out, outStride, output, start * width + column, width, rows, P);
    if (done < T && !batchSizes) {
      floats.copyWithin(plan.h, last, last + B * outStride);
      last = plan.h;
    }
  }
  copyOut(plan, floats, last, outStride, states[0], 0, P, B, P);
  for (let i = 1; i < states.length; i += 1) {
    copyOut(plan, floats, plan.states + (i - 1) * size, stride, states[i], 0, plan.H, B, plan.H);
  }
  return true;
}

/** out = a·packed + bias; `most` rows decide for which kernel the weights were packed. Places and strides in floats. */
function multiply(
  products: ProductKernels,
  { weights, bias, panels }: Pack,
  most: number,
  rows: number,
  K: number,
  a: number,
  aStride: number,
  out: number,
  outStride: number,
): void {
  if (most === 1) products.row(K, 4 * a, 4 * weights, 4 * bias, panels, 4 * out);
  else products.rows(rows, K, 4 * a, 4 * aStride, 4 * weights, 4 * bias, panels, 4 * out, 4 * outStride);
}

/** Where everything of a run lies in the arena. Places and strides in floats. */
interface Plan {
  readonly B: number;
  readonly T: number;
  readonly H: number;
  readonly P: number;
  readonly features: number;
  readonly stateCount: number;
  readonly isProjected: boolean;
  /** The steps of a chunk where all have B rows, and the rows of any chunk. */
  readonly steps: number;
  readonly rows: number;
  /** rows·features */
  readonly x: number;
  /** rows·gateStride */
  readonly gates: number;
  /** B·gateStride */
  readonly r: number;
  /** B·outStride */
  readonly h: number;
  /** `size` = B·stride for each state but the first */
  readonly states: number;
  /** size; what is to be projected */
  readonly paged: number;
  /** rows·outStride */
  readonly out: number;
  readonly views: Map<number, Float32Array>;
  packs: readonly Pack[] | undefined;
  readonly end: number;
  readonly gateStride: number;
  readonly outStride: number;
  readonly stride: number;
  readonly size: number;
}

const plans = new WeakMap<Weights, Plan>();

function planOf({ arena, packs }: Machinery, problem: Unrolled): Plan | undefined {
  const known = plans.get(problem.recurrent);
  const plan = known && fits(known, problem) ? known : planned(problem);
  if (plan.end > packs.start) {
    if (plan.end > WORKSPACE) return undefined;
    packs.moveTo(2 ** Math.ceil(Math.log2(plan.end)));
  }
  if (!arena.reserve(packs.start)) return undefined;
  plans.set(problem.recurrent, plan);
  return plan;
}

function fits(plan: Plan, { cell, input, projection, rows, steps }: Unrolled): boolean {
  const { B, T, features, stateCount, isProjected } = plan;
  return (
    B === rows &&
    T === steps &&
    features === input.depth &&
    stateCount === cell.state.length &&
    isProjected === (projection !== undefined)
  );
}

function planned({ cell, input, recurrent, projection, rows: B, steps: T }: Unrolled): Plan {
  const [H, P, features] = [recurrent.units, recurrent.depth, input.depth];
  const steps = Math.min(T, Math.max(1, Math.floor(CHUNK_ROWS / B)));
  const rows = steps * B;
  // Rows of a power of two would all begin in the same places of the caches.
  const gateStride = widest(recurrent) + PADDING;
  const outStride = projection ? widest(projection) : upTo(4, H);
  const stride = upTo(4, H);
  const size = B * stride;
  const sizes = [
    upTo(4, rows * features),
    rows * gateStride,
    B * gateStride,
    B * outStride,
    (cell.state.length - 1) * size,
    projection ? size : 0,
    rows * outStride,
  ];
  let end = 0;
  const [x, gates, r, h, states, paged, out] = sizes.map((count) => {
    end += count;
    return end - count;
  });
  return {
    ...{ stateCount: cell.state.length, isProjected: projection !== undefined },
    ...{ B, T, H, P, features, steps, rows, x, gates, r, h, states, paged, out },
    ...{ views: new Map(), packs: undefined, end: end + stride, gateStride, outStride, stride, size },
  };
}

/** Floats between rows of gates. */
const PADDING = 16;

function wantedPacks({ input, recurrent, projection, rows }: Unrolled, plan: Plan): [Weights, number][] {
  const kind = (most: number): number => (most === 1 ? SINGLE : MANY);
  const wanted: [Weights, number][] = [
    [input, kind(plan.rows)],
    [recurrent, kind(rows)],
  ];
  if (projection) wanted.push([projection, kind(rows)]);
  return wanted;
}

/** Whether packs are still there, and what they were made from is still what they show. */
function arePacked(packs: readonly Pack[] | undefined, { input, recurrent, projection }: Unrolled): boolean {
  if (!packs) return false;
  const [first, second, third] = packs;
  return isPackOf(first, input) && isPackOf(second, recurrent) && (!projection || isPackOf(third, projection));
}

const isPackOf = (pack: Pack, weights: Weights): boolean =>
  pack.isThere && pack.of === weights && pack.version === weights.version;

/** The row at which each step begins, and the end. */
function startsOf(batchSizes: readonly number[]): number[] {
  let total = 0;
  const starts = batchSizes.map((b) => {
    total += b;
    return total - b;
  });
  return [...starts, total];
}

/** How many steps, from the one that comes after `done` others, have no more than `most` rows together. */
function chunkOf(batchSizes: readonly number[], done: number, reverse: boolean, most: number): number {
  const T = batchSizes.length;
  let count = 0;
  for (let rows = 0; done + count < T; count += 1) {
    rows += batchSizes[reverse ? T - 1 - done - count : done + count];
    if (rows > most) break;
  }
  return count;
}

/** From this many floats on, `set` is faster than a loop. */
const LONG = 48;

/** Rows of `width` floats that lie together, to rows that lie `stride` apart. */
function copyIn(floats: Float32Array, to: number, stride: number, rows: Float32Array, width: number): void {
  if (rows.length >= LONG && (stride === width || rows.length === width)) {
    floats.set(rows, to);
    return;
  }
  for (let from = 0, at = to; from < rows.length; from += width, at += stride) {
    for (let i = 0; i < width; i += 1) floats[at + i] = rows[from + i];
  }
}

/** A piece of the arena; the same object again if it is the same piece, since a step allocates nothing. */
function viewOf({ views }: Plan, floats: Float32Array, from: number, count: number): Float32Array {
  const known = views.get(from);
  if (known && known.length === count && known.buffer === floats.buffer) return known;
  const view = floats.subarray(from, from + count);
  views.set(from, view);
  return view;
}

/** And back, to rows that lie `toStride` apart from `to` on. */
function copyOut(
  plan: Plan,
  floats: Float32Array,
  from: number,
  stride: number,
  rows: Float32Array,
  to: number,
  toStride: number,
  count: number,
  width: number,
): void {
  if (stride === width && (toStride === width || count === 1) && count * width >= LONG) {
    rows.set(viewOf(plan, floats, from, count * width), to);
    return;
  }
  for (let row = 0, at = from, end = to; row < count; row += 1, at += stride, end += toStride) {
    if (width >= LONG) rows.set(floats.subarray(at, at + width), end);
    else for (let i = 0; i < width; i += 1) rows[end + i] = floats[at + i];
  }
}
