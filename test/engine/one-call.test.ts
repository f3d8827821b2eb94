import * as torch from "unrolled";
import { nn, type Tensor } from "unrolled";
import { afterEach, describe, expect, it, vi } from "vitest";
import { engine } from "../../src/engine/engine.ts";
import { inBoth } from "./arithmetics.ts";

const { PackedSequence, packPaddedSequence } = nn.utils;

/** A layer as these tests see it. */
interface Layer {
  forward(x: unknown): readonly [output: unknown, state: unknown];
}

afterEach(() => torch.engine.use("wasm"));

/** The numbers of everything that a layer gives back. */
function numbersOf(value: unknown): number[] {
  if (torch.isTensor(value)) return (value as Tensor).flatten().tolist() as number[];
  if (value instanceof PackedSequence) return numbersOf(value.data);
  return [...(value as Iterable<unknown>)].flatMap(numbersOf);
}

/** On each engine, without gradients; and on the fast one for gradients. Each in both arithmetics. */
function everyWay(run: () => unknown): number[][][] {
  const unrecorded = (): number[] => numbersOf(torch.noGrad(run));
  return [inBoth("wasm", unrecorded), inBoth("wasm", () => numbersOf(run())), inBoth("plain", unrecorded)];
}

const layers: Record<string, (I: number, H: number, options: object) => Layer> = {
  "RNN of tanh": (I: number, H: number, options: object) => new nn.RNN(I, H, options) as Layer,
  "RNN of relu": (I: number, H: number, options: object) =>
    new nn.RNN(I, H, { ...options, nonlinearity: "relu" }) as Layer,
  LSTM: (I: number, H: number, options: object) => new nn.LSTM(I, H, options) as Layer,
  GRU: (I: number, H: number, options: object) => new nn.GRU(I, H, options) as Layer,
  PeepholeLSTM: (I: number, H: number, options: object) => new nn.PeepholeLSTM(I, H, options) as Layer,
  CoupledLSTM: (I: number, H: number, options: object) => new nn.CoupledLSTM(I, H, options) as Layer,
  MGU: (I: number, H: number, options: object) => new nn.MGU(I, H, options) as Layer,
  IndRNN: (I: number, H: number, options: object) => new nn.IndRNN(I, H, options) as Layer,
};

const settings = [
  { H: 3, options: {} },
  { H: 16, options: { bias: false } },
  { H: 37, options: { numLayers: 2, bidirectional: true } },
  { H: 64, options: { bidirectional: true } },
];

const cases = Object.entries(layers).flatMap(([name, make]) =>
  settings.map(({ H, options }) => [name, H, options, make] as const),
);

describe.each(cases)("%s of %i units with %o", (_, H, options, make) => {
  it("has the same bits in one call of the SIMD engine and step by step on either engine", () => {
    torch.manualSeed(3);
    const layer = make(5, H, options);
    for (const [T, B] of [
      [1, 1],
      [7, 1],
      [6, 3],
      [2, 18],
    ] as const) {
      const x = torch.randn(T, B, 5).mul(3);
      const [fast, recorded, plain] = everyWay(() => layer.forward(x));
      expect(fast).toEqual(recorded);
      expect(fast).toEqual(plain);
    }
  });

  it("has the same bits for packed sequences of any lengths", () => {
    torch.manualSeed(4);
    const layer = make(5, H, options);
    const x = packPaddedSequence(torch.randn(9, 4, 5), [2, 9, 1, 5], { enforceSorted: false });
    const [fast, recorded, plain] = everyWay(() => layer.forward(x));
    expect(fast).toEqual(recorded);
    expect(fast).toEqual(plain);
  });
});

describe("the recurrence in one call", () => {
  it("carries NaN and infinities as the steps do", () => {
    torch.manualSeed(5);
    for (const make of Object.values(layers)) {
      const layer = make(5, 21, {});
      const x = torch.randn(4, 3, 5);
      x.value.data[7] = NaN;
      x.value.data[33] = Infinity;
      x.value.data[51] = -Infinity;
      const [fast, recorded, plain] = everyWay(() => layer.forward(x));
      expect(fast).toEqual(recorded);
      expect(fast).toEqual(plain);
    }
  });

  it("is asked for each layer where dropout lies between them, with the bits of the steps", () => {
    torch.manualSeed(7);
    const layer = new nn.LSTM(5, 9, { numLayers: 3, dropout: 0.4, bidirectional: true });
    const [x, h, c] = [torch.randn(6, 3, 5), torch.randn(6, 3, 9), torch.randn(6, 3, 9)];
    const run = (): unknown => {
      torch.manualSeed(8);
      return layer.forward(x, [h, c]);
    };
    const calls = vi.spyOn(engine, "unroll");
    const [fast, recorded, plain] = everyWay(run);
    // in each arithmetic three layers of two directions; the plain engine is asked once in each layer, and says no
    expect(calls.mock.calls.length).toBe(2 * (6 + 3));
    calls.mockRestore();
    expect(fast).toEqual(recorded);
    expect(fast).toEqual(plain);
  });

  it("is asked for the layers below those that are trained, whose gradients are those of the plain engine", () => {
    torch.manualSeed(9);
    const layer = new nn.GRU(5, 9, { numLayers: 3 });
    for (const [name, weight] of layer.namedParameters()) weight.requiresGrad_(name.endsWith("l2"));
    const x = torch.randn(6, 3, 5);
    const train = (): number[][] => {
      layer.zeroGrad();
      const [output] = layer.forward(x) as readonly [Tensor, Tensor];
      output.pow(2).sum().backward();
      return [output, layer.weight_ih_l2!.grad!, layer.weight_hh_l2!.grad!].map(numbersOf);
    };
    const calls = vi.spyOn(engine, "unroll");
    const fast = train();
    expect(calls.mock.calls.length).toBe(2);
    calls.mockRestore();
    torch.engine.use("plain");
    expect(train()).toEqual(fast);
  });

  it("leaves the given state as it was", () => {
    const layer = new nn.LSTM(5, 8);
    const [h, c] = [torch.ones(1, 2, 8), torch.ones(1, 2, 8)];
    torch.noGrad(() => layer.forward(torch.randn(3, 2, 5), [h, c]));
    expect(new Set([...numbersOf(h), ...numbersOf(c)])).toEqual(new Set([1]));
  });

  it("has the same bits when it is too long for the arena at once", () => {
    torch.manualSeed(6);
    const layer = new nn.GRU(1, 40, { bidirectional: true });
    const x = torch.randn(9000, 1, 1);
    const [whole] = torch.noGrad(() => layer.forward(x)) as readonly [Tensor, Tensor];
    const [head] = torch.noGrad(() => layer.forward(x.narrow(0, 0, 10))) as readonly [Tensor, Tensor];
    torch.engine.use("plain");
    const [slow] = torch.noGrad(() => layer.forward(x)) as readonly [Tensor, Tensor];
    expect(torch.equal(whole, slow)).toBe(true);
    const forward = (y: Tensor): number[] => numbersOf(y.narrow(0, 0, 10).narrow(2, 0, 40));
    expect(forward(whole)).toEqual(forward(head));
  });
});
