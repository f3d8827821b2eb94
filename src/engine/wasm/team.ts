/**
 * Threads that work on the same memory. The first is the caller's own: it writes down what the others shall call, announces
 * a turn, does its own share and waits for theirs. Every thread has its own outputs and computes each of them from
 * beginning to end, so that the bits are those of one thread.
 *
 *     wake();  for each turn { gather();  for the others: calls are written down;  go();  the own share;  join() };  rest()
 *
 * Within a turn all may meet: nobody goes on before all have come there. That takes a fraction of what a turn takes.
 *
 * Soon after a call of the library all others sleep until the next. The caller's own waits for those who have yet to wake up
 * only as long as sharing can gain, and then takes all shares of the turn. On a busy machine, where waiting costs more than
 * sharing gains, it does so for a while, and then begins with short turns, since it waits for all of a turn that has begun.
 */
import { RuntimeError } from "../../check.ts";
import type { GrowingMemory } from "./arena.ts";
import { assemble, type FunctionCode } from "./assembler.ts";
import { CallList } from "./call-list.ts";
import { exportsOf, host, machine, synchronous } from "./host.ts";
import { ABANDONED, type End, FAILURE, gate, LOAD, MEET, NAP, startWorker } from "./worker.ts";

/** When threads share what there is to do. */
export interface Sharing {
  /** The products of a step, and those of a run, from which on it is faster, though threads have to wake up and to wait. */
  readonly step: number;
  readonly run: number;
  /** The rows for each thread, two or more, from which on it takes rows, not units. */
  readonly rows: number;
  /** How many times the last wait the first thread does without the others, when waiting costs more than sharing gains. */
  readonly alone: number;
}

/** Threads as the loops see them. */
export interface Team {
  /** How many there are, the caller's own included. */
  readonly size: number;
  /** The kernels of a module, for each thread: those of the caller's own are called, for the others calls are written down. */
  hands<Kernels extends object>(functions: readonly FunctionCode[], exports: Kernels): readonly Kernels[];
  /** For each thread, what it calls in a shared turn where all meet. Errors: RuntimeError if one of the others failed. */
  readonly meets: readonly (() => void)[];
  /** Wakes the others, who will be needed soon. */
  wake(): void;
  /** Begins a turn of so many products. False: the others are asleep, and the first thread takes all shares. */
  gather(products: number): boolean;
  /** How many steps with meetings there may be in a turn, one or more: few where others come late. */
  ahead(): number;
  /** The others begin with what was written down for them. */
  go(): void;
  /** Waits until they are done. Errors: RuntimeError if one of them failed. */
  join(): void;
  /** The others may sleep. A turn that was not joined, because of an error, they leave as soon as they can. */
  rest(): void;
  /** Ends the others; the team is not used after that. */
  end(): void;
}

const nothing = (): void => {};

