import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { elements } from "../../src/dense/dense.ts";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";
import { Three } from "../three.ts";
import { distance, type Golden, numbers } from "./compare.ts";

const KINDS = {
  PeepholeLSTM: nn.PeepholeLSTM,
  CoupledLSTM: nn.CoupledLSTM,
  MGU: nn.MGU,
  IndRNN: nn.IndRNN,
} as const;

interface Case extends Golden {
  readonly kind: keyof typeof KINDS;
  readonly lengths: readonly number[];
  readonly bias: boolean;
}

const golden = JSON.parse(readFileSync(`${import.meta.dirname}/../golden/more-layers.json`, "utf8")) as {
  seed: number;
  cases: Case[];
};

const [T, B, F, H, L] = [7, 3, 2, 5, 2];
const DTYPES = { float32: torch.float32, float64: torch.float64 };

type States = Tensor | readonly Tensor[];
type Layer = nn.Recurrent<States>;

const together = (states: readonly Tensor[]): States => (states.length > 1 ? states : states[0]!);
const apart = (states: States): readonly Tensor[] => (states instanceof torch.Tensor ? [states] : states);

describe("a layer has the weights, outputs, states and gradients of torch's, written out step by step", () => {
  it.each(golden.cases.map((one) => [one.kind, one.lengths, one] as const))("%s, lengths %o", (kind, lengths, one) => {
    torch.manualSeed(golden.seed);
    const options = { numLayers: L, bidirectional: true, bias: one.bias };
    const layer = new KINDS[kind](F, H, options) as unknown as Layer;
    const x = torch.randn(T, B, F);
    const randomStates = (): Tensor[] => layer.cell.state.map(() => torch.randn(2 * L, B, H));
    const [starts, towards, towardsStates] = [randomStates(), torch.randn(T, B, 2 * H), randomStates()];
    for (const dtype of ["float32", "float64"] as const) {
      layer.to(DTYPES[dtype]).zeroGrad();
      const [dx, ...state] = [x, ...starts].map((given) => given.detach().to(DTYPES[dtype]).requiresGrad_()) as [
        Tensor,
        ...Tensor[],
      ];
      const whole = lengths.every((length) => length === T);
      const [output, end] = layer.forward(dx, together(state), whole ? {} : { lengths });
      apart(end)
        .map((value, i) => value.mul(towardsStates[i]!).sum())
        .reduce((a, b) => a.add(b), output.mul(towards).sum())
        .backward();
      const ours: Record<string, Tensor> = { output: output.detach(), dx: dx.grad! };
      for (const [i, value] of apart(end).entries()) ours[`state${i}`] = value.detach();
      for (const [i, start] of state.entries()) ours[`dstate${i}`] = start.grad!;
      for (const [name, weight] of layer.namedParameters()) ours[`d${name}`] = weight.grad!;
      expectNear(ours, one, dtype);
    }
  });
});

/**
 * In float64 within rounding; in float32 as close to the truth as torch's float32 where that is farthest, each number
 * beside the largest of its tensor, and 2 ulp: a single small tensor may have come out right there by chance.
 */
function expectNear(ours: Readonly<Record<string, Tensor>>, golden: Golden, dtype: keyof typeof DTYPES): void {
  expect(Object.keys(ours).sort()).toEqual(Object.keys(golden.float32).sort());
  const rows = Object.entries(golden.float32).map(([name, { shape, off }]) => {
    expect([...ours[name]!.shape], name).toEqual(shape);
    const truth = numbers(golden.float64[name]!, "float64");
    const scale = distance(truth, new Float64Array(truth.length));
    const own = distance(elements(ours[name]!.value) as Float32Array | Float64Array, truth);
    return { name, own: own / scale, torchs: off! / scale };
  });
  const worst = Math.max(...rows.map(({ torchs }) => torchs));
  for (const { name, own } of rows) {
    expect(own, name).toBeLessThanOrEqual(dtype === "float64" ? 1e-12 : worst + 2 ** -22);
  }
}

const { gradcheck, gradgradcheck } = torch.autograd;
const dtype = torch.float64;

const ALL = { ...KINDS, "a cell of three states": Three };

describe.each(Object.entries(ALL))("%s", (_, Own) => {
  it.each([
    [false, 3, undefined],
    [true, 2, [2, 1]],
  ])("has right derivatives, first and second: bidirectional %s, T %i, lengths %o", (bidirectional, T, lengths) => {
    torch.manualSeed(5);
    const layer = new Own(2, 2, { bidirectional, dtype }) as unknown as Layer;
    const rows = bidirectional ? 2 : 1;
    const weights = [...layer.namedParameters()];
    const leaves = [torch.randn(T, 2, 2, { dtype }), ...layer.cell.state.map(() => torch.randn(rows, 2, 2, { dtype }))];
    const start = [...leaves, ...weights.map(([, weight]) => weight.detach().clone())];
    const directions = [0, 1].map(() => start.map((value) => torch.randn([...value.shape], { dtype })));
    const along = (steps: Tensor): Iterable<Tensor> => {
      const at = start.map((value, i) => directions.reduce((sum, way, k) => sum.add(way[i]!.mul(steps.at(k))), value));
      const given = Object.fromEntries(weights.map(([name], i) => [`${name}`, at[leaves.length + i]!]));
      return runWith(layer, given, at[0]!, at.slice(1, leaves.length), lengths);
    };
    const steps = torch.zeros(2, { dtype, requiresGrad: true });
    expect(gradcheck(along, steps)).toBe(true);
    expect(gradgradcheck(along, steps)).toBe(true);
  });
});

/** Output and states of a layer that has these tensors in place of its weights. */
function runWith(
  layer: Layer,
  weights: Record<string, Tensor>,
  x: Tensor,
  state: readonly Tensor[],
  lengths: readonly number[] | undefined,
): readonly Tensor[] {
  const other: Layer = Object.create(Object.getPrototypeOf(layer), {
    ...Object.getOwnPropertyDescriptors(layer),
    ...Object.fromEntries(Object.entries(weights).map(([name, value]) => [name, { value }])),
  });
  const [output, end] = other.forward(x, together(state), lengths ? { lengths } : {});
  return [output, ...apart(end)];
}
