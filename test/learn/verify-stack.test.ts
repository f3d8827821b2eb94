/** Layers and directions put together by hand, each time with one mistake. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor, verify } from "../../src/index.ts";

describe("a stack", () => {
  torch.manualSeed(9);
  const options = { numLayers: 2, bidirectional: true, batchFirst: true };
  const gru = new nn.GRU(6, 3, options);
  const x = torch.randn(2, 5, 6);
  /** The same layers built from one-layer, one-direction parts by hand. */
  const side = (end: string): nn.GRU => {
    const part = new nn.GRU(6, 3);
    const names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"] as const;
    for (const name of names) part[`${name}_l0`] = gru[`${name}_${end}`]!;
    return part;
  };
  const build =
    (ends: string[], { flipIn = true, flipOut = true, exchange = false } = {}) =>
    (input: Tensor): Tensor => {
      let data = input.transpose(0, 1);
      for (let layer = 0; layer < 2; layer += 1) {
        const [forward] = side(ends[2 * layer]!).forward(data);
        const [backward] = side(ends[2 * layer + 1]!).forward(flipIn ? data.flip(0) : data);
        const turned = flipOut ? backward.flip(0) : backward;
        data = torch.cat(exchange ? [turned, forward] : [forward, turned], -1);
      }
      return data.transpose(0, 1);
    };
  const ends = ["l0", "l0_reverse", "l1", "l1_reverse"];

  it.each([
    ["layer 0's weights used in every layer", build(["l0", "l0_reverse", "l0", "l0_reverse"])],
    ["the reverse direction reads from the start", build(ends, { flipIn: false, flipOut: false })],
    ["the outputs of the reverse direction are not flipped back", build(ends, { flipOut: false })],
    ["the forward direction's weights used in the reverse direction", build(["l0", "l0", "l1", "l1"])],
    ["the directions are joined in the wrong order", build(ends, { exchange: true })],
  ])("has the mistake named: %s", (cause, mine) => {
    expect(verify(mine, gru, x).cause).toBe(cause);
  });

  it("that is right agrees to the bit", () => {
    expect(verify(build(ends), gru, x)).toMatchObject({ agrees: true, ulps: 0, cause: null });
  });

  it("whose final state of the reverse direction is taken at the last time is told so", () => {
    const mine = (input: Tensor): [Tensor, Tensor] => {
      const [output, hn] = gru.forward(input);
      return [output, torch.cat([hn.at(":3"), output.at(":, -1, 3:").unsqueeze(0)])];
    };
    expect(verify(mine, gru, x)).toMatchObject({
      term: "final state 0",
      cause: "the final state of the reverse direction is taken at the last time",
    });
  });

  it("left in training mode is told that dropout is on", () => {
    const noisy = new nn.LSTM(3, 5, { numLayers: 2, dropout: 0.5 });
    const input = torch.randn(4, 2, 3);
    expect(verify((y) => noisy.forward(y)[0], noisy, input).cause).toMatch(/dropout left on/);
    expect(verify((y) => nn.deepcopy(noisy).eval().forward(y)[0] as Tensor, noisy, input).agrees).toBe(true);
  });
});
