/**
 * `npm run cold`: from starting a process to the first output of an LSTM that was read from a file (64 inputs, 128
 * units, one step), against a Node that only reads the file. Processes take turns, each round in another order, and are
 * compared within a round. `--rounds 25`, `--json`.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { manualSeed, nn, save } from "unrolled";
import { median } from "./measure.ts";

const PROGRAMS = ["node", "unrolled/inference", "unrolled"] as const;
const { values: options } = parseArgs({ options: { rounds: { type: "string" }, json: { type: "boolean" } } });
const rounds = Number(options.rounds ?? 25);

const folder = mkdtempSync(join(tmpdir(), "unrolled-cold-"));
try {
  manualSeed(1);
  const file = join(folder, "lstm.pt");
  writeFileSync(file, save(new nn.LSTM(64, 128).stateDict()));
  const times = PROGRAMS.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (let turn = 0; turn < PROGRAMS.length; turn += 1) {
      const i = (round + turn) % PROGRAMS.length;
      const time = await firstOutput(PROGRAMS[i]!, file);
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

/** The median time, and the quartiles of how much more it is than that of the bare Node in the same round. */
function report(what: string, times: readonly number[], bare: readonly number[]): void {
  const more = times.map((time, i) => time - bare[i]!).sort((a, b) => a - b);
  const [low, over, high] = [1, 2, 3].map((quarter) => more[Math.floor((quarter * (more.length - 1)) / 4)]!.toFixed(1));
  const total = median(times).toFixed(1);
  if (options.json) {
    const numbers = { median_ms: Number(total), over_node_ms: Number(over), quartiles_ms: [Number(low), Number(high)] };
    console.log(JSON.stringify({ what, ...numbers }));
  } else {
    const compared = what === "node" ? "" : `+${over} ms (${low} to ${high})`;
    console.log(`${what.padEnd(20)} ${total.padStart(7)} ms ${compared}`);
  }
}
