import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assemble,
  define,
  type FunctionCode,
  MOST_PAGES,
  repeatWhile,
  sequence,
  signed,
  unsigned,
  when,
} from "../../src/engine/wasm/assembler.ts";
import { compile } from "../../src/engine/wasm/index.ts";
import { f32x4, i32, i32x4, memory, v128 } from "../../src/engine/wasm/instructions.ts";
import { WebAssembly } from "./web-assembly.ts";

// Relaxed SIMD has to be switched on in Node 20; the engine does it before it compiles.
compile();

const store = (value: Parameters<typeof v128.store>[1]): FunctionCode =>
  define("f", 1, (_, at) => [v128.store(at, value)]);

/** Runs functions on the first floats of a memory. */
function run(functions: readonly FunctionCode[], before: readonly number[], ...args: number[]): number[] {
  const arena = { memory: new WebAssembly.Memory({ initial: 1 }) };
  const floats = new Float32Array(arena.memory.buffer);
  floats.set(before);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(functions)), { arena });
  exports[functions[0].name](...args);
  return [...floats.slice(0, before.length)];
}

describe("the assembler", () => {
  it("writes a valid module for each instruction", () => {
    const [vector, integer] = [f32x4.const(1.5), i32.const(-7)];
    const vectors = [
      v128.load(integer, 300),
      v128.load32Splat(integer, 4),
      v128.and(vector, vector),
      v128.or(vector, vector),
      v128.xor(vector, vector),
      v128.bitselect(vector, vector, vector),
      i32x4.const(-1),
      i32x4.shl(vector, integer),
      i32x4.shrU(vector, integer),
      i32x4.add(vector, vector),
      i32x4.truncSatF32x4(vector),
      i32x4.relaxedTruncF32x4(vector),
      i32x4.relaxedLaneselect(vector, vector, vector),
      i32x4.shuffle(vector, vector, [0, 4, 1, 7]),
      f32x4.lt(vector, vector),
      f32x4.add(vector, vector),
      f32x4.sub(vector, vector),
      f32x4.mul(vector, vector),
      f32x4.div(vector, vector),
      f32x4.min(vector, vector),
      f32x4.max(vector, vector),
      f32x4.pmin(vector, vector),
      f32x4.pmax(vector, vector),
      f32x4.convertI32x4(vector),
      f32x4.relaxedMadd(vector, vector, vector),
    ];
    for (const value of vectors) expect(WebAssembly.validate(assemble([store(value)]))).toBe(true);
    for (const name of ["add", "sub", "mul", "divU", "and", "shl", "eq", "ltU", "gtU"] as const) {
      const set = define("f", 1, (_, at) => [at.set(i32[name](at, integer))]);
      expect(WebAssembly.validate(assemble([set]))).toBe(true);
    }
    const copy = define("f", 3, (_, to, from, bytes) => [memory.copy(to, from, bytes)]);
    expect(WebAssembly.validate(assemble([copy]))).toBe(true);
  });

  it("writes modules for shared memory, which are refused another, with instructions for what other threads store", () => {
    const load = define("f", 1, (_, at) => [at.set(i32.atomicLoad(at))]);
    for (const shared of [false, true]) expect(WebAssembly.validate(assemble([load], shared))).toBe(true);
    const link = (limits: { initial: number; maximum?: number; shared?: boolean }): object =>
      new WebAssembly.Instance(new WebAssembly.Module(assemble([load], true)), {
        arena: { memory: new WebAssembly.Memory(limits) },
      });
    expect(() => link({ initial: 1, maximum: 2 })).toThrow();
    expect(() => link({ initial: 1, maximum: MOST_PAGES + 1, shared: true })).toThrow();
    expect(link({ initial: 1, maximum: MOST_PAGES, shared: true })).toBeDefined();
  });

  it("writes a module that is refused when an operand is missing", () => {
    const broken: FunctionCode = { ...store(f32x4.const(1)), bytes: f32x4.const(1).bytes };
    expect(WebAssembly.validate(assemble([broken]))).toBe(false);
  });

  it("counts in LEB128", () => {
    expect(unsigned(624485)).toBe("\xe5\x8e\x26");
    expect(unsigned(2 ** 32 - 1)).toBe("\xff\xff\xff\xff\x0f");
    expect(signed(-123456)).toBe("\xc0\xbb\x78");
    expect([signed(63), signed(64), signed(-64), signed(-65)]).toEqual(["\x3f", "\xc0\x00", "\x40", "\xbf\x7f"]);
  });

  it("writes integer constants that arrive as they are", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const f = define("f", 1, (_, at) => [v128.store(at, i32x4.const(value))]);
        const g = define("f", 1, (_, at) => [
          when(i32.sub(i32.const(value), at), v128.store(i32.const(0), f32x4.const(1))),
        ]);
        const [stored] = run([f], [9], 0);
        expect(new Int32Array(Float32Array.of(stored).buffer)[0] === value || Number.isNaN(stored)).toBe(true);
        expect(run([g], [9], value)).toEqual([9]);
        expect(run([g], [9], value ^ 1)).toEqual([1]);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("repeats while the condition holds, and chooses", () => {
    const triangular = define("f", 1, (scope, n) => {
      const total = scope.local("v128");
      return [
        total.set(f32x4.const(0)),
        repeatWhile(n, total.set(f32x4.add(total, f32x4.const(2))), n.set(i32.sub(n, i32.const(1)))),
        when(n, sequence(), v128.store(i32.const(0), total)),
      ];
    });
    expect(run([triangular], [0, 0, 0, 0, 7], 300)).toEqual([600, 600, 600, 600, 7]);
  });

  it("knows the functions of a module apart", () => {
    const second = { ...store(f32x4.const(2)), name: "g" };
    expect(run([store(f32x4.const(1)), second], [0], 0)).toEqual([1]);
    expect(run([second, store(f32x4.const(1))], [0], 0)).toEqual([2]);
  });
});
