/**
 * Weights as the kernels read them. The four units of a gate lie beside the same units of the next gate, so that columns
 * come in blocks [unit / 4][gate][4]; a panel is some vectors of these columns over all links, read from beginning to end:
 *
 *     bias      [panel][vector][4]            -0 where there is none, which changes nothing
 *     weights   [panel][k][vector][4]
 *
 * Packs are made once for each version of the weights and kept in a ring of memory: what comes next takes the place of
 * the oldest. So nobody frees anything, and the memory is bounded however many models come and go.
 */
import type { Weights } from "../plain.ts";
import type { Arena } from "./arena.ts";
import type { PackKernels } from "./pack-kernel.ts";
import { copyMatrix, upTo } from "./panels.ts";
import { MANY, SINGLE } from "./product-kernel.ts";

/** Where a pack lies. Indices of floats. */
export interface Pack {
  readonly bias: number;
  readonly weights: number;
  readonly panels: number;
  /** Columns of all panels. */
  readonly width: number;
  readonly gates: number;
  readonly units: number;
  /** The version of the weights that was packed. They themselves are not held: a pack may outlive them by far. */
  readonly version: number;
  /** Whether nothing else has taken its place. */
  readonly isThere: boolean;
}

/** The floats of the ring: 256 MB, of which no more is taken than was once in use. */
const LARGEST = 2 ** 26;

/** A pack with its place in the ring. */
interface Place extends Pack {
  readonly vectors: number;
  readonly start: number;
  readonly end: number;
  gates: number;
  units: number;
  version: number;
  isThere: boolean;
}

/** All packs of an arena. */
export class Packs {
  readonly #arena: Arena;
  readonly #kernels: PackKernels;
  readonly #largest: number;
  #start: number;
  readonly #known = new WeakMap<Weights, Place[]>();
  /** From the oldest to the youngest, which is also their order in the ring. */
  #ring: Place[] = [];
  #next: number;

  /** `start` floats before the packs are a workspace, which packing uses as well. */
  constructor(arena: Arena, kernels: PackKernels, start: number, largest = LARGEST) {
    this.#arena = arena;
    this.#kernels = kernels;
    this.#largest = largest;
    this.#start = start;
    this.#next = start;
  }

  /** Where they begin; what lies before is not theirs. */
  get start(): number {
    return this.#start;
  }

  /** Gives up all packs, to begin again elsewhere. */
  moveTo(start: number): void {
    this.#evict(() => true);
    this.#start = start;
    this.#next = start;
  }

  /** The packs of all these weights, for many rows or a single one each; undefined if there is not enough memory. */
  bring(wanted: readonly (readonly [Weights, vectors: number])[]): readonly Pack[] | undefined {
    const together = wanted.reduce((sum, [weights, vectors]) => sum + sizeOf(weights, vectors), 0);
    if (together > this.#largest) return undefined;
    // The last one may have taken the place of the first: then, behind it, there is room for both.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const places = wanted.map(([weights, vectors]) => this.#bring(weights, vectors));
      if (places.some((place) => place === undefined)) return undefined;
      if ((places as Place[]).every((place) => place.isThere)) return places as Place[];
    }
    return undefined;
  }

  #bring(weights: Weights, vectors: number): Place | undefined {
    const known = this.#known.get(weights);
    let place = known?.find((own) => own.isThere && own.vectors === vectors);
    if (place?.version === weights.version) return place;
    const width = widthOf(weights, vectors);
    const size = sizeOf(weights, vectors);
    if (place && place.end - place.start !== size) place = undefined;
    place ??= this.#place(size, width, vectors);
    if (!place) return undefined;
    const { gates, units, version } = weights;
    Object.assign(place, { gates, units, version });
    this.#pack(weights, place);
    if (!known) this.#known.set(weights, [place]);
    else if (!known.includes(place)) known.splice(0, known.length, ...known.filter((own) => own.isThere), place);
    return place;
  }

  /** Takes the next piece of the ring from whatever lies there. */
  #place(size: number, width: number, vectors: number): Place | undefined {
    if (this.#next + size > this.#start + this.#largest) {
      this.#evict((place) => place.start >= this.#next);
      this.#next = this.#start;
    }
    const start = this.#next;
    const end = start + size;
    if (!this.#arena.reserve(end)) return undefined;
    this.#evict((place) => place.start >= start && place.start < end);
    const weights = start + width;
    const panels = width / (4 * vectors);
    const given = { gates: 0, units: 0, version: -1 };
    const place = { bias: start, weights, panels, width, vectors, start, end, isThere: true, ...given };
    this.#ring.push(place);
    this.#next = end;
    return place;
  }

  /** Fills a place, as many rows at a time as find room in the workspace. */
  #pack(weights: Weights, place: Place): void {
    const { floats } = this.#arena;
    const { matrix, bias, gates, units, depth } = weights;
    floats.fill(-0, place.bias, place.weights);
    floats.fill(0, place.weights, place.end);
    const room = depth === 0 ? units : 4 * Math.floor(this.#start / (4 * depth));
    for (let gate = 0; gate < gates; gate += 1) {
      for (let i = 0; bias && i < units; i += 1) {
        floats[place.bias + 4 * ((i >> 2) * gates + gate) + (i & 3)] = bias[gate * units + i];
      }
      for (let first = 0; first < units && depth > 0; first += room) {
        const count = Math.min(room, units - first);
        const offset = matrix.offset + (gate * units + first) * matrix.rowStride;
        // units that are not there are zeros
        floats.fill(0, count * depth, upTo(4, count) * depth);
        const inRows = copyMatrix(floats, 0, { ...matrix, offset }, count, depth);
        const [rowStride, linkStride] = inRows ? [4 * depth, 4] : [4, 4 * count];
        for (let unit = 0; unit < count; unit += 4) {
          const to = 4 * vectorAt(place, ((first + unit) >> 2) * gates + gate, depth);
          this.#kernels.weave(depth, to, 16 * place.vectors, unit * rowStride, rowStride, linkStride);
        }
      }
    }
  }

  /** Gives up the oldest packs as long as they are in the way. */
  #evict(isInTheWay: (place: Place) => boolean): void {
    let count = 0;
    for (; count < this.#ring.length && isInTheWay(this.#ring[count]); count += 1) this.#ring[count].isThere = false;
    if (count > 0) this.#ring.splice(0, count);
  }
}

/** The columns of a pack: all gates of all units in whole panels. */
function widthOf({ gates, units }: Weights, vectors: number): number {
  return Math.ceil((gates * Math.ceil(units / 4)) / vectors) * vectors * 4;
}

/** The floats of a pack. */
const sizeOf = (weights: Weights, vectors: number): number => widthOf(weights, vectors) * (weights.depth + 1);

/** The columns of rows that are written in whole panels of either kind. */
export function widest(weights: Weights): number {
  return Math.max(widthOf(weights, MANY), widthOf(weights, SINGLE));
}

/** Where a vector of columns begins. */
function vectorAt({ weights, vectors }: Place, vector: number, depth: number): number {
  return weights + 4 * (Math.floor(vector / vectors) * vectors * depth + (vector % vectors));
}
