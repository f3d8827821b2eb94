/** Mistakes with the order of things: the steps, the sequences of a batch, padding. */
import type { Mistake } from "./mistake.ts";
import { type Network, type Sequence, vectors } from "./replay.ts";

/** Steps in another order, or one too early or too late. */
export function timeMistakes({ x, D, start }: Network): readonly Mistake[] {
  const lengths = x.map(({ length }) => length);
  const even = lengths.every((length) => length === lengths[0]);
  const [T, B] = [Math.max(...lengths), x.length];
  const started = start.some((side) => side.some((one) => Object.values(one).some((v) => v.some((n) => n !== 0))));
  return [
    ...(D === 1 ? [EARLY] : []),
    LATE,
    AHEAD,
    ...BACKWARDS,
    ...(even && (T > 1 || B > 1) && (T === B || !started) ? confusedAxes(T, B) : []),
    ...(even && T > 1 && B > 1 ? reshaped(T, B) : []),
    ...(even ? [] : paddingMistakes(lengths)),
  ];
}

const EARLY: Mistake = {
  cause: "off by one step: h_{t-1} is given out instead of h_t",
  hint: "the output of step t is h after the step, not before it",
  whole: true,
  make: (network) => {
    const [h] = network.cell.state;
    const first = network.start.at(-1)!;
    const shifted = (output: Sequence, b: number): Sequence =>
      output.length > 0 ? [first[b]![h!]!, ...output.slice(0, -1)] : output;
    return { ...network, finish: (outputs) => network.finish(outputs).map(shifted) };
  },
};

const onInput =
  (change: (sequence: Sequence) => Sequence): Mistake["make"] =>
  (network) => ({ ...network, x: network.x.map(change) });

const LATE: Mistake = {
  cause: "off by one step: x_{t-1} is read instead of x_t",
  hint: "step t reads x_t",
  whole: true,
  make: onInput((x) => x.map((v, t) => x[t - 1] ?? vectors.sub(v, v))),
};

const AHEAD: Mistake = {
  cause: "off by one step: x_{t+1} is read instead of x_t",
  hint: "step t reads x_t",
  whole: true,
  make: onInput((x) => x.map((v, t) => x[t + 1] ?? vectors.sub(v, v))),
};

const TURNED = {
  cause: "the sequence is read from its end",
  hint: "the forward direction reads from the first step to the last",
  whole: true,
} as const;

const BACKWARDS: readonly Mistake[] = [
  { ...TURNED, make: onInput((x) => x.toReversed()) },
  {
    ...TURNED,
    make: (network) => ({
      ...network,
      x: network.x.map((x) => x.toReversed()),
      finish: (outputs) => network.finish(outputs).map((output) => output.toReversed()),
    }),
  },
];

const transposed = (x: readonly Sequence[], T: number): Sequence[] =>
  Array.from({ length: T }, (_, t) => x.map((sequence) => sequence[t]!));

function confusedAxes(T: number, B: number): Mistake[] {
  const cause = "time and batch axes confused (batchFirst)";
  const hint = "without batchFirst the input is (T, B, F), with it (B, T, F); a state is (L·D, B, H) either way";
  const turned = (network: Network): Network => ({
    ...network,
    x: transposed(network.x, T),
    start: T === B ? network.start : network.start.map((side) => Array.from({ length: T }, () => side[0]!)),
  });
  return [
    {
      cause,
      hint,
      whole: true,
      make: (network) => ({ ...turned(network), finish: (outputs) => transposed(network.finish(outputs), B) }),
    },
    { cause, hint, whole: true, make: turned },
  ];
}

function reshaped(T: number, B: number): Mistake[] {
  const cause = "reshape instead of transpose between (B, T, F) and (T, B, F)";
  const hint = "view and reshape keep the order in memory; transpose(0, 1) exchanges the axes";
  // the vectors in memory, sequence by sequence, read as if they came step by step
  const mixed = (network: Network): Network => {
    const flat = network.x.flat();
    const x = network.x.map((_, b) => Array.from({ length: T }, (_, t) => flat[t * B + b]!));
    return { ...network, x };
  };
  const back = (outputs: readonly Sequence[]): Sequence[] => {
    const flat = transposed(outputs, T).flat();
    return outputs.map((_, b) => flat.slice(b * T, (b + 1) * T));
  };
  return [
    { cause, hint, whole: true, make: mixed },
    {
      cause,
      hint,
      whole: true,
      make: (network) => ({ ...mixed(network), finish: (outputs) => back(network.finish(outputs)) }),
    },
  ];
}

/** Mistakes with sequences of several lengths. */
function paddingMistakes(lengths: readonly number[]): Mistake[] {
  const longest = Math.max(...lengths);
  const order = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]!);
  return [
    {
      cause: "padding is read: the state runs on behind the end of the shorter sequences",
      hint: "stop each sequence at its length; a reverse direction begins at the sequence's own last step",
      whole: true,
      make: (network) => {
        const blank = network.x.flat()[0]!.map(() => 0);
        return {
          ...network,
          x: network.x.map((x) => Array.from({ length: longest }, (_, t) => x[t] ?? blank)),
          finish: (outputs) => network.finish(outputs).map((output, b) => output.slice(0, lengths[b])),
        };
      },
    },
    {
      cause: "the final states are in the order of the sorted sequences",
      hint: "put the states back in the order of the batch: hn.indexSelect(1, packed.unsortedIndices)",
      whole: true,
      make: (network) => ({
        ...network,
        close: (ends, outputs) => network.close(ends, outputs).map((side) => order.map((b) => side[b]!)),
      }),
    },
    {
      cause: "the initial states are in the caller's order, the sequences are sorted",
      hint: "sort the states as well: hx.indexSelect(1, packed.sortedIndices)",
      whole: true,
      make: (network) => ({
        ...network,
        start: network.start.map((side) => side.map((_, b) => side[order.indexOf(b)]!)),
      }),
    },
  ];
}
