/**
 * `npm run cold`: from starting a process to the first output of an LSTM that was read from a file (64 inputs, 128
 * units, one step), against a Node that only reads the file. Processes take turns, medians are compared.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { manualSeed, nn, save } from "unrolled";
import { median } from "./measure.ts";

const PROGRAMS = ["node", "unrolled/inference", "unrolled"] as const;
const ROUNDS = 15;

const folder = mkdtempSync(join(tmpdir(), "unrolled-cold-"));
try {
  manualSeed(1);
  const file = join(folder, "lstm.pt");
  writeFileSync(file, save(new nn.LSTM(64, 128).stateDict()));
  const times = PROGRAMS.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [i, program] of PROGRAMS.entries()) {
      const time = await firstOutput(program, file);
      // The first round fills the cache of the file system.
      if (round > 0) times[i]!.push(time);
    }
  }
  const bare = times[0]!;
  for (const [i, what] of PROGRAMS.entries()) report(what, times[i]!, bare);
} finally {
  rmSync(folder, { recursive: true });
}

/** Milliseconds until the program has written something. */
function firstOutput(program: string, file: string): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(new URL("./cold-child.js", import.meta.url)), program, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    let first: number | undefined;
    child.stdout.once("data", () => {
      first = performance.now() - start;
    });
    child.once("error", reject);
    child.once("close", () =>
      first === undefined ? reject(new Error(`cold: ${program} was silent`)) : resolve(first),
    );
  });
}

function report(what: string, times: readonly number[], bare: readonly number[]): void {
  const total = median(times);
  const over = median(times.map((time, i) => time - bare[i]!));
  if (process.argv.includes("--json")) {
    console.log(JSON.stringify({ what, median_ms: Number(total.toFixed(1)), over_node_ms: Number(over.toFixed(1)) }));
  } else {
    console.log(
      `${what.padEnd(20)} ${total.toFixed(1).padStart(7)} ms ${what === "node" ? "" : `+${over.toFixed(1)} ms`}`,
    );
  }
}
