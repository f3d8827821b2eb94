/**
 * Streaming: a session owns the state of a trained layer, and takes one step at a time. However long it runs, it takes no
 * more memory, and its outputs have the bits of `run` over the whole sequence.
 */
import type { Cell } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import type { Unrolled } from "../engine/plain.ts";
import { scan } from "./scan.ts";
import type { Side } from "./weights.ts";

/** A trained layer in the middle of a sequence. Made by `layer.stream()`. */
export class Stream {
  readonly #states: readonly Float32Array[];
  /** The layers from the bottom up; each reads what the one below has written. */
  readonly #layers: readonly (Omit<Unrolled, "x"> & { x: Float32Array })[];
  readonly #name: string;
  readonly #size: number;

  /** Goes on from `states`, which now belong to the session: (L, B, P), (L, B, H) ... */
  constructor(cell: Cell, layers: readonly Side[], B: number, states: readonly Float32Array[]) {
    this.#states = states;
    this.#name = cell.name;
    this.#size = B * layers[0]!.input.depth;
    const below = layers.map(({ recurrent }) => new Float32Array(B * recurrent.depth));
    this.#layers = layers.map((side, at) => ({
      ...{ cell, ...side, steps: 1, rows: B, batchSizes: undefined, reverse: false },
      x: at === 0 ? new Float32Array(this.#size) : below[at - 1]!,
      states: states.map((state) => partOf(state, at, layers.length)),
      ...{ output: below[at]!, column: 0, width: side.recurrent.depth },
    }));
  }

  /**
   * One step: B·F numbers to B·P. The result belongs to the session and is overwritten by the next step. Errors:
   * RuntimeError for another length.
   */
  step(x: Float32Array): Float32Array {
    if (x.length !== this.#size) {
      throw new RuntimeError(`${this.#name}: expected ${this.#size} numbers in a step, got ${x.length}`);
    }
    this.#layers[0]!.x = x;
    for (let at = 0; at < this.#layers.length; at += 1) scan(this.#layers[at]!);
    return this.#layers.at(-1)!.output;
  }

  /** Copies of the states, as `run` and `stream` take them: a session that is saved, or forked. */
  get state(): Float32Array[] {
    return this.#states.map((state) => state.slice());
  }

  /** Back to zero. */
  reset(): this {
    for (const state of this.#states) state.fill(0);
    return this;
  }
}

/** The numbers of one of `count` equal parts. */
export function partOf(numbers: Float32Array, index: number, count: number): Float32Array {
  const length = numbers.length / count;
  return numbers.subarray(index * length, (index + 1) * length);
}
