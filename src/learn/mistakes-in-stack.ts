/** Layers and directions that are mixed up. */
import { type Mistake, withWeights } from "./mistake.ts";
import { type Network, type Sequence, type SideNumbers, type States, type Vectors, vectors } from "./replay.ts";

/** Mistakes between layers, between directions, and with their states. */
export function stackMistakes({ weights, D, x, cell }: Network): readonly Mistake[] {
  const L = weights.length / D;
  const { weightHr, weightIh } = weights[0]!;
  const output = (weightHr?.length ?? weightIh.length / cell.gates.length) * D;
  const square = x.flat()[0]?.length === output;
  return [
    ...(L > 1 ? betweenLayers(L, D, cell.state) : []),
    ...(D > 1 ? betweenDirections(L) : []),
    ...(L > 1 || square ? residual(L) : []),
    ...(weights.length > 1 ? finalRows(L, D) : []),
  ];
}

const fitting = (own: SideNumbers, other: SideNumbers): SideNumbers =>
  own.weightIh[0]!.length === other.weightIh[0]!.length ? other : { ...other, weightIh: own.weightIh };

function betweenLayers(L: number, D: number, states: readonly string[]): Mistake[] {
  const layers = "each layer has weights of its own: weight_ih_l0, weight_ih_l1, ...";
  const own = "each layer keeps a state of its own; it starts from its row of the initial state";
  const last = (L - 1) * D;
  return [
    {
      cause: "layer 0's weights used in every layer",
      hint: layers,
      whole: true,
      make: withWeights((one, index, network) => fitting(one, network.weights[index % D]!)),
    },
    {
      cause: `layer ${L - 1}'s weights used in every layer`,
      hint: layers,
      whole: true,
      make: withWeights((one, index, network) => fitting(one, network.weights[last + (index % D)]!)),
    },
    {
      cause: "every layer starts from layer 0's state",
      hint: "the rows of a state are layer by layer, forward before reverse",
      whole: true,
      make: (network) => ({ ...network, start: network.start.map((_, index) => network.start[index % D]!) }),
    },
    {
      cause: "a layer starts from the final state of the layer below",
      hint: own,
      whole: true,
      make: (network) => ({ ...network, begin: (start, index, ends) => ends[index - D] ?? start }),
    },
    {
      cause: "a layer reads the x of the first layer instead of the output of the layer below",
      hint: "layer 1 reads h of layer 0",
      whole: true,
      make: (network) => ({ ...network, feed: (output, input) => (sameSize(output, input) ? input : output) }),
    },
    {
      cause: "the output of layer 0 is given out instead of that of the last layer",
      hint: "the output is h of the last layer",
      whole: true,
      make: (network) => ({
        ...network,
        join: (sides, input, layer) => (layer === 0 ? network.join(sides, input, layer) : input),
      }),
    },
    {
      cause: "a layer reads what the layer below gave one step before",
      hint: "within a step the layers run one after the other: layer 1 reads the new h of layer 0",
      whole: true,
      make: (network) => ({
        ...network,
        feed: (output, input, start) => [start[states[0]!]!, ...network.feed(output, input, start)].slice(0, -1),
      }),
    },
  ];
}

const sameSize = (a: Sequence, b: Sequence): boolean => a[0]?.length === b[0]?.length;

const plus = (a: Sequence, b: Sequence): Sequence => (sameSize(a, b) ? a.map((v, t) => vectors.add(v, b[t]!)) : a);

/** Where a layer's input is added to its output. */
function residual(L: number): Mistake[] {
  const hint = "torch's layers have no residual connections";
  const on = (which: (layer: number) => boolean): Mistake["make"] => {
    return (network) => ({
      ...network,
      join: (sides, input, layer) => {
        const output = network.join(sides, input, layer);
        return which(layer) ? plus(output, input) : output;
      },
    });
  };
  return [
    {
      cause: "residual connection: the input of a layer is added to its output",
      hint,
      whole: true,
      make: on(() => true),
    },
    ...(L > 1
      ? [
          {
            cause: "residual connection above layer 0: the input of a layer is added to its output",
            hint,
            whole: true,
            make: on((layer) => layer > 0),
          },
          {
            cause: "residual connection between layers: what the next layer reads has the input added",
            hint,
            whole: true,
            make: on((layer) => layer < L - 1),
          },
        ]
      : []),
    {
      cause: "residual connection: the input of the whole stack is added to its output",
      hint,
      whole: true,
      make: (network) => ({
        ...network,
        finish: (outputs) => network.finish(outputs).map((one, b) => plus(one, network.x[b]!)),
      }),
    },
  ];
}

