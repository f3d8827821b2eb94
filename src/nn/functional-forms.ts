/**
 * The layers and cells as functions of their weights (torch.lstm, torch.gru_cell, ...), with torch's order of arguments.
 * The weights of a layer are one flat list: layer by layer and direction by direction W_ih, W_hh, b_ih, b_hh, W_hr.
 */

import type { ScanWeights } from "../autograd/recur.ts";
import { Tensor } from "../autograd/tensor.ts";
import type { Cell } from "../cells/cell.ts";
import { elman } from "../cells/elman.ts";
import { gru as gruPage } from "../cells/gru.ts";
import { lstm as lstmPage } from "../cells/lstm.ts";
import { RuntimeError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { tuple } from "../dense/tuple.ts";
import { expectCounts } from "./literal.ts";
import { LSTM_NAMES, type NodeNames, PLAIN_NAMES } from "./node-names.ts";
import { runPacked, runPadded } from "./stack.ts";
import { step } from "./step.ts";

/** How a stack runs: whether it has biases, its layers, dropout, training or not, both directions or one. */
type Settings = readonly [
  hasBiases: boolean,
  numLayers: number,
  dropout: number,
  train: boolean,
  bidirectional: boolean,
  batchFirst?: boolean,
];

/** A padded batch, or with `batchSizes` packed rows; the states, one or a pair (L·D, B, H), come before the weights. */
interface LayerFunction<State, Result> {
  (input: Tensor, hx: State, params: readonly Tensor[], ...settings: Settings): Result;
  (data: Tensor, batchSizes: Tensor, hx: State, params: readonly Tensor[], ...settings: Settings): Result;
}

/** One step; the biases may be absent. */
type CellFunction<State> = (
  input: Tensor,
  hx: State,
  weightIh: Tensor,
  weightHh: Tensor,
  biasIh?: Tensor | null,
  biasHh?: Tensor | null,
) => State;

type OneState = LayerFunction<Tensor, readonly [output: Tensor, hn: Tensor]>;
type Pair = readonly [h: Tensor, c: Tensor];

/** torch.rnn_tanh: the Elman network with tanh. */
export const rnnTanh: OneState = layer(elman("tanh"), PLAIN_NAMES);
/** torch.rnn_relu: the Elman network with relu. */
export const rnnRelu: OneState = layer(elman("relu"), PLAIN_NAMES);
/** torch.gru. */
export const gru: OneState = layer(gruPage, PLAIN_NAMES);
/** torch.lstm. There is a projection if h and c differ in width. */
export const lstm: LayerFunction<Pair, readonly [output: Tensor, hn: Tensor, cn: Tensor]> = layer(lstmPage, LSTM_NAMES);

/** torch.rnn_tanh_cell. */
export const rnnTanhCell: CellFunction<Tensor> = cellOfOne(elman("tanh"));
/** torch.rnn_relu_cell. */
export const rnnReluCell: CellFunction<Tensor> = cellOfOne(elman("relu"));
/** torch.gru_cell. */
export const gruCell: CellFunction<Tensor> = cellOfOne(gruPage);
/** torch.lstm_cell. */
export const lstmCell: CellFunction<Pair> = (input, hx, ...weights) => {
  if (hx.length !== 2) throw new RuntimeError("lstm_cell expects two hidden states");
  const [h, c] = step(lstmPage, cellWeights(...weights), input, hx);
  return tuple(h!, c!) as unknown as Pair;
};

function layer<State extends Tensor | Pair, Result>(cell: Cell, names: NodeNames): LayerFunction<State, Result> {
  return ((...given: readonly unknown[]) => {
    // The second of packed arguments is a tensor of integers, which no state is.
    const packed = given[1] instanceof Tensor && given[1].dtype.kind === "integer";
    const [data, batchSizes] = given as [Tensor, Tensor];
    const [hx, params, ...settings] = given.slice(packed ? 2 : 1) as [Tensor | Pair, readonly Tensor[], ...Settings];
    const [hasBiases, numLayers, dropout, training, bidirectional, batchFirst = false] = settings;
    const start = hx instanceof Tensor ? [hx] : hx;
    const D = bidirectional ? 2 : 1;
    expectCounts(params.length, hasBiases, start, D, numLayers);
    const weights = grouped(params, numLayers * D, hasBiases, start[0]!.shape[2] !== start.at(-1)!.shape[2]);
    const stack = { cell, weights, D, dropout, training, names };
    const sizes = packed ? Array.from(elements(batchSizes.value), Number) : [];
    const [output, states] = packed
      ? runPacked(stack, data, sizes, sizes[0] ?? 0, start)
      : runPadded(stack, data, start, batchFirst);
    return tuple(output, ...states);
  }) as LayerFunction<State, Result>;
}

/** The flat list cut into the weights of each layer and direction. */
function grouped(params: readonly Tensor[], count: number, hasBiases: boolean, projected: boolean): ScanWeights[] {
  const each = 2 + (hasBiases ? 2 : 0) + (projected ? 1 : 0);
  return Array.from({ length: count }, (_, i) => {
    const [weightIh, weightHh, ...rest] = params.slice(i * each, (i + 1) * each) as [Tensor, Tensor, ...Tensor[]];
    const [biasIh, biasHh] = hasBiases ? rest : [];
    return { weightIh, weightHh, biasIh, biasHh, weightHr: projected ? rest.at(-1) : undefined };
  });
}

function cellOfOne(cell: Cell): CellFunction<Tensor> {
  return (input, hx, ...weights) => step(cell, cellWeights(...weights), input, [hx])[0]!;
}

function cellWeights(weightIh: Tensor, weightHh: Tensor, biasIh?: Tensor | null, biasHh?: Tensor | null): ScanWeights {
  return { weightIh, weightHh, biasIh: biasIh ?? undefined, biasHh: biasHh ?? undefined };
}
