/**
 * The gradients of weights over some steps of a walk back (walk-back.ts): what each step adds is a sum over its rows, and
 * steps that follow each other with equally many rows are one call of a kernel (weight-kernel.ts).
 */
import { PANEL } from "./arrange-kernel.ts";
import { upTo } from "./panels.ts";
import { gather } from "./places.ts";
import type { Kernels } from "./recur-train.ts";
import type { Schedule } from "./schedule.ts";

/** Steps that are walked from `first` back to `last`, in runs of equally many rows. */
export interface Stretch {
  readonly rows: number;
  readonly runs: readonly Run[];
}

/** So many steps of b rows, the row where the first begins and the jump to the next. */
interface Run {
  readonly b: number;
  steps: number;
  readonly row: number;
  readonly jump: number;
}

/** The runs of the steps from `first` back to `last`. */
export function stretchOf(schedule: Schedule, first: number, last: number): Stretch {
  const start = schedule.firstRow(last, first);
  const runs: Run[] = [];
  for (let step = first; step >= last; step -= 1) {
    const b = schedule.rows(step);
    const run = runs.at(-1);
    if (run?.b === b) run.steps += 1;
    else runs.push({ b, steps: 1, row: schedule.start(step) - start, jump: schedule.reverse ? 0 : -2 * b });
  }
  return { rows: schedule.endRow(last, first) - start, runs };
}

/** Where the factors and the sums of a weight's gradient lie, in floats. */
export interface Sums {
  /** K values of each row, in rows `aStride` apart, in the order of time. */
  readonly a: number;
  readonly aStride: number;
  readonly K: number;
  /** The gradients of N values of each row, in the order of the walk. */
  readonly g: number;
  readonly N: number;
  /** (K, N) in whole panels: the weight's gradient, transposed. Undefined: nobody wants it. */
  readonly out: number | undefined;
  /** (N) in whole panels: that of the bias. */
  readonly sums: number | undefined;
  /** Room for K·rows, turned, and for a panel of all rows. */
  readonly turned: number;
  readonly panel: number;
}

/** out += aᵀ·g and sums += Σ_row g, step by step. */
export function addSums(kernels: Kernels, { rows, runs }: Stretch, at: Sums): void {
  const turnedStride = upTo(4, rows);
  const [width, wide] = [4 * upTo(PANEL, at.N), 4 * turnedStride];
  if (at.out !== undefined) kernels.transpose(4 * at.turned, wide, 4 * at.a, 4 * at.aStride, rows, at.K);
  for (let column = 0; column < at.N; column += PANEL) {
    kernels.gather(4 * at.panel, 4 * (at.g + column), 4 * at.N, rows);
    let panel = 4 * at.panel;
    for (const { b, steps, row, jump } of runs) {
      if (at.out !== undefined) {
        const [from, to] = [4 * (at.turned + row), 4 * (at.out + column)];
        kernels.accumulate(at.K, b, steps, from, wide, 4 * jump, panel, to, width);
      }
      if (at.sums !== undefined) kernels.addColumns(b, steps, panel, 4 * (at.sums + column));
      panel += 4 * PANEL * b * steps;
    }
  }
}

/** A gradient (N, K) that was summed as (K, N), by way of `scratch`, a place for all of it. */
export function turnedSums(
  kernels: Kernels,
  floats: Float32Array,
  from: number,
  K: number,
  N: number,
  scratch: number,
) {
  const wide = upTo(4, K);
  kernels.transpose(4 * scratch, 4 * wide, 4 * from, 4 * upTo(PANEL, N), K, N);
  const result = new Float32Array(N * K);
  gather(floats, scratch, wide, result, K);
  return result;
}
