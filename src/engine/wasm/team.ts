/**
 * Threads that work on the same memory. The first is the caller's own: it writes down what the others shall call, announces
 * a turn, does its own share and waits for theirs. Every thread has its own outputs and computes each of them from
 * beginning to end, so that the bits are those of one thread.
 *
 *     wake();  for each turn { gather();  for the others: calls are written down;  go();  the own share;  join() };  rest()
 *
 * Soon after a call of the library all others sleep until the next. Nobody waits for one who has yet to wake up: the caller's
 * own takes all shares of a turn then. On a busy machine, where waiting costs more than sharing gains, it does so for a while.
 */
import { RuntimeError } from "../../check.ts";
import type { GrowingMemory } from "./arena.ts";
import { assemble, type FunctionCode } from "./assembler.ts";
import { exportsOf, host, machine, synchronous } from "./host.ts";
import { ARGUMENTS, type End, gate, NAP, startWorker } from "./worker.ts";

/** When threads share what there is to do. */
export interface Sharing {
  /** The products of a step, and those of a run, from which on it is faster, though threads have to wake up and to wait. */
  readonly step: number;
  readonly run: number;
  /** How many times the last wait the first thread does without the others, when waiting costs more than sharing gains. */
  readonly alone: number;
}

/** Threads as the loops see them. */
export interface Team {
  /** How many there are, the caller's own included. */
  readonly size: number;
  /** The kernels of a module, for each thread: those of the caller's own are called, for the others calls are written down. */
  hands<Kernels extends object>(functions: readonly FunctionCode[], exports: Kernels): readonly Kernels[];
  /** Wakes the others, who will be needed soon. */
  wake(): void;
  /** Begins a turn. False: the others are asleep, and the first thread takes all shares. */
  gather(): boolean;
  /** The others begin with what was written down for them. */
  go(): void;
  /** Waits until they are done. Errors: RuntimeError if one of them failed. */
  join(): void;
  /** The others may sleep. */
  rest(): void;
  /** Ends the others; the team is not used after that. */
  end(): void;
}

const nothing = (): void => {};

/** The team of one. */
export const ALONE: Team = {
  size: 1,
  hands: (_, exports) => [exports],
  wake: nothing,
  gather: () => true,
  go: nothing,
  join: nothing,
  rest: nothing,
  end: nothing,
};

/** The most threads of a team. */
export const LARGEST_TEAM = 16;

// Where things lie in the memory of the turns, in integers: what different threads write lies in different cache lines.
// Nobody writes to the fourth.
const [TURN, AWAKE, FAILED, NOBODY] = [0, 32, 64, 96];
const doneOf = (worker: number): number => 128 + 32 * worker;
const listOf = (worker: number): number => 1024 + 4096 * worker;
const CODE = 4 * listOf(LARGEST_TEAM);
const PAGES = 32;

// Looks at a word, of one or two nanoseconds each: at one who is waking up; at a share that is done in time; and at one that
// is late, after which it may need this processor.
const [WAKING, IN_TIME, LATE] = [2 ** 15, 2 ** 12, 2 ** 18];

// Milliseconds: what sharing can have gained in the end, and how long the first thread does without the others.
const [MOST_GAINED, LONGEST_ALONE] = [10, 2000];

/** Starts threads that share `memory`. Errors: whatever the machine says if they cannot be had. */
export async function startTeam(size: number, memory: GrowingMemory, sharing: Sharing): Promise<Team> {
  const turns = new machine.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const code = assemble([gate()], true);
  new Uint8Array(turns.buffer).set(code, CODE);
  const places = { turn: TURN, awake: AWAKE, failed: FAILED, code: [CODE, code.length] as const };
  const memories = [turns, memory];
  const starting = Array.from({ length: size - 1 }, (_, worker) =>
    startWorker({ ...places, memories, done: doneOf(worker), list: listOf(worker) }),
  );
  const started = await Promise.allSettled(starting);
  const ends = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failure = started.find((result) => result.status === "rejected");
  if (!failure) return new Threads(turns, code, ends, sharing);
  for (const end of ends) end();
  throw failure.reason;
}

type Gate = (at: number, value: number, patience: number) => void;
type Call = (...integers: number[]) => void;

class Threads implements Team {
  readonly size: number;
  readonly #words: Int32Array;
  readonly #gate: Gate;
  readonly #ends: readonly End[];
  readonly #sharing: Sharing;
  #turn = 0;
  /** The functions that every worker has: that which loads more, and `gate`. */
  #functions = 2;
  #isAwake = false;
  /** Whether all have done the last turn. */
  #isHome = true;
  #isShared = false;
  /** What sharing has gained but for what waiting has cost, up to `#counted`. */
  #gained = 0;
  #counted = 0;
  /** Until when the first thread does without the others, and how long that is. */
  #until = 0;
  #penalty = 0;
  #isOver = false;

  constructor(turns: GrowingMemory, code: Uint8Array, ends: readonly End[], sharing: Sharing) {
    this.#sharing = sharing;
    this.size = ends.length + 1;
    this.#words = new Int32Array(turns.buffer);
    this.#gate = (exportsOf(new machine.Module(code), turns) as { gate: Gate }).gate;
    this.#ends = ends;
  }

