/** What must hold between layers, whatever their numbers are: to the bit, since the order of the arithmetic is fixed. */
import { describe, expect, it } from "vitest";
import * as torch from "../src/index.ts";
import { nn, type Tensor } from "../src/index.ts";

import { Three } from "./three.ts";

const DTYPES = { float32: torch.float32, float64: torch.float64 };
const [T, B, F, H] = [5, 4, 7, 5];

type States = Tensor | readonly Tensor[];
/** Any layer and any cell, as all of them are called here. */
type Layer = nn.Recurrent<States>;
type Cell = nn.RecurrentCell<States>;

interface Options {
  readonly numLayers?: number;
  readonly bidirectional?: boolean;
  readonly batchFirst?: boolean;
}

/** What is made here, the widths of its states, and the cell that does the same in a loop. */
const KINDS = {
  "RNN with tanh": { Layer: nn.RNN, Cell: nn.RNNCell, own: { nonlinearity: "tanh" }, widths: [H] },
  "RNN with relu": { Layer: nn.RNN, Cell: nn.RNNCell, own: { nonlinearity: "relu" }, widths: [H] },
  LSTM: { Layer: nn.LSTM, Cell: nn.LSTMCell, own: {}, widths: [H, H] },
  "LSTM with a projection": { Layer: nn.LSTM, Cell: undefined, own: { projSize: 3 }, widths: [3, H] },
  GRU: { Layer: nn.GRU, Cell: nn.GRUCell, own: {}, widths: [H] },
  PeepholeLSTM: { Layer: nn.PeepholeLSTM, Cell: nn.PeepholeLSTM.Cell, own: {}, widths: [H, H] },
  CoupledLSTM: { Layer: nn.CoupledLSTM, Cell: nn.CoupledLSTM.Cell, own: {}, widths: [H, H] },
  MGU: { Layer: nn.MGU, Cell: nn.MGU.Cell, own: {}, widths: [H] },
  IndRNN: { Layer: nn.IndRNN, Cell: nn.IndRNN.Cell, own: {}, widths: [H] },
  "a cell of three states": { Layer: Three, Cell: Three.Cell, own: {}, widths: [H, H, H] },
} as const;

