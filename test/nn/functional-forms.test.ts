/** Layers and cells as functions: the same bits, names and errors as the modules, which are compared with torch. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";

type States = Tensor | readonly [Tensor, Tensor];
type Run = (...given: unknown[]) => readonly Tensor[];

const LAYERS = [
  { name: "rnnTanh", run: torch.rnnTanh, layer: nn.RNN, own: { nonlinearity: "tanh" }, widths: [5] },
  { name: "rnnRelu", run: torch.rnnRelu, layer: nn.RNN, own: { nonlinearity: "relu" }, widths: [5] },
  { name: "gru", run: torch.gru, layer: nn.GRU, own: {}, widths: [5] },
  { name: "lstm", run: torch.lstm, layer: nn.LSTM, own: {}, widths: [5, 5] },
  { name: "lstm with a projection", run: torch.lstm, layer: nn.LSTM, own: { projSize: 2 }, widths: [2, 5] },
] as const;

const apart = (states: States): readonly Tensor[] => (states instanceof torch.Tensor ? [states] : states);
const seen = (tensors: readonly Tensor[]): unknown =>
  tensors.map((x) => [x.tolist(), [...x.shape], x.gradFn?.name() ?? null]);

const ways = LAYERS.flatMap((kind) =>
  [true, false].flatMap((bias) =>
    [true, false].flatMap((bidirectional) => [true, false].map((packed) => ({ ...kind, bias, bidirectional, packed }))),
  ),
);

describe("a layer as a function", () => {
  it.each(ways)("$name, bias $bias, bidirectional $bidirectional, packed $packed", (way) => {
    const { bias, bidirectional, packed, widths } = way;
    torch.manualSeed(8);
    const batchFirst = !packed && bias;
    const options = { ...way.own, bias, bidirectional, batchFirst, numLayers: 2, dropout: 0.4 };
    const module = new (way.layer as typeof nn.LSTM)(3, 5, options) as unknown as nn.Recurrent<States>;
    const params = module.allWeights.flat();
    const rows = bidirectional ? 4 : 2;
    const states = widths.map((width) => torch.randn(rows, 2, width));
    const hx = (states.length > 1 ? states : states[0]) as States;
    const x = torch.randn(batchFirst ? [2, 4, 3] : [4, 2, 3]);
    const settings = [bias, 2, 0.4, true, bidirectional];
    const run = way.run as unknown as Run;
    torch.manualSeed(9);
    if (packed) {
      const sequences = nn.utils.packPaddedSequence(x, [4, 2]);
      const [output, end] = module.forward(sequences, hx);
      torch.manualSeed(9);
      const results = run(sequences.data, sequences.batchSizes, hx, params, ...settings);
      expect(seen(results)).toEqual(seen([output.data, ...apart(end)]));
      return;
    }
    const [output, end] = module.forward(x, hx);
    torch.manualSeed(9);
    expect(seen(run(x, hx, params, ...settings, batchFirst))).toEqual(seen([output, ...apart(end)]));
  });

  it("wants as many weights as its settings say", () => {
    const { allWeights } = new nn.GRU(3, 5);
    const [x, h] = [torch.zeros(4, 2, 3), torch.zeros(1, 2, 5)];
    const call = () => torch.gru(x, h, allWeights.flat().slice(1), false, 1, 0, false, false, false);
    expect(call).toThrow("got an incorrect number of RNN parameters");
  });
});

const CELLS = [
  { name: "rnnTanhCell", run: torch.rnnTanhCell, cell: nn.RNNCell, own: { nonlinearity: "tanh" }, states: 1 },
  { name: "rnnReluCell", run: torch.rnnReluCell, cell: nn.RNNCell, own: { nonlinearity: "relu" }, states: 1 },
  { name: "gruCell", run: torch.gruCell, cell: nn.GRUCell, own: {}, states: 1 },
  { name: "lstmCell", run: torch.lstmCell, cell: nn.LSTMCell, own: {}, states: 2 },
] as const;

describe("a cell as a function", () => {
  it.each(CELLS)("$name, with biases and without", (one) => {
    for (const bias of [true, false]) {
      torch.manualSeed(10);
      const cell = new (one.cell as typeof nn.RNNCell)(3, 5, {
        ...one.own,
        bias,
      }) as unknown as nn.RecurrentCell<States>;
      const x = torch.randn(2, 3);
      const states = Array.from({ length: one.states }, () => torch.randn(2, 5));
      const hx = (one.states > 1 ? states : states[0]) as Tensor & [Tensor, Tensor];
      const next = one.run(x, hx, cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh);
      expect(seen(apart(next))).toEqual(seen(apart(cell.forward(x, hx))));
    }
  });

  it("refuses sizes that do not fit", () => {
    const cell = new nn.GRUCell(3, 5);
    const call = (x: Tensor, h: Tensor) => () => torch.gruCell(x, h, cell.weight_ih, cell.weight_hh);
    const Z = torch.zeros;
    expect(call(Z(2, 4), Z(2, 5))).toThrow("input has inconsistent input_size: got 4 expected 3");
    expect(call(Z(2, 3), Z(3, 5))).toThrow("Input batch size 2 doesn't match hidden0 batch size 3");
    expect(call(Z(2, 3), Z(2, 4))).toThrow("hidden0 has inconsistent hidden_size: got 4, expected 5");
  });
});
