import { afterEach, describe, expect, it, vi } from "vitest";
import type { Cell } from "../../src/cells/cell.ts";
import { elman } from "../../src/cells/elman.ts";
import { engine } from "../../src/engine/engine.ts";
import { functions } from "../../src/engine/functions.ts";
import type { Matrix } from "../../src/engine/gemm.ts";
import { type Engine, plainEngines } from "../../src/engine/plain.ts";
import { compile, compileLater } from "../../src/engine/wasm/index.ts";
import { WebAssembly } from "./web-assembly.ts";

const engines: Engine[] = [plainEngines.fma, plainEngines.muladd, compile("fma")!, compile("muladd")!];

afterEach(() => {
  vi.unstubAllGlobals();
  engine.use("wasm");
});

it.each(engines)("the $name engine's arithmetic is $arithmetic, as it says", ({ arithmetic, gemm }) => {
  // (1 + 2^-12)² = 1 + 2^-11 + 2^-24: the last term is lost when the product is rounded by itself.
  const x = 1 + 2 ** -12;
  const row: Matrix = { data: Float32Array.of(-1, x), offset: 0, rowStride: 2, columnStride: 1 };
  const column: Matrix = { data: Float32Array.of(1, x), offset: 0, rowStride: 1, columnStride: 1 };
  const out = new Float32Array(1);
  gemm(out, 1, 1, 2, row, column);
  expect(out[0]).toBe(arithmetic === "fma" ? 2 ** -11 + 2 ** -24 : 2 ** -11);
});

describe("the engine in use", () => {
  it("is the fast one until another is asked for", () => {
    expect([engine.name, engine.arithmetic]).toEqual(["wasm", "fma"]);
    engine.use("plain");
    expect([engine.name, engine.arithmetic]).toEqual(["plain", "fma"]);
    engine.use("wasm");
    expect(engine.name).toBe("wasm");
  });

  it("has the arithmetic that is asked for, and without a word the best", () => {
    engine.use("wasm", { arithmetic: "muladd" });
    expect([engine.name, engine.arithmetic]).toEqual(["wasm", "muladd"]);
    engine.use("plain", { arithmetic: "muladd" });
    expect([engine.name, engine.arithmetic]).toEqual(["plain", "muladd"]);
    engine.use("plain");
    expect([engine.name, engine.arithmetic]).toEqual(["plain", "fma"]);
    engine.use("wasm");
    expect([engine.name, engine.arithmetic]).toEqual(["wasm", "fma"]);
  });

  it("refuses what it does not know, and stays what it was", () => {
    engine.use("plain", { arithmetic: "muladd" });
    expect(() => engine.use("gpu" as "wasm")).toThrow('engine: expected an engine, "plain" or "wasm", got "gpu"');
    const doubled = { arithmetic: "double" as "fma" };
    expect(() => engine.use("wasm", doubled)).toThrow(
      'engine: expected an arithmetic, "fma" or "muladd", got "double"',
    );
    expect([engine.name, engine.arithmetic]).toEqual(["plain", "muladd"]);
  });

  it("rounds alike in work of any size, one number at a time, and in arrays", () => {
    const x = Float32Array.from({ length: 1000 }, (_, i) => i / 100 - 5);
    for (const name of ["plain", "wasm"] as const) {
      for (const arithmetic of ["fma", "muladd"] as const) {
        engine.use(name, { arithmetic });
        const { sigmoid } = engine.functions("float32");
        const whole = new Float32Array(1000);
        engine.map("sigmoid", whole, x);
        const parts = new Float32Array(1000);
        for (let i = 0; i < 1000; i += 4) engine.map("sigmoid", parts.subarray(i, i + 4), x.subarray(i, i + 4));
        expect(parts).toEqual(whole);
        expect(x.map(sigmoid)).toEqual(whole);
        const row: Matrix = { data: x, offset: 0, rowStride: 1000, columnStride: 1 };
        const columns: Matrix = { data: x, offset: 3, rowStride: 1, columnStride: 7 };
        const [wide, narrow] = [new Float32Array(90), new Float32Array(1)];
        engine.gemm(wide, 1, 90, 300, row, columns);
        engine.gemm(narrow, 1, 1, 300, row, columns);
        expect(narrow[0]).toBe(wide[0]);
      }
    }
  });

  it("is ready at once where it is compiled on the spot", async () => {
    expect(await engine.ready()).toBeUndefined();
  });

  it("answers alike before and after a choice", () => {
    const x = Float32Array.from({ length: 1000 }, (_, i) => i / 100 - 5);
    const [fast, slow] = [new Float32Array(1000), new Float32Array(1000)];
    engine.map("tanh", fast, x);
    engine.use("plain");
    engine.map("tanh", slow, x);
    expect(fast).toEqual(slow);
  });
});

/** The engine module as it is on another machine. */
async function elsewhere(globals: Record<string, unknown>): Promise<typeof import("../../src/engine/engine.ts")> {
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  vi.resetModules();
  return await import("../../src/engine/engine.ts");
}

