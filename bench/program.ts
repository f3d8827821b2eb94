/** The program behind `npm run bench`: its options, and the order of events. */
import { Command, InvalidArgumentError } from "commander";
import { INSTALL, isInstalled } from "./installed.ts";
import { measure, type Result, type Settings } from "./measure.ts";
import { measurePeak, measureTogether } from "./peak.ts";
import type { Peer } from "./peer.ts";
import { jaxJs } from "./peers/jax.ts";
import { ortNode, ortWeb } from "./peers/onnxruntime.ts";
import { tfjs } from "./peers/tfjs.ts";
import { torch } from "./peers/torch.ts";
import { unrolled, unrolledPlain } from "./peers/unrolled.ts";
import { makeProblem } from "./problem.ts";
import { progressOf } from "./progress.ts";
import { differenceTable, jsonLine, notes, shares, timeTable, together } from "./report.ts";
import { CELLS, type CellKind, WORKLOADS } from "./workloads.ts";

/** Where the program writes. */
export interface Terminal {
  print(text: string): void;
  printError(text: string): void;
}

interface Options {
  readonly only?: readonly string[];
  readonly peers?: readonly string[];
  readonly cells: readonly string[];
  readonly threads: number;
  readonly rounds: number;
  readonly slice: number;
  readonly limit: number;
  readonly json?: boolean;
}

/** A peer that can be asked for: the package it needs, if any, and how it is started. */
interface Candidate {
  readonly package?: string;
  readonly start: (threads: number) => Peer | Promise<Peer>;
}

const python = process.env.PYTHON;

const CANDIDATES: ReadonlyMap<string, Candidate> = new Map<string, Candidate>([
  ["unrolled", { start: unrolled }],
  ["unrolled-plain", { start: unrolledPlain }],
  ["ort-web", { package: "onnxruntime-web", start: ortWeb }],
  ["ort-node", { package: "onnxruntime-node", start: ortNode }],
  ["tfjs-wasm", { package: "@tensorflow/tfjs-backend-wasm", start: tfjs }],
  ["jax-js", { package: "@jax-js/jax", start: jaxJs }],
  ["torch", { start: (threads) => torch(python!, threads) }],
]);

function positive(text: string): number {
  const value = Number(text);
  if (!(value >= 1)) throw new InvalidArgumentError("It is a number from 1 on.");
  return value;
}

function whole(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError("It is a whole number.");
  return value;
}

const list = (text: string): string[] => text.split(",");

/** A list of some of these names. */
function some(known: readonly string[]): (text: string) => string[] {
  return (text) => {
    const stranger = list(text).find((name) => !known.includes(name));
    if (stranger === undefined) return list(text);
    throw new InvalidArgumentError(`"${stranger}" is none of ${known.join(", ")}.`);
  };
}

const PEERS = [...CANDIDATES.keys()].slice(1);
const IDS = WORKLOADS.map(({ id }) => id);

/** Runs a command line, without the names of node and the script. Errors: one line each, as Error. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<void> {
  const command = new Command("bench")
    .description("Compares unrolled with its peers: same weights, outputs checked first, interleaved rounds, medians.")
    .option("--only <workloads>", "such as W2,W4,T1; default: all", some(IDS))
    .option("--peers <names>", `beside unrolled, of ${PEERS.join(", ")}; default: all that are there`, list)
    .option("--cells <kinds>", `of ${CELLS.join(", ")}`, some(CELLS), [...CELLS])
    .option("--threads <n>", "for those that have threads", whole, 1)
    .option("--rounds <n>", "in each of which every peer runs for a moment", whole, 9)
    .option("--slice <ms>", "how long that moment is", positive, 30)
    .option("--limit <s>", "leaves out whose single call takes longer, as far as that is known before", positive, 2)
    .option("--json", "one line for each measurement")
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.print(text.trimEnd()), writeErr: () => {} })
    .parse([...argv], { from: "user" });
  await run(command.opts<Options>(), terminal);
}

async function run(options: Options, terminal: Terminal): Promise<void> {
  const rows = WORKLOADS.filter(({ id }) => options.only?.includes(id) ?? true).flatMap((workload) =>
    workload.cells
      .filter((cell) => options.cells.includes(cell))
      .map((cell): [typeof workload, CellKind] => [workload, cell]),
  );
  if (rows.length === 0) throw new Error("bench: these workloads have none of these cells");
  const peers = await startPeers(options, terminal);
  const progress = await progressOf(rows.length);
  const { rounds, slice, limit } = options;
  const settings: Settings = { rounds, slice, limit, progress: progress.say };
  const results: Result[] = [];
  try {
    for (const [done, [workload, cell]] of rows.entries()) {
      progress.row(done);
      const row = await measure(peers, makeProblem(workload, cell), settings);
      results.push(...row);
      if (options.json) for (const result of row) if (result.median) terminal.print(jsonLine(result));
    }
  } finally {
    progress.end();
    for (const peer of peers) await peer.close?.();
  }
  if (options.json) for (const note of notes(results)) terminal.printError(note);
  else await report(results, peers, options.threads, terminal);
}

async function report(
  results: readonly Result[],
  peers: readonly Peer[],
  threads: number,
  { print }: Terminal,
): Promise<void> {
  const names = peers.map(({ name, column = name }) => column);
  print(timeTable(results, names));
  print("\nTimes are medians of a call; in brackets: how many times that of unrolled.\n");
  print(differenceTable(results, names));
  print("\nLargest differences of the outputs from those of torch, or of the first peer that is there.\n");
  for (const line of shares(results, measurePeak())) print(line);
  if (threads > 1) print(together(threads, await measureTogether(threads)));
  for (const line of notes(results)) print(line);
}

async function startPeers({ peers, threads }: Options, { printError }: Terminal): Promise<Peer[]> {
  const started: Peer[] = [];
  const missing: string[] = [];
  for (const name of new Set(["unrolled", ...(peers ?? PEERS)])) {
    const candidate = CANDIDATES.get(name);
    if (!candidate) throw new Error(`bench: no peer is called ${name}`);
    if (candidate.package && !isInstalled(candidate.package)) missing.push(name);
    else if (name === "torch" && !python) missing.push(name);
    else started.push(await candidate.start(threads));
    if (name === "unrolled" && threads > 1) started.push({ ...unrolled(1), column: "unrolled, 1 thread" });
  }
  const hint = `\`${INSTALL}\` installs the peers; PYTHON names a Python that has torch`;
  if (peers && missing.length > 0) throw new Error(`bench: ${missing.join(", ")} not there; ${hint}`);
  if (missing.length > 0) printError(`Without ${missing.join(", ")}: ${hint}.`);
  return started;
}
