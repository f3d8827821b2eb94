/** What gradients with a history of their own are called: one share for each step, turned and added up, as in torch. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn } from "../../src/index.ts";

const { float32, float64 } = torch;
const LAYERS = [
  ["RNN", float32, (dtype: torch.DType) => new nn.RNN(3, 5, { dtype })],
  ["GRU", float32, (dtype: torch.DType) => new nn.GRU(3, 5, { dtype })],
  ["GRU", float64, (dtype: torch.DType) => new nn.GRU(3, 5, { dtype })],
  ["LSTM", float64, (dtype: torch.DType) => new nn.LSTM(3, 5, { dtype })],
  ["LSTM with a projection", float32, (dtype: torch.DType) => new nn.LSTM(3, 5, { dtype, projSize: 2 })],
] as const;

describe("with createGraph, the gradients of a layer's weights", () => {
  it.each(LAYERS)("of %s in %s have torch's names", (_, dtype, make) => {
    const layer: nn.Recurrent<unknown> = make(dtype);
    const names = (T: number): string[] => {
      const [output] = layer.forward(torch.randn([T, 2, 3], { dtype }));
      const gradients = torch.autograd.grad(output.sum(), [...layer.parameters()], { createGraph: true });
      return gradients.map((gradient) => gradient!.gradFn!.name());
    };
    const projected = layer.projSize > 0;
    const one = ["TBackward0", "TBackward0", "ViewBackward0", "ViewBackward0"];
    expect(names(1)).toEqual(projected ? [...one, "TBackward0"] : one);
    const sums = ["TBackward0", "AddBackward0", "ViewBackward0", "AddBackward0"];
    expect(names(7)).toEqual(projected ? [...sums, "AddBackward0"] : sums);
  });
});

describe("a way back that was recorded", () => {
  const Square = nn.defineCell({
    name: "Square",
    gates: ["a"],
    state: ["h"],
    equations: { a: "(W_ia·x + b_ia)·(W_ia·x + b_ia) + W_ha·h + b_ha", h: "a" },
    step(m, x, r) {
      const a = m.add(m.mul(x.a, x.a), r.a);
      return { a, h: a };
    },
  });

  it("is not disturbed by a later one that is not, also where a cell multiplies its inputs", () => {
    const second = (between: boolean): number[] => {
      torch.manualSeed(3);
      const layer = new Square(3, 5);
      const x = torch.randn([6, 2, 3], { requiresGrad: true });
      const loss = layer.forward(x)[0].sum();
      const [gx] = torch.autograd.grad(loss, [x], { createGraph: true });
      if (between) loss.backward();
      return torch.autograd.grad(gx!.square().sum(), [layer.weight_hh_l0])[0]!.flatten().tolist() as number[];
    };
    expect(second(true)).toEqual(second(false));
  });
});
