import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cell, type DifferentiableAlgebra, type Named, recurrentGates, vectors } from "../../src/cells/cell.ts";
import { coupledLSTM } from "../../src/cells/coupled-lstm.ts";
import { elman } from "../../src/cells/elman.ts";
import { gru } from "../../src/cells/gru.ts";
import { indRNN } from "../../src/cells/indrnn.ts";
import { lstm } from "../../src/cells/lstm.ts";
import { mgu } from "../../src/cells/mgu.ts";
import { numbers } from "../../src/cells/numbers.ts";
import { peepholeLSTM } from "../../src/cells/peephole-lstm.ts";
import { reverse } from "../../src/cells/reverse.ts";
import type { Arithmetic } from "../../src/engine/algebra.ts";
import { type ElementaryName, functions, pages } from "../../src/engine/functions.ts";
import { plainEngines } from "../../src/engine/plain.ts";
import { assemble, define } from "../../src/engine/wasm/assembler.ts";
import { compile } from "../../src/engine/wasm/index.ts";
import { instructionSets } from "../../src/engine/wasm/instruction-set.ts";
import { i32, v128 } from "../../src/engine/wasm/instructions.ts";
import { type Lane, Lanes } from "../../src/engine/wasm/lanes.ts";
import { Generator } from "../../src/random/generator.ts";
import { Three } from "../three.ts";
import { arithmetics } from "./arithmetics.ts";
import { WebAssembly } from "./web-assembly.ts";

/** Float32 of all kinds: the edges, then random bit patterns, then a sweep of the usual sizes. */
function patterns(): Float32Array {
  const edges = [0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x7fc00000];
  const random = new Generator().manualSeed(11);
  const count = 2 ** 20;
  const bits = new Uint32Array(count + 16);
  for (const [i, edge] of edges.entries()) bits.set([edge, edge + 2 ** 31], 2 * i);
  for (let i = 0; i < count; i += 1) bits[16 + i] = random.u32();
  const floats = new Float32Array(bits.buffer);
  for (let i = 0; i < count / 4; i += 1) floats[16 + i] = (random.u53() - 0.5) * 210;
  return floats;
}

/** The first place where two arrays differ; all NaN are one. */
const firstDifference = (a: Float32Array, b: Float32Array): number =>
  a.findIndex((value, i) => !Object.is(value, b[i]));

describe.each(arithmetics)("the elementary functions of %s as SIMD", (arithmetic) => {
  const wasm = compile(arithmetic)!;
  const plain = plainEngines[arithmetic];
  const x = patterns();

  it.each(Object.keys(pages) as ElementaryName[])("%s has the bits of the numbers reader", (name) => {
    const [fast, slow] = [new Float32Array(x.length), new Float32Array(x.length)];
    wasm.map(name, fast, x);
    plain.map(name, slow, x);
    expect(firstDifference(fast, slow)).toBe(-1);
  });

  it("reach all elements of an array of any length and none behind", () => {
    for (const length of [0, 1, 2, 3, 4, 5, 4095, 4096, 4097, 8195]) {
      const out = new Float32Array(length + 2).fill(9);
      wasm.map("tanh", out.subarray(0, length), new Float32Array(length).fill(1));
      expect([...out.slice(length)]).toEqual([9, 9]);
      expect(new Set(out.slice(0, length)).size).toBeLessThan(2);
    }
  });

  it("may write over their argument", () => {
    const whole = x.slice(0, 10_000);
    const expected = new Float32Array(whole.length);
    plain.map("sigmoid", expected, whole);
    wasm.map("sigmoid", whole, whole);
    expect(firstDifference(whole, expected)).toBe(-1);
  });

  it("leave float64 to the plain engine", () => {
    const out = new Float64Array(3);
    wasm.map("exp", out, Float64Array.of(1, 2, 3));
    expect([...out]).toEqual([1, 2, 3].map(Math.exp));
  });
});

