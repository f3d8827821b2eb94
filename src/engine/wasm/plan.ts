/**
 * How a loop over time will run: its order, its packs, and where everything of it lies in the arena. A plan is kept for
 * the next run with the same weights and sizes, so that a session of single steps plans once.
 */
import { type Cell, recurrentGates, vectors } from "../../cells/cell.ts";
import type { Unrolled, Weights } from "../plain.ts";
import type { Arena } from "./arena.ts";
import { type Pack, type Packs, widest } from "./packs.ts";
import type { PageKernel } from "./page-kernel.ts";
import { upTo } from "./panels.ts";
import { places, Views } from "./places.ts";
import { MANY, type ProductKernels, SINGLE } from "./product-kernel.ts";
import { Schedule } from "./schedule.ts";
import { type Part, partsOf, wholeOf } from "./shares.ts";
import type { Sharing, Team } from "./team.ts";

/** What a run works with. */
export interface Machinery {
  readonly arena: Arena;
  readonly packs: Packs;
  /** The products of the caller's thread. */
  readonly products: ProductKernels;
  readonly team: Team;
  /** The kernels for a cell, if it has one, for each thread of the team. */
  readonly hands: (cell: Cell) => readonly Hand[] | undefined;
  readonly sharing: Sharing;
  /** The last plan for each W_ih. */
  readonly plans: WeakMap<Weights, Plan>;
}

/** The kernels of a loop, for one of the threads, and where all threads meet. */
export type Hand = ProductKernels & { readonly page: PageKernel; readonly meet: () => void };

/** The packs of W_ih, W_hh, perhaps W_hr, and perhaps the vectors. */
export type RunPacks = readonly Pack[];

/** One of the products of a run, (rows, K) by a pack: strides in floats. `most` rows decide for which kernel it is packed. */
export interface Product {
  readonly most: number;
  readonly K: number;
  readonly aStride: number;
  readonly outStride: number;
}

/** Where everything of a run lies in the arena. Places and strides in floats. */
export interface Plan {
  readonly schedule: Schedule;
  packs: RunPacks | undefined;
  /** What the packs were made from. */
  packed: readonly Weights[];
  /** For each pack but that of the vectors, the product with it. */
  readonly products: readonly Product[];
  /** For each thread, what it takes, and what the first takes if it is alone. */
  parts: readonly Part[];
  alone: Part | undefined;
  readonly views: Views;
  readonly B: number;
  readonly H: number;
  readonly P: number;
  readonly features: number;
  readonly stateCount: number;
  readonly isProjected: boolean;
  /** The rows of a chunk, or less. */
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
  readonly end: number;
  readonly gateStride: number;
  readonly outStride: number;
  readonly stride: number;
  readonly size: number;
}

/** Rows of inputs that are multiplied at a time: more would not stay in the second cache. */
const CHUNK_ROWS = 192;

/** As many products take the time of one output that is written into fresh memory, which the machine gives page by page. */
const HANDING_OUT = 30;

/** Recurrent weights, in floats, that every thread may read in each step: more would not stay in its second cache. */
const CACHED_WEIGHTS = 2 ** 19;

/** The floats of the arena that a run works in; a run that needs more has to go step by step. */
const WORKSPACE = 2 ** 25;

/** Floats between rows of gates: rows of a power of two would all begin in the same places of the caches. */
const PADDING = 16;

/** The plan of a run, with its packs in the arena; undefined if there is not enough memory. */
export function planOf(machinery: Machinery, problem: Unrolled): Plan | undefined {
  const { arena, packs, plans, team } = machinery;
  const known = plans.get(problem.input);
  const plan = known && fits(known, problem) ? known : planned(problem);
  if (plan.end > packs.start) {
    if (plan.end > WORKSPACE) return undefined;
    packs.moveTo(2 ** Math.ceil(Math.log2(plan.end)));
  }
  if (!arena.reserve(packs.start)) return undefined;
  if (!arePacked(plan, problem)) {
    const wanted = wantedPacks(problem, plan);
    plan.packs = packs.bring(wanted);
    if (!plan.packs) return undefined;
    plan.packed = wanted.map(([weights]) => weights);
    plan.alone = wholeOf(plan.packs);
    plan.parts = team.size > 1 ? shared(machinery, problem, plan, plan.packs) : [plan.alone];
  }
  plans.set(problem.input, plan);
  return plan;
}

