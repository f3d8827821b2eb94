/** First and second derivatives element by element: every cell, direction, packing and projection, in float64. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";

const { gradcheck, gradgradcheck } = torch.autograd;
const dtype = torch.float64;
/** Small, for each element is moved for itself, and in the second derivative each element of each gradient. */
const [T, B, F, H] = [2, 2, 1, 2];

type States = Tensor | readonly Tensor[];
type Layer = nn.Recurrent<States>;
type Cell = nn.RecurrentCell<States>;

const apart = (states: States): readonly Tensor[] => (states instanceof torch.Tensor ? [states] : states);
const together = (states: readonly Tensor[]): States => (states.length > 1 ? states : states[0]!);

const KINDS = {
  "RNN with tanh": { layer: (o: object) => new nn.RNN(F, H, { ...o, dtype }), states: 1, P: H },
  "RNN with relu": { layer: (o: object) => new nn.RNN(F, H, { ...o, nonlinearity: "relu", dtype }), states: 1, P: H },
  LSTM: { layer: (o: object) => new nn.LSTM(F, H, { ...o, dtype }), states: 2, P: H },
  "LSTM with a projection": { layer: (o: object) => new nn.LSTM(F, H, { ...o, projSize: 1, dtype }), states: 2, P: 1 },
  GRU: { layer: (o: object) => new nn.GRU(F, H, { ...o, dtype }), states: 1, P: H },
} as const;

const CELLS = {
  "RNNCell with tanh": () => new nn.RNNCell(F, H, { dtype }),
  "RNNCell with relu": () => new nn.RNNCell(F, H, { nonlinearity: "relu", dtype }),
  LSTMCell: () => new nn.LSTMCell(F, H, { dtype }),
  GRUCell: () => new nn.GRUCell(F, H, { dtype }),
} as const;

const PACKINGS = { none: null, sorted: [2, 1], unsorted: [1, 2], "of one length": [2, 2] } as const;

const cases = (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((kind) =>
  [false, true].flatMap((bidirectional) =>
    (Object.keys(PACKINGS) as (keyof typeof PACKINGS)[]).map((packing) => ({ kind, bidirectional, packing })),
  ),
);

const random = (...shape: number[]): Tensor => torch.randn(shape, { dtype, requiresGrad: true });

/** Checks every element of the inputs, and of all weights of the module. */
function expectDerivatives(
  module: nn.Module,
  inputs: readonly Tensor[],
  second: boolean,
  run: (given: Tensor[]) => readonly Tensor[],
) {
  const all = [...inputs, ...module.parameters()];
  const checked = (...given: Tensor[]): readonly Tensor[] => run(given.slice(0, inputs.length));
  expect(gradcheck(checked, all)).toBe(true);
  if (second) expect(gradgradcheck(checked, all)).toBe(true);
}

describe("each element of a layer's inputs, states and weights has right derivatives, first and second", () => {
  it.each(cases)("$kind, bidirectional $bidirectional, packing $packing", ({ kind, bidirectional, packing }) => {
    torch.manualSeed(7);
    const { layer: make, states, P } = KINDS[kind];
    const layer = make({ bidirectional }) as unknown as Layer;
    const D = bidirectional ? 2 : 1;
    const start = Array.from({ length: states }, (_, i) => random(D, B, i === 0 ? P : H));
    const lengths = PACKINGS[packing];
    // Batches that are in order run through the same loop; gradcheck.test.ts has their second derivatives along directions.
    const second = packing === "none" || packing === "unsorted";
    expectDerivatives(layer, [random(T, B, F), ...start], second, ([x, ...given]) => {
      const hx = together(given);
      if (!lengths) {
        const [output, end] = layer.forward(x!, hx);
        return [output, ...apart(end)];
      }
      const enforceSorted = packing === "sorted";
      const [output, end] = layer.forward(nn.utils.packPaddedSequence(x!, lengths, { enforceSorted }), hx);
      return [output.data, ...apart(end)];
    });
  });
});

describe("each element of a cell's inputs, states and weights has right derivatives, first and second", () => {
  it.each(Object.keys(CELLS) as (keyof typeof CELLS)[])("%s", (name) => {
    torch.manualSeed(8);
    const cell = CELLS[name]() as unknown as Cell;
    const start = Array.from({ length: name === "LSTMCell" ? 2 : 1 }, () => random(B, H));
    expectDerivatives(cell, [random(B, F), ...start], true, ([x, ...given]) =>
      apart(cell.forward(x!, together(given))),
    );
  });
});
