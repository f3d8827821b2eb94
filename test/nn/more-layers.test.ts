import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/index.ts";
import * as torch from "../../src/index.ts";
import { Three } from "../three.ts";
import { expectResults, type Golden } from "./compare.ts";
import { apart, follow, KINDS, type Layer, type Recipe, together } from "./more-layers.ts";

interface Case extends Golden, Omit<Recipe, "seed"> {}

const golden = JSON.parse(readFileSync(`${import.meta.dirname}/../golden/more-layers.json`, "utf8")) as {
  seed: number;
  cases: Case[];
};

describe("a layer has the weights, outputs, states and gradients of torch's, written out step by step", () => {
  it.each(golden.cases)("$kind, lengths $lengths", (one) => {
    for (const dtype of ["float32", "float64"] as const) {
      expectResults(follow({ ...one, seed: golden.seed }, dtype), one, dtype);
    }
  });
});

const { gradcheck, gradgradcheck } = torch.autograd;
const dtype = torch.float64;

const ALL = { ...KINDS, "a cell of three states": Three };

describe.each(Object.entries(ALL))("%s", (_, Own) => {
  it.each([
    [false, 3, undefined],
    [true, 2, [2, 1]],
  ])("has right derivatives, first and second: bidirectional %s, T %i, lengths %o", (bidirectional, T, lengths) => {
    torch.manualSeed(5);
    // every number that comes out is a direction of its own: units are mixed in the one case, sequences in the other
    const [B, F, H] = lengths ? [lengths.length, 1, 1] : [1, 1, 2];
    const layer = new Own(F, H, { bidirectional, dtype }) as unknown as Layer;
    const rows = bidirectional ? 2 : 1;
    const weights = [...layer.namedParameters()];
    const leaves = [torch.randn(T, B, F, { dtype }), ...layer.cell.state.map(() => torch.randn(rows, B, H, { dtype }))];
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