  hands<Kernels extends object>(functions: readonly FunctionCode[], exports: Kernels): readonly Kernels[] {
    const code = assemble(functions, true);
    const first = this.#functions;
    this.#functions += functions.length;
    this.#wait();
    new Uint8Array(this.#words.buffer).set(code, CODE);
    for (let worker = 0; worker < this.#ends.length; worker += 1) this.#writer(worker, 0)(CODE, code.length, 1);
    this.#rouse();
    this.#wait();
    this.rest();
    const written = this.#ends.map((_, worker) =>
      functions.map(({ name }, i) => [name, this.#writer(worker, first + i)]),
    );
    return [exports, ...written.map((own) => Object.fromEntries(own) as Kernels)];
  }

  wake(): void {
    const now = host.performance.now();
    if (now < this.#until || !this.#areHome()) return;
    this.#rouse();
    this.#counted = now;
  }

  gather(): boolean {
    if (this.#isAwake) this.#isShared = this.#areHome();
    else {
      this.wake();
      this.#isShared = this.#isAwake && this.#areHome(WAKING);
    }
    return this.#isShared;
  }

  go(): void {
    if (this.#isShared) this.#announce();
  }

  join(): void {
    if (!this.#isShared || this.#areHome(IN_TIME)) return;
    this.#count();
    this.#wait();
    const waited = host.performance.now() - this.#counted;
    this.#gained -= waited;
    this.#counted += waited;
    if (this.#gained < 0) this.#doWithout(waited);
  }

  rest(): void {
    if (!this.#isAwake) return;
    this.#count();
    this.#isAwake = false;
    Atomics.store(this.#words, AWAKE, 0);
    // those who are still waking up see it anyway
    if (this.#areHome()) this.#call();
  }

  end(): void {
    this.#isOver = true;
    for (const end of this.#ends) end();
  }

  #announce(): void {
    this.#isHome = false;
    this.#turn = (this.#turn + 1) | 0;
    Atomics.store(this.#words, TURN, this.#turn);
  }

  /** They wake up. */
  #rouse(): void {
    if (this.#isOver) throw new RuntimeError("engine: these threads have ended");
    Atomics.store(this.#words, AWAKE, 1);
    this.#call();
    this.#isAwake = true;
  }

  /** A turn after which they see whether they are to be awake. Some may be asleep already. */
  #call(): void {
    this.#announce();
    Atomics.notify(this.#words, TURN);
  }

  /** Whether all have done the last turn, after so many looks at most. */
  #areHome(looks = 0): boolean {
    for (let worker = 0; worker < this.#ends.length && !this.#isHome; worker += 1) {
      const done = doneOf(worker);
      const seen = Atomics.load(this.#words, done);
      if (seen !== this.#turn && looks > 0) this.#gate(4 * done, seen, looks);
      if (Atomics.load(this.#words, done) !== this.#turn) return false;
    }
    if (!this.#isHome) this.#settle();
    return true;
  }

  /** Waits until all have done the last turn. */
  #wait(): void {
    while (!this.#areHome(LATE)) {
      // the first thread of a page may not sleep
      if (synchronous()) Atomics.wait(this.#words, NOBODY, 0, NAP);
    }
  }

  /** Ends a turn that all have done. */
  #settle(): void {
    for (let worker = 0; worker < this.#ends.length; worker += 1) this.#words[listOf(worker)] = 0;
    this.#isHome = true;
    if (Atomics.load(this.#words, FAILED) !== 0) throw new RuntimeError("engine: one of the threads failed");
  }

  /** Two who share a millisecond save one. */
  #count(): void {
    const now = host.performance.now();
    this.#gained = Math.min(this.#gained + now - this.#counted, MOST_GAINED);
    if (this.#gained === MOST_GAINED) this.#penalty = 0;
    this.#counted = now;
  }

  /** Somebody else is at work on these processors. */
  #doWithout(waited: number): void {
    this.#penalty = Math.min(Math.max(2 * this.#penalty, this.#sharing.alone * waited), LONGEST_ALONE);
    this.#until = this.#counted + this.#penalty;
    this.#gained = 0;
    this.rest();
  }

  /** What writes calls of a function down: `ARGUMENTS` integers with names, since a list of them would be made anew each time. */
  #writer(worker: number, which: number): Call {
    const [words, list] = [this.#words, listOf(worker)];
    return (a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0, k = 0, l = 0, m = 0) => {
      const at = list + 1 + (ARGUMENTS + 1) * words[list];
      words[list] += 1;
      words[at] = which;
      words[at + 1] = a;
      words[at + 2] = b;
      words[at + 3] = c;
      words[at + 4] = d;
      words[at + 5] = e;
      words[at + 6] = f;
      words[at + 7] = g;
      words[at + 8] = h;
      words[at + 9] = i;
      words[at + 10] = j;
      words[at + 11] = k;
      words[at + 12] = l;
      words[at + 13] = m;
    };
  }
}
