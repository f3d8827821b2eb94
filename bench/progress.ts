/** What is being done, on one line of the terminal; nothing in a pipe. */
import { importPeer, isInstalled } from "./installed.ts";

/** A bar over the rows of the table. */
export interface Progress {
  row(done: number): void;
  say(text: string): void;
  end(): void;
}

/** What is used of cli-progress. */
interface Bar {
  start(total: number, at: number, payload: object): void;
  update(at: number | object, payload?: object): void;
  stop(): void;
}

interface CliProgress {
  readonly default: { readonly SingleBar: new (options: object) => Bar };
}

const SILENT: Progress = { row() {}, say() {}, end() {} };

/** The bar on standard error, if that is a terminal. */
export async function progressOf(rows: number): Promise<Progress> {
  if (!process.stderr.isTTY || !isInstalled("cli-progress")) return SILENT;
  const { SingleBar } = (await importPeer<CliProgress>("cli-progress")).default;
  const bar = new SingleBar({ format: "{bar} {value}/{total}  {text}", clearOnComplete: true, hideCursor: true });
  bar.start(rows, 0, { text: "" });
  return {
    row: (done) => bar.update(done),
    say: (text) => bar.update({ text }),
    end: () => bar.stop(),
  };
}
