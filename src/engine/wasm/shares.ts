/**
 * How threads share a run. The products of a pack: each takes whole panels that are all gates of its units, so that it can
 * go on with the page of these units at once. Of many rows each takes some rows through all steps of a chunk, in which it
 * waits for nobody.
 */
import type { Pack } from "./packs.ts";

/** What one thread takes of a run. */
export interface Part {
  /** Of the product with each pack. */
  readonly shares: readonly Share[];
  /** Of the rows of each step, the first that is its own, and the end. */
  readonly row: number;
  readonly rowEnd: number;
  /** Whether its next step needs what others compute in this one. */
  readonly isAwaited: boolean;
  /** Whether there are no others. */
  readonly isAlone: boolean;
}

/** What one thread takes of a product. A block is four units. */
export interface Share {
  readonly panel: number;
  readonly panels: number;
  /** Of all gates, the columns before its own. */
  readonly column: number;
  readonly block: number;
  readonly blocks: number;
}

/** The part of a thread that works alone. */
export function wholeOf(packs: readonly Pack[]): Part {
  return {
    shares: packs.map((pack) => sharesOf(pack, 1)[0]),
    row: 0,
    rowEnd: Infinity,
    isAwaited: false,
    isAlone: true,
  };
}

/**
 * The parts of so many threads of a run. The inputs' product, all rows of it at once, is shared by units in any case, with
 * a `relief` for the first.
 */
export function partsOf(packs: readonly Pack[], threads: number, B: number, byRows: boolean, relief: number): Part[] {
  const products = packs.map((pack, i) => sharesOf(pack, i > 0 && byRows ? 1 : threads, i === 0 ? relief : 0));
  // two rows take as long as one
  const rowOf = (thread: number): number => (thread === threads ? B : 2 * Math.floor((B * thread) / (2 * threads)));
  return Array.from({ length: threads }, (_, thread) => ({
    shares: products.map((shares) => shares[thread] ?? shares[0]),
    row: byRows ? rowOf(thread) : 0,
    rowEnd: byRows ? rowOf(thread + 1) : Infinity,
    isAwaited: !byRows,
    isAlone: false,
  }));
}

/**
 * The shares of so many threads. That of the first, which has to lead the others, is the smaller one where they are not
 * equal, and is smaller by a part, `relief`, of a whole product's n-th where it has other work besides.
 */
function sharesOf(pack: Pack, threads: number, relief = 0): readonly Share[] {
  const { gates, units } = pack;
  const all = { panel: 0, panels: pack.panels, column: 0, block: 0, blocks: Math.ceil(units / 4) };
  if (threads === 1) return [all];
  const vectors = pack.width / (4 * pack.panels);
  // the fewest panels that end where the gates of a block end
  const together = leastCommonMultiple(vectors, gates) / vectors;
  const groups = Math.ceil(pack.panels / together);
  const first = Math.floor((groups * Math.max(0, 1 - relief)) / threads);
  const groupsBefore = (thread: number): number =>
    thread === 0 ? 0 : first + Math.floor(((groups - first) * (thread - 1)) / (threads - 1));
  return Array.from({ length: threads }, (_, thread) => {
    const [panel, panelEnd] = [thread, thread + 1].map((before) =>
      Math.min(pack.panels, together * groupsBefore(before)),
    );
    const [block, blockEnd] = [panel, panelEnd].map((at) => Math.min(all.blocks, Math.ceil((at * vectors) / gates)));
    const column = 4 * vectors * panel;
    return { panel, panels: panelEnd - panel, column, block, blocks: blockEnd - block };
  });
}

const leastCommonMultiple = (a: number, b: number): number => (a / greatestCommonDivisor(a, b)) * b;
const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
