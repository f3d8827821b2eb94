/**
 * The loop over time where gradients may be asked for. Besides its outputs it keeps what the walk back needs
 * (walk-back.ts) in ordinary memory, where the garbage collector frees it:
 *
 *     for t:  r = h·W_hhᵀ + b_hh
 *             h, saved_t = forward page(x_t, r, states)
 *
 * With a projection the page's own output m is saved as well, and the h before, and then h = m·W_hrᵀ.
 */
import { recurrentGates } from "../../cells/cell.ts";
import type { Recurrence } from "../plain.ts";
import type { Arena } from "./arena.ts";
import { PANEL } from "./arrange-kernel.ts";
import { multiplyPanels, type PanelKernels, packPanels, upTo } from "./panels.ts";
import { gather, places, spread } from "./places.ts";
import { Schedule } from "./schedule.ts";
import type { Spare } from "./spare.ts";
import type { TrainCode, TrainKernels } from "./train-kernel.ts";
import type { WeightKernels } from "./weight-kernel.ts";

/** The kernels that the loops call, and what the cell's own need. */
export type Kernels = PanelKernels & WeightKernels & TrainKernels & Pick<TrainCode, "saved" | "halved">;

/** How a row of saved values lies: what the page's way back loads, and with a projection h before the step and m. */
export function savedRow(kernels: Kernels, { H, P, projection }: Recurrence): SavedRow {
  const own = kernels.saved * upTo(4, H);
  if (!projection) return { before: 0, paged: 0, wide: own };
  const paged = own + upTo(4, P);
  return { before: own, paged, wide: paged + upTo(4, H) };
}

/** Where in it the output before the step lies, and m; and how wide it is. */
export interface SavedRow {
  readonly before: number;
  readonly paged: number;
  readonly wide: number;
}

/** The floats of inputs, or of saved values, that are in the arena at a time. */
export const LARGEST = 2 ** 20;

/**
 * Runs the recurrence and gives what `walkBack` needs, in memory of `spare`; undefined if there was not enough memory, and
 * nothing is done.
 */
export function recurSaving(
  arena: Arena,
  spare: Spare,
  kernels: Kernels,
  problem: Recurrence,
): Float32Array | undefined {
  const { cell, H, P, x, weights, bias, projection, vectors, states, output } = problem;
  const [gates, recurrent] = [cell.gates.length * H, recurrentGates(cell).length * H];
  const [width, stride] = [upTo(PANEL, recurrent), upTo(4, H)];
  const outStride = projection ? upTo(PANEL, P) : stride;
  const { before, paged, wide } = savedRow(kernels, problem);
  const rows = x.length / gates;
  const B = states[0].length / P;
  const schedule = new Schedule(problem.batchSizes, problem.reverse, B);
  const most = Math.min(rows, Math.max(B, Math.floor(LARGEST / Math.max(gates, wide))));
  const size = B * stride;
  const place = places();
  const biasAt = place(width);
  const panelsAt = place(width * upTo(4, P));
  const vectorsAt = place(vectors.length + PANEL);
  const rAt = place(B * width);
  const statesAt = place(states.length * size);
  // with a projection the kernel's own first state is what is projected, and not what the step begins with
  const hAt = projection ? place(B * outStride) : statesAt;
  const pagedAt = place(projection ? size : 0);
  const absentAt = place(projection ? outStride : 0);
  const projectionAt = place(projection ? outStride * stride : 0);
  const outAt = place(most * outStride);
  const savedAt = place(most * wide);
  const raw = Math.max((width + PANEL) * upTo(4, P), projection ? (outStride + PANEL) * stride : 0);
  const xAt = place(Math.max(most * gates, raw) + PANEL);
  if (!arena.reserve(place(0))) return undefined;

  const { floats } = arena;
  if (bias) floats.set(bias, biasAt);
  else floats.fill(-0, biasAt, biasAt + width);
  floats.set(vectors, vectorsAt);
  if (recurrent > 0) packPanels(kernels, floats, panelsAt, xAt, weights, P, recurrent);
  if (projection) {
    floats.fill(-0, absentAt, absentAt + outStride);
    packPanels(kernels, floats, projectionAt, xAt, projection, H, P);
  }
  const [h, ...others] = states;
  spread(floats, hAt, outStride, h, P);
  for (const [i, state] of others.entries()) spread(floats, statesAt + (i + 1) * size, stride, state, H);
  const saved = spare.take(rows * wide);
  for (let step = 0; step < schedule.length; ) {
    const last = schedule.endOfChunk(step, most, 1);
    const [start, end] = [schedule.firstRow(step, last), schedule.endRow(step, last)];
    floats.set(x.subarray(start * gates, end * gates), xAt);
    for (; step <= last; step += 1) {
      const b = schedule.rows(step);
      const row = schedule.start(step) - start;
      const [from, to] = [4 * hAt, 4 * rAt];
      multiplyPanels(kernels, b, recurrent, P, from, 4 * outStride, 4 * panelsAt, 4 * biasAt, to, 4 * width, false);
      const [xRow, outRow, saving] = [xAt + row * gates, outAt + row * outStride, savedAt + row * wide];
      const [xs, rs] = [4 * gates, 4 * width];
      if (projection) gather(floats, hAt, outStride, floats, P, saving + before, wide, b);
      kernels.forward(
        b,
        H,
        4 * xRow,
        xs,
        4 * rAt,
        rs,
        4 * (projection ? pagedAt : outRow),
        4 * statesAt,
        4 * stride,
        4 * size,
        4 * saving,
        4 * wide,
        4 * vectorsAt,
      );
      if (projection) {
        gather(floats, pagedAt, stride, floats, H, saving + paged, wide, b);
        const [m, out, panels, none] = [4 * pagedAt, 4 * outRow, 4 * projectionAt, 4 * absentAt];
        multiplyPanels(kernels, b, P, H, m, 4 * stride, panels, none, out, 4 * outStride, false);
        gather(floats, outRow, outStride, floats, P, hAt, outStride, b);
      }
    }
    gather(floats, outAt, outStride, output.subarray(start * P, end * P), P);
    saved.set(floats.subarray(savedAt, savedAt + (end - start) * wide), start * wide);
  }
  gather(floats, hAt, outStride, h, P);
  for (const [i, state] of others.entries()) gather(floats, statesAt + (i + 1) * size, stride, state, H);
  return saved;
}
