import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";
import { expectResults, type Golden, numbers } from "./compare.ts";

interface Case extends Golden {
  readonly T: number;
  readonly B: number;
  readonly batched: boolean;
  readonly state: boolean;
  readonly training: boolean;
  readonly options: {
    readonly num_layers?: number;
    readonly nonlinearity?: "tanh" | "relu";
    readonly bias?: boolean;
    readonly batch_first?: boolean;
    readonly dropout?: number;
    readonly bidirectional?: boolean;
  };
  readonly text: string;
  readonly weights: string;
  readonly next: readonly number[];
}

const golden = JSON.parse(readFileSync(`${import.meta.dirname}/../golden/rnn.json`, "utf8")) as {
  seed: number;
  layers: Case[];
};

/** The layer of a case and everything that is drawn after it, as test/golden/rnn.py draws it. */
function drawn({ T, B, batched, state, training, options }: Case) {
  torch.manualSeed(golden.seed);
  const { num_layers: numLayers, batch_first: batchFirst, ...same } = options;
  const rnn = new nn.RNN(3, options.bidirectional ? 3 : 4, { numLayers, batchFirst, ...same }).train(training);
  const D = rnn.bidirectional ? 2 : 1;
  const lead = batched ? (batchFirst ? [B, T] : [T, B]) : [T];
  const stateShape = [D * rnn.numLayers, ...(batched ? [B] : []), rnn.hiddenSize];
  const x = torch.randn(...lead, 3);
  const h0 = state ? torch.randn(stateShape) : undefined;
  const towards = [torch.randn(...lead, D * rnn.hiddenSize), torch.randn(stateShape)] as const;
  return { rnn, x, h0, towards };
}

function results({ rnn, x, h0, towards }: ReturnType<typeof drawn>, dtype: torch.DType): Record<string, Tensor> {
  rnn.to(dtype).zeroGrad();
  const [dx, dh0] = [x, h0].map((given) => given?.detach().to(dtype).requiresGrad_());
  const [output, hn] = rnn.forward(dx!, dh0);
  output.mul(towards[0]).sum().add(hn.mul(towards[1]).sum()).backward();
  const seen: Record<string, Tensor> = { output, hn, dx: dx!.grad! };
  if (dh0) seen.dh0 = dh0.grad!;
  for (const [name, weight] of rnn.namedParameters()) seen[`d${name}`] = weight.grad!;
  return seen;
}

describe.each(golden.layers.map((one, at) => ({ ...one, at })))("case $at: $text", (one) => {
  it("draws torch's weights and leaves the generator where torch does", () => {
    const all = drawn(one);
    const flat = torch.cat([...all.rnn.parameters()].map((weight) => weight.detach().flatten()));
    expect(flat.numpy()).toEqual(numbers(one.weights, "float32"));
    expect(String(all.rnn)).toBe(one.text);
    results(all, torch.float32);
    expect(torch.rand(2).tolist()).toEqual(one.next);
  });

  it("gives torch's outputs, states and gradients in both precisions", () => {
    const all = drawn(one);
    const start = torch.getRngState();
    expectResults(results(all, torch.float32), one, "float32");
    torch.setRngState(start);
    expectResults(results(all, torch.float64), one, "float64");
  });
});

describe("a layer without a batch and with `batchFirst`", () => {
  it("reads (T, F) all the same", () => {
    torch.manualSeed(1);
    const rnn = new nn.RNN(2, 3);
    const first = new nn.RNN(2, 3, { batchFirst: true });
    first.loadStateDict(rnn.stateDict());
    const x = torch.randn(5, 2);
    expect(torch.equal(first.forward(x)[0], rnn.forward(x)[0])).toBe(true);
  });
});

describe("allWeights", () => {
  it("lists the weights by layer and direction, in the order of checkpoints", () => {
    const rnn = new nn.RNN(2, 3, { numLayers: 2, bidirectional: true });
    const names = new Map([...rnn.namedParameters()].map(([name, weight]) => [weight, name] as const));
    const side = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"];
    const ends = ["l0", "l0_reverse", "l1", "l1_reverse"];
    const wanted = ends.map((end) => side.map((role) => `${role}_${end}`));
    expect(rnn.allWeights.map((weights) => weights.map((weight) => names.get(weight)))).toEqual(wanted);
    expect(new nn.RNN(2, 3, { bias: false }).allWeights[0]).toHaveLength(2);
  });
});
