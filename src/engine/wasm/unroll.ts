/**
 * The loop over time of any cell, without gradients, with packed weights (packs.ts) and the kernels of products and pages.
 * Some steps at a time, of about 192 rows together, lie in the arena (plan.ts):
 *
 *     for each chunk:  gates = x·W_ihᵀ + b_ih
 *       for t in the chunk:  r = h·W_hhᵀ + b_hh
 *                            h = out_t = page(gates_t, r, states)          with a projection out_t = page(...)·W_hrᵀ
 *
 * Where threads work together each takes some of the units (shares.ts): they wait for each other once a step, before the
 * next one reads all outputs.
 *
 * A step of a session is a run with T = 1, so nothing here may allocate.
 */
import type { Unrolled } from "../plain.ts";
import { gather, spread } from "./places.ts";
import { type Hand, type Machinery, type Plan, planOf, type RunPacks } from "./plan.ts";
import { ALONE, type Team } from "./team.ts";

// The packs of a plan, and their products.
const [INPUTS, RECURRENT, PROJECTION] = [0, 1, 2];

/** Runs the recurrence; false if there was not enough memory, or no kernel for the cell, and nothing is done. */
export function unroll(machinery: Machinery, problem: Unrolled): boolean {
  const hands = machinery.hands(problem.cell);
  if (!hands || problem.rows * problem.steps === 0) return false;
  const plan = planOf(machinery, problem);
  if (!plan) return false;
  const { floats } = machinery.arena;
  const team = plan.shares[0].length > 1 ? machinery.team : ALONE;
  team.wake();
  try {
    enter(floats, plan, problem);
    const { schedule } = plan;
    let h = plan.h;
    let before = 0;
    for (let step = 0; step < schedule.length; ) {
      const last = schedule.endOfChunk(step, plan.rows, 1);
      h = runChunk(floats, team, hands, plan, problem, before, step, last, h);
      before = step;
      step = last + 1;
    }
    handOut(floats, plan, problem, before, schedule.length - 1);
    leave(floats, plan, problem, h);
  } finally {
    team.rest();
  }
  return true;
}

/**
 * Runs the steps `first` to `last` from the outputs at `h`, and gives the place of the last outputs. Those of the chunk
 * from `before` on are handed out while other threads have begun with the product.
 */
function runChunk(
  floats: Float32Array,
  team: Team,
  hands: readonly Hand[],
  plan: Plan,
  problem: Unrolled,
  before: number,
  first: number,
  last: number,
  h: number,
): number {
  const { schedule, features, outStride } = plan;
  const { x } = problem;
  // its place is needed for the outputs of this chunk
  if (h !== plan.h) floats.copyWithin(plan.h, h, h + plan.B * outStride);
  let from = plan.h;
  const start = schedule.firstRow(first, last);
  const rows = schedule.endRow(first, last) - start;
  if (rows * features === x.length) floats.set(x, plan.x);
  else floats.set(x.subarray(start * features, (start + rows) * features), plan.x);
  beginProduct(team, hands, plan, INPUTS, rows, plan.x, plan.gates);
  if (before < first) handOut(floats, plan, problem, before, first - 1);
  endProduct(team, hands, plan, INPUTS, rows, plan.x, plan.gates);
  for (let step = first; step <= last; step += 1) {
    const row = schedule.start(step) - start;
    from = runStep(floats, team, hands, plan, problem, schedule.rows(step), row, from);
  }
  return from;
}

/** Copies the outputs of the steps `first` to `last`, which are a chunk, to where the caller wants them. */
function handOut(floats: Float32Array, plan: Plan, problem: Unrolled, first: number, last: number): void {
  const { schedule, P, out, outStride, views } = plan;
  const { output, column, width } = problem;
  const start = schedule.firstRow(first, last);
  const rows = schedule.endRow(first, last) - start;
  gather(floats, out, outStride, output, P, start * width + column, width, rows, views);
}

