import { describe, expect, test } from "vitest";
import { measure, median } from "../../bench/measure.ts";
import { measurePeak } from "../../bench/peak.ts";
import { type Peer, task } from "../../bench/peer.ts";
import { unrolled } from "../../bench/peers/unrolled.ts";
import { makeProblem } from "../../bench/problem.ts";
import { main } from "../../bench/program.ts";
import { operations, WORKLOADS } from "../../bench/workloads.ts";

const OURS = ["--peers", "unrolled-plain", "--rounds", "2", "--slice", "1"];

async function run(...argv: string[]): Promise<{ printed: string; errors: string }> {
  const [printed, errors]: string[][] = [[], []];
  await main(argv, { print: (text) => printed!.push(text), printError: (text) => errors!.push(text) });
  return { printed: printed!.join("\n"), errors: errors!.join("\n") };
}

const workload = (id: string) => WORKLOADS.find((one) => one.id === id)!;

describe("the bench", () => {
  test.each([
    ["W1", "lstm"],
    ["W2", "gru"],
    ["T3", "rnn"],
  ])("writes one line of JSON for each of our engines on %s %s", async (id, cell) => {
    const { printed, errors } = await run("--only", id, "--cells", cell, "--json", ...OURS);
    const lines = printed.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    const timed = { workload: id, cell, threads: 1, median_us: expect.any(Number), gflops: expect.any(Number) };
    expect(lines).toEqual([
      { peer: "unrolled", ...timed },
      { peer: "unrolled-plain", ...timed },
    ]);
    expect(Object.keys(lines[0]!)).toEqual(["peer", "workload", "cell", "threads", "median_us", "gflops"]);
    expect(errors).toBe("");
  });

  test("prints a table with a column for each peer, and the machine's limit", async () => {
    const { printed } = await run("--only", "W1", "--cells", "rnn", ...OURS);
    expect(printed).toMatch(/^ +unrolled +unrolled-plain\nW1 rnn +[\d.]+ [um]s +[\d.]+ [um]s \([\d.e+-]+x\)\n/);
    expect(printed).toMatch(/128-bit (fma|mul\+add) on this machine: [\d.]+ GFLOP\/s on one thread/);
  });

  test("measures one thread beside several, and what several have at once", async () => {
    const argv = ["--only", "W1", "--cells", "lstm", "--peers", "unrolled", "--rounds", "2", "--slice", "1"];
    const { printed } = await run(...argv, "--threads", "2", "--json");
    const lines = printed.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ peer, threads }) => [peer, threads])).toEqual([
      ["unrolled", 2],
      ["unrolled", 1],
    ]);
    const table = await run(...argv, "--threads", "2");
    expect(table.printed).toMatch(/^ +unrolled +unrolled, 1 thread\nW1 lstm +[\d.]+ [um]s +[\d.]+ [um]s \([\d.]+x\)\n/);
    expect(table.printed).toMatch(/\n2 threads together: [\d.]+ times the rate of one \(quartiles [\d.]+ to [\d.]+\)/);
  });

  test("leaves out what would take minutes, and says so", async () => {
    const { printed, errors } = await run("--only", "W5", "--cells", "rnn", "--peers", "unrolled-plain", "--json");
    expect(JSON.parse(printed)).toMatchObject({ peer: "unrolled", workload: "W5" });
    expect(errors).toMatch(/^W5 rnn: unrolled-plain left out: a call takes \d+ s or more$/);
  });

  test("refuses a workload and a peer that it does not know", async () => {
    await expect(run("--only", "W9")).rejects.toThrow('"W9" is none of W1, W2,');
    await expect(run("--only", "W2,w4")).rejects.toThrow('"w4" is none of W1, W2,');
    await expect(run("--cells", "lstm,xyz")).rejects.toThrow('"xyz" is none of rnn, lstm, gru.');
    await expect(run("--only", "W7", "--cells", "gru")).rejects.toThrow("these workloads have none of these cells");
    await expect(run("--threads", "1.5")).rejects.toThrow("It is a whole number.");
    await expect(run("--rounds", "none")).rejects.toThrow("It is a number from 1 on.");
    await expect(run("--peers", "abacus")).rejects.toThrow("bench: no peer is called abacus");
  });
});

describe("a row", () => {
  const settings = { rounds: 1, slice: 1, limit: 1, progress: () => {} };
  const peer = (name: string, output: () => Float32Array): Peer => ({
    name,
    threads: 1,
    prepare: async (problem) => task(problem.workload, output),
  });

  test("has no time for a peer that computes something else, or numbers of another count", async () => {
    const problem = makeProblem(workload("W1"), "rnn");
    const results = await measure(
      [unrolled(1), peer("ort-node", () => new Float32Array(6).fill(0.5)), peer("other", () => new Float32Array(5))],
      problem,
      settings,
    );
    const outcome = results.map(({ peer, median, note }) => [peer, median !== undefined, note?.split(" by")[0]]);
    expect(outcome).toEqual([
      ["ort-node", true, undefined],
      ["unrolled", false, "differs"],
      ["other", false, "differs"],
    ]);
  });

  test("goes on where a peer fails", async () => {
    const failing = peer("failing", () => {
      throw new Error("out of paper\nand ink");
    });
    const results = await measure([failing, await unrolled(1)], makeProblem(workload("W1"), "gru"), settings);
    expect(results.map(({ peer, note }) => [peer, note])).toEqual([
      ["unrolled", undefined],
      ["failing", "failed: out of paper"],
    ]);
  });
});

test("a batch of LSTM counts 2·4·H·(F + H) operations for each step and sequence", () => {
  expect(operations(workload("W5"), "lstm")).toBe(2 * 4 * 256 * (128 + 256) * 100 * 32);
  expect(operations(workload("W7"), "lstm")).toBe(2 * 2 * 4 * 256 * (80 + 256 + 512 + 256) * 200 * 8);
  expect(operations(workload("T1"), "lstm")).toBe(3 * (2 * 4 * 128 * (65 + 128) + 2 * 128 * 65) * 50 * 32);
});

test("the median is the middle, or between the two in the middle", () => {
  expect([median([5, 1, 3]), median([4, 1, 3, 2])]).toEqual([3, 2.5]);
});

test("the probe of the machine finds more than nothing", () => {
  const { gflops, kind } = measurePeak();
  expect(gflops).toBeGreaterThan(0.1);
  expect(["fma", "mul+add"]).toContain(kind);
});
