import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";
import { expectResults, type Golden } from "./compare.ts";

interface Case extends Golden {
  readonly nonlinearity: "tanh" | "relu";
  readonly bias: boolean;
  readonly batched: boolean;
  readonly state: boolean;
  readonly text: string;
}

const golden = JSON.parse(readFileSync(`${import.meta.dirname}/../golden/rnn.json`, "utf8")) as {
  seed: number;
  cells: Case[];
};

function results(
  cell: nn.RNNCell,
  inputs: readonly (Tensor | undefined)[],
  dtype: torch.DType,
): Record<string, Tensor> {
  cell.to(dtype).zeroGrad();
  const [x, h] = inputs.map((given) => given?.detach().to(dtype).requiresGrad_());
  const y = cell.forward(x!, h);
  y.square().sum().backward();
  const seen: Record<string, Tensor> = { h: y, dx: x!.grad! };
  if (h) seen.dh = h.grad!;
  for (const [name, weight] of cell.namedParameters()) seen[`d${name}`] = weight.grad!;
  return seen;
}

describe.each(golden.cells)("$text, bias $bias, batched $batched, state $state", (one) => {
  it("gives torch's state and gradients in both precisions", () => {
    torch.manualSeed(golden.seed);
    const { nonlinearity, bias } = one;
    const cell = new nn.RNNCell(3, 5, { nonlinearity, bias });
    const lead = one.batched ? [2] : [];
    const inputs = [torch.randn(...lead, 3), one.state ? torch.randn(...lead, 5) : undefined];
    expect(String(cell)).toBe(one.text);
    expectResults(results(cell, inputs, torch.float32), one, "float32");
    expectResults(results(cell, inputs, torch.float64), one, "float64");
  });
});
