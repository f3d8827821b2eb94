/** What must hold between layers, whatever their numbers are: to the bit, since the order of the arithmetic is fixed. */
import { describe, expect, it } from "vitest";
import * as torch from "../src/index.ts";
import { nn, type Tensor } from "../src/index.ts";

const DTYPES = { float32: torch.float32, float64: torch.float64 };

const table = (["tanh", "relu"] as const).flatMap((nonlinearity) =>
  [true, false].flatMap((bias) => (["float32", "float64"] as const).map((dtype) => ({ nonlinearity, bias, dtype }))),
);

const same = (a: Tensor, b: Tensor): void => expect(torch.maxUlps(a, b)).toBe(0);

describe.each(table)("RNN with $nonlinearity, bias $bias, in $dtype", ({ nonlinearity, bias, dtype: name }) => {
  const dtype = DTYPES[name];
  const [T, B, F, H] = [7, 5, 11, 13];
  torch.manualSeed(3);
  const layer = (inputSize: number, options: { numLayers?: number; bidirectional?: boolean } = {}): nn.RNN =>
    new nn.RNN(inputSize, H, { nonlinearity, bias, dtype, ...options });
  const random = (...shape: number[]): Tensor => torch.randn(...shape, { dtype });
  /** A layer with the weights of one layer and direction of another. */
  const part = (whole: nn.RNN, inputSize: number, end: string): nn.RNN => {
    const state = [...whole.stateDict()].filter(([key]) => key.endsWith(`_${end}`));
    const alone = layer(inputSize);
    alone.loadStateDict(Object.fromEntries(state.map(([key, value]) => [key.replace(`_${end}`, "_l0"), value])));
    return alone;
  };

  it("the reverse direction equals a layer over the flipped input, flipped back", () => {
    const both = layer(F, { bidirectional: true });
    const x = random(T, B, F);
    const h0 = random(2, B, H);
    const [output, hn] = both.forward(x, h0);
    const [backwards, end] = part(both, F, "l0_reverse").forward(x.flip(0), h0.at("1:"));
    same(output.at("..., 13:"), backwards.flip(0));
    same(hn.at("1:"), end);
    const [forwards] = part(both, F, "l0").forward(x, h0.at(":1"));
    same(output.at("..., :13"), forwards);
  });

  it("no state equals a state of zeros", () => {
    const rnn = layer(F, { numLayers: 2 });
    const x = random(T, B, F);
    const [output, hn] = rnn.forward(x);
    const [withZeros, end] = rnn.forward(x, torch.zeros(2, B, H, { dtype }));
    same(output, withZeros);
    same(hn, end);
  });

  it("a stack equals its layers, one after the other", () => {
    const whole = layer(F, { numLayers: 3 });
    const h0 = random(3, B, H);
    const x = random(T, B, F);
    let sequence = x;
    for (let k = 0; k < 3; k += 1) {
      [sequence] = part(whole, k === 0 ? F : H, `l${k}`).forward(sequence, h0.at(`${k}:${k + 1}`));
    }
    same(whole.forward(x, h0)[0], sequence);
  });

  it("a batch equals its sequences alone", () => {
    const rnn = layer(F, { bidirectional: true });
    const x = random(T, B, F);
    const h0 = random(2, B, H);
    const [output, hn] = rnn.forward(x, h0);
    for (let b = 0; b < B; b += 1) {
      const [alone, end] = rnn.forward(x.at(`:, ${b}`), h0.at(`:, ${b}`));
      same(output.at(`:, ${b}`), alone);
      same(hn.at(`:, ${b}`), end);
    }
  });

  it("a sequence equals its pieces, the state handed on", () => {
    const rnn = layer(F);
    const x = random(T, B, F);
    const [whole, end] = rnn.forward(x);
    const [first, middle] = rnn.forward(x.at(":3"));
    const [second, last] = rnn.forward(x.at("3:"), middle);
    same(whole, torch.cat([first, second]));
    same(end, last);
  });

  it("a cell in a loop equals the layer", () => {
    const rnn = layer(F);
    const cell = new nn.RNNCell(F, H, { nonlinearity, bias, dtype });
    cell.loadStateDict(Object.fromEntries([...rnn.stateDict()].map(([key, value]) => [key.replace("_l0", ""), value])));
    const x = random(T, B, F);
    const [output] = rnn.forward(x);
    let h: Tensor | undefined;
    for (const [t, step] of [...x].entries()) {
      h = cell.forward(step, h);
      same(output.at(t), h);
    }
  });

  it("batch first equals time first, transposed", () => {
    const rnn = layer(F);
    const first = new nn.RNN(F, H, { nonlinearity, bias, dtype, batchFirst: true });
    first.loadStateDict(rnn.stateDict());
    const x = random(T, B, F);
    same(first.forward(x.transpose(0, 1))[0].transpose(0, 1), rnn.forward(x)[0]);
    same(first.forward(x.transpose(0, 1).contiguous())[0].transpose(0, 1), rnn.forward(x)[0]);
  });
});

describe("a long sequence", () => {
  it("of 10,000 steps runs forwards and backwards without overflow", { timeout: 60_000 }, () => {
    torch.manualSeed(4);
    const rnn = new nn.RNN(1, 2);
    const x = torch.randn(10_000, 1, 1).requiresGrad_();
    const [output, hn] = rnn.forward(x);
    output.sum().add(hn.sum()).backward();
    expect(torch.isfinite(x.grad!).all().item<boolean>()).toBe(true);
  });

  it("of 150,000 slices is cut and joined, and gradients flow back", () => {
    const x = torch.zeros(150_000, 1).requiresGrad_();
    torch.stack(torch.unbind(x)).sum().backward();
    expect(x.grad!.sum().item()).toBe(150_000);
  });
});
