/** A sequence far longer than any call stack, forwards and backwards. */
import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { nn } from "../../src/index.ts";

test("100,000 steps run forwards and backwards", () => {
  torch.manualSeed(4);
  const rnn = new nn.RNN(1, 2);
  const x = torch.randn(100_000, 1, 1).requiresGrad_();
  const start = performance.now();
  const [output, hn] = rnn.forward(x);
  const middle = performance.now();
  output.sum().add(hn.sum()).backward();
  const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
  console.log(`forward ${seconds(start, middle)} s, backward ${seconds(middle, performance.now())} s`);
  for (const leaf of [x, ...rnn.parameters()]) {
    expect(torch.isfinite(leaf.grad!).all().item<boolean>()).toBe(true);
    expect(leaf.grad!.abs().sum().item()).toBeGreaterThan(0);
  }
});
