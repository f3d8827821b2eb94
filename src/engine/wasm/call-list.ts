/**
 * What one of the other threads has to do in a turn, as it is written down for it in shared memory: first how many integers
 * follow, then calls one behind the other (worker.ts reads them).
 *
 *     call:  its length << CALL_SHIFT | function,  arguments ...
 */
import { ARGUMENTS, CALL_SHIFT, FEW_ARGUMENTS, MEET } from "./worker.ts";

/** A call that is written down rather than made. */
export type Call = (...integers: number[]) => void;

/** The list of a worker, which begins at the integer `at`. */
export class CallList {
  readonly #words: Int32Array;
  readonly #at: number;
  /** The last meeting that is written down. */
  #meeting = 0;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Empties the list; with `meetings` they are counted from the beginning again. */
  clear(meetings = false): void {
    this.#words[this.#at] = 0;
    if (meetings) this.#meeting = 0;
  }

  /** Writes down the next meeting of all threads. */
  readonly meet = (): void => {
    const [words, at] = [this.#words, this.#next(2)];
    this.#meeting = (this.#meeting + 1) | 0;
    words[at] = (2 << CALL_SHIFT) + MEET;
    words[at + 1] = this.#meeting;
  };

  /** What writes calls of a function down: integers with names, since a list of them would be made anew each time. */
  writer(which: number, parameters: number): Call {
    const words = this.#words;
    const isLong = parameters > FEW_ARGUMENTS;
    const size = 1 + (isLong ? ARGUMENTS : FEW_ARGUMENTS);
    return (a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0, k = 0, l = 0, m = 0) => {
      const at = this.#next(size);
      words[at] = (size << CALL_SHIFT) + which;
      words[at + 1] = a;
      words[at + 2] = b;
      words[at + 3] = c;
      words[at + 4] = d;
      words[at + 5] = e;
      words[at + 6] = f;
      if (!isLong) return;
      words[at + 7] = g;
      words[at + 8] = h;
      words[at + 9] = i;
      words[at + 10] = j;
      words[at + 11] = k;
      words[at + 12] = l;
      words[at + 13] = m;
    };
  }

  /** The place of the next call, of so many integers. */
  #next(size: number): number {
    const at = this.#at + 1 + this.#words[this.#at];
    this.#words[this.#at] += size;
    return at;
  }
}
