import * as torch from "unrolled";
import { nn, type Tensor } from "unrolled";
import { afterEach, describe, expect, it, vi } from "vitest";
import { gru } from "../../src/cells/gru.ts";
import { engine } from "../../src/engine/engine.ts";
import type { Unrolled, Weights } from "../../src/engine/plain.ts";
import { compile } from "../../src/engine/wasm/index.ts";
import { Three } from "../three.ts";
import { inBoth } from "./arithmetics.ts";
import { WebAssembly } from "./web-assembly.ts";

const { packPaddedSequence } = nn.utils;

afterEach(() => torch.engine.use("wasm"));

type Run = readonly [output: Tensor | nn.utils.PackedSequence, state: Tensor | readonly Tensor[]];
interface Layer {
  forward(x: unknown, state?: unknown): Run;
}

/** The numbers of an output and its states, one after the other, with the sign of zeros. */
function bits([output, state]: Run): string[] {
  const data = torch.isTensor(output) ? (output as Tensor) : output.data;
  const tensors = [data, ...(torch.isTensor(state) ? [state as Tensor] : (state as readonly Tensor[]))];
  return tensors.flatMap((x) => (x.flatten().tolist() as number[]).map((y) => (Object.is(y, -0) ? "-0" : String(y))));
}

function expectSameBits(run: () => Run): void {
  const result = (): string[] => bits(torch.noGrad(run));
  const fast = inBoth("wasm", result);
  expect(inBoth("plain", result)).toEqual(fast);
  torch.engine.use("wasm");
}

const kinds: Record<string, (I: number, H: number, options: object) => Layer> = {
  "RNN of tanh": (I, H, options) => new nn.RNN(I, H, options) as unknown as Layer,
  "RNN of relu": (I, H, options) => new nn.RNN(I, H, { ...options, nonlinearity: "relu" }) as unknown as Layer,
  LSTM: (I, H, options) => new nn.LSTM(I, H, options) as unknown as Layer,
  GRU: (I, H, options) => new nn.GRU(I, H, options) as unknown as Layer,
  ...Object.fromEntries(
    [nn.PeepholeLSTM, nn.CoupledLSTM, nn.MGU, nn.IndRNN, Three].map((Own) => [
      Own.cell.name,
      (I: number, H: number, options: object) => new Own(I, H, options) as unknown as Layer,
    ]),
  ),
};
const options = [
  {},
  { bias: false },
  { bidirectional: true },
  { numLayers: 2 },
  { numLayers: 2, bidirectional: true },
  { numLayers: 3, bias: false },
];
const sizes = [1, 3, 5, 8, 13, 17, 64].flatMap((H) => [1, 2, 3, 5, 32].map((B) => [H, B] as const));

describe.each(Object.entries(kinds))("%s in one call of the SIMD engine", (_, make) => {
  it.each(sizes)("has the bits of the steps with %i units and %i rows", (H, B) => {
    torch.manualSeed(H * 100 + B);
    const own = options[(H + B) % options.length]!;
    const layer = make(5, H, own);
    const x = torch.randn(4, B, 5);
    expectSameBits(() => layer.forward(x));
    const lengths = Array.from({ length: B }, (_, i) => 1 + ((i * 3) % 4));
    const packed = packPaddedSequence(x, lengths, { enforceSorted: false });
    expectSameBits(() => layer.forward(packed));
    expectSameBits(() => layer.forward(x.narrow(0, 0, 1)));
  });
});

