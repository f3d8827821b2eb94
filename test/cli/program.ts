/** A command line as a shell would run it, in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Progress } from "../../cli/command.ts";
import { main } from "../../cli/program.ts";

/** What came of it. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What a progress bar would have shown: the total, and each step. */
  readonly progress: readonly number[];
}

/** A folder for the files of a test. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "unrolled-"));

  /** The path of a file, which is written first if there is something to write. */
  file(name: string, content?: string | Uint8Array): string {
    const path = join(this.path, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** Runs a command line; `watched` is a terminal with a progress bar. */
export async function runProgram(argv: readonly string[], watched = false): Promise<Outcome> {
  const [out, err, progress]: [string[], string[], number[]] = [[], [], []];
  const bar = (total: number): Progress => {
    progress.push(total);
    return { advance: (by) => progress.push(by), stop: () => progress.push(0) };
  };
  const code = await main(argv, {
    print: (text) => out.push(text),
    printError: (text) => err.push(text),
    paint: (text) => text,
    ...(watched && { progress: bar }),
  });
  return { code, out: out.join("\n"), err: err.join("\n"), progress };
}
