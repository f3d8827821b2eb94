/** Products by weights that stay packed, against the plain product; and when products of tensors take them. */
import fc from "fast-check";
import * as torch from "unrolled";
import { afterEach, describe, expect, it } from "vitest";
import { type Engine, plainEngines, type Weights } from "../../src/engine/plain.ts";
import { compile } from "../../src/engine/wasm/index.ts";
import * as functional from "../../src/functional.ts";
import { Generator } from "../../src/random/generator.ts";
import { arithmetics, inBoth } from "./arithmetics.ts";

afterEach(() => torch.engine.use("wasm"));

const numbers = (random: Generator, count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random.u53() * 2 - 1);

/** Weights (N, K) that lie in rows or in columns, a little behind the beginning of their memory. */
function weights(random: Generator, N: number, K: number, inRows: boolean): Weights {
  const data = numbers(random, N * K + 3);
  const [rowStride, columnStride] = inRows ? [K, 1] : [1, N];
  const matrix = { data, offset: 3, rowStride, columnStride };
  return { matrix, bias: undefined, gates: 1, units: N, depth: K, version: 1 };
}

/** What the plain engine has for it. */
function expected(engine: Engine, x: Float32Array, own: Weights, bias?: Float32Array): Float32Array {
  const { units: N, depth: K, matrix } = own;
  const M = x.length / K;
  const out = new Float32Array(M * N);
  const right = { ...matrix, rowStride: matrix.columnStride, columnStride: matrix.rowStride };
  engine.gemm(out, M, N, K, { data: x, offset: 0, rowStride: K, columnStride: 1 }, right, bias);
  return out;
}

describe.each(arithmetics)("the product by packed weights of %s", (arithmetic) => {
  const [wasm, plain] = [compile(arithmetic)!, plainEngines[arithmetic]];

  it("has the bits of the plain product for all sizes, weights again and again among others", () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 13 }),
      fc.constantFrom(17, 29, 101),
      fc.constantFrom(1, 7, 31, 307),
    );
    const one = fc.tuple(sizes, fc.boolean(), fc.boolean(), fc.integer());
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 4 }), (all) => {
        const owns = all.map(([[, N, K], inRows, , seed]) =>
          weights(new Generator().manualSeed(seed >>> 0), N, K, inRows),
        );
        for (const rows of [0, 1]) {
          for (const [i, [[M, N, K], , biased, seed]] of all.entries()) {
            const random = new Generator().manualSeed((seed + 1) >>> 0);
            const x = numbers(random, (M + rows) * K);
            const bias = biased ? numbers(random, N) : undefined;
            const out = new Float32Array((M + rows) * N).fill(NaN);
            expect(wasm.affine(out, x, owns[i]!, bias)).toBe(true);
            expect(out).toEqual(expected(plain, x, owns[i]!, bias));
          }
        }
      }),
      { seed: 4, numRuns: 150 },
    );
  });

  it("takes many rows some at a time, and leaves weights to others that its workspace does not hold", () => {
    const random = new Generator().manualSeed(7);
    // more than a cache holds, and more than there is room for
    for (const [M, N, K] of [
      [203, 499, 31],
      [31, 9001, 3],
    ] as const) {
      const own = weights(random, N, K, true);
      const x = numbers(random, M * K);
      const out = new Float32Array(M * N);
      expect(wasm.affine(out, x, own)).toBe(true);
      expect(out).toEqual(expected(plain, x, own));
    }
    const wide = weights(random, 300_007, 2, true);
    expect(wasm.affine(new Float32Array(300_007), Float32Array.of(1, 2), wide)).toBe(false);
    const deep = weights(random, 2, 300_007, true);
    expect(wasm.affine(new Float32Array(2), numbers(random, 300_007), deep)).toBe(false);
  });

  it("packs them anew when their version has changed", () => {
    const random = new Generator().manualSeed(8);
    const own = weights(random, 23, 19, true);
    const x = numbers(random, 19);
    const out = new Float32Array(23);
    wasm.affine(out, x, own);
    own.matrix.data.fill(0.5);
    own.version += 1;
    wasm.affine(out, x, own);
    expect(out).toEqual(expected(plain, x, own));
  });
});