function betweenDirections(L: number): Mistake[] {
  const flipped = (sides: readonly Sequence[]): Sequence[] => sides.map((one, d) => (d === 1 ? one.toReversed() : one));
  const onSides = (change: (sides: readonly Sequence[]) => readonly Sequence[], which: (layer: number) => boolean) => {
    return (network: Network): Network => ({
      ...network,
      join: (sides, input, layer) => network.join(which(layer) ? change(sides) : sides, input, layer),
    });
  };
  const back = {
    cause: "the outputs of the reverse direction are not flipped back",
    hint: "output[t] holds what both directions know at time t",
    whole: true,
  };
  const own = "the reverse direction has weights of its own: weight_ih_l0_reverse, ...";
  const ends = (sides: readonly Sequence[], b: number): Sequence => {
    const H = sides[b]![0]!.length / 2;
    return sides[b]!.map((v) => Float64Array.from(v, (_, i) => v[(i % 2) * H + Math.floor(i / 2)]!));
  };
  return [
    {
      cause: "the reverse direction reads from the start",
      hint: "the reverse direction reads x_{T-1} first",
      whole: true,
      make: (network) => ({ ...network, reversed: network.reversed.map(() => false) }),
    },
    { ...back, make: onSides(flipped, () => true) },
    ...(L > 1
      ? [
          { ...back, cause: `${back.cause} in the last layer`, make: onSides(flipped, (layer) => layer === L - 1) },
          { ...back, cause: `${back.cause} between layers`, make: onSides(flipped, (layer) => layer < L - 1) },
        ]
      : []),
    {
      cause: "the forward direction's weights used in the reverse direction",
      hint: own,
      whole: true,
      make: withWeights((_, index, { weights }) => weights[index - (index % 2)]!),
    },
    {
      cause: "the reverse direction's weights used in the forward direction",
      hint: own,
      whole: true,
      make: withWeights((_, index, { weights }) => weights[index - (index % 2) + 1]!),
    },
    {
      cause: "the weights of the two directions are exchanged",
      hint: own,
      whole: true,
      make: withWeights((_, index, { weights }) => weights[index + 1 - 2 * (index % 2)]!),
    },
    {
      cause: "the reverse direction starts from the final state of the forward direction",
      hint: "each direction starts from its own row of the initial state",
      whole: true,
      make: (network) => ({ ...network, begin: (start, index, done) => (index % 2 === 1 ? done[index - 1]! : start) }),
    },
    {
      cause: "the directions are joined in the wrong order",
      hint: "the output is forward, then reverse, along the last dimension",
      whole: true,
      make: onSides(
        (sides) => sides.toReversed(),
        () => true,
      ),
    },
    {
      cause: "reverse comes before forward, in the output and in the final states",
      hint: "forward comes first: cat([forward, reverse], -1), and a state has its row before that of reverse",
      whole: true,
      make: (network) => ({
        ...onSides(
          (sides) => sides.toReversed(),
          (layer) => layer === L - 1,
        )(network),
        close: (states, outputs) => {
          const all = network.close(states, outputs);
          return all.map((_, row) => all[row + 1 - 2 * (row % 2)]!);
        },
      }),
    },
    {
      cause: "the directions are interleaved where they should be joined",
      hint: "the output is all of forward, then all of reverse: cat along the last dimension",
      whole: true,
      make: (network) => ({
        ...network,
        finish: (outputs) => {
          const all = network.finish(outputs);
          return all.map((_, b) => ends(all, b));
        },
      }),
    },
    {
      cause: "the final state of the reverse direction is taken at the last time",
      hint: "the reverse direction ends at time 0",
      whole: true,
      make: (network) => ({
        ...network,
        close: (states, outputs) => lastTime(network.close(states, outputs), outputs, network.cell.state[0]!),
      }),
    },
  ];
}

/** The final states as they would be if the last layer's reverse direction ended at the last time. */
function lastTime(states: States, outputs: readonly Sequence[], h: string): States {
  const half = (v: Float64Array): Float64Array => v.slice(v.length / 2);
  return states.map((side, index) =>
    index === states.length - 1
      ? side.map((one, b): Vectors => {
          const last = outputs[b]!.at(-1);
          return last ? { ...one, [h]: half(last) } : one;
        })
      : side,
  );
}

/** The rows of the final states in another order. */
function finalRows(L: number, D: number): Mistake[] {
  const hint = "the rows of a state are layer by layer, forward before reverse";
  const arranged = (cause: string, from: (row: number) => number): Mistake => ({
    cause,
    hint,
    whole: true,
    make: (network) => ({
      ...network,
      close: (states, outputs) => {
        const all = network.close(states, outputs);
        return all.map((_, row) => all[from(row)]!);
      },
    }),
  });
  return [
    arranged(
      "the final states are in the reverse order of the layers",
      (row) => (L - 1 - Math.floor(row / D)) * D + (row % D),
    ),
    arranged("the final states are in the reverse order", (row) => L * D - 1 - row),
    ...(D > 1
      ? [
          arranged("the final states have reverse before forward", (row) => row + 1 - 2 * (row % 2)),
          arranged(
            "the final states are direction by direction instead of layer by layer",
            (row) => (row % L) * D + Math.floor(row / L),
          ),
        ]
      : []),
    arranged("the final state of the last layer in every row", (row) => (L - 1) * D + (row % D)),
  ];
}
