/** The numbers that all peers are given: weights, input and target, drawn by torch's generator from one seed. */
import { manualSeed, nn, randint, randn, type Tensor } from "unrolled";
import type { CellKind, Workload } from "./workloads.ts";

/** A matrix or vector with its shape. */
export interface Values {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** One row of the table: a workload, a kind of layer, and all numbers that go in. */
export interface Problem {
  readonly workload: Workload;
  readonly cell: CellKind;
  /** By torch's names; `head.weight` and `head.bias` belong to the output layer of a character model. */
  readonly weights: ReadonlyMap<string, Values>;
  /** (T, B, F); of a character model: ones at the characters. */
  readonly x: Values;
  /** (T, B, H); of a character model: the next characters, (T, B, classes). Empty where nothing is trained. */
  readonly target: Values;
  /** The next characters as numbers, T·B; empty for others. */
  readonly classes: Int32Array;
}

/** The layers by kind. */
export const LAYERS = { rnn: nn.RNN, lstm: nn.LSTM, gru: nn.GRU } as const;

/** Draws the numbers of a row. */
export function makeProblem(workload: Workload, cell: CellKind): Problem {
  const { F, H, B, T, layers, directions, mode, classes } = workload;
  manualSeed(1);
  const layer = new LAYERS[cell](F, H, { numLayers: layers, bidirectional: directions === 2 });
  const weights = new Map(
    [...layer.namedParameters()].map(([name, tensor]) => [name as string, values(tensor as Tensor)]),
  );
  const none: Values = { data: new Float32Array(), shape: [0] };
  if (classes === 0) {
    const x = values(randn(T, B, F));
    const target = mode === "train" ? values(randn(T, B, H).mul(0.1)) : none;
    return { workload, cell, weights, x, target, classes: new Int32Array() };
  }
  for (const [name, tensor] of new nn.Linear(H, classes).namedParameters()) {
    weights.set(`head.${name}`, values(tensor as Tensor));
  }
  const draw = () => Int32Array.from(randint(classes, [T * B]).numpy() as BigInt64Array, Number);
  const [now, next] = [draw(), draw()];
  const [x, target] = [oneHot(now, [T, B, classes]), oneHot(next, [T, B, classes])];
  return { workload, cell, weights, x, target, classes: next };
}

/** The gates of a weight or bias in another order: (G·H, ...) in blocks of H rows. */
export function reorderGates({ data }: Values, order: readonly number[]): Float32Array {
  const block = data.length / order.length;
  const result = new Float32Array(data.length);
  for (const [to, from] of order.entries()) result.set(data.subarray(from * block, (from + 1) * block), to * block);
  return result;
}

function values(tensor: Tensor): Values {
  return { data: tensor.detach().clone().numpy() as Float32Array, shape: [...tensor.shape] };
}

function oneHot(classes: Int32Array, shape: readonly [number, number, number]): Values {
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  for (const [row, one] of classes.entries()) data[row * shape[2] + one] = 1;
  return { data, shape };
}