const here = globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } };
/** WebAssembly as it is in a browser that has no relaxed SIMD: it refuses the opcode of the fused multiply-add. */
const withoutRelaxed = {
  ...Object.fromEntries(
    (["Module", "Instance", "Memory", "compile"] as const).map((name) => [name, WebAssembly[name] as unknown]),
  ),
  validate: (bytes: Uint8Array): boolean =>
    !Array.from(bytes).join().includes([0xfd, 0x85, 0x02].join()) && WebAssembly.validate(bytes),
};
const inBrowser = { process: { ...process, getBuiltinModule: undefined } };

describe("elsewhere", () => {
  it("the plain engine answers where there is no WebAssembly", async () => {
    const { engine: other } = await elsewhere({ WebAssembly: undefined });
    expect(other.name).toBe("plain");
    expect(() => other.use("wasm")).toThrow('engine: "wasm" is not available here');
    await other.ready();
    const out = new Float32Array(40);
    other.map("exp", out, new Float32Array(40));
    expect(new Set(out)).toEqual(new Set([1]));
  });

  it("the plain engine answers where a content policy forbids to compile", async () => {
    const forbid = (): never => {
      throw new Error("Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not allowed");
    };
    const WebAssembly = { validate: here.WebAssembly.validate, Module: forbid, compile: async () => forbid() };
    const { engine: other } = await elsewhere({ WebAssembly });
    expect(other.name).toBe("plain");
    const { engine: page } = await elsewhere({ WebAssembly, ...inBrowser });
    await page.ready();
    expect(page.name).toBe("plain");
  });

  it("the plain engine answers where SIMD is missing", async () => {
    const { engine: other } = await elsewhere({ WebAssembly: { validate: () => false } });
    expect([other.name, other.arithmetic]).toEqual(["plain", "fma"]);
    expect(() => other.use("wasm", { arithmetic: "muladd" })).toThrow('engine: "wasm" is not available here');
    other.use("plain", { arithmetic: "muladd" });
    expect(other.arithmetic).toBe("muladd");
  });

  it("the fast engine adds products where relaxed SIMD is missing, and does not pretend otherwise", async () => {
    const { engine: other } = await elsewhere({ WebAssembly: withoutRelaxed });
    expect([other.name, other.arithmetic]).toEqual(["wasm", "muladd"]);
    expect(() => other.use("wasm", { arithmetic: "fma" })).toThrow('engine: "wasm" has no arithmetic "fma" here');
    expect([other.name, other.arithmetic]).toEqual(["wasm", "muladd"]);
    other.use("plain");
    expect([other.name, other.arithmetic]).toEqual(["plain", "fma"]);
    other.use("wasm");
    expect([other.name, other.arithmetic]).toEqual(["wasm", "muladd"]);
  });

  it("a page has one arithmetic from the beginning, whichever engine answers", async () => {
    const { engine: other } = await elsewhere({ WebAssembly: withoutRelaxed, ...inBrowser });
    expect([other.name, other.arithmetic]).toEqual(["plain", "muladd"]);
    const x = Float32Array.from({ length: 1000 }, (_, i) => i / 100 - 5);
    const [before, after] = [new Float32Array(1000), new Float32Array(1000)];
    other.map("sigmoid", before, x);
    await other.ready();
    expect([other.name, other.arithmetic]).toEqual(["wasm", "muladd"]);
    other.map("sigmoid", after, x);
    expect(after).toEqual(before);
  });

  it("the plain engine answers in a browser until the fast one is compiled", async () => {
    const { engine: other } = await elsewhere(inBrowser);
    expect(other.name).toBe("plain");
    other.use("wasm");
    expect(other.name).toBe("plain");
    await other.ready();
    expect(other.name).toBe("wasm");
  });

  it("the first recurrence in a browser goes step by step, and later ones in one call", async () => {
    const { engine: other } = await elsewhere(inBrowser);
    await other.ready();
    const ones = (length: number): Float32Array => new Float32Array(length).fill(1);
    const weights = (depth: number) => ({
      matrix: { data: ones(4 * depth), offset: 0, rowStride: depth, columnStride: 1 },
      ...{ bias: undefined, gates: 1, units: 4, depth, version: 1 },
    });
    const problem = {
      cell: elman() as unknown as Cell,
      input: weights(1),
      recurrent: weights(4),
      projection: undefined,
      ...{ x: ones(2), steps: 2, rows: 1, batchSizes: undefined, reverse: false },
      states: [ones(4)],
      ...{ output: ones(8), column: 0, width: 4 },
    };
    expect(other.unroll(problem)).toBe(false);
    expect(new Set(problem.output)).toEqual(new Set([1]));
    await vi.waitUntil(() => other.unroll(problem));
    const { tanh } = functions("float32");
    const first = tanh(1 + 4);
    const second = tanh(1 + Math.fround(4 * first));
    expect([...problem.output]).toEqual([first, first, first, first, second, second, second, second]);
  });

  it("both ways of compiling give the same engine", async () => {
    const [now, later] = [compile(), await compileLater()];
    expect([now?.name, now?.arithmetic]).toEqual([later?.name, later?.arithmetic]);
  });
});
