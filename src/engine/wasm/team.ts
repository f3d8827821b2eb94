/**
 * Threads that work on the same memory. The first is the caller's own: it writes down what the others shall call, announces
 * a turn, does its own share and waits for theirs. Every thread has its own outputs and computes each of them from
 * beginning to end, so that the bits are those of one thread.
 *
 *     wake();  for each turn { gather();  for the others: calls are written down;  go();  the own share;  join() };  rest()
 *
 * Between a call of the library and the next all others sleep. On a busy machine, where they come late, the caller's own
 * takes all shares for a while.
 */
import { RuntimeError } from "../../check.ts";
import type { GrowingMemory } from "./arena.ts";
import { assemble, type FunctionCode } from "./assembler.ts";
import { exportsOf, host, machine, synchronous } from "./host.ts";
import { ARGUMENTS, type End, gate, NAP, PATIENCE, startWorker } from "./worker.ts";

/** When threads share what there is to do. */
export interface Sharing {
  /** The products of a step, and those of a run, from which on it is faster, though threads have to wake up and to wait. */
  readonly step: number;
  readonly run: number;
  /** For how many turns the first thread does without the others when they were late, and for more if that goes on. */
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
  /** Begins a turn. False: the others are late, and the first thread takes all shares. */
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
const [TURN, AWAKE, FAILED] = [0, 32, 64];
const doneOf = (worker: number): number => 96 + 32 * worker;
const listOf = (worker: number): number => 1024 + 4096 * worker;
const CODE = 4 * listOf(LARGEST_TEAM);
const PAGES = 32;

/** About a millisecond: longer than it takes to wake on a quiet machine. */
const NAPS_OF_THE_LATE = 10;

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

class Threads implements Team {
  readonly size: number;
  readonly #words: Int32Array;
  readonly #gate: Gate;
  readonly #ends: readonly End[];
  readonly #sharing: Sharing;
  #turn = 0;
  /** The functions that every worker has: that which loads more, and `gate`. */
  #functions = 2;
  /** Turns that the first thread still takes alone, and will when the others are late again. */
  #alone = 0;
  #penalty: number;
  /** When the turn began, in milliseconds. */
  #begun = 0;
  #isAwake = false;
  #isJoined = true;
  #isOver = false;

  constructor(turns: GrowingMemory, code: Uint8Array, ends: readonly End[], sharing: Sharing) {
    this.#sharing = sharing;
    this.#penalty = sharing.alone;
    this.size = ends.length + 1;
    this.#words = new Int32Array(turns.buffer);
    this.#gate = (exportsOf(new machine.Module(code), turns) as { gate: Gate }).gate;
    this.#ends = ends;
  }

  hands<Kernels extends object>(functions: readonly FunctionCode[], exports: Kernels): readonly Kernels[] {
    const code = assemble(functions, true);
    const first = this.#functions;
    this.#functions += functions.length;
    new Uint8Array(this.#words.buffer).set(code, CODE);
    for (let worker = 0; worker < this.#ends.length; worker += 1) this.#write(worker, 0, CODE, code.length, 1);
    this.#announce();
    this.rest();
    const written = this.#ends.map((_, worker) =>
      functions.map(({ name }, i) => [name, (...values: number[]) => this.#write(worker, first + i, ...values)]),
    );
    return [exports, ...written.map((own) => Object.fromEntries(own) as Kernels)];
  }

  wake(): void {
    if (this.#alone === 0) this.#announce();
  }

  gather(): boolean {
    this.#getReady();
    return this.#alone === 0;
  }

  go(): void {
    if (this.#alone > 0) this.#alone -= 1;
    else {
      this.#announce();
      this.#begun = host.performance.now();
    }
  }

  join(): void {
    if (this.#isJoined) return;
    // a share of milliseconds may take some longer than another: late is who takes twice the time
    const done = host.performance.now();
    const naps = this.#wait();
    this.#judge(naps > NAPS_OF_THE_LATE && host.performance.now() - done > done - this.#begun);
  }

  rest(): void {
    if (!this.#isJoined) this.#wait();
    Atomics.store(this.#words, AWAKE, 0);
    this.#isAwake = false;
  }

  end(): void {
    this.#isOver = true;
    for (const end of this.#ends) end();
  }

  #announce(): void {
    if (this.#isOver) throw new RuntimeError("engine: these threads have ended");
    this.#isJoined = false;
    this.#turn = (this.#turn + 1) | 0;
    if (!this.#isAwake) Atomics.store(this.#words, AWAKE, 1);
    Atomics.store(this.#words, TURN, this.#turn);
    if (!this.#isAwake) Atomics.notify(this.#words, TURN);
    this.#isAwake = true;
  }

  /** Waits for those who were woken. */
  #getReady(): void {
    if (!this.#isJoined && this.#wait() > NAPS_OF_THE_LATE) this.#judge(true);
  }

  /** Each turn in time makes good for one that was not shared. */
  #judge(late: boolean): void {
    const { alone } = this.#sharing;
    if (late) this.#alone = this.#penalty;
    this.#penalty = late ? Math.min(2 * this.#penalty, 64 * alone) : Math.max(alone, this.#penalty - 1);
  }

  /** Waits for all, and gives how often that was too long to stay awake. */
  #wait(): number {
    let naps = 0;
    for (let worker = 0; worker < this.#ends.length; worker += 1) {
      const done = doneOf(worker);
      for (let seen = Atomics.load(this.#words, done); seen !== this.#turn; seen = Atomics.load(this.#words, done)) {
        this.#gate(4 * done, seen, PATIENCE);
        if (Atomics.load(this.#words, done) !== seen) continue;
        naps += 1;
        // the first thread of a page may not sleep
        if (synchronous()) Atomics.wait(this.#words, done, seen, NAP);
      }
      this.#words[listOf(worker)] = 0;
    }
    this.#isJoined = true;
    if (Atomics.load(this.#words, FAILED) !== 0) throw new RuntimeError("engine: one of the threads failed");
    return naps;
  }

  #write(worker: number, which: number, ...values: readonly number[]): void {
    const list = listOf(worker);
    const at = list + 1 + (ARGUMENTS + 1) * this.#words[list];
    this.#words[list] += 1;
    this.#words[at] = which;
    for (let i = 0; i < values.length; i += 1) this.#words[at + 1 + i] = values[i];
  }
}
