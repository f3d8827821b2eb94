/** What a peer is to the bench: someone who prepares a row of the table and then repeats it. */
import type { Problem } from "./problem.ts";

/** A library that is measured. */
export interface Peer {
  /** As it is called on the command line and in the lines of `--json`. */
  readonly name: string;
  /** What its column is headed with; the name unless two have the same. */
  readonly column?: string;
  /** How many threads it really uses. */
  readonly threads: number;
  /** Operations in a nanosecond at the very best, where that is so little that a row may take minutes. */
  readonly slow?: number;
  /** Makes a row ready; undefined if the library has no such thing. */
  prepare(problem: Problem): Promise<Task | undefined>;
  /** Ends what it has started. */
  close?(): Promise<void>;
}

/** A row, ready to be run. */
export interface Task {
  /**
   * What is compared between peers before anything is timed: the output of a run, that of the third step of a stream,
   * or the losses of the first three training steps. Called once, first.
   */
  check(): Promise<Float32Array>;
  /** Makes that many calls and gives the milliseconds they took together. */
  repeat(calls: number): Promise<number>;
  close?(): void | Promise<void>;
}

/** How many calls the check makes where a call builds on the last one. */
export const CHECKED_STEPS = 3;

/** A task from one call that gives its output; a peer whose calls are answered later returns promises. */
export function task(
  { mode }: Problem["workload"],
  call: () => Float32Array | number | Promise<Float32Array | number>,
  close?: () => void | Promise<void>,
): Task {
  // What is there at once is not waited for: whoever sets something up around a task has it until the task is done.
  return {
    async check() {
      if (mode === "run") {
        const output = call();
        return Float32Array.from((output instanceof Promise ? await output : output) as Float32Array);
      }
      const seen: number[] = [];
      let last: Float32Array | number = 0;
      for (let step = 0; step < CHECKED_STEPS; step += 1) {
        const result = call();
        last = result instanceof Promise ? await result : result;
        if (typeof last === "number") seen.push(last);
      }
      return Float32Array.from(typeof last === "number" ? seen : last);
    },
    async repeat(calls) {
      const start = performance.now();
      for (let i = 0; i < calls; i += 1) {
        const result = call();
        if (result instanceof Promise) await result;
      }
      return performance.now() - start;
    },
    ...(close && { close }),
  };
}