describe("products by the weights of a layer", () => {
  const changes: readonly (readonly [string, (layer: torch.nn.Linear) => void])[] = [
    ["in place", ({ weight }) => torch.noGrad(() => weight.mul_(2))],
    [
      "by an optimiser",
      ({ weight }) => {
        weight.grad = torch.ones(37, 41);
        new torch.optim.SGD([weight], { lr: 0.5 }).step();
      },
    ],
    ["through the transpose", ({ weight }) => torch.noGrad(() => weight.t().copy_(torch.full([41, 37], 0.25)))],
    ["through its data", ({ weight }) => weight.data.fill_(0.75)],
    [
      "by another tensor in its place",
      ({ weight }) => {
        weight.data = torch.full([37, 41], 1.5);
      },
    ],
    [
      "in the memory that was handed out",
      ({ weight }) => {
        (weight.detach().numpy() as Float32Array)[5] = 9;
      },
    ],
    ["from a checkpoint", (layer) => layer.loadStateDict({ weight: torch.full([37, 41], 3), bias: torch.zeros(37) })],
  ];
  const input = torch.arange(123).view(3, 41).div(100);

  it.each(changes)("see a change %s", (_, change) => {
    const layer = new torch.nn.Linear(41, 37);
    for (let time = 0; time < 4; time += 1) layer.forward(input);
    change(layer);
    for (let time = 0; time < 4; time += 1) {
      const output = layer.forward(input);
      torch.engine.use("plain");
      expect(output.equal(layer.forward(input))).toBe(true);
      torch.engine.use("wasm");
    }
  });

  it("see every change in memory that somebody has", () => {
    const [layer, other] = [new torch.nn.Linear(41, 37), new torch.nn.Linear(41, 37)];
    const memory = new Float32Array(37 * 41).fill(0.5);
    other.weight.data = torch.fromNumpy(memory).view(37, 41);
    for (let time = 0; time < 3; time += 1) for (const one of [layer, other]) one.forward(input);
    const handedOut = layer.weight.data.numpy() as Float32Array;
    for (let time = 0; time < 5; time += 1) {
      for (const numbers of [handedOut, memory]) numbers[time] = time;
      for (const one of [layer, other]) {
        const weight = torch.tensor([...(one === layer ? handedOut : memory)]).view(37, 41);
        expect(one.forward(input).equal(functional.linear(input, weight, one.bias))).toBe(true);
      }
    }
  });

  it("have the bits of the plain engine on the way back as well, each time", () => {
    const run = (): number[] => {
      torch.manualSeed(3);
      const [layer, cell] = [new torch.nn.Linear(41, 37), new torch.nn.GRUCell(37, 29)];
      const bits: number[] = [];
      for (let time = 0; time < 3; time += 1) {
        let h: torch.Tensor | undefined;
        for (let step = 0; step < 5; step += 1) h = cell.forward(layer.forward(input), h);
        h!.square().sum().backward();
        for (const weight of [...layer.parameters(), ...cell.parameters()]) {
          bits.push(...(weight.grad!.numpy() as Float32Array));
          weight.grad = null;
        }
      }
      return bits;
    };
    expect(inBoth("wasm", run)).toEqual(inBoth("plain", run));
  });

  it("read a plain tensor each time, for its memory may be somebody's", () => {
    const memory = new Float32Array(37 * 41).fill(0.5);
    const weight = torch.fromNumpy(memory).view(37, 41);
    for (let time = 0; time < 4; time += 1) functional.linear(input, weight);
    memory.fill(0.25);
    const output = functional.linear(input, weight);
    expect(output.equal(functional.linear(input, weight.clone()))).toBe(true);
  });
});
