#!/usr/bin/env node
/** The program `unrolled`, on the streams of the process. */
import { styleText } from "node:util";
import { SingleBar } from "cli-progress";
import type { Ink } from "unrolled";
import { EXIT, type Progress } from "./command.ts";
import { main } from "./program.ts";

/** Numbers keep the terminal's own colour, light or dark. */
const STYLES = { heading: "bold", name: "cyan", number: undefined, result: "green", note: "gray" } as const satisfies {
  readonly [ink in Ink]: unknown;
};

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // who reads through `head` has seen enough
  if (error.code === "EPIPE") process.exit();
  console.error(`unrolled: ${error.message}`);
  process.exit(EXIT.badUsage);
});

process.exitCode = await main(process.argv.slice(2), {
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
  // plain where standard output is no terminal or NO_COLOR is set
  paint: (text, ink) => (STYLES[ink] ? styleText(STYLES[ink], text) : text),
  ...(process.stderr.isTTY && { progress }),
});

function progress(total: number, unit: string): Progress {
  const bar = new SingleBar({
    format: `{bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  return { advance: (by) => bar.increment(by), stop: () => bar.stop() };
}