/** Four sets of inputs, one in each lane: all that a page reads is loaded from memory, all that it gives is stored. */
function inLanes(
  arithmetic: Arithmetic,
  names: readonly string[],
  page: (m: DifferentiableAlgebra<Lane>, given: Named<string, Lane>) => Named<string, Lane>,
  sets: readonly Named<string, number>[],
): Named<string, number>[] {
  let results: string[] = [];
  const f = define("f", 1, (scope, at) => {
    const lanes = new Lanes(scope, instructionSets[arithmetic]);
    const given = Object.fromEntries(names.map((name, i) => [name, lanes.keep(v128.load(at, 16 * i))]));
    const computed = page(lanes, given);
    results = Object.keys(computed);
    const stores = results.map((name, i) => v128.store(i32.const(1024), computed[name], 16 * i));
    return [lanes.constants(), lanes.take(), ...stores];
  });
  const arena = { memory: new WebAssembly.Memory({ initial: 1 }) };
  const floats = new Float32Array(arena.memory.buffer);
  for (const [i, name] of names.entries()) for (const [j, set] of sets.entries()) floats[4 * i + j] = set[name];
  new WebAssembly.Instance(new WebAssembly.Module(assemble([f])), { arena }).exports.f(0);
  return sets.map((_, j) => Object.fromEntries(results.map((name, i) => [name, floats[256 + 4 * i + j]])));
}

const value = fc.oneof(
  { arbitrary: fc.float({ min: -8, max: 8, noNaN: true }), weight: 8 },
  { arbitrary: fc.float(), weight: 1 },
  { arbitrary: fc.constantFrom(0, -0, Infinity, -Infinity, NaN, 2 ** -149, -(2 ** -140)), weight: 1 },
);

const prefixed = (prefix: string, names: readonly string[]): string[] => names.map((name) => `${prefix}.${name}`);
const part = <V>(prefix: string, names: readonly string[], all: Named<string, V>): Named<string, V> =>
  Object.fromEntries(names.map((name) => [name, all[`${prefix}.${name}`]]));

const cells = [
  elman("tanh"),
  elman("relu"),
  lstm,
  gru,
  peepholeLSTM,
  coupledLSTM,
  mgu,
  indRNN,
  Three.cell,
] as unknown as Cell[];
const cases = cells.flatMap((cell) =>
  arithmetics.map((arithmetic) => [cell.name, cell.equations.h, arithmetic, cell] as const),
);

describe.each(cases)("the page of %s with h = %s as SIMD of %s", (_, __, arithmetic, cell) => {
  const single = numbers({ round: Math.fround, ...functions("float32", arithmetic) });
  const { gates, state } = cell;
  const [recurrent, own] = [recurrentGates(cell), vectors(cell)];
  const inputs = [...prefixed("x", gates), ...prefixed("r", recurrent), ...prefixed("s", state), ...prefixed("v", own)];
  const set = (names: readonly string[]) => fc.record(Object.fromEntries(names.map((name) => [name, value])));
  const four = (names: readonly string[]) => fc.array(set(names), { minLength: 4, maxLength: 4 });
  const forward = <V>(m: DifferentiableAlgebra<V>, all: Named<string, V>): Named<string, V> =>
    cell.step(m, part("x", gates, all), part("r", recurrent, all), part("s", state, all), part("v", own, all));
  const backward = <V>(m: DifferentiableAlgebra<V>, all: Named<string, V>): Named<string, V> => {
    const given = [part("x", gates, all), part("r", recurrent, all), part("s", state, all)] as const;
    const grads = reverse(cell, m, ...given, part("g", state, all), part("v", own, all));
    const present: Record<string, V> = {};
    for (const [kind, named] of Object.entries(grads)) {
      for (const [name, grad] of Object.entries<V | undefined>(named)) {
        if (grad !== undefined) present[`${kind}.${name}`] = grad;
      }
    }
    return present;
  };

  it("computes the numbers of the page, to the bit", () => {
    fc.assert(
      fc.property(four(inputs), (sets) => {
        expect(inLanes(arithmetic, inputs, forward, sets)).toEqual(sets.map((one) => forward(single, one)));
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it("computes the gradients of the page read backwards, to the bit", () => {
    const names = [...inputs, ...prefixed("g", state)];
    fc.assert(
      fc.property(four(names), (sets) => {
        expect(inLanes(arithmetic, names, backward, sets)).toEqual(sets.map((one) => backward(single, one)));
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