/**
 * Whether a plan is for a run of these sizes, of which the same W_ih may be a part of several; packed sequences are planned
 * each time.
 */
function fits(plan: Plan, problem: Unrolled): boolean {
  const { cell, input, recurrent, projection, rows, steps, batchSizes, reverse } = problem;
  return (
    batchSizes === undefined &&
    plan.schedule.isUniform &&
    plan.schedule.reverse === reverse &&
    plan.schedule.length === steps &&
    plan.B === rows &&
    plan.H === recurrent.units &&
    plan.P === recurrent.depth &&
    plan.features === input.depth &&
    plan.stateCount === cell.state.length &&
    plan.isProjected === (projection !== undefined)
  );
}

function planned(problem: Unrolled): Plan {
  const { cell, input, recurrent, projection, rows: B, steps: T, batchSizes, reverse } = problem;
  const { units: H, depth: P } = recurrent;
  const features = input.depth;
  const rows = Math.min(T, Math.max(1, Math.floor(CHUNK_ROWS / B))) * B;
  const gateStride = widest(input) + PADDING;
  const outStride = projection ? widest(projection) : upTo(4, H);
  const stride = upTo(4, H);
  const size = B * stride;
  const place = places();
  return {
    schedule: new Schedule(batchSizes ?? new Array<number>(T).fill(B), reverse, B),
    packs: undefined,
    packed: [],
    products: [
      { most: rows, K: features, aStride: features, outStride: gateStride },
      { most: B, K: P, aStride: outStride, outStride: gateStride },
      { most: B, K: H, aStride: stride, outStride },
    ],
    parts: [],
    alone: undefined,
    views: new Views(),
    ...{ B, H, P, features, rows, stateCount: cell.state.length, isProjected: projection !== undefined },
    x: place(rows * features),
    gates: place(rows * gateStride),
    r: place(B * gateStride),
    h: place(B * outStride),
    states: place((cell.state.length - 1) * size),
    paged: place(projection ? size : 0),
    out: place(rows * outStride),
    // four rows of weights lie here while they are packed
    end: Math.max(place(stride) + stride, 4 * features, 4 * P, 4 * H),
    ...{ gateStride, outStride, stride, size },
  };
}

/** What each thread takes; one alone where the others would not make it faster, as they have to be woken and waited for. */
function shared({ team, sharing }: Machinery, { cell }: Unrolled, plan: Plan, packs: RunPacks): readonly Part[] {
  const { B, P, features, rows, schedule } = plan;
  const threads = team.size;
  // units are cut where the columns of W_ih and W_hh are the same
  const isEven = recurrentGates(cell).length === cell.gates.length && vectors(cell).length === 0;
  const weights = P * packs[1].width;
  const byRows = schedule.isUniform && B >= sharing.rows * threads && (weights <= CACHED_WEIGHTS || !isEven);
  const products = B * weights;
  const isWorthIt = (byRows || (isEven && products >= sharing.step)) && products * schedule.length >= sharing.run;
  if (!isWorthIt) return [wholeOf(packs)];
  // while the others begin with the product of a chunk's inputs, the first hands out what was computed before
  const handingOut = rows < B * schedule.length ? (HANDING_OUT * P) / (features * packs[0].width) : 0;
  return partsOf(packs, threads, B, byRows, (threads - 1) * handingOut);
}

function wantedPacks({ input, recurrent, projection, vectors, rows }: Unrolled, plan: Plan): [Weights, number][] {
  const kind = (most: number): number => (most === 1 ? SINGLE : MANY);
  const wanted: [Weights, number][] = [
    [input, kind(plan.rows)],
    [recurrent, kind(rows)],
  ];
  if (projection) wanted.push([projection, kind(rows)]);
  if (vectors) wanted.push([vectors, SINGLE]);
  return wanted;
}

/** Whether packs are still there, and what they were made from is still what they show. */
function arePacked(plan: Plan, { input, recurrent, projection, vectors }: Unrolled): boolean {
  const last = plan.packed.length - 1;
  const areProducts = isPacked(plan, 0, input) && isPacked(plan, 1, recurrent);
  return areProducts && (!projection || isPacked(plan, 2, projection)) && (!vectors || isPacked(plan, last, vectors));
}

function isPacked({ packs, packed }: Plan, which: number, weights: Weights): boolean {
  const pack = packs?.[which];
  return pack?.isThere === true && packed[which] === weights && pack.version === weights.version;
}
