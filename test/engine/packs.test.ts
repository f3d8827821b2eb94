import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as torch from "unrolled";
import { describe, expect, it } from "vitest";
import type { Weights } from "../../src/engine/plain.ts";
import { Arena } from "../../src/engine/wasm/arena.ts";
import { onRequest } from "../../src/engine/wasm/kernels.ts";
import { packKernels } from "../../src/engine/wasm/pack-kernel.ts";
import { type Pack, Packs } from "../../src/engine/wasm/packs.ts";
import { WebAssembly } from "./web-assembly.ts";

const START = 1000;

function ring(largest?: number): { arena: Arena; packs: Packs } {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const arena = new Arena(memory);
  return { arena, packs: new Packs(arena, onRequest(packKernels, memory), START, largest) };
}

/** Weights whose numbers say where they stand. */
function weights(gates: number, units: number, depth: number, first = 1): Weights {
  const data = Float32Array.from({ length: gates * units * depth }, (_, i) => first + i);
  const bias = Float32Array.from({ length: gates * units }, (_, i) => -1 - i);
  return { matrix: { data, offset: 0, rowStride: depth, columnStride: 1 }, bias, gates, units, depth, version: 1 };
}

/** W[gate, unit, k] and b[gate, unit] as they stand in a pack with panels of so many vectors. */
function unpacked(floats: Float32Array, pack: Pack, { gates, units, depth }: Weights, vectors: number) {
  const [matrix, bias]: number[][] = [[], []];
  for (let gate = 0; gate < gates; gate += 1) {
    for (let unit = 0; unit < units; unit += 1) {
      const vector = Math.floor(unit / 4) * gates + gate;
      const [panel, place] = [Math.floor(vector / vectors), vector % vectors];
      bias!.push(floats[pack.bias + vector * 4 + (unit % 4)]!);
      for (let k = 0; k < depth; k += 1) {
        matrix!.push(floats[pack.weights + ((panel * depth + k) * vectors + place) * 4 + (unit % 4)]!);
      }
    }
  }
  return { matrix, bias };
}

describe("packed weights", () => {
  it.each([4, 6])("hold every number at its place in panels of %i vectors", (vectors) => {
    for (const [gates, units, depth] of [
      [1, 1, 1],
      [2, 5, 3],
      [3, 7, 2],
      [4, 13, 5],
      [5, 9, 4],
    ] as const) {
      const { arena, packs } = ring();
      const own = weights(gates, units, depth);
      const [pack] = packs.bring([[own, vectors]])!;
      const { matrix, bias } = unpacked(arena.floats, pack!, own, vectors);
      expect(matrix).toEqual([...own.matrix.data]);
      expect(bias).toEqual([...own.bias!]);
    }
  });

  it("stay where they are while their version stays, and are made anew in the same place when it does not", () => {
    const { arena, packs } = ring();
    const own = weights(3, 5, 4);
    const [first] = packs.bring([[own, 4]])!;
    own.matrix.data.fill(7);
    expect(unpacked(arena.floats, packs.bring([[own, 4]])![0]!, own, 4).matrix[0]).toBe(1);
    own.version += 1;
    const [second] = packs.bring([[own, 4]])!;
    expect(second).toBe(first);
    expect(new Set(unpacked(arena.floats, second!, own, 4).matrix)).toEqual(new Set([7]));
  });

  it("take bounded memory however many weights of changing sizes come and go, and are right each time", () => {
    const largest = 2 ** 15;
    const { arena, packs } = ring(largest);
    const kept = weights(4, 6, 6);
    for (let round = 0; round < 20_000; round += 1) {
      const own = weights(1 + (round % 4), 1 + ((round * 7) % 31), 1 + ((round * 5) % 23), round);
      const both = packs.bring([
        [own, 4],
        [kept, 6],
      ])!;
      expect(arena.floats[both[0]!.weights]).toBe(Math.fround(round));
      expect(arena.floats[both[1]!.weights]).toBe(1);
    }
    expect(arena.floats.length).toBeLessThanOrEqual(START + largest + 2 ** 14);
  });

  it("take no more memory while one model is trained", () => {
    const { arena, packs } = ring();
    const own = weights(4, 32, 32);
    packs.bring([[own, 4]]);
    const before = arena.floats.length;
    for (let step = 0; step < 1000; step += 1) {
      own.version += 1;
      packs.bring([[own, 4]]);
    }
    expect(arena.floats.length).toBe(before);
  });

  it("are refused when they have no place together", () => {
    const { packs } = ring(4000);
    expect(packs.bring([[weights(4, 16, 64), 4]])).toBeUndefined();
    const pair = [weights(4, 16, 40), weights(4, 16, 40)].map((own) => [own, 4] as const);
    expect(packs.bring(pair)).toBeUndefined();
    expect(packs.bring(pair.slice(0, 1))).toHaveLength(1);
  });

  it("take no place from others when they have none together", () => {
    const { arena, packs } = ring(4000);
    const [kept] = packs.bring([[weights(1, 5, 3), 4]])!;
    const before = arena.floats.length;
    expect(packs.bring([weights(4, 16, 40), weights(4, 16, 40)].map((own) => [own, 4]))).toBeUndefined();
    expect([kept!.isThere, arena.floats.length]).toEqual([true, before]);
  });

  it("do not hold what they were made from", async () => {
    setFlagsFromString("--expose_gc");
    const collect = runInNewContext("gc") as () => void;
    const { packs } = ring();
    const bare = (): WeakRef<object> => {
      const own = weights(3, 5, 4);
      packs.bring([[own, 4]]);
      return new WeakRef(own.matrix.data);
    };
    const ofLayer = (): WeakRef<object> => {
      const layer = new torch.nn.LSTM(5, 7, { bidirectional: true });
      torch.noGrad(() => layer.forward(torch.ones(3, 2, 5)));
      return new WeakRef(layer.weight_hh_l0!.value.storage.data);
    };
    const held = [bare(), ofLayer()];
    // what a WeakRef was made for stays until the end of the task
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(held.map((own) => own.deref())).toEqual([undefined, undefined]);
  });
});
