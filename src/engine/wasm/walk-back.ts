/**
 * The gradients of the loop over time: the steps are walked from the last to the first.
 *
 *     s' = the gradient of the state after the step       the output's own, the next page's, and link
 *     x', r', s' = backward page                          of x, r and of the state before the step
 *     link = r'·W_hh                                      what the state before the step gets through the product
 *     W_hh' += r'ᵀ·h,  b_hh' += Σ_row r',  v' += Σ_row    several steps in one call, each step a sum of its own
 *
 * Every sum has the order that the step-by-step tape of autograd gives it, and so its bits.
 */
import { recurrentGates } from "../../cells/cell.ts";
import type { RecurGradients, Recurrence, RecurWants } from "../plain.ts";
import type { Arena } from "./arena.ts";
import { PANEL } from "./arrange-kernel.ts";
import { multiplyPanels, packPanels, transposed, upTo } from "./panels.ts";
import { gather, places, spread, Views } from "./places.ts";
import { type Kernels, LARGEST } from "./recur-train.ts";
import { Schedule } from "./schedule.ts";

/** Rows that are walked back before their share of the weights' gradients is summed: a panel of them fits a first cache. */
const CACHED_ROWS = 384;

/** The gradients of a recurrence; undefined if there was not enough memory. */
export function walkBack(
  arena: Arena,
  kernels: Kernels,
  problem: Recurrence,
  saved: Float32Array,
  wants: RecurWants,
): RecurGradients | undefined {
  const walk = new Walk(arena, kernels, problem, saved, wants);
  return arena.reserve(walk.size) ? walk.run() : undefined;
}

/**
 * One walk back. The arena, in floats:
 *
 *     absent    H, in whole panels            -0, the gradient that is not there: adding it changes nothing
 *     zeros     4 for each state              see `TrainKernels.backward`
 *     sums      width = R·H, in whole panels  b_hh'
 *     panels    W_hh, (R·H, H)                and in the end W_hh', transposed
 *     weights   H·width                       W_hh'ᵀ
 *     link      B·linkWide
 *     states    S·B·stride
 *     outputs   (most + B)·H                  gradients of outputs, of as many steps as fit and the one before
 *     saved     most·wide                     of the same steps, in the order of time
 *     x', r'    most·G·H, most·R·H            in the order of the walk
 *     vectors   V·H
 *     own       most·V·H                      the vectors' gradients, in the order of the walk
 *     ownSums   V·H, in whole panels          v'
 *     h         stride·most                   the outputs before each step, transposed
 *     panel     16·most                       16 columns of r'
 */
class Walk {
  readonly #arena: Arena;
  readonly #kernels: Kernels;
  readonly #problem: Recurrence;
  readonly #saved: Float32Array;
  readonly #wants: RecurWants;
  readonly #schedule: Schedule;
  readonly #gates: number;
  readonly #recurrent: number;
  readonly #width: number;
  readonly #stride: number;
  readonly #wide: number;
  readonly #linkWide: number;
  readonly #most: number;
  readonly #B: number;
  readonly #at: Readonly<Record<Place, number>>;
  readonly #x: Float32Array;
  readonly #views = new Views();
  readonly size: number;

