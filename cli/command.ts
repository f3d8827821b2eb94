/** What all commands share: where they write, and how they end. */
import type { Command } from "commander";
import type { Paint } from "unrolled";

/** Where a command writes: the process's own streams, or a test. */
export interface Terminal {
  /** Writes a text and a line break to standard output. */
  readonly print: (text: string) => void;
  /** The same to standard error. */
  readonly printError: (text: string) => void;
  /** Colours for a terminal; for a pipe, the text as it is. */
  readonly paint: Paint;
  /** Begins a progress bar; absent where nobody watches. */
  readonly progress?: (total: number, unit: string) => Progress;
}

/** A progress bar. */
export interface Progress {
  readonly advance: (by: number) => void;
  readonly stop: () => void;
}

/** Adds a command to the program. */
export type Register = (program: Command, terminal: Terminal) => void;

/** The exit codes. */
export const EXIT = { ok: 0, failedCheck: 1, badUsage: 2 } as const;

/** An end with a message for the user, of one line, and an exit code. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.badUsage) {
    super(message);
    this.exitCode = exitCode;
  }
}
