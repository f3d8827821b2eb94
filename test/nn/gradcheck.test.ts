/** First and second derivatives of every layer and cell, direction, packing and projection, in float64. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";

const { gradcheck, gradgradcheck } = torch.autograd;
const dtype = torch.float64;
const [T, B, F, H] = [3, 2, 2, 2];

/** The rows of W for each unit, and the widths of the states. */
const KINDS = {
  "RNN with tanh": { run: torch.rnnTanh, cell: torch.rnnTanhCell, gates: 1, widths: [H] },
  "RNN with relu": { run: torch.rnnRelu, cell: torch.rnnReluCell, gates: 1, widths: [H] },
  LSTM: { run: torch.lstm, cell: torch.lstmCell, gates: 4, widths: [H, H] },
  "LSTM with a projection": { run: torch.lstm, cell: undefined, gates: 4, widths: [1, H] },
  GRU: { run: torch.gru, cell: torch.gruCell, gates: 3, widths: [H] },
} as const;

type Name = keyof typeof KINDS;

type Checked = (...inputs: Tensor[]) => readonly Tensor[];

/** Checks `f` of inputs with these shapes along three random directions of all inputs together. */
function expectDerivatives(f: Checked, shapes: readonly (readonly number[])[]): void {
  const random = (): Tensor[] => shapes.map((shape) => torch.randn([...shape], { dtype }));
  const [start, directions] = [random(), [random(), random(), random()]];
  const along = (steps: Tensor): Iterable<Tensor> =>
    f(...start.map((x, i) => directions.reduce((sum, way, k) => sum.add(way[i]!.mul(steps.at(k))), x)));
  const steps = torch.zeros(3, { dtype, requiresGrad: true });
  expect(gradcheck(along, steps)).toBe(true);
  expect(gradgradcheck(along, steps)).toBe(true);
}

/** The shapes of the weights of one layer and direction. */
function weightShapes(name: Name): number[][] {
  const { gates, widths } = KINDS[name];
  const rows = gates * H;
  const [P] = widths;
  return [[rows, F], [rows, P], [rows], [rows], ...(P < H ? [[P, H]] : [])];
}

const rows = (Object.keys(KINDS) as Name[]).flatMap((name) =>
  [false, true].flatMap((bidirectional) => [null, [3, 1], [2, 2]].map((lengths) => ({ name, bidirectional, lengths }))),
);

describe("a layer has right derivatives, first and second", () => {
  it.each(rows)("$name, bidirectional $bidirectional, lengths $lengths", ({ name, bidirectional, lengths }) => {
    torch.manualSeed(5);
    const { widths } = KINDS[name];
    const run = KINDS[name].run as typeof torch.lstm;
    const D = bidirectional ? 2 : 1;
    const states = widths.map((width) => [D, B, width]);
    const weights = Array.from({ length: D }, () => weightShapes(name)).flat();
    const layer = (x: Tensor, ...given: Tensor[]): readonly Tensor[] => {
      const hx = (widths.length > 1 ? given.slice(0, 2) : given[0]) as [Tensor, Tensor];
      const params = given.slice(widths.length);
      if (!lengths) return run(x, hx, params, true, 1, 0, false, bidirectional);
      const { data, batchSizes } = nn.utils.packPaddedSequence(x, lengths);
      return run(data, batchSizes, hx, params, true, 1, 0, false, bidirectional);
    };
    expectDerivatives(layer as Checked, [[T, B, F], ...states, ...weights]);
  });
});

describe("a cell has right derivatives, first and second", () => {
  it.each((Object.keys(KINDS) as Name[]).filter((name) => KINDS[name].cell))("%s", (name) => {
    torch.manualSeed(6);
    const { cell, widths } = KINDS[name];
    const step = (x: Tensor, ...given: Tensor[]): readonly Tensor[] => {
      const hx = (widths.length > 1 ? given.slice(0, 2) : given[0]) as Tensor & [Tensor, Tensor];
      const next = cell!(x, hx, ...(given.slice(widths.length) as [Tensor, Tensor, Tensor, Tensor]));
      return next instanceof torch.Tensor ? [next] : next;
    };
    expectDerivatives(step as Checked, [[B, F], ...widths.map((width) => [B, width]), ...weightShapes(name)]);
  });
});
