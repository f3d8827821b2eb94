/**
 * The loop over time where gradients may be asked for. Besides its outputs it keeps what the walk back needs
 * (walk-back.ts) in ordinary memory, where the garbage collector frees it:
 *
 *     for t:  r = h·W_hhᵀ + b_hh
 *             h, saved_t = forward page(x_t, r, states)
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
  const { cell, H, x, weights, bias, vectors, states, output } = problem;
  const [gates, recurrent] = [cell.gates.length * H, recurrentGates(cell).length * H];
  const [width, stride] = [upTo(PANEL, recurrent), upTo(4, H)];
  const wide = kernels.saved * stride;
  const rows = x.length / gates;
  const B = states[0].length / H;
  const schedule = new Schedule(problem.batchSizes, problem.reverse, B);
  const most = Math.min(rows, Math.max(B, Math.floor(LARGEST / Math.max(gates, wide))));
  const size = B * stride;
  const place = places();
  const biasAt = place(width);
  const panelsAt = place(width * stride);
  const vectorsAt = place(vectors.length + PANEL);
  const rAt = place(B * width);
  const statesAt = place(states.length * size);
  const outAt = place(most * stride);
  const savedAt = place(most * wide);
  const xAt = place(Math.max(most * gates, (width + PANEL) * stride) + PANEL);
  if (!arena.reserve(place(0))) return undefined;

  const { floats } = arena;
  if (bias) floats.set(bias, biasAt);
  else floats.fill(-0, biasAt, biasAt + width);
  floats.set(vectors, vectorsAt);
  if (recurrent > 0) packPanels(kernels, floats, panelsAt, xAt, weights, H, recurrent);
  for (const [i, state] of states.entries()) spread(floats, statesAt + i * size, stride, state, H);
  const saved = spare.take(rows * wide);
  for (let step = 0; step < schedule.length; ) {
    const last = schedule.endOfChunk(step, most, 1);
    const [start, end] = [schedule.firstRow(step, last), schedule.endRow(step, last)];
    floats.set(x.subarray(start * gates, end * gates), xAt);
    for (; step <= last; step += 1) {
      const b = schedule.rows(step);
      const row = schedule.start(step) - start;
      multiplyPanels(
        kernels,
        b,
        recurrent,
        H,
        4 * statesAt,
        4 * stride,
        4 * panelsAt,
        4 * biasAt,
        4 * rAt,
        4 * width,
        false,
      );
      const [xRow, outRow, savedRow] = [xAt + row * gates, outAt + row * stride, savedAt + row * wide];
      const [xs, rs] = [4 * gates, 4 * width];
      kernels.forward(
        b,
        H,
        4 * xRow,
        xs,
        4 * rAt,
        rs,
        4 * outRow,
        4 * statesAt,
        4 * stride,
        4 * size,
        4 * savedRow,
        4 * wide,
        4 * vectorsAt,
      );
    }
    gather(floats, outAt, stride, output.subarray(start * H, end * H), H);
    saved.set(floats.subarray(savedAt, savedAt + (end - start) * wide), start * wide);
  }
  for (const [i, state] of states.entries()) gather(floats, statesAt + i * size, stride, state, H);
  return saved;
}