describe("the loop over time in the SIMD engine", () => {
  it.each([1, 2, 5])("projects with the bits of the steps for %i rows", (B) => {
    torch.manualSeed(B);
    for (const projSize of [1, 4, 7]) {
      const layer = new nn.LSTM(6, 11, { projSize, numLayers: 2, bidirectional: true }) as unknown as Layer;
      const state = [torch.randn(4, B, projSize), torch.randn(4, B, 11)];
      const x = torch.randn(5, B, 6);
      expectSameBits(() => layer.forward(x, state));
      const lengths = Array.from({ length: B }, (_, i) => 1 + ((i * 2) % 5));
      expectSameBits(() => layer.forward(packPaddedSequence(x, lengths, { enforceSorted: false }), state));
    }
  });

  it("has the bits of the steps beyond one block of links and one chunk of rows", () => {
    torch.manualSeed(8);
    const layer = new nn.GRU(300, 270) as unknown as Layer;
    const x = torch.randn(3, 2, 300);
    expectSameBits(() => layer.forward(x));
    const long = new nn.LSTM(3, 5, { bidirectional: true }) as unknown as Layer;
    const y = torch.randn(150, 3, 3);
    expectSameBits(() => long.forward(y));
    const lengths = [150, 149, 3];
    expectSameBits(() => long.forward(packPaddedSequence(y, lengths)));
  });

  it("takes pages with vectors, with gates that read no state, and with none that do", () => {
    const asked = vi.spyOn(engine, "unroll");
    for (const Own of [nn.PeepholeLSTM, nn.IndRNN, Three]) {
      const layer = new Own(3, 5, { numLayers: 2 }) as unknown as Layer;
      torch.noGrad(() => layer.forward(torch.randn(4, 2, 3)));
    }
    expect(asked.mock.results.map(({ value }) => value)).toEqual(Array.from({ length: 6 }, () => true));
    asked.mockRestore();
  });

  it("keeps the state of an empty sequence where all others are of one length", () => {
    torch.manualSeed(9);
    const x = torch.randn(7, 3, 5);
    for (const options of [{}, { bidirectional: true, numLayers: 2 }]) {
      const layer = new nn.LSTM(5, 13, options);
      const rows = "numLayers" in options ? 4 : 1;
      const state = [torch.randn(rows, 3, 13), torch.randn(rows, 3, 13)] as const;
      for (const lengths of [
        [7, 0, 7],
        [0, 4, 4],
        [1, 1, 0],
      ]) {
        expectSameBits(() => layer.forward(x, state, { lengths }) as Run);
        const [, [h]] = torch.noGrad(() => layer.forward(x, state, { lengths }));
        const empty = lengths.indexOf(0);
        expect(h.at(`:, ${empty}`).tolist()).toEqual(state[0].at(`:, ${empty}`).tolist());
      }
    }
  });

  it("takes one matrix as W_ih and W_hh, each with its own bias", () => {
    torch.manualSeed(10);
    for (const layer of [new nn.LSTM(5, 5), new nn.GRU(5, 5, { bidirectional: true }), new nn.MGU(5, 5)]) {
      layer.weight_hh_l0 = layer.weight_ih_l0 as nn.Parameter;
      for (const B of [1, 3]) expectSameBits(() => (layer as unknown as Layer).forward(torch.ones(4, B, 5)));
    }
    const zero = new nn.RNN(1, 1);
    torch.noGrad(() => zero.weight_ih_l0!.fill_(0));
    torch.noGrad(() => [zero.bias_ih_l0!.fill_(1), zero.bias_hh_l0!.fill_(-1)]);
    zero.weight_hh_l0 = zero.weight_ih_l0;
    const x = torch.ones(1, 1, 1);
    expect(torch.noGrad(() => zero.forward(x)[0].item())).toBe(0);
    expect(zero.stream().step(new Float32Array([1]))[0]).toBe(0);
  });

  it("takes one W_ih for layers of different sizes, in turns", () => {
    const pairs: readonly (() => readonly (nn.RNN | nn.GRU | nn.LSTM)[])[] = [
      () => [new nn.RNN(5, 192), new nn.GRU(5, 64)],
      () => [new nn.GRU(5, 2), new nn.RNN(5, 6)],
      () => [new nn.LSTM(5, 8, { projSize: 3 }), new nn.LSTM(5, 8, { projSize: 2 })],
      () => [new nn.LSTM(5, 3), new nn.RNN(5, 12)],
    ];
    for (const pair of pairs) {
      torch.manualSeed(11);
      const layers = pair();
      layers[1]!.weight_ih_l0 = layers[0]!.weight_ih_l0;
      const x = torch.randn(4, 2, 5);
      for (const layer of [...layers, ...layers]) expectSameBits(() => (layer as unknown as Layer).forward(x));
    }
  });

  it("leaves an empty batch to the steps", () => {
    const [output, hn] = torch.noGrad(() => new nn.GRU(3, 4).forward(torch.zeros(5, 0, 3)));
    expect([[...output.shape], [...hn.shape]]).toEqual([
      [5, 0, 4],
      [1, 0, 4],
    ]);
  });
});

/** A page that asks for more than the lanes reader has. */
const strange = {
  ...gru,
  step: ((m: { square?: (x: unknown) => unknown }, x: { r: unknown }) => ({ h: m.square!(x.r) })) as never,
};

function weights(gates: number, units: number, depth: number): Weights {
  const data = new Float32Array(gates * units * depth).fill(0.25);
  const matrix = { data, offset: 0, rowStride: depth, columnStride: 1 };
  return { matrix, bias: undefined, gates, units, depth, version: 1 };
}

function problem(H: number, own: Partial<Unrolled> = {}): Unrolled {
  return {
    cell: gru,
    input: weights(3, H, 2),
    recurrent: weights(3, H, H),
    projection: undefined,
    x: new Float32Array(2).fill(1),
    steps: 1,
    rows: 1,
    batchSizes: undefined,
    reverse: false,
    states: [new Float32Array(H)],
    output: new Float32Array(H),
    column: 0,
    width: H,
    ...own,
  };
}

describe("a recurrence that the SIMD engine cannot run", () => {
  it("is left to the steps when lanes cannot read the page, and nothing is written", () => {
    const own = problem(4, { cell: strange });
    expect(engine.unroll(own)).toBe(false);
    expect([...own.output, ...own.states[0]!]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("is left to the steps when its weights are larger than the memory for packs", () => {
    const huge = { ...weights(3, 4, 2), units: 2 ** 15, depth: 2 ** 15 };
    expect(engine.unroll(problem(4, { recurrent: huge }))).toBe(false);
  });

  it("is left to the steps as long as the machine has no memory for it", () => {
    const own = compile()!;
    const memory = vi.spyOn(WebAssembly, "Memory").mockImplementation(
      class {
        constructor() {
          throw new RangeError("WebAssembly.Memory(): could not allocate memory");
        }
      } as never,
    );
    expect(own.unroll(problem(4))).toBe(false);
    memory.mockRestore();
    expect(own.unroll(problem(4))).toBe(true);
  });
});
