/**
 * `npm run cold`: from starting a process to the first output of an LSTM that was read from a file (64 inputs, 128
 * units, one step), against a Node that only reads the file. Processes take turns, each round in another order, and are
 * compared within a round. Where Node can keep compiled code on the disk, also with that. `--rounds 25`, `--json`.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as modules from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { manualSeed, nn, save } from "unrolled";
import { median } from "./measure.ts";

/** A program of cold-child.ts, and whether Node keeps its compiled code. */
interface Start {
  readonly what: string;
  readonly program: string;
  readonly isKept?: boolean;
}

const [BARE, ...PROGRAMS] = ["node", "unrolled/inference", "unrolled"].map(
  (program): Start => ({ what: program, program }),
);
// Node does it from 22.1 on, and says so from 22.8 on
const canKeep = "enableCompileCache" in modules;
const KEPT = PROGRAMS.map((start) => ({ ...start, what: `${start.program}, code kept`, isKept: true }));
const STARTS = [BARE, ...PROGRAMS, ...(canKeep ? KEPT : [])];

const { values: options } = parseArgs({ options: { rounds: { type: "string" }, json: { type: "boolean" } } });
const rounds = Number(options.rounds ?? 25);
if (!(Number.isInteger(rounds) && rounds > 0)) {
  console.error(`cold: expected one round or more, got ${options.rounds}`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), "unrolled-cold-"));
try {
  manualSeed(1);
  const file = join(folder, "lstm.pt");
  writeFileSync(file, save(new nn.LSTM(64, 128).stateDict()));
  const times = STARTS.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (let turn = 0; turn < STARTS.length; turn += 1) {
      const i = (round + turn) % STARTS.length;
      const time = await firstOutput(STARTS[i], file, folder);
      // The first round fills the cache of the file system, and that of compiled code.
      if (round > 0) times[i]!.push(time);
    }
  }
  const bare = times[0]!;
  for (const [i, { what }] of STARTS.entries()) report(what, times[i]!, bare);
} finally {
  rmSync(folder, { recursive: true });
}

/** Milliseconds until the program has written something. */
function firstOutput({ program, isKept }: Start, file: string, folder: string): Promise<number> {
  const env = { ...process.env, NODE_COMPILE_CACHE: isKept ? folder : undefined };
  const start = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(new URL("./cold-child.js", import.meta.url)), program, file], {
    stdio: ["ignore", "pipe", "inherit"],
    env,
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
    console.log(`${what.padEnd(30)} ${total.padStart(7)} ms ${compared}`);
  }
}
