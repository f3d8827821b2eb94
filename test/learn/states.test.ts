/** The last states of runs of all kinds are those of each sequence run alone. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { finalStates, type LayerState, nn, type Tensor } from "../../src/index.ts";

const lengths = [3, 5, 2];
const [T, B, F, H] = [5, 3, 4, 2];

const layers = {
  RNN: (options: object) => new nn.RNN(F, H, options),
  LSTM: (options: object) => new nn.LSTM(F, H, options),
  GRU: (options: object) => new nn.GRU(F, H, options),
};
const table = Object.entries(layers).flatMap(([name, make]) =>
  [true, false].flatMap((bidirectional) =>
    [true, false].map((batchFirst) => ({ name, make, bidirectional, batchFirst })),
  ),
);

describe.each(table)("$name, bidirectional $bidirectional, batchFirst $batchFirst", ({ name: _, make, ...options }) => {
  torch.manualSeed(2);
  const numLayers = 2;
  const layer = make({ numLayers, ...options }) as unknown as nn.Recurrent<LayerState>;
  const x = torch.randn(...(options.batchFirst ? [B, T, F] : [T, B, F]));
  const sequence = (b: number, length: number): Tensor =>
    (options.batchFirst ? x.at(b) : x.at(`:, ${b}`)).at(`:${length}`);
  /** Forward after the last element, reverse after the first, of each sequence alone. */
  const alone = (of: readonly number[]): Tensor =>
    torch.stack(
      of.map((length, b) => {
        const [output] = layer.forward(sequence(b, length));
        const forward = output.at(`-1, :${H}`);
        return options.bidirectional ? torch.cat([forward, output.at(`0, ${H}:`)]) : forward;
      }),
    );

  it("a padded run with lengths gives each sequence's own end", () => {
    const [output, state] = layer.forward(x, null, { lengths });
    const states = finalStates(output, state, { lengths, numLayers, ...options });
    expect(torch.maxUlps(states, alone(lengths))).toBe(0);
  });

  it("a packed run gives it as well", () => {
    const packed = nn.utils.packPaddedSequence(x, lengths, {
      batchFirst: options.batchFirst,
      enforceSorted: false,
    });
    const [output, state] = layer.forward(packed);
    expect(torch.maxUlps(finalStates(output, state, { lengths, numLayers, ...options }), alone(lengths))).toBe(0);
  });

  it("without lengths every sequence ends with the output", () => {
    const [output, state] = layer.forward(x);
    expect(torch.maxUlps(finalStates(output, state, { numLayers, ...options }), alone([T, T, T]))).toBe(0);
  });

  it("a run over plain padding is right in one direction and refused in two", () => {
    const [output, state] = layer.forward(x);
    const ask = (): Tensor => finalStates(output, state, { lengths, numLayers, ...options });
    if (options.bidirectional) expect(ask).toThrow("the reverse direction has read the padding before the sequences");
    else expect(torch.maxUlps(ask(), alone(lengths))).toBe(0);
  });

  it("gradients flow through", () => {
    const [output, state] = layer.forward(x, null, { lengths });
    finalStates(output, state, { lengths: torch.tensor(lengths), ...options })
      .sum()
      .backward();
    expect(layer.weight_hh_l0.grad!.abs().sum().item()).toBeGreaterThan(0);
    layer.zeroGrad();
  });
});

describe("finalStates", () => {
  it("sees by itself whether there are two directions", () => {
    const lstm = new nn.LSTM(F, H, { bidirectional: true, numLayers: 2, projSize: 1 });
    const packed = nn.utils.packPaddedSequence(torch.randn(T, 2, F), [T, 1]);
    for (const x of [torch.randn(T, F), torch.randn(T, 2, F), packed]) {
      const [output, hn] = lstm.forward(x as Tensor);
      expect(finalStates(output, hn).equal(finalStates(output, hn, { bidirectional: true }))).toBe(true);
    }
    const [output, hn] = lstm.forward(torch.randn(T, F));
    expect(() => finalStates(output, hn, { bidirectional: false })).toThrow("an output of 1·1 features");
  });

  it("of a sequence without a batch is a vector", () => {
    const gru = new nn.GRU(F, H, { bidirectional: true });
    const [output, hn] = gru.forward(torch.randn(T, F));
    expect([...finalStates(output, hn, { bidirectional: true }).shape]).toEqual([2 * H]);
  });

  it("refuses a state with another number of rows", () => {
    const gru = new nn.GRU(F, H, { numLayers: 3 });
    const [output, hn] = gru.forward(torch.randn(T, B, F));
    expect(() => finalStates(output, hn, { bidirectional: true })).toThrow(
      "expected a state of L·2 rows (layers · directions), got 3",
    );
    expect(() => finalStates(output, hn, { numLayers: 2 })).toThrow(
      "expected a state of 2·1 rows (layers · directions), got 3",
    );
  });

  it("refuses lengths that cannot be", () => {
    const gru = new nn.GRU(F, H);
    const [output, hn] = gru.forward(torch.randn(T, B, F));
    expect(() => finalStates(output, hn, { lengths: [1, 2, 6] })).toThrow("expected 3 lengths between 1 and 5, got 6");
    expect(() => finalStates(output, hn, { lengths: [1, 2] })).toThrow(
      "expected 3 lengths between 1 and 5, got 2 lengths",
    );
  });
});
