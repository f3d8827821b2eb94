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
  "RNN with tanh": { layer: (H: number, o: object) => new nn.RNN(F, H, { ...o, dtype }), states: 1 },
  "RNN with relu": {
    layer: (H: number, o: object) => new nn.RNN(F, H, { ...o, nonlinearity: "relu", dtype }),
    states: 1,
  },
  LSTM: { layer: (H: number, o: object) => new nn.LSTM(F, H, { ...o, dtype }), states: 2 },
  "LSTM with a projection": {
    layer: (H: number, o: object) => new nn.LSTM(F, H, { ...o, projSize: 1, dtype }),
    states: 2,
  },
  GRU: { layer: (H: number, o: object) => new nn.GRU(F, H, { ...o, dtype }), states: 1 },
} as const;

const CELLS = {
  "RNNCell with tanh": () => new nn.RNNCell(F, H, { dtype }),
  "RNNCell with relu": () => new nn.RNNCell(F, H, { nonlinearity: "relu", dtype }),
  LSTMCell: () => new nn.LSTMCell(F, H, { dtype }),
  GRUCell: () => new nn.GRUCell(F, H, { dtype }),
} as const;

const PACKINGS = { none: null, sorted: [2, 1], unsorted: [1, 2], "of one length": [2, 2] } as const;

/** A direction, and which weights are moved: the two directions have none in common, nor a second derivative. */
const DIRECTIONS = { forward: undefined, "forward of both": false, "reverse of both": true } as const;

const cases = (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((kind) =>
  (Object.keys(DIRECTIONS) as (keyof typeof DIRECTIONS)[]).flatMap((direction) =>
    (Object.keys(PACKINGS) as (keyof typeof PACKINGS)[]).map((packing) => ({ kind, direction, packing })),
  ),
);

const random = (...shape: number[]): Tensor => torch.randn(shape, { dtype, requiresGrad: true });

/** Checks every element of inputs and weights, in the first derivatives and in the second. */
function expectDerivatives(
  inputs: readonly Tensor[],
  weights: readonly Tensor[],
  run: (given: Tensor[]) => readonly Tensor[],
) {
  const all = [...inputs, ...weights];
  const checked = (...given: Tensor[]): readonly Tensor[] => run(given.slice(0, inputs.length));
  expect(gradcheck(checked, all)).toBe(true);
  expect(gradgradcheck(checked, all)).toBe(true);
}

describe("each element of a layer's inputs, states and weights has right derivatives, first and second", () => {
  it.each(cases)("$kind, $direction, packing $packing", ({ kind, direction, packing }) => {
    torch.manualSeed(7);
    const { layer: make, states } = KINDS[kind];
    const reverse = DIRECTIONS[direction];
    const bidirectional = reverse !== undefined;
    const projected = kind === "LSTM with a projection";
    // Two units meet one another in one direction and in a projection.
    const units = bidirectional && !projected ? 1 : H;
    // The largest of all goes without biases, which it has in one direction.
    const layer = make(units, { bidirectional, bias: !(bidirectional && projected) }) as unknown as Layer;
    const start = Array.from({ length: states }, (_, i) =>
      random(bidirectional ? 2 : 1, B, projected && i === 0 ? 1 : units),
    );
    const weights = [...layer.namedParameters()]
      .filter(([name]) => name.endsWith("_reverse") === (reverse ?? false))
      .map(([, weight]) => weight);
    const lengths = PACKINGS[packing];
    expectDerivatives([random(T, B, F), ...start], weights, ([x, ...given]) => {
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
    expectDerivatives([random(B, F), ...start], [...cell.parameters()], ([x, ...given]) =>
      apart(cell.forward(x!, together(given))),
    );
  });
});
