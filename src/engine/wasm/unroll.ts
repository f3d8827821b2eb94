/**
 * The loop over time of any cell, without gradients, with packed weights (packs.ts) and the kernels of products and pages.
 * Some steps at a time, of about 192 rows together, lie in the arena (plan.ts):
 *
 *     for each chunk:  gates = x·W_ihᵀ + b_ih
 *       for t in the chunk:  r = h·W_hhᵀ + b_hh
 *                            h = out_t = page(gates_t, r, states)          with a projection out_t = page(...)·W_hrᵀ
 *
 * Where threads work together each takes some of the rows through all steps of a chunk, or, if there are few, some of the
 * units (shares.ts): then they wait for each other in each step, before the next one reads all outputs.
 *
 * A step of a session is a run with T = 1, so nothing here may allocate.
 */
import type { Unrolled } from "../plain.ts";
import { gather, spread } from "./places.ts";
import { type Hand, type Machinery, type Plan, planOf, type RunPacks } from "./plan.ts";
import type { Part } from "./shares.ts";
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
  const team = plan.parts.length > 1 ? machinery.team : ALONE;
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
  for (let step = first; step <= last; ) {
    const most = schedule.isUniform ? last : step;
    const end = takeTurn(
      floats,
      team,
      hands,
      plan,
      problem,
      step === first ? rows : 0,
      before,
      step,
      most,
      start,
      from,
    );
    from = placeOf(plan, end, start);
    if (!schedule.isUniform) {
      // rows that do not live in a step keep their state in the place of h, which no other thread may read meanwhile
      floats.copyWithin(plan.h, from, from + schedule.rows(end) * outStride);
      from = plan.h;
    }
    step = end + 1;
  }
  return from;
}

/** The place of a step's outputs in a chunk whose rows begin at `start`. */
function placeOf({ schedule, out, outStride }: Plan, step: number, start: number): number {
  return out + (schedule.start(step) - start) * outStride;
}

/**
 * All threads do their parts of the inputs' product, of so many rows, and of steps from `first` to `last` from the outputs at
 * `h`. Gives the last step that was done. The others begin with the product while the steps are written down for them: they
 * come to the meeting before the steps, but not further.
 */
function takeTurn(
  floats: Float32Array,
  team: Team,
  hands: readonly Hand[],
  plan: Plan,
  problem: Unrolled,
  rows: number,
  before: number,
  first: number,
  last: number,
  start: number,
  h: number,
): number {
  const { features, P, schedule, parts } = plan;
  const packs = plan.packs as RunPacks;
  const stepped = (last - first + 1) * schedule.rows(first);
  const isShared = team.gather(rows * features * packs[INPUTS].width + stepped * P * packs[RECURRENT].width);
  const others = isShared ? parts.length - 1 : 0;
  const end = isShared && parts[0].isAwaited ? Math.min(last, first + team.ahead() - 1) : last;
  for (let thread = others; thread > 0; thread -= 1) beginChunk(hands[thread], plan, parts[thread], rows);
  if (rows > 0) team.go();
  for (let thread = others; thread > 0; thread -= 1) {
    runSteps(hands[thread], plan, parts[thread], problem, first, end, start, h);
  }
  if (rows === 0) team.go();
  if (rows > 0 && before < first) handOut(floats, plan, problem, before, first - 1);
  const part = isShared ? parts[0] : plan.alone!;
  beginChunk(hands[0], plan, part, rows);
  runSteps(hands[0], plan, part, problem, first, end, start, h);
  team.join();
  return end;
}

/** Copies the outputs of the steps `first` to `last`, which are a chunk, to where the caller wants them. */
function handOut(floats: Float32Array, plan: Plan, problem: Unrolled, first: number, last: number): void {
  const { schedule, P, out, outStride, views } = plan;
  const { output, column, width } = problem;
  const start = schedule.firstRow(first, last);
  const rows = schedule.endRow(first, last) - start;
  gather(floats, out, outStride, output, P, start * width + column, width, rows, views);
}

/** The part of a thread in the inputs' product of so many rows. Its steps need all of it. */
function beginChunk(hand: Hand, plan: Plan, part: Part, rows: number): void {
  if (rows === 0) return;
  multiply(hand, plan, part, INPUTS, rows, plan.x, plan.gates);
  if (!part.isAlone) hand.meet();
}

/**
 * The part of a thread in the steps `first` to `last` from the outputs at `h`. All meet where one reads what others have
 * written.
 */
function runSteps(
  hand: Hand,
  plan: Plan,
  part: Part,
  problem: Unrolled,
  first: number,
  last: number,
  start: number,
  h: number,
): void {
  const { schedule, outStride } = plan;
  for (let step = first; step <= last; step += 1) {
    if (step > first && part.isAwaited) hand.meet();
    const b = Math.min(part.rowEnd, schedule.rows(step)) - part.row;
    const before = step === first ? h : placeOf(plan, step - 1, start);
    const row = schedule.start(step) - start + part.row;
    runStep(hand, plan, part, problem, b, row, before + part.row * outStride);
  }
}

/** One step of b rows, which lie at `row` of the chunk, from the outputs at `h`. */
function runStep(hand: Hand, plan: Plan, part: Part, problem: Unrolled, b: number, row: number, h: number): void {
  const { gateStride, outStride, stride, size } = plan;
  const isProjected = problem.projection !== undefined;
  const out = plan.out + row * outStride;
  // with a projection the page's own output is on its way to it
  const paged = isProjected ? plan.paged + part.row * stride : out;
  const pagedStride = isProjected ? stride : outStride;
  const packs = plan.packs as RunPacks;
  const vectors = problem.vectors ? packs[packs.length - 1].bias : 0;
  const { column, block, blocks } = part.shares[RECURRENT];
  const r = plan.r + part.row * gateStride;
  const unit = 4 * block;
  if (blocks > 0) {
    multiply(hand, plan, part, RECURRENT, b, h, r);
    hand.page(
      b,
      16 * blocks,
      4 * (plan.gates + row * gateStride + column),
      4 * (r + column),
      4 * gateStride,
      4 * (h + unit),
      4 * outStride,
      4 * (paged + unit),
      4 * pagedStride,
      4 * (plan.states + part.row * stride + unit),
      4 * stride,
      4 * size,
      4 * vectors,
    );
  }
  if (!isProjected) return;
  if (part.isAwaited) hand.meet();
  multiply(hand, plan, part, PROJECTION, b, paged, out);
}

/** out = a·packed + bias with one of the packs, the columns of a part. Places in floats. */
function multiply(
  hand: Hand,
  { packs, products }: Plan,
  { shares }: Part,
  which: number,
  rows: number,
  a: number,
  out: number,
): void {
  const { panels, column } = shares[which];
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
