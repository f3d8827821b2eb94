/**
 * The machine's limit: how many floating-point operations 128-bit lanes can do in a nanosecond. A loop of multiply-adds
 * into twelve registers, none of which waits for another, assembled by hand:
 *
 *     loop n times:   acc_i = factor·factor + acc_i   for i = 0..11
 *
 * And how much of that several threads have at once: what a machine calls its processors may share one.
 */
import { Worker } from "node:worker_threads";

const ACCUMULATORS = 12;
const FLOPS = ACCUMULATORS * 4 * 2;

/** What the probe found. */
export interface Peak {
  /** Billions of operations a second, on one thread. */
  readonly gflops: number;
  /** `fma`: relaxed SIMD's fused multiply-add; `mul+add` where the machine does not have it. */
  readonly kind: "fma" | "mul+add";
}

/** What is used of WebAssembly, whose types Node's do not include. */
interface WasmHost {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

/** The fastest of many short loops. */
export function measurePeak(): Peak {
  const { kind, run } = bestProbe();
  const LOOPS = 100_000;
  let best = Infinity;
  for (let i = 0; i < 300; i += 1) {
    const start = performance.now();
    run(LOOPS);
    best = Math.min(best, performance.now() - start);
  }
  return { gflops: (LOOPS * FLOPS) / best / 1e6, kind };
}

/** The loop with what this machine has, compiled, and its code. */
function bestProbe(): { kind: Peak["kind"]; code: Uint8Array; run: (loops: number) => number } {
  const host = (globalThis as unknown as { WebAssembly: WasmHost }).WebAssembly;
  const fused = probe(true);
  const kind = host.validate(fused) ? "fma" : "mul+add";
  const code = kind === "fma" ? fused : probe(false);
  const { run } = new host.Instance(new host.Module(code), {}).exports as { run: (loops: number) => number };
  return { kind, code, run };
}

const [ROUNDS, LONG] = [60, 2_000_000];

/** Quartiles of how many times the rate of one thread so many have together. */
export async function measureTogether(threads: number): Promise<readonly [number, number, number]> {
  const { code, run } = bestProbe();
  const words = new Int32Array(new SharedArrayBuffer(4 * 2));
  const times = new Float64Array(new SharedArrayBuffer(8 * threads));
  const orders = { code, words, times, LONG };
  const workers = await Promise.all(
    Array.from({ length: threads - 1 }, (_, i) => startOther({ ...orders, own: i + 1 })),
  );
  const found: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const alone = timed(run);
    Atomics.store(words, 1, threads - 1);
    Atomics.store(words, 0, round);
    Atomics.notify(words, 0);
    times[0] = timed(run);
    while (Atomics.load(words, 1) > 0) Atomics.wait(words, 1, Atomics.load(words, 1), 1);
    found.push(times.reduce((sum, time) => sum + alone / time, 0));
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  found.sort((a, b) => a - b);
  return [found[ROUNDS / 4]!, found[ROUNDS / 2]!, found[(3 * ROUNDS) / 4]!];
}

/** Milliseconds of a long loop. */
function timed(run: (loops: number) => number): number {
  const start = performance.now();
  run(LONG);
  return performance.now() - start;
}

/** A thread that runs the loop in each round, and says how long it took. */
const OTHER = `const { parentPort, workerData } = require("node:worker_threads");
const { code, words, times, own, LONG } = workerData;
const { run } = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
run(LONG);
parentPort.postMessage("ready");
for (let round = 1; ; round += 1) {
  Atomics.wait(words, 0, round - 1);
  const start = performance.now();
  run(LONG);
  times[own] = performance.now() - start;
  Atomics.sub(words, 1, 1);
  Atomics.notify(words, 1);
}`;

function startOther(workerData: object): Promise<Worker> {
  const worker = new Worker(OTHER, { eval: true, workerData });
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", () => resolve(worker));
  });
}

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];

/** A module with one function, `run(loops)`; what it returns keeps the accumulators alive. */
function probe(fused: boolean): Uint8Array {
  const [LOOPS, FACTOR, FIRST] = [0, 1, 2];
  const accumulators = Array.from({ length: ACCUMULATORS }, (_, i) => FIRST + i);
  const add = simd(0xe4);
  const step = (acc: number): number[] =>
    fused
      ? [...get(FACTOR), ...get(FACTOR), ...get(acc), ...simd(0x105), ...set(acc)]
      : [...get(FACTOR), ...get(acc), ...simd(0xe6), ...get(FACTOR), ...add, ...set(acc)];
  const splat = [0x43, 0, 0, 0x80, 0x3e, ...simd(0x13)]; // 0.25
  const body = [
    ...[1, 1 + ACCUMULATORS, V128],
    ...splat,
    ...set(FACTOR),
    ...[0x03, 0x40], // loop
    ...accumulators.flatMap(step),
    ...[...get(LOOPS), 0x41, 1, 0x6b, 0x22, LOOPS, 0x0d, 0], // loops - 1, again unless 0
    0x0b,
    ...get(FIRST),
    ...accumulators.slice(1).flatMap((acc) => [...get(acc), ...add]),
    ...[...simd(0x1f), 0], // the first lane
    0x0b,
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, I32, 1, F32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...new TextEncoder().encode("run"), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

function section(id: number, bytes: readonly number[]): number[] {
  return [id, ...unsigned(bytes.length), ...bytes];
}

/** LEB128: seven bits in each byte, the lowest first. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}
