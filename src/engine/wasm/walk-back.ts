/**
 * The gradients of the loop over time: the steps are walked from the last to the first.
 *
 *     s' = the gradient of the state after the step       the output's own, the next page's, and link
 *     m' = h'·W_hr                                        with a projection: of the page's own output, from that of h
 *     x', r', s' = backward page                          of x, r and of the state before the step
 *     link = r'·W_hh                                      what the state before the step gets through the product
 *     W_hh' += r'ᵀ·h,  W_hr' += h'ᵀ·m
 *     b_hh' += Σ_row r',  v' += Σ_row                     several steps in one call, each step a sum of its own
 *
 * Every sum has the order that the step-by-step tape of autograd gives it, and so its bits.
 */
import { recurrentGates } from "../../cells/cell.ts";
import type { RecurGradients, Recurrence, RecurWants } from "../plain.ts";
import type { Arena } from "./arena.ts";
import { PANEL } from "./arrange-kernel.ts";
import { multiplyPanels, packPanels, transposed, upTo } from "./panels.ts";
import { gather, places, spread, Views } from "./places.ts";
import { type Kernels, LARGEST, type SavedRow, savedRow } from "./recur-train.ts";
import { Schedule } from "./schedule.ts";
import { addSums, type Stretch, stretchOf, turnedSums } from "./weight-sums.ts";

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
 *     absent    H or P, in whole panels       -0, the gradient that is not there: adding it changes nothing
 *     zeros     4 for each state              see `TrainKernels.backward`
 *     sums      width = R·H, in whole panels  b_hh'
 *     panels    W_hh, (R·H, P)                and in the end gradients of weights, transposed
 *     weights   P·width                       W_hh'ᵀ
 *     link      B·linkWide
 *     states    S·B·stride
 *     outputs   (most + B)·P                  gradients of outputs, of as many steps as fit and the one before
 *     saved     most·wide                     of the same steps, in the order of time
 *     x', r'    most·G·H, most·R·H            in the order of the walk
 *     vectors   V·H
 *     own       most·V·H                      the vectors' gradients, in the order of the walk
 *     ownSums   V·H, in whole panels          v'
 *     h         stride·most                   the outputs before each step, transposed; or m
 *     panel     16·most                       16 columns of r', or of h'
 *
 * And with a projection:
 *
 *     ends      B·P                           what is known of the gradient of h before the next step's product gives its own
 *     h'        most·P                        in the order of the walk
 *     m'        B·H, in whole panels
 *     W_hr      (P, H), in whole panels
 *     W_hr'ᵀ    H·P, in whole panels
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
  readonly #row: SavedRow;
  readonly #linkWide: number;
  readonly #most: number;
  readonly #B: number;
  readonly #at: Readonly<Record<Place, number>>;
  readonly #x: Float32Array;
  readonly #views = new Views();
  readonly size: number;

  constructor(arena: Arena, kernels: Kernels, problem: Recurrence, saved: Float32Array, wants: RecurWants) {
    const { cell, H, P, batchSizes, reverse, states, projection } = problem;
    this.#arena = arena;
    this.#kernels = kernels;
    this.#problem = problem;
    this.#saved = saved;
    this.#wants = wants;
    [this.#gates, this.#recurrent] = [cell.gates.length * H, recurrentGates(cell).length * H];
    [this.#width, this.#linkWide] = [upTo(PANEL, this.#recurrent), upTo(PANEL, P)];
    this.#stride = upTo(4, H);
    this.#row = savedRow(kernels, problem);
    const { wide } = this.#row;
    this.#B = states[0].length / P;
    this.#schedule = new Schedule(batchSizes, reverse, this.#B);
    const rows = saved.length / wide;
    this.#x = wants.isLast ? problem.x : new Float32Array(rows * this.#gates);
    const fitting = Math.min(CACHED_ROWS, Math.floor(LARGEST / Math.max(this.#gates, wide)));
    this.#most = Math.min(rows, Math.max(this.#B, fitting));
    const [B, most] = [this.#B, upTo(4, this.#most)];
    const own = problem.vectors.length;
    const [units, panelled] = [upTo(PANEL, H), upTo(4, Math.max(H, P))];
    const projected = (count: number): number => place(projection ? count : 0);
    const place = places();
    this.#at = {
      absent: place(Math.max(this.#linkWide, units)),
      zeros: place(4 * states.length),
      sums: place(this.#width),
      panels: place(Math.max((this.#width + PANEL) * this.#linkWide, projection ? P * this.#stride : 0)),
      weights: place(upTo(4, P) * this.#width),
      link: place(B * this.#linkWide),
      states: place(states.length * B * this.#stride),
      outputs: place((most + B) * P + PANEL),
      saved: place((most + PANEL) * wide),
      x: place(most * this.#gates + PANEL),
      r: place(kernels.halved ? most * this.#recurrent + PANEL : 0),
      vectors: place(own + PANEL),
      own: place(most * own + PANEL),
      ownSums: place(upTo(PANEL, own)),
      h: place(
        Math.max(panelled * most, (this.#recurrent + PANEL) * this.#linkWide, projection ? (P + PANEL) * units : 0),
      ),
      panel: place(PANEL * most),
      ends: projected(B * P),
      projected: projected(most * P + PANEL),
      paged: projected(B * units),
      projection: projected(upTo(4, P) * units),
      projectionSums: projected(this.#stride * this.#linkWide),
    };
    this.size = place(0);
  }

  run(): RecurGradients {
    const { H, P, weights, projection, vectors, states } = this.#problem;
    const floats = this.#arena.floats;
    const at = this.#at;
    floats.fill(-0, at.absent, at.sums);
    floats.fill(-0, at.sums, at.sums + this.#width);
    floats.fill(-0, at.ownSums, at.ownSums + upTo(PANEL, vectors.length));
    floats.set(vectors, at.vectors);
    floats.fill(-0, at.weights, at.weights + P * this.#width);
    floats.fill(-0, at.link, at.link + this.#B * this.#linkWide);
    if (this.#recurrent > 0) {
      packPanels(this.#kernels, floats, at.panels, at.h, transposed(weights), this.#recurrent, P);
    }
    if (projection) {
      packPanels(this.#kernels, floats, at.projection, at.h, transposed(projection), P, H);
      floats.fill(-0, at.projectionSums, at.projectionSums + H * this.#linkWide);
    }
    this.#enter();
    for (let step = this.#schedule.length - 1; step >= 0; ) {
      const last = this.#schedule.endOfChunk(step, this.#most, -1);
      this.#steps(step, last);
      this.#addSums(stretchOf(this.#schedule, step, last));
      step = last - 1;
    }
    return {
      x: this.#x,
      states: states.map((_, i) => (this.#wants.states[i] ? this.#start(i) : undefined)),
      weights: this.#wants.weights ? this.#turned(at.weights, P, this.#recurrent) : undefined,
      bias: this.#wants.bias ? floats.slice(at.sums, at.sums + this.#recurrent) : undefined,
      projection: this.#wants.projection ? this.#turned(at.projectionSums, H, P) : undefined,
      vectors: this.#wants.vectors ? floats.slice(at.ownSums, at.ownSums + vectors.length) : undefined,
    };
  }

  /** The gradients of the states after the last step. Rows that are not in it have been joined to it, if only as zeros. */
  #enter(): void {
    const { states, projection } = this.#problem;
    const { floats } = this.#arena;
    const b = this.#schedule.rows(this.#schedule.length - 1);
    // with a projection the page gives none of its own first state: that of h is kept beside it
    if (projection) floats.fill(-0, this.#at.states, this.#at.states + this.#B * this.#stride);
    for (let i = 0; i < states.length; i += 1) {
      const { at, stride, width } = this.#state(i);
      const given = this.#wants.given[i];
      if (given) spread(floats, at, stride, given, width);
      else floats.fill(-0, at, at + b * stride).fill(0, at + b * stride, at + this.#B * stride);
    }
  }

  /** Where the gradient of a state lies. */
  #state(i: number): { at: number; stride: number; width: number } {
    const { H, P, projection } = this.#problem;
    if (i === 0 && projection) return { at: this.#at.ends, stride: P, width: P };
    return { at: this.#at.states + i * this.#B * this.#stride, stride: this.#stride, width: H };
  }

  /** Walks the steps from `first` back to `last`. */
  #steps(first: number, last: number): void {
    const { H, P, vectors, projection } = this.#problem;
    const { floats } = this.#arena;
    const [at, gates, recurrent, { wide }] = [this.#at, this.#gates, this.#recurrent, this.#row];
    const own = vectors.length;
    const [start, end] = [this.#schedule.firstRow(last, first), this.#schedule.endRow(last, first)];
    floats.set(this.#saved.subarray(start * wide, end * wide), at.saved);
    const outputAt = this.#outputs(first, last);
    const r = this.#kernels.halved ? at.r : at.x;
    const [stride, linkWide, units] = [this.#stride, this.#linkWide, upTo(PANEL, H)];
    let done = 0;
    for (let step = first; step >= last; step -= 1) {
      const b = this.#schedule.rows(step);
      const ofOutput = this.#isDirect(step) ? at.absent : outputAt(step);
      const next = this.#isDirect(step - 1) ? outputAt(step - 1) : at.absent;
      this.#setZeros(step);
      if (projection) this.#throughProjection(step, ofOutput, next, at.projected + done * P);
      // the page's kernel then has all of it in one place, and nothing to add
      const late = projection ? at.paged : ofOutput;
      const link = projection ? at.absent : at.link;
      const arrived = projection ? at.absent : next;
      const savedRow = at.saved + (this.#schedule.start(step) - start) * wide;
      const [xRow, rRow] = [at.x + done * gates, r + done * recurrent];
      this.#kernels.backward(
        b,
        4 * stride,
        H,
        4 * late,
        late === at.absent ? 0 : 4 * (projection ? units : H),
        4 * at.zeros,
        4 * link,
        link === at.absent ? 0 : 4 * linkWide,
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
        multiplyPanels(this.#kernels, b, P, recurrent, from, 4 * recurrent, panels, none, to, 4 * linkWide, false);
      }
      done += b;
    }
  }

  /**
   * The gradient of h, from its parts in the order of the page's kernel (`TrainKernels.backward`), is left at `to`, and
   * that of the page's own output at m'. What is `next` is the first part at the output before the step.
   */
  #throughProjection(step: number, late: number, next: number, to: number): void {
    const { H, P } = this.#problem;
    const { floats } = this.#arena;
    const at = this.#at;
    const b = this.#schedule.rows(step);
    const zero = this.#zero(step, 0);
    const [lateStride, nextStride] = [late === at.absent ? 0 : P, next === at.absent ? 0 : P];
    for (let row = 0; row < b; row += 1) {
      const [end, link] = [at.ends + row * P, at.link + row * this.#linkWide];
      for (let i = 0; i < P; i += 1) {
        const linked = Math.fround(floats[end + i] + floats[link + i]);
        floats[to + row * P + i] = floats[late + row * lateStride + i] + Math.fround(linked + zero);
        floats[end + i] = floats[next + row * nextStride + i];
      }
    }
    const [panels, none, m] = [4 * at.projection, 4 * at.absent, 4 * at.paged];
    multiplyPanels(this.#kernels, b, H, P, 4 * to, 4 * P, panels, none, m, 4 * upTo(PANEL, H), false);
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
    const { P } = this.#problem;
    this.#arena.floats.set(output.subarray(start * P, end * P), outputs);
    return (step) => outputs + (this.#schedule.start(step) - start) * P;
  }

  /** Where the living rows of a state were cut out of all, zeros joined their gradient again, if anything did. */
  #setZeros(step: number): void {
    for (let i = 0; i < this.#problem.states.length; i += 1) {
      const zero = i === 0 && this.#problem.projection ? -0 : this.#zero(step, i);
      this.#arena.floats.fill(zero, this.#at.zeros + 4 * i, this.#at.zeros + 4 * i + 4);
    }
  }

  #zero(step: number, state: number): number {
    const next = step + 1;
    if (next >= this.#schedule.length || this.#schedule.rows(next) === this.#B) return -0;
    return next < this.#schedule.length - 1 || this.#wants.given[state] ? 0 : -0;
  }

  /** What some steps add to the gradients of W_hh and b_hh, of W_hr and of the vectors. */
  #addSums(stretch: Stretch): void {
    const { H, P, vectors } = this.#problem;
    const [at, kernels, wants] = [this.#at, this.#kernels, this.#wants];
    const room = { turned: at.h, panel: at.panel };
    const { before, paged, wide } = this.#row;
    const [g, N] = [kernels.halved ? at.r : at.x, this.#recurrent];
    const given = { out: wants.weights ? at.weights : undefined, sums: wants.bias ? at.sums : undefined };
    if (wants.weights || wants.bias) {
      addSums(kernels, stretch, { a: at.saved + before, aStride: wide, K: P, g, N, ...given, ...room });
    }
    if (wants.projection) {
      const m = { a: at.saved + paged, aStride: wide, K: H };
      addSums(kernels, stretch, { ...m, g: at.projected, N: P, out: at.projectionSums, sums: undefined, ...room });
    }
    if (wants.vectors) {
      const none = { a: 0, aStride: 0, K: 0, out: undefined };
      addSums(kernels, stretch, { ...none, g: at.own, N: vectors.length, sums: at.ownSums, ...room });
    }
  }

  /** The gradient of a weight (N, K). */
  #turned(from: number, K: number, N: number): Float32Array {
    return turnedSums(this.#kernels, this.#arena.floats, from, K, N, this.#at.panels);
  }

  /** The gradient of a state before the first step. */
  #start(i: number): Float32Array {
    const { floats } = this.#arena;
    const { at, stride, width } = this.#state(i);
    const result = new Float32Array(this.#B * width);
    gather(floats, at, stride, result, width);
    const zero = this.#zero(-1, i);
    for (let row = 0; row < this.#B; row += 1) {
      const [to, link] = [row * width, this.#at.link + row * this.#linkWide];
      for (let j = 0; j < width; j += 1) {
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
  | "panel"
  | "ends"
  | "projected"
  | "paged"
  | "projection"
  | "projectionSums";
