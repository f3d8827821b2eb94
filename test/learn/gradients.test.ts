/** The shares of the steps must be those of the layer's own gradient, to the bit, and the chart must say what they do. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { addShares, gradientFlow, type LayerState, nn, type Tensor } from "../../src/index.ts";

type Layer = nn.Recurrent<LayerState>;

const DTYPES = { float32: torch.float32, float64: torch.float64 };

const kinds = {
  tanh: (options: object) => new nn.RNN(5, 4, options),
  relu: (options: object) => new nn.RNN(5, 4, { nonlinearity: "relu", ...options }),
  lstm: (options: object) => new nn.LSTM(5, 4, options),
  projected: (options: object) => new nn.LSTM(5, 4, { projSize: 3, ...options }),
  gru: (options: object) => new nn.GRU(5, 4, options),
  peepholes: (options: object) => new nn.PeepholeLSTM(5, 4, options),
  independent: (options: object) => new nn.IndRNN(5, 4, options),
};

const table = Object.entries(kinds).flatMap(([kind, make]) =>
  [{}, { numLayers: 2, bidirectional: true }, { batchFirst: true, bias: false }].flatMap((options) =>
    (["float32", "float64"] as const).map((dtype) => ({ kind, make, options, dtype })),
  ),
);

const loss = (output: Tensor, state: LayerState): Tensor =>
  output
    .pow(2)
    .sum()
    .add([state].flat().reduce((total, one) => total.add((one as Tensor).sin().sum()), torch.zeros(1)))
    .sum();

describe.each(table)("$kind $options in $dtype", ({ make, options, dtype }) => {
  torch.manualSeed(5);
  const layer = make({ ...options, dtype: DTYPES[dtype] }) as unknown as Layer;
  const x = torch.randn(7, 3, 5, { dtype: DTYPES[dtype] });
  const flow = gradientFlow(layer, x, loss);
  const [output, state] = layer.forward(x);
  const value = loss(output, state);
  value.backward();

  it("the shares of all steps add up to .grad, to the bit", () => {
    expect(flow.loss).toBe(value.item());
    const seen = flow.sides.flatMap(({ weights, direction }) => weights.map((weight) => ({ weight, direction })));
    expect(seen.map(({ weight }) => weight.name)).toEqual([...layer.namedParameters()].map(([name]) => `${name}`));
    for (const { weight, direction } of seen) {
      const { grad } = layer[weight.name as "weight_ih_l0"]!;
      expect(torch.equal(weight.grad, grad!)).toBe(true);
      expect(torch.equal(addShares(weight, direction), grad!)).toBe(true);
    }
  });

  it("what autograd meets once in every step needs no rounding", () => {
    for (const { weights } of flow.sides) {
      for (const { name, rounding, shares } of weights) {
        expect(shares).toHaveLength(layer.batchFirst ? 3 : 7);
        if (/_h[hr]_/.test(name)) expect(rounding).toEqual([]);
        const size = shares.reduce((most, share) => Math.max(most, share.abs().max().item()), 0);
        const unit = dtype === "float64" ? 2 ** -52 : 2 ** -23;
        for (const rest of rounding) expect(rest.abs().max().item()).toBeLessThan(32 * unit * size);
      }
    }
  });
});

describe("the flow", () => {
  it("of states is what retainGrad finds in a loop by hand", () => {
    torch.manualSeed(6);
    const layer = new nn.LSTM(3, 2);
    const cell = new nn.LSTMCell(3, 2);
    cell.loadStateDict(
      Object.fromEntries([...layer.stateDict()].map(([key, value]) => [key.replace("_l0", ""), value])),
    );
    const x = torch.randn(6, 2, 3);
    const [h0, c0] = [torch.randn(1, 2, 2), torch.randn(1, 2, 2)];
    const flow = gradientFlow(layer, x, (output) => output.pow(3).sum(), [h0, c0]);
    let [h, c] = [h0.at(0), c0.at(0)];
    const steps: [Tensor, Tensor][] = [...x].map((xt) => {
      [h, c] = cell.forward(xt, [h, c]);
      h.retainGrad();
      c.retainGrad();
      return [h, c];
    });
    torch
      .stack(steps.map(([one]) => one))
      .pow(3)
      .sum()
      .backward();
    const [side] = flow.sides;
    for (const [t, [ht, ct]] of steps.entries()) {
      expect(torch.maxUlps(side!.states.h![t]!, ht.grad!)).toBe(0);
      expect(torch.maxUlps(side!.states.c![t]!, ct.grad!)).toBe(0);
      expect(side!.norms.h![t]).toBeCloseTo(ht.grad!.norm().item(), 6);
    }
  });

  it("of an unbatched sequence has the layer's shapes", () => {
    const gru = new nn.GRU(3, 2);
    const flow = gradientFlow(gru, torch.randn(4, 3), (output, hn) => {
      expect([...output.shape]).toEqual([4, 2]);
      expect([...hn.shape]).toEqual([1, 2]);
      return output.sum();
    });
    expect(flow.sides[0]!.norms.h).toHaveLength(4);
  });

  it("leaves .grad as it was, and the layer as well", () => {
    const gru = new nn.GRU(3, 2, { numLayers: 2, dropout: 0.5 });
    torch.manualSeed(1);
    const flow = gradientFlow(gru, torch.ones(4, 1, 3), (output) => output.sum());
    expect(gru.weight_hh_l0.grad).toBeNull();
    expect(gru.training).toBe(true);
    torch.manualSeed(1);
    expect(
      gru
        .forward(torch.ones(4, 1, 3))[0]
        .sum()
        .item(),
    ).toBe(flow.loss);
  });

  it.each([
    ["LSTM", new nn.LSTM(3, 5, { bidirectional: true, numLayers: 2 })],
    ["GRU", new nn.GRU(3, 5, { bidirectional: true })],
    ["RNN", new nn.RNN(3, 5)],
  ] as const)("through packed sequences of an %s adds up to .grad as well", (_, made) => {
    torch.manualSeed(9);
    const layer = made as unknown as Layer;
    const packed = nn.utils.packPaddedSequence(torch.randn(5, 3, 3), [2, 5, 4], { enforceSorted: false });
    const score = (output: nn.utils.PackedSequence, state: LayerState): Tensor => loss(output.data, state);
    const flow = gradientFlow(layer, packed, score);
    const [output, state] = layer.forward(packed);
    score(output, state).backward();
    for (const { weights, direction } of flow.sides) {
      for (const weight of weights) {
        expect(weight.shares).toHaveLength(5);
        expect(torch.equal(addShares(weight, direction), layer[weight.name as "weight_ih_l0"]!.grad!)).toBe(true);
      }
    }
    expect(flow.toText()).toContain("t=4");
    expect(`${flow}`).toBe(flow.toText());
    layer.zeroGrad();
  });

  it("needs a loss with a past", () => {
    const rnn = new nn.RNN(3, 2);
    expect(() => gradientFlow(rnn, torch.ones(2, 1, 3), (output) => output.detach().sum())).toThrow(
      "gradientFlow: the loss does not depend on any weight that requires grad",
    );
  });
});

describe("the chart", () => {
  /** h' = w·h, so that the gradient is multiplied by w in each step. */
  const linear = (w: number): nn.RNN => {
    const rnn = new nn.RNN(1, 1, { nonlinearity: "relu", bias: false });
    torch.noGrad(() => {
      rnn.weight_ih_l0.fill_(1);
      rnn.weight_hh_l0.fill_(w);
    });
    return rnn;
  };
  const last = (output: Tensor): Tensor => output.at(-1).sum();

  it("shows a vanishing gradient", () => {
    const text = gradientFlow(linear(0.1), torch.ones(4, 1, 1), last).toText({ width: 8 });
    expect(text).toBe(
      [
        "loss = 1.11e+0",
        "bars: |dL/dh_t| from 1e-4 to 1e0, logarithmic",
        "",
        "layer 0, forward: dL/dh_t   vanishing: ×0.100 per step back",
        "                  size  weight_ih  weight_hh",
        "t=0 ██         1.00e-3    1.00e-3    0.00e+0",
        "t=1 ████       1.00e-2    1.00e-2    1.00e-2",
        "t=2 ██████     1.00e-1    1.00e-1    1.10e-1",
        "t=3 ████████   1.00e+0    1.00e+0    1.11e+0",
      ].join("\n"),
    );
  });

  it("shows an exploding gradient and a steady one", () => {
    expect(gradientFlow(linear(3), torch.ones(5, 1, 1), last).toText()).toContain("exploding: ×3.00 per step back");
    expect(gradientFlow(linear(1), torch.ones(5, 1, 1), last).toText()).toContain("steady: ×1.00 per step back");
  });

  it("has colours when it is given some", () => {
    const color = (text: string, ink: string): string => `<${ink}>${text}</${ink}>`;
    expect(gradientFlow(linear(0.1), torch.ones(2, 1, 1), last).toText({ color })).toContain("<heading>layer 0");
  });
});