  constructor(arena: Arena, kernels: Kernels, problem: Recurrence, saved: Float32Array, wants: RecurWants) {
    const { cell, H, batchSizes, reverse, states } = problem;
    this.#arena = arena;
    this.#kernels = kernels;
    this.#problem = problem;
    this.#saved = saved;
    this.#wants = wants;
    [this.#gates, this.#recurrent] = [cell.gates.length * H, recurrentGates(cell).length * H];
    [this.#width, this.#linkWide] = [upTo(PANEL, this.#recurrent), upTo(PANEL, H)];
    this.#stride = upTo(4, H);
    this.#wide = kernels.saved * this.#stride;
    this.#B = states[0].length / H;
    this.#schedule = new Schedule(batchSizes, reverse, this.#B);
    const rows = saved.length / this.#wide;
    this.#x = wants.isLast ? problem.x : new Float32Array(rows * this.#gates);
    const fitting = Math.min(CACHED_ROWS, Math.floor(LARGEST / Math.max(this.#gates, this.#wide)));
    this.#most = Math.min(rows, Math.max(this.#B, fitting));
    const [B, most] = [this.#B, upTo(4, this.#most)];
    const own = problem.vectors.length;
    const place = places();
    this.#at = {
      absent: place(this.#linkWide),
      zeros: place(4 * states.length),
      sums: place(this.#width),
      panels: place((this.#width + PANEL) * this.#linkWide),
      weights: place(upTo(4, H) * this.#width),
      link: place(B * this.#linkWide),
      states: place(states.length * B * this.#stride),
      outputs: place((most + B) * H + PANEL),
      saved: place((most + PANEL) * this.#wide),
      x: place(most * this.#gates + PANEL),
      r: place(kernels.halved ? most * this.#recurrent + PANEL : 0),
      vectors: place(own + PANEL),
      own: place(most * own + PANEL),
      ownSums: place(upTo(PANEL, own)),
      h: place(Math.max(this.#stride * most, (this.#recurrent + PANEL) * upTo(PANEL, H))),
      panel: place(PANEL * most),
    };
    this.size = place(0);
  }

  run(): RecurGradients {
    const { H, weights, vectors, states } = this.#problem;
    const floats = this.#arena.floats;
    const at = this.#at;
    floats.fill(-0, at.absent, at.absent + this.#linkWide);
    floats.fill(-0, at.sums, at.sums + this.#width);
    floats.fill(-0, at.ownSums, at.ownSums + upTo(PANEL, vectors.length));
    floats.set(vectors, at.vectors);
    floats.fill(-0, at.weights, at.weights + H * this.#width);
    floats.fill(-0, at.link, at.link + this.#B * this.#linkWide);
    if (this.#recurrent > 0) {
      packPanels(this.#kernels, floats, at.panels, at.h, transposed(weights), this.#recurrent, H);
    }
    this.#enter();
    for (let step = this.#schedule.length - 1; step >= 0; ) {
      const last = this.#schedule.endOfChunk(step, this.#most, -1);
      this.#steps(step, last);
      if (this.#wants.weights || this.#wants.bias) this.#addWeights(step, last);
      if (this.#wants.vectors) this.#addVectors(step, last);
      step = last - 1;
    }
    return {
      x: this.#x,
      states: states.map((_, i) => (this.#wants.states[i] ? this.#start(i) : undefined)),
      weights: this.#wants.weights ? this.#weightGradient() : undefined,
      bias: this.#wants.bias ? floats.slice(at.sums, at.sums + this.#recurrent) : undefined,
      vectors: this.#wants.vectors ? floats.slice(at.ownSums, at.ownSums + vectors.length) : undefined,
    };
  }

  /** The gradients of the states after the last step. Rows that are not in it have been joined to it, if only as zeros. */
  #enter(): void {
    const { H, states } = this.#problem;
    const b = this.#schedule.rows(this.#schedule.length - 1);
    const floats = this.#arena.floats;
    for (let i = 0; i < states.length; i += 1) {
      const from = this.#at.states + i * this.#B * this.#stride;
      const given = this.#wants.given[i];
      if (given) spread(floats, from, this.#stride, given, H);
      else
        floats.fill(-0, from, from + b * this.#stride).fill(0, from + b * this.#stride, from + this.#B * this.#stride);
    }
  }

  /** Walks the steps from `first` back to `last`. */
  #steps(first: number, last: number): void {
    const { H, vectors } = this.#problem;
    const { floats } = this.#arena;
    const [at, gates, recurrent, wide] = [this.#at, this.#gates, this.#recurrent, this.#wide];
    const own = vectors.length;
    const [start, end] = [this.#schedule.firstRow(last, first), this.#schedule.endRow(last, first)];
    floats.set(this.#saved.subarray(start * wide, end * wide), at.saved);
    const outputAt = this.#outputs(first, last);
    const r = this.#kernels.halved ? at.r : at.x;
    const [stride, linkWide] = [this.#stride, this.#linkWide];
    let done = 0;
    for (let step = first; step >= last; step -= 1) {
      const b = this.#schedule.rows(step);
      const late = this.#isDirect(step) ? at.absent : outputAt(step);
      const arrived = this.#isDirect(step - 1) ? outputAt(step - 1) : at.absent;
      this.#setZeros(step);
      const savedRow = at.saved + (this.#schedule.start(step) - start) * wide;
      const [xRow, rRow] = [at.x + done * gates, r + done * recurrent];
      this.#kernels.backward(
        b,
        4 * stride,
        H,
        4 * late,
        late === at.absent ? 0 : 4 * H,
        4 * at.zeros,
        4 * at.link,
        4 * linkWide,
        4 * arrived,
        arrived === at.absent ? 0 : 4 * H,
        4 * at.states,
        4 * this.#B * stride,
        4 * savedRow,
        4 * wide,
        4 * xRow,
        4 * gates,
        4 * rRow,
        4 * recurrent,
        4 * at.vectors,
        4 * (at.own + done * own),
        4 * own,
      );
      this.#x.set(this.#views.of(floats, xRow, b * gates), this.#schedule.start(step) * gates);
      if (recurrent > 0 && (step > 0 || this.#wants.states[0])) {
        const [from, to, panels, none] = [4 * rRow, 4 * at.link, 4 * at.panels, 4 * at.absent];
        multiplyPanels(this.#kernels, b, H, recurrent, from, 4 * recurrent, panels, none, to, 4 * linkWide, false);
      }
      done += b;
    }
  }

  /** Whether the step after this one reads the outputs of this one as they are, and not out of all rows of a state. */
  #isDirect(step: number): boolean {
    if (step < 0 || step + 1 >= this.#schedule.length) return false;
    return this.#schedule.rows(step) === this.#B && this.#schedule.rows(step + 1) === this.#B;
  }

  /** Copies the gradients of the outputs of these steps and the one before, and says where that of a step lies. */
  #outputs(first: number, last: number): (step: number) => number {
    const { output } = this.#wants;
    const { absent, outputs } = this.#at;
    if (!output) return () => absent;
    const before = Math.max(0, last - 1);
    const [start, end] = [this.#schedule.firstRow(before, first), this.#schedule.endRow(before, first)];
    const { H } = this.#problem;
    this.#arena.floats.set(output.subarray(start * H, end * H), outputs);
    return (step) => outputs + (this.#schedule.start(step) - start) * H;
  }

  /** Where the living rows of a state were cut out of all, zeros joined their gradient again, if anything did. */
  #setZeros(step: number): void {
    for (let i = 0; i < this.#problem.states.length; i += 1) {
      this.#arena.floats.fill(this.#zero(step, i), this.#at.zeros + 4 * i, this.#at.zeros + 4 * i + 4);
    }
  }

  #zero(step: number, state: number): number {
    const next = step + 1;
    if (next >= this.#schedule.length || this.#schedule.rows(next) === this.#B) return -0;
    return next < this.#schedule.length - 1 || this.#wants.given[state] ? 0 : -0;
  }

  /** What the steps from `first` back to `last` add to the gradients of W_hh and b_hh. */
  #addWeights(first: number, last: number): void {
    const { H } = this.#problem;
    const [at, gates, kernels] = [this.#at, this.#recurrent, this.#kernels];
    const [start, end] = [this.#schedule.firstRow(last, first), this.#schedule.endRow(last, first)];
    const rows = end - start;
    const r = kernels.halved ? at.r : at.x;
    const hStride = 4 * upTo(4, rows);
    if (this.#wants.weights) kernels.transpose(4 * at.h, hStride, 4 * at.saved, 4 * this.#wide, rows, H);
    const runs = this.#runs(first, last, start);
    for (let column = 0; column < gates; column += PANEL) {
      kernels.gather(4 * at.panel, 4 * (r + column), 4 * gates, rows);
      let panel = 4 * at.panel;
      for (const { b, steps, row, jump } of runs) {
        const h = 4 * (at.h + row);
        const out = 4 * (at.weights + column);
        if (this.#wants.weights) {
          kernels.accumulate(H, b, steps, h, hStride, 4 * jump, panel, out, 4 * this.#width);
        }
        if (this.#wants.bias) kernels.addColumns(b, steps, panel, 4 * (at.sums + column));
        panel += 4 * PANEL * b * steps;
      }
    }
  }

  /** What the same steps add to the gradients of the vectors. */
  #addVectors(first: number, last: number): void {
    const [at, own, kernels] = [this.#at, this.#problem.vectors.length, this.#kernels];
    const [start, end] = [this.#schedule.firstRow(last, first), this.#schedule.endRow(last, first)];
    const runs = this.#runs(first, last, start);
    for (let column = 0; column < own; column += PANEL) {
      kernels.gather(4 * at.panel, 4 * (at.own + column), 4 * own, end - start);
      let panel = 4 * at.panel;
      for (const { b, steps } of runs) {
        kernels.addColumns(b, steps, panel, 4 * (at.ownSums + column));
        panel += 4 * PANEL * b * steps;
      }
    }
  }

  /** Steps of equally many rows that follow each other, the row where the first begins and the jump to the next. */
  #runs(first: number, last: number, start: number): Run[] {
    const runs: Run[] = [];
    for (let step = first; step >= last; step -= 1) {
      const b = this.#schedule.rows(step);
      const row = this.#schedule.start(step) - start;
      const run = runs.at(-1);
      if (run?.b === b) run.steps += 1;
      else runs.push({ b, steps: 1, row, jump: this.#problem.reverse ? 0 : -2 * b });
    }
    return runs;
  }

  /** W_hh' (R·H, H), which was summed in columns. */
  #weightGradient(): Float32Array {
    const { H } = this.#problem;
    const [at, gates] = [this.#at, this.#recurrent];
    const wide = this.#stride;
    this.#kernels.transpose(4 * at.panels, 4 * wide, 4 * at.weights, 4 * this.#width, H, gates);
    const result = new Float32Array(gates * H);
    gather(this.#arena.floats, at.panels, wide, result, H);
    return result;
  }

  /** The gradient of a state before the first step. */
  #start(i: number): Float32Array {
    const { H } = this.#problem;
    const { floats } = this.#arena;
    const result = new Float32Array(this.#B * H);
    gather(floats, this.#at.states + i * this.#B * this.#stride, this.#stride, result, H);
    const zero = this.#zero(-1, i);
    for (let row = 0; row < this.#B; row += 1) {
      const [to, link] = [row * H, this.#at.link + row * this.#linkWide];
      for (let j = 0; j < H; j += 1) {
        const linked = i === 0 ? Math.fround(result[to + j] + floats[link + j]) : result[to + j];
        result[to + j] = linked + zero;
      }
    }
    return result;
  }
}

type Place =
  | "absent"
  | "zeros"
  | "sums"
  | "panels"
  | "weights"
  | "link"
  | "states"
  | "outputs"
  | "saved"
  | "x"
  | "r"
  | "vectors"
  | "own"
  | "ownSums"
  | "h"
  | "panel";

interface Run {
  readonly b: number;
  steps: number;
  readonly row: number;
  readonly jump: number;
}
