/**
 * How threads share the products of a pack: each takes whole panels that are all gates of its units, so that it can go on
 * with the page of these units at once.
 */
import type { Pack } from "./packs.ts";

/** What one thread takes. A block is four units. */
export interface Share {
  readonly panel: number;
  readonly panels: number;
  /** Of all gates, the columns before its own. */
  readonly column: number;
  readonly block: number;
  readonly blocks: number;
}

/**
 * The shares of so many threads. That of the first, which has to lead the others, is the smaller one where they are not
 * equal, and is smaller by a part, `relief`, of a whole product's n-th where it has other work besides.
 */
export function sharesOf(pack: Pack, threads: number, relief = 0): readonly Share[] {
  const { gates, units } = pack.of;
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
