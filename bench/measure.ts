/**
 * Rows are measured in rounds: in each, every peer runs for a moment, so that whatever else the machine does falls on all
 * of them alike. Outputs are compared first, and who computes something else is not timed.
 */
import type { Peer, Task } from "./peer.ts";
import type { Problem } from "./problem.ts";
import { operations } from "./workloads.ts";

/** What happened to a peer in a row. */
export interface Result {
  readonly peer: string;
  readonly column: string;
  readonly workload: string;
  readonly cell: string;
  readonly threads: number;
  /** The largest difference from the reference; NaN for the reference's lengths differing. */
  readonly difference?: number;
  /** The median of the rounds, in microseconds a call. */
  readonly median?: number;
  readonly gflops?: number;
  /** The median of this peer's time divided by that of the first `unrolled` in the same round. */
  readonly ratio?: number;
  /** Why there is no time. */
  readonly note?: string;
}

/** How a row is measured. */
export interface Settings {
  readonly rounds: number;
  /** Milliseconds that a peer runs in a round, or one call if that is longer. */
  readonly slice: number;
  /** A peer whose call must take longer, in seconds, is left out. */
  readonly limit: number;
  /** Told what is being done. */
  readonly progress: (text: string) => void;
}

/** Whose outputs the others are compared with: the first that is there. */
const REFERENCES = ["torch", "ort-node", "ort-web", "tfjs-wasm", "jax-js", "unrolled-plain", "unrolled"];

// Outputs lie between -1 and 1 and differ by the order of sums; so do losses before the first update.
const TOLERANCE = 1e-4;

// Later losses: tfjs has one bias where torch has two, which learns half as fast.
const TRAINED_TOLERANCE = 5e-3;

const WARM_UP = 200;

/** A peer in a row, while it is measured. */
interface Runner {
  readonly peer: Peer;
  readonly task: Task;
  readonly difference: number;
  calls: number;
  readonly times: number[];
}

/** Measures one row. */
export async function measure(peers: readonly Peer[], problem: Problem, settings: Settings): Promise<Result[]> {
  const { workload, cell } = problem;
  const flops = operations(workload, cell);
  const entry = ({ name, column = name, threads }: Peer) => ({
    peer: name,
    column,
    workload: workload.id,
    cell,
    threads,
  });
  const absent: Result[] = [];
  const outputs = new Map<Peer, { task: Task; output: Float32Array }>();
  for (const peer of peers) {
    settings.progress(`${workload.id} ${cell}: ${peer.name} computes`);
    const seconds = peer.slow === undefined ? 0 : flops / peer.slow / 1e9;
    if (seconds > settings.limit) {
      absent.push({ ...entry(peer), note: `left out: a call takes ${seconds.toFixed(0)} s or more` });
      continue;
    }
    try {
      const task = await peer.prepare(problem);
      if (task) outputs.set(peer, { task, output: await task.check() });
    } catch (error) {
      absent.push({ ...entry(peer), note: `failed: ${(error as Error).message.split("\n")[0]}` });
    }
  }
  const byName = new Map([...outputs].map(([peer, { output }]) => [peer.name, output]));
  const reference = byName.get(REFERENCES.find((name) => byName.has(name)) ?? "");
  const runners: Runner[] = [];
  const trained = workload.mode === "train";
  for (const [peer, { task, output }] of outputs) {
    const difference = largestDifference(output, reference!);
    const first = trained ? largestDifference(output.subarray(0, 1), reference!.subarray(0, 1)) : difference;
    if (first <= TOLERANCE && difference <= (trained ? TRAINED_TOLERANCE : TOLERANCE))
      runners.push({ peer, task, difference, calls: 1, times: [] });
    else absent.push({ ...entry(peer), difference, note: `differs by ${difference.toPrecision(2)}: not timed` });
  }
  await time(runners, settings, `${workload.id} ${cell}`);
  for (const { task } of outputs.values()) await task.close?.();
  const ours = runners.find(({ peer }) => peer.name === "unrolled")?.times;
  const timed = runners.map(({ peer, difference, times }): Result => {
    const milliseconds = median(times);
    const ratio = ours && { ratio: median(times.map((value, i) => value / ours[i]!)) };
    return { ...entry(peer), difference, median: milliseconds * 1e3, gflops: flops / milliseconds / 1e6, ...ratio };
  });
  return [...timed, ...absent];
}

async function time(runners: readonly Runner[], { rounds, slice, progress }: Settings, row: string): Promise<void> {
  let longest = 0;
  for (const runner of runners) {
    progress(`${row}: ${runner.peer.name} warms up`);
    const started = performance.now();
    runner.calls = await enoughCalls(runner.task, slice);
    if (runner.calls === 1) longest = Math.max(longest, performance.now() - started);
  }
  // Calls of seconds are steady by themselves.
  const wanted = longest > 1000 ? Math.min(rounds, 3) : rounds;
  for (let round = 0; round < wanted; round += 1) {
    progress(`${row}: round ${round + 1} of ${wanted}`);
    for (let i = 0; i < runners.length; i += 1) {
      const runner = runners[(i + round) % runners.length]!;
      runner.times.push((await runner.task.repeat(runner.calls)) / runner.calls);
    }
  }
}

/** How many calls fill `slice` milliseconds, found while warming up. */
async function enoughCalls(task: Task, slice: number): Promise<number> {
  const start = performance.now();
  let calls = 1;
  for (;;) {
    const each = (await task.repeat(calls)) / calls;
    const wanted = Math.max(1, Math.ceil(slice / Math.max(each, 1e-4)));
    if (performance.now() - start > WARM_UP) return wanted;
    calls = Math.min(wanted, 4 * calls);
  }
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.NaN;
  let largest = 0;
  for (let i = 0; i < a.length; i += 1) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