/** One step of b rows, which lie at `row` of the chunk, from the outputs at `h`; gives the place of its own. */
function runStep(
  floats: Float32Array,
  team: Team,
  hands: readonly Hand[],
  plan: Plan,
  problem: Unrolled,
  b: number,
  row: number,
  h: number,
): number {
  const { outStride, stride } = plan;
  const isProjected = problem.projection !== undefined;
  const out = plan.out + row * outStride;
  // with a projection the page's own output is on its way to it
  const paged = isProjected ? plan.paged : out;
  const pagedStride = isProjected ? stride : outStride;
  const packs = plan.packs as RunPacks;
  const vectors = problem.vectors ? packs[packs.length - 1].bias : 0;
  const together = team.gather();
  for (let thread = plan.shares[RECURRENT].length - 1; thread >= 0; thread -= 1) {
    if (thread === 0) team.go();
    runUnits(hands[together ? thread : 0], plan, thread, b, row, h, paged, pagedStride, vectors);
  }
  team.join();
  if (isProjected) {
    beginProduct(team, hands, plan, PROJECTION, b, paged, out);
    endProduct(team, hands, plan, PROJECTION, b, paged, out);
  }
  if (!problem.batchSizes) return out;
  // rows that do not live now keep their state
  floats.copyWithin(plan.h, out, out + b * outStride);
  return plan.h;
}

/** The part of a step that one thread takes: the product and the page for some of the units. */
function runUnits(
  hand: Hand,
  plan: Plan,
  thread: number,
  b: number,
  row: number,
  h: number,
  paged: number,
  pagedStride: number,
  vectors: number,
): void {
  const { gateStride, outStride, stride, size } = plan;
  const { column, block, blocks } = plan.shares[RECURRENT][thread];
  if (blocks === 0) return;
  const unit = 4 * block;
  multiplyShare(hand, plan, RECURRENT, thread, b, h, plan.r);
  hand.page(
    b,
    16 * blocks,
    4 * (plan.gates + row * gateStride + column),
    4 * (plan.r + column),
    4 * gateStride,
    4 * (h + unit),
    4 * outStride,
    4 * (paged + unit),
    4 * pagedStride,
    4 * (plan.states + unit),
    4 * stride,
    4 * size,
    4 * vectors,
  );
}

/** out = a·packed + bias with one of the packs, by all threads: the others begin. */
function beginProduct(
  team: Team,
  hands: readonly Hand[],
  plan: Plan,
  which: number,
  rows: number,
  a: number,
  out: number,
): void {
  const together = team.gather();
  for (let thread = plan.shares[which].length - 1; thread > 0; thread -= 1) {
    multiplyShare(hands[together ? thread : 0], plan, which, thread, rows, a, out);
  }
  team.go();
}

/** And the first thread does its own share, and waits for them. */
function endProduct(
  team: Team,
  hands: readonly Hand[],
  plan: Plan,
  which: number,
  rows: number,
  a: number,
  out: number,
): void {
  multiplyShare(hands[0], plan, which, 0, rows, a, out);
  team.join();
}

/** The share of a thread. Places in floats. */
function multiplyShare(
  hand: Hand,
  { packs, products, shares }: Plan,
  which: number,
  thread: number,
  rows: number,
  a: number,
  out: number,
): void {
  const { panels, column } = shares[which][thread];
  // a W_hh without rows
  if (panels === 0) return;
  const { most, K, aStride, outStride } = products[which];
  const pack = (packs as RunPacks)[which];
  const weights = pack.weights + column * K;
  const bias = pack.bias + column;
  if (most === 1) hand.row(K, 4 * a, 4 * weights, 4 * bias, panels, 4 * (out + column));
  else {
    hand.rows(rows, K, 4 * a, 4 * aStride, 4 * weights, 4 * bias, panels, 4 * (out + column), 4 * outStride, 0);
  }
}

/** The states before the first step. */
function enter(floats: Float32Array, plan: Plan, { states }: Unrolled): void {
  spread(floats, plan.h, plan.outStride, states[0], plan.P);
  for (let i = 1; i < states.length; i += 1) {
    spread(floats, plan.states + (i - 1) * plan.size, plan.stride, states[i], plan.H);
  }
}

/** The states after the last step, of which the first lies at `h`. */
function leave(floats: Float32Array, plan: Plan, { states }: Unrolled, h: number): void {
  const { B, P, H, views } = plan;
  gather(floats, h, plan.outStride, states[0], P, 0, P, B, views);
  for (let i = 1; i < states.length; i += 1) {
    gather(floats, plan.states + (i - 1) * plan.size, plan.stride, states[i], H, 0, H, B, views);
  }
}