const table = (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((kind) =>
  [
    { bias: true, dtype: "float32" },
    { bias: false, dtype: "float32" },
    { bias: true, dtype: "float64" },
    { bias: false, dtype: "float64" },
  ].map((row) => ({ kind, ...row, dtype: row.dtype as keyof typeof DTYPES })),
);

/** The ways in which a batch can run: directions × order of dimensions. */
const ways: Options[] = [true, false].flatMap((bidirectional) =>
  [true, false].map((batchFirst) => ({ bidirectional, batchFirst, numLayers: 2 })),
);

const LENGTHS = [3, 5, 1, 2];
const INDICES = LENGTHS.map((_, b) => b);
const SORTED = [...LENGTHS].sort((a, b) => b - a);

const same = (a: Tensor, b: Tensor): void => expect(torch.maxUlps(a, b)).toBe(0);
const sameAll = (a: readonly Tensor[], b: readonly Tensor[]): void => {
  expect(a.length).toBe(b.length);
  for (const [i, one] of a.entries()) same(one, b[i]!);
};
/** A state as layers take it, a tensor or a pair, and as a list. */
const together = (states: readonly Tensor[]): States => (states.length > 1 ? states : states[0]!);
const apart = (states: States): readonly Tensor[] => (states instanceof torch.Tensor ? [states] : states);
const each = (states: States, change: (state: Tensor) => Tensor): States => together(apart(states).map(change));

const { packPaddedSequence, padPackedSequence, packSequence, unpackSequence } = nn.utils;

describe.each(table)("$kind, bias $bias, in $dtype", ({ kind, bias, dtype: name }) => {
  const dtype = DTYPES[name];
  const { Layer, Cell, own, widths } = KINDS[kind];
  torch.manualSeed(3);
  const layer = (inputSize: number, options: Options = {}): Layer =>
    new (Layer as typeof nn.LSTM)(inputSize, H, { ...own, bias, dtype, ...options }) as unknown as Layer;
  const random = (...shape: number[]): Tensor => torch.randn(...shape, { dtype });
  const randomState = (rows: number, B: number): States => together(widths.map((width) => random(rows, B, width)));
  const [P] = widths;
  /** A layer with the weights of one layer and direction of another. */
  const part = (whole: Layer, inputSize: number, end: string): Layer => {
    const state = [...whole.stateDict()].filter(([key]) => key.endsWith(`_${end}`));
    const alone = layer(inputSize);
    alone.loadStateDict(Object.fromEntries(state.map(([key, value]) => [key.replace(`_${end}`, "_l0"), value])));
    return alone;
  };
  /** Runs each sequence by itself, without a batch. */
  const runAlone = (
    net: Layer,
    sequences: readonly Tensor[],
    state: States,
  ): [outputs: Tensor[], states: Tensor[][]] => {
    const runs = sequences.map((x, b) =>
      net.forward(
        x,
        each(state, (own) => own.at(`:, ${b}`)),
      ),
    );
    return [runs.map(([output]) => output), runs.map(([, end]) => [...apart(end)])];
  };
  const time = (x: Tensor, batchFirst = false): Tensor => (batchFirst ? x.transpose(0, 1) : x);

  it("the reverse direction equals a layer over the flipped input, flipped back", () => {
    const both = layer(F, { bidirectional: true });
    const x = random(T, B, F);
    const start = randomState(2, B);
    const [output, end] = both.forward(x, start);
    const backward = each(start, (own) => own.at("1:"));
    const [backwards, backwardEnd] = part(both, F, "l0_reverse").forward(x.flip(0), backward);
    same(output.at(`..., ${P}:`), backwards.flip(0));
    sameAll(
      apart(end).map((own) => own.at("1:")),
      apart(backwardEnd),
    );
    const [forwards] = part(both, F, "l0").forward(
      x,
      each(start, (own) => own.at(":1")),
    );
    same(output.at(`..., :${P}`), forwards);
  });

  it("the reverse direction over a packed batch equals a layer over each sequence flipped, flipped back", () => {
    const both = layer(F, { bidirectional: true });
    const sequences = LENGTHS.map((length) => random(length, F));
    const start = randomState(2, B);
    const [output, end] = both.forward(packSequence(sequences, { enforceSorted: false }), start);
    const outputs = unpackSequence(output);
    for (const [b, x] of sequences.entries()) {
      const own = each(start, (state) => state.at(`1:, ${b}`));
      const [backwards, backwardEnd] = part(both, F, "l0_reverse").forward(x.flip(0), own);
      same(outputs[b]!.at(`:, ${P}:`), backwards.flip(0));
      sameAll(
        apart(end).map((state) => state.at(`1:, ${b}`)),
        apart(backwardEnd),
      );
    }
  });

  it.each([false, true])("no state equals a state of zeros: bidirectional %o", (bidirectional) => {
    const net = layer(F, { numLayers: 2, bidirectional });
    const x = random(T, B, F);
    const rows = bidirectional ? 4 : 2;
    const zero = together(widths.map((width) => torch.zeros(rows, B, width, { dtype })));
    const [[output, end], [withZeros, endWithZeros]] = [net.forward(x), net.forward(x, zero)];
    same(output, withZeros);
    sameAll(apart(end), apart(endWithZeros));
    const packed = packPaddedSequence(x, LENGTHS, { enforceSorted: false });
    const [[ragged, raggedEnd], [raggedWithZeros, raggedEndWithZeros]] = [
      net.forward(packed),
      net.forward(packed, zero),
    ];
    same(ragged.data, raggedWithZeros.data);
    sameAll(apart(raggedEnd), apart(raggedEndWithZeros));
    const [[alone, aloneEnd], [aloneWithZeros, aloneEndWithZeros]] = [
      net.forward(x.at(":, 0")),
      net.forward(
        x.at(":, 0"),
        each(zero, (state) => state.at(":, 0")),
      ),
    ];
    same(alone, aloneWithZeros);
    sameAll(apart(aloneEnd), apart(aloneEndWithZeros));
  });

  it.each([1, 2])("a stack equals its layers, one after the other: directions %d", (D) => {
    const whole = layer(F, { numLayers: 3, bidirectional: D === 2 });
    const start = randomState(3 * D, B);
    const x = random(T, B, F);
    const ends: (readonly Tensor[])[] = [];
    let sequence = x;
    for (let k = 0; k < 3; k += 1) {
      const inputSize = k === 0 ? F : D * P;
      const sides = ["", "_reverse"].slice(0, D).map((suffix, d) => {
        const own = each(start, (state) => state.at(`${k * D + d}:${k * D + d + 1}`));
        const turned = (y: Tensor): Tensor => (d === 0 ? y : y.flip(0));
        const [output, end] = part(whole, inputSize, `l${k}${suffix}`).forward(turned(sequence), own);
        ends.push(apart(end));
        return turned(output);
      });
      sequence = torch.cat(sides, -1);
    }
    const [output, end] = whole.forward(x, start);
    same(output, sequence);
    for (const [i, state] of apart(end).entries()) same(state, torch.cat(ends.map((own) => own[i]!)));
  });

  it.each(ways)("a batch equals its sequences alone: %o", (way) => {
    const net = layer(F, way);
    const x = random(T, B, F);
    const start = randomState(way.bidirectional ? 4 : 2, B);
    const [output, end] = net.forward(time(x, way.batchFirst), start);
    const [outputs, ends] = runAlone(net, torch.unbind(x, 1), start);
    same(time(output, way.batchFirst), torch.stack(outputs, 1));
    for (const [i, state] of apart(end).entries())
      same(
        state,
        torch.stack(
          ends.map((own) => own[i]!),
          1,
        ),
      );
  });

  it.each(ways)("a packed batch equals its sequences alone, sorted or not: %o", (way) => {
    const net = layer(F, way);
    for (const [lengths, enforceSorted] of [
      [LENGTHS, false],
      [SORTED, true],
      [[3, 3, 3, 3], true],
    ] as const) {
      const sequences = lengths.map((length) => random(length, F));
      const start = randomState(way.bidirectional ? 4 : 2, B);
      const [output, end] = net.forward(packSequence(sequences, { enforceSorted }), start);
      const [outputs, ends] = runAlone(net, sequences, start);
      sameAll(unpackSequence(output), outputs);
      for (const [i, state] of apart(end).entries())
        same(
          state,
          torch.stack(
            ends.map((own) => own[i]!),
            1,
          ),
        );
    }
  });

  it.each(ways)("`lengths` equals packing by hand: %o", (way) => {
    const { batchFirst } = way;
    const net = layer(F, way);
    const x = time(random(T, B, F), batchFirst);
    const start = randomState(way.bidirectional ? 4 : 2, B);
    const lengths = [3, 4, 1, 4];
    const [output, end] = net.forward(x, start, { lengths });
    const [packed, endPacked] = net.forward(
      packPaddedSequence(x, lengths, { batchFirst, enforceSorted: false }),
      start,
    );
    const [padded] = padPackedSequence(packed, { batchFirst, totalLength: T });
    same(output, padded as Tensor);
    sameAll(apart(end), apart(endPacked));
  });

  it("a batch of empty sequences gives zeros and keeps its state", () => {
    const net = layer(F);
    const start = randomState(1, B);
    const [output, end] = net.forward(random(T, B, F), start, { lengths: INDICES.map(() => 0) });
    same(output, torch.zerosLike(output));
    sameAll(apart(end), apart(start));
  });

  it.each([[[3, 1]], [[3, 1, 6, 2]], [[3, 1, -1, 2]], [[3, 1, 1.5, 2]]])("lengths %o do not fit", (lengths) => {
    expect(() => layer(F).forward(random(T, B, F), null, { lengths })).toThrow(/expected 4 lengths between 0 and 5/);
  });

  it.each(ways)("an empty sequence gives zeros, keeps its state and leaves the others alone: %o", (way) => {
    const { batchFirst } = way;
    const net = layer(F, way);
    const x = random(T, B, F);
    const start = randomState(way.bidirectional ? 4 : 2, B);
    const lengths = [3, 0, 5, 0];
    const [output, end] = net.forward(time(x, batchFirst), start, { lengths });
    for (const b of INDICES) {
      const own = each(start, (state) => state.at(`:, ${b}`));
      const sequence = time(output, batchFirst).at(`:, ${b}`);
      same(sequence.at(`${lengths[b]}:`), torch.zerosLike(sequence.at(`${lengths[b]}:`)));
      const last = apart(end).map((state) => state.at(`:, ${b}`));
      if (lengths[b] === 0) {
        sameAll(last, apart(own));
        continue;
      }
      const [alone, aloneEnd] = net.forward(x.at(`:${lengths[b]}, ${b}`), own);
      same(sequence.at(`:${lengths[b]}`), alone);
      sameAll(last, apart(aloneEnd));
    }
  });

  it("a sequence equals its pieces, the state handed on", () => {
    const net = layer(F);
    const x = random(T, B, F);
    const [whole, end] = net.forward(x);
    const [first, middle] = net.forward(x.at(":3"));
    const [second, last] = net.forward(x.at("3:"), middle);
    same(whole, torch.cat([first, second]));
    sameAll(apart(end), apart(last));
  });

  // A projected layer has no cell.
  if (Cell) {
    it("a cell in a loop equals the layer", () => {
      const net = layer(F);
      const { projSize: _, ...options } = { projSize: 0, ...own };
      const cell = new (Cell as typeof nn.RNNCell)(F, H, { ...options, bias, dtype }) as unknown as Cell;
      cell.loadStateDict(
        Object.fromEntries([...net.stateDict()].map(([key, value]) => [key.replace("_l0", ""), value])),
      );
      const x = random(T, B, F);
      const [output] = net.forward(x);
      let state: States | null = null;
      for (const [t, step] of [...x].entries()) {
        state = cell.forward(step, state);
        same(output.at(t), apart(state!)[0]!);
      }
    });
  }

  it("batch first equals time first, transposed", () => {
    const net = layer(F);
    const first = layer(F, { batchFirst: true });
    first.loadStateDict(net.stateDict());
    const x = random(T, B, F);
    same(first.forward(x.transpose(0, 1))[0].transpose(0, 1), net.forward(x)[0]);
    same(first.forward(x.transpose(0, 1).contiguous())[0].transpose(0, 1), net.forward(x)[0]);
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
