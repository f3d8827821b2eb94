import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { build } from "rolldown";
import * as torch from "unrolled";
import { nn, type Tensor } from "unrolled";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Cell } from "../../src/cells/cell.ts";
import { elman } from "../../src/cells/elman.ts";
import { gru } from "../../src/cells/gru.ts";
import { lstm } from "../../src/cells/lstm.ts";
import { peepholeLSTM } from "../../src/cells/peephole-lstm.ts";
import type { Engine, Unrolled, Weights } from "../../src/engine/plain.ts";
import { compile, compileShared, offered } from "../../src/engine/wasm/index.ts";

const cells: Record<string, Cell> = {
  "RNN of tanh": elman() as unknown as Cell,
  "RNN of relu": elman("relu") as unknown as Cell,
  LSTM: lstm as unknown as Cell,
  GRU: gru as unknown as Cell,
};

const one = compile()!;
const teams: Engine[] = [];

beforeAll(async () => {
  const own = offered()!;
  // they share the smallest work, too, and however busy the machine is; one of them does without the others at times
  const always = { step: 0, run: 0, rows: 4, alone: 0 };
  teams.push(await compileShared(2, own, always), await compileShared(3, own, always));
  teams.push(await compileShared(2, own, { ...always, alone: 3 }));
});
afterAll(() => {
  for (const team of teams) team.end();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const random = (length: number): Float32Array =>
  torch.randn(Math.max(length, 1)).mul(0.7).numpy().slice(0, length) as Float32Array;

function weights(gates: number, units: number, depth: number): Weights {
  const matrix = { data: random(gates * units * depth), offset: 0, rowStride: depth, columnStride: 1 };
  return { matrix, bias: random(gates * units), gates, units, depth, version: 1 };
}

/** A run of T steps of B rows, or of as many rows as `batchSizes` says; P is 0 without a projection. */
function problemOf(
  cell: Cell,
  H: number,
  B: number,
  T: number,
  P = 0,
  batchSizes?: number[],
  reverse = false,
): Unrolled {
  const I = 7;
  const [gates, outputs] = [cell.gates.length, P || H];
  const rows = batchSizes?.reduce((sum, b) => sum + b, 0) ?? T * B;
  return {
    cell,
    input: weights(gates, H, I),
    recurrent: weights(gates, H, outputs),
    projection: P ? { ...weights(1, P, H), bias: undefined } : undefined,
    x: random(rows * I),
    ...{ steps: T, rows: B, batchSizes, reverse },
    states: cell.state.map((_, i) => random(B * (i === 0 ? outputs : H))),
    output: new Float32Array(rows * outputs),
    ...{ column: 0, width: outputs },
  };
}

/** The bits of all that an engine computes for a problem, which is left as it was. */
function bits(engine: Engine, problem: Unrolled): Int32Array[] {
  const own = { ...problem, states: problem.states.map((s) => s.slice()), output: problem.output.slice() };
  expect(engine.unroll(own)).toBe(true);
  return [own.output, ...own.states].map((values) => new Int32Array(values.buffer));
}

function expectSameBits(problem: Unrolled): void {
  const expected = bits(one, problem);
  for (const team of teams) expect(bits(team, problem), `${team.threads} threads`).toEqual(expected);
}

describe.each(Object.entries(cells))("%s in two and in three threads", (_, cell) => {
  it.each([1, 3, 5, 8, 13, 37, 64, 101])("has the bits of one thread with %i units", (H) => {
    torch.manualSeed(H);
    for (const B of [1, 2, 32]) {
      expectSameBits(problemOf(cell, H, B, 5));
      expectSameBits(problemOf(cell, H, B, 3, 0, undefined, true));
      expectSameBits(problemOf(cell, H, B, 1));
    }
  });

  it("has the bits of one thread for sequences of different lengths, both ways", () => {
    torch.manualSeed(2);
    for (const H of [6, 37]) {
      for (const reverse of [false, true]) expectSameBits(problemOf(cell, H, 5, 6, 0, [5, 5, 3, 2, 1, 1], reverse));
    }
  });

  it("has the bits of one thread with rows that threads cannot share evenly", () => {
    torch.manualSeed(10);
    for (const B of [8, 9, 13, 31]) {
      expectSameBits(problemOf(cell, 19, B, 29));
      expectSameBits(problemOf(cell, 19, B, 29, 0, undefined, true));
      expectSameBits(problemOf(cell, 19, B, 4, 0, [B, B, B, B]));
    }
  });

  it("has the bits of one thread beyond one chunk of rows and one block of links", () => {
    torch.manualSeed(3);
    expectSameBits(problemOf(cell, 17, 3, 150));
    expectSameBits(problemOf(cell, 270, 2, 3));
  });
});

describe("threads", () => {
  it("project with the bits of one thread", () => {
    torch.manualSeed(4);
    for (const [H, P] of [
      [11, 4],
      [37, 29],
      [5, 1],
    ] as const) {
      for (const B of [1, 3]) expectSameBits(problemOf(cells.LSTM!, H, B, 4, P));
      expectSameBits(problemOf(cells.LSTM!, H, 4, 3, P, [4, 2, 1]));
    }
  });

  it("project with the bits of one thread over more than a chunk, and with rows for each", () => {
    torch.manualSeed(11);
    for (const B of [1, 3, 13]) expectSameBits(problemOf(cells.LSTM!, 11, B, 401, 5));
  });

  it("have the bits of one thread for cells whose units they do not share, whose rows they do", () => {
    torch.manualSeed(12);
    const cell = peepholeLSTM as unknown as Cell;
    for (const B of [1, 3, 8, 13]) {
      expectSameBits({ ...problemOf(cell, 19, B, 29), vectors: { ...weights(3, 19, 0), bias: random(3 * 19) } });
    }
  });

  it("do not stop over ten thousand calls in a row, of changing sizes and cells", () => {
    torch.manualSeed(5);
    const names = Object.values(cells);
    const problems = Array.from({ length: 12 }, (_, i) => {
      const problem = problemOf(names[i % names.length]!, 3 + 7 * i, 1 + (i % 3), 1 + (i % 4));
      return { problem, expected: bits(one, problem) };
    });
    for (let call = 0; call < 10_000; call += 1) {
      const { problem, expected } = problems[(call * 5) % problems.length]!;
      const found = bits(teams[call % teams.length]!, problem);
      if (call % 500 < problems.length) expect(found).toEqual(expected);
    }
  });

  it("read weights anew when their version changes, and find the memory that has grown meanwhile", () => {
    torch.manualSeed(6);
    const problem = problemOf(cells.GRU!, 20, 4, 3);
    expectSameBits(problem);
    problem.recurrent.matrix.data.fill(0.25);
    problem.recurrent.version += 1;
    expectSameBits(problem);
    expectSameBits(problemOf(cells.LSTM!, 300, 3, 30));
    expectSameBits(problem);
  });

  it("have the bits of one thread after a run that failed on its way", () => {
    torch.manualSeed(13);
    for (const [B, T] of [
      [1, 50],
      [64, 30],
    ] as const) {
      const problem = problemOf(cells.GRU!, 40, B, T);
      for (const looks of [2, 5, 20]) {
        for (const team of teams) {
          let looked = 0;
          const failing = Object.defineProperty({ ...problem, output: problem.output.slice() }, "projection", {
            get() {
              looked += 1;
              if (looked === looks) throw new RangeError("no stack is left");
            },
          });
          expect(() => team.unroll(failing)).toThrow(RangeError);
        }
        expectSameBits(problem);
      }
    }
  });

  it("have NaN and infinities where one thread has them", () => {
    torch.manualSeed(7);
    const problem = problemOf(cells.LSTM!, 21, 3, 4);
    problem.x.set([NaN, Infinity, -Infinity], 8);
    const values = (engine: Engine): Float32Array[] =>
      bits(engine, problem).map(({ buffer }) => new Float32Array(buffer));
    for (const team of teams) expect(values(team)).toEqual(values(one));
  });
});

describe("engine.threads", () => {
  const run = (layer: nn.LSTM, x: Tensor): number[] =>
    torch.noGrad(() => layer.forward(x)[0].flatten().tolist()) as number[];

  it("gives layers more threads and takes them away, and the bits stay", async () => {
    torch.manualSeed(8);
    const layer = new nn.LSTM(50, 130, { numLayers: 2, bidirectional: true });
    const x = torch.randn(30, 2, 50);
    const expected = run(layer, x);
    const counts = [torch.engine.threadCount];
    for (const count of [2, 2, 3, 1]) {
      await torch.engine.threads(count);
      counts.push(torch.engine.threadCount);
      expect(run(layer, x)).toEqual(expected);
    }
    expect(counts).toEqual([1, 2, 2, 3, 1]);
  });

  it("ends a worker for each thread that is taken away", async () => {
    const ended = vi.spyOn(Worker.prototype, "terminate");
    await torch.engine.threads(3);
    expect(ended).toHaveBeenCalledTimes(0);
    await torch.engine.threads(1);
    expect(ended).toHaveBeenCalledTimes(2);
    await Promise.all(ended.mock.results.map(({ value }) => value as Promise<number>));
    ended.mockRestore();
  });

  it("ends those of an arithmetic that is no longer in use, too", async () => {
    const ended = vi.spyOn(Worker.prototype, "terminate");
    await torch.engine.threads(3);
    torch.engine.use("wasm", { arithmetic: "muladd" });
    expect(torch.engine.threadCount).toBe(offered() === "muladd" ? 3 : 1);
    await torch.engine.threads(1);
    expect(ended).toHaveBeenCalledTimes(2);
    torch.engine.use("wasm", { arithmetic: offered()! });
    expect(torch.engine.threadCount).toBe(1);
    await Promise.all(ended.mock.results.map(({ value }) => value as Promise<number>));
    ended.mockRestore();
  });

  it("is settled by the last of several calls at once", async () => {
    await Promise.all([torch.engine.threads(3), torch.engine.threads(1), torch.engine.threads(2)]);
    expect(torch.engine.threadCount).toBe(2);
    await torch.engine.threads(1);
    expect(torch.engine.threadCount).toBe(1);
  });

  it("leaves the arithmetic alone that is chosen while they start", async () => {
    torch.manualSeed(9);
    const layer = new nn.LSTM(50, 130);
    const x = torch.randn(30, 2, 50);
    torch.engine.use("wasm", { arithmetic: "muladd" });
    const expected = run(layer, x);
    torch.engine.use("wasm", { arithmetic: offered()! });
    const starting = torch.engine.threads(2);
    await new Promise((resolve) => setTimeout(resolve, 1));
    torch.engine.use("wasm", { arithmetic: "muladd" });
    await starting;
    expect([torch.engine.arithmetic, run(layer, x)]).toEqual(["muladd", expected]);
    torch.engine.use("wasm", { arithmetic: offered()! });
    expect(torch.engine.threadCount).toBe(2);
    await torch.engine.threads(1);
  });

  it("refuses what is no number of threads, and leaves all as it was", async () => {
    for (const count of [0, -1, 1.5, NaN, 17]) {
      await expect(torch.engine.threads(count)).rejects.toThrow(
        `engine.threads: expected a whole number from 1 to 16, got ${count}`,
      );
    }
    expect(torch.engine.threadCount).toBe(1);
  });

  it("says why no thread can be started on a page that is not isolated, and all stays as it was", async () => {
    vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
    const refused = await torch.engine.threads(2).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(torch.RuntimeError);
    expect(String(refused)).toBe("RuntimeError: engine.threads: no other thread can be started here");
    expect((refused as { hint: string }).hint).toMatch(/^memory is shared only on cross-origin isolated pages/);
    expect([torch.engine.threadCount, torch.engine.name]).toEqual([1, "wasm"]);
  });

  it("says why no thread can be started in a program that may not", async () => {
    const worker_threads = {
      Worker: class {
        constructor() {
          throw new Error("Access to this API has been restricted");
        }
      },
    };
    vi.stubGlobal("process", { ...process, getBuiltinModule: () => worker_threads });
    const refused = await torch.engine.threads(2).catch((error: unknown) => error);
    expect((refused as { hint: string }).hint).toBe("Access to this API has been restricted");
    expect([torch.engine.threadCount, torch.engine.name]).toEqual([1, "wasm"]);
  });

  it("says why no thread can be started where a policy forbids workers", async () => {
    class Forbidden {
      constructor() {
        throw new Error("Refused to create a worker from 'blob:'");
      }
    }
    const page = { crossOriginIsolated: true, Worker: Forbidden, process: { ...process, getBuiltinModule: undefined } };
    for (const [name, value] of Object.entries(page)) vi.stubGlobal(name, value);
    const refused = await torch.engine.threads(2).catch((error: unknown) => error);
    expect((refused as { hint: string }).hint).toBe("Refused to create a worker from 'blob:'");
    expect(torch.engine.threadCount).toBe(1);
  });
});

/** Runs a program in a Node of its own, with the library as `unrolled`. Gives what it prints when it has ended by itself. */
async function runProgram(code: string): Promise<string> {
  const folder = mkdtempSync(`${tmpdir()}/unrolled-`);
  try {
    const input = `${import.meta.dirname}/../../src/index.ts`;
    await build({ input, platform: "neutral", logLevel: "silent", output: { file: `${folder}/unrolled.mjs` } });
    writeFileSync(`${folder}/program.mjs`, `import { engine, nn, noGrad, zeros } from "./unrolled.mjs";\n${code}`);
    const { stdout } = await promisify(execFile)(process.execPath, [`${folder}/program.mjs`], { timeout: 20_000 });
    return stdout.trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a program with threads", () => {
  it("ends by itself while they sleep", async () => {
    const code = `await engine.threads(3);
noGrad(() => new nn.LSTM(64, 128).forward(zeros(40, 4, 64)));
console.log(engine.threadCount);`;
    expect(await runProgram(code)).toBe("3");
  });

  it("ends by itself after they have been taken away", async () => {
    const code = `await engine.threads(2);
await engine.threads(1);
console.log(engine.threadCount);`;
    expect(await runProgram(code)).toBe("1");
  });

  it("uses no processor between calls", async () => {
    const code = `await engine.threads(3);
noGrad(() => new nn.LSTM(64, 128).forward(zeros(40, 4, 64)));
await new Promise((later) => setTimeout(later, 200));
const before = process.cpuUsage();
await new Promise((later) => setTimeout(later, 1000));
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1e6);`;
    // two threads that watch without a pause would use two seconds on a quiet machine
    expect(Number(await runProgram(code))).toBeLessThan(0.1);
  });
});