/** The team of one. */
export const ALONE: Team = {
  size: 1,
  hands: (_, exports) => [exports],
  meets: [nothing],
  wake: nothing,
  gather: () => true,
  ahead: () => Infinity,
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
const metOf = (thread: number): number => 1024 + 32 * thread;
// A chunk of 192 steps takes 6,200 integers at most.
const listOf = (worker: number): number => 2048 + 16384 * worker;
const CODE = 4 * listOf(LARGEST_TEAM);
const PAGES = 32;

// Looks at a word, of about a nanosecond each: at one who is waking up, which takes a tenth of a millisecond, and at most as
// long as sharing saves; at a share that is done in time; and at one that is late, after which it may need this processor.
const [MOST_WAKING, IN_TIME, LATE] = [2 ** 19, 2 ** 12, 2 ** 18];
const PRODUCTS_PER_LOOK = 32;

/** More steps than a chunk has. */
const MOST_AHEAD = 256;

// Milliseconds: what sharing can have gained in the end, and how long the first thread does without the others.
const [GRACE, MOST_GAINED, LONGEST_ALONE] = [1, 4, 2000];

/** Starts threads that share `memory`. Errors: whatever the machine says if they cannot be had. */
export async function startTeam(size: number, memory: GrowingMemory, sharing: Sharing): Promise<Team> {
  const turns = new machine.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const code = assemble([gate()], true);
  new Uint8Array(turns.buffer).set(code, CODE);
  const places = { turn: TURN, awake: AWAKE, failed: FAILED, code: [CODE, code.length] as const };
  const memories = [turns, memory];
  const all = Array.from({ length: size }, (_, thread) => metOf(thread));
  const starting = all.slice(1).map((met, worker) => {
    const others = all.filter((other) => other !== met);
    return startWorker({ ...places, memories, done: doneOf(worker), list: listOf(worker), met, others });
  });
  const started = await Promise.allSettled(starting);
  const ends = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failure = started.find((result) => result.status === "rejected");
  if (!failure) return new Threads(turns, code, ends, sharing);
  for (const end of ends) end();
  throw failure.reason;
}

type Gate = (at: number, value: number, patience: number) => void;

class Threads implements Team {
  readonly size: number;
  readonly meets: readonly (() => void)[];
  readonly #words: Int32Array;
  readonly #gate: Gate;
  readonly #ends: readonly End[];
  /** For each worker, what it does in the next turn. */
  readonly #lists: readonly CallList[];
  readonly #sharing: Sharing;
  #turn = 0;
  /** The functions that every worker has. */
  #functions = MEET + 1;
  /** The last meeting that the first thread has come to. */
  #met = 0;
  #isAwake = false;
  /** Whether they have just been called. */
  #areWaking = false;
  /** Whether all have done the last turn. */
  #isHome = true;
  /** Whether a turn is going on in which they take part. */
  #isShared = false;
  /** What sharing has gained but for what waiting has cost, up to `#counted`. */
  #gained = GRACE;
  #counted = 0;
  /** Until when the first thread does without the others, and how long that is. */
  #until = 0;
  #penalty = 0;
  #ahead = 1;
  #isOver = false;

  constructor(turns: GrowingMemory, code: Uint8Array, ends: readonly End[], sharing: Sharing) {
    this.#sharing = sharing;
    this.size = ends.length + 1;
    this.#words = new Int32Array(turns.buffer);
    this.#gate = (exportsOf(new machine.Module(code), turns) as { gate: Gate }).gate;
    this.#ends = ends;
    this.#lists = ends.map((_, worker) => new CallList(this.#words, listOf(worker)));
    this.meets = [() => this.#meet(), ...this.#lists.map(({ meet }) => meet)];
  }

  hands<Kernels extends object>(functions: readonly FunctionCode[], exports: Kernels): readonly Kernels[] {
    this.#expectReady();
    const code = assemble(functions, true);
    const first = this.#functions;
    this.#functions += functions.length;
    this.#wait(this.#areHome);
    new Uint8Array(this.#words.buffer).set(code, CODE);
    for (const list of this.#lists) list.writer(LOAD, 3)(CODE, code.length, 1);
    this.#rouse();
    this.#wait(this.#areHome);
    this.rest();
    const written = this.#lists.map((list) =>
      functions.map(({ name, parameters }, i) => [name, list.writer(first + i, parameters)]),
    );
    return [exports, ...written.map((own) => Object.fromEntries(own) as Kernels)];
  }

  wake(): void {
    this.#expectReady();
    const now = host.performance.now();
    if (now < this.#until || !this.#areHome()) return;
    this.#rouse();
    this.#areWaking = true;
    this.#counted = now;
  }

  gather(products: number): boolean {
    if (!this.#isAwake) this.wake();
    const looks = this.#areWaking ? Math.min(Math.ceil(products / PRODUCTS_PER_LOOK), MOST_WAKING) : 0;
    this.#isShared = this.#isAwake && this.#areHome(looks);
    if (looks > 0 && !this.#isShared) this.#count(true);
    this.#areWaking = false;
    return this.#isShared;
  }

  ahead(): number {
    return this.#ahead;
  }

  go(): void {
    if (this.#isShared) this.#announce();
  }

  join(): void {
    if (this.#isShared) {
      this.#ahead = Math.min(2 * this.#ahead, MOST_AHEAD);
      this.#await(this.#areHome);
      this.#isShared = false;
    }
    // nothing was gained
    else this.#counted = host.performance.now();
  }

  rest(): void {
    if (this.#isShared) this.#abandon();
    this.#release();
  }

  end(): void {
    this.#isOver = true;
    for (const end of this.#ends) end();
  }

  /** Errors: RuntimeError if these threads have ended, or one of them failed. */
  #expectReady(): void {
    if (this.#isOver) throw new RuntimeError("engine: these threads have ended");
    this.#checkFailure();
    // a turn was left when there was not even enough stack for that
    if (this.#isShared) this.#abandon();
  }

  /** Waits until all have left a turn that the first thread has not joined. Their lists and meetings begin anew. */
  #abandon(): void {
    Atomics.compareExchange(this.#words, FAILED, 0, ABANDONED);
    this.#wait(this.#areHome);
    for (const list of this.#lists) list.clear(true);
    for (let thread = 0; thread < this.size; thread += 1) this.#words[metOf(thread)] = 0;
    this.#met = 0;
    Atomics.compareExchange(this.#words, FAILED, ABANDONED, 0);
    this.#isShared = false;
  }

  /** The others may sleep, be it in a turn. */
  #release(): void {
    if (!this.#isAwake) return;
    this.#count(false);
    this.#isAwake = false;
    Atomics.store(this.#words, AWAKE, 0);
    // those who are still waking up see it anyway
    if (this.#areHome()) this.#call();
  }

  #announce(): void {
    this.#isHome = false;
    this.#turn = (this.#turn + 1) | 0;
    Atomics.store(this.#words, TURN, this.#turn);
  }

  /** They wake up. */
  #rouse(): void {
    Atomics.store(this.#words, AWAKE, 1);
    this.#call();
    this.#isAwake = true;
  }

  /** A turn after which they see whether they are to be awake. Some may be asleep already. */
  #call(): void {
    this.#announce();
    Atomics.notify(this.#words, TURN);
  }

  #meet(): void {
    this.#met = (this.#met + 1) | 0;
    Atomics.store(this.#words, metOf(0), this.#met);
    this.#await(this.#haveMet);
  }

  /** Whether all have come to the last meeting, after so many looks at most. None has gone beyond the next. */
  readonly #haveMet = (looks: number): boolean => {
    const before = (this.#met - 1) | 0;
    for (let thread = 1; thread < this.size; thread += 1) {
      const met = metOf(thread);
      if (Atomics.load(this.#words, met) === before) this.#gate(4 * met, before, looks);
      if (Atomics.load(this.#words, met) === before) {
        this.#checkFailure();
        return false;
      }
    }
    return true;
  };

  /** Waits for the others, and does without them for a while if that costs more than they gain. */
  #await(areThere: (looks: number) => boolean): void {
    if (areThere(IN_TIME)) return;
    this.#count(false);
    this.#wait(areThere);
    this.#count(true);
  }

  /** Whether all have done the last turn, after so many looks at most. */
  readonly #areHome = (looks = 0): boolean => {
    for (let worker = 0; worker < this.#ends.length && !this.#isHome; worker += 1) {
      const done = doneOf(worker);
      const seen = Atomics.load(this.#words, done);
      if (seen !== this.#turn && looks > 0) this.#gate(4 * done, seen, looks);
      if (Atomics.load(this.#words, done) !== this.#turn) return false;
    }
    if (!this.#isHome) this.#settle();
    return true;
  };

  #wait(areThere: (looks: number) => boolean): void {
    while (!areThere(LATE)) {
      // the first thread of a page may not sleep
      if (synchronous()) Atomics.wait(this.#words, NOBODY, 0, NAP);
    }
  }

  /** Ends a turn that all have done. */
  #settle(): void {
    for (const list of this.#lists) list.clear();
    this.#isHome = true;
    this.#checkFailure();
  }

  #checkFailure(): void {
    if (Atomics.load(this.#words, FAILED) === FAILURE) throw new RuntimeError("engine: one of the threads failed");
  }

  /** Two who share a millisecond save one; who waits for one loses it. */
  #count(isWaiting: boolean): void {
    const now = host.performance.now();
    const passed = now - this.#counted;
    this.#counted = now;
    // in the rest of a turn after which they may sleep there is nothing to decide
    if (!this.#isAwake) return;
    this.#gained = Math.min(this.#gained + (isWaiting ? -passed : passed), MOST_GAINED);
    if (this.#gained === MOST_GAINED) this.#penalty = 0;
    if (this.#gained < 0) this.#doWithout(passed);
  }

  /** Somebody else is at work on these processors. */
  #doWithout(waited: number): void {
    this.#penalty = Math.min(Math.max(2 * this.#penalty, this.#sharing.alone * waited), LONGEST_ALONE);
    this.#until = this.#counted + this.#penalty;
    this.#gained = GRACE;
    this.#ahead = 1;
    this.#release();
  }
}
