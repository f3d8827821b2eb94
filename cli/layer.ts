/** A recurrent layer from what stands on the command line, or from the file of a trained one. */
import type * as torch from "unrolled";
import { cells, nn } from "unrolled";
import { CommandError } from "./command.ts";
import { contentsIn } from "./files.ts";
import { nonlinearityOf } from "./onnx.ts";

/** Any layer, whatever its state is. */
export type AnyLayer = nn.RNN | nn.LSTM | nn.GRU;

/** Everything that a layer is made from. */
export interface Sizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bidirectional: boolean;
  readonly bias: boolean;
  /** 0 for none. */
  readonly projSize: number;
  /** Of an RNN; tanh if nothing is said. */
  readonly nonlinearity?: "tanh" | "relu" | undefined;
  readonly dtype?: torch.DType;
}

/** A kind of layer. */
export interface Kind {
  /** torch's name for it. */
  readonly name: string;
  /** The blocks of rows in its weights, top to bottom. */
  readonly gates: readonly string[];
  readonly make: (sizes: Sizes) => AnyLayer;
}

/** The kinds of layers by their names on the command line. */
export const KINDS: Readonly<Record<string, Kind>> = {
  rnn: {
    name: "RNN",
    gates: cells.elman().gates,
    make: ({ inputSize, hiddenSize, nonlinearity, ...rest }) => {
      return new nn.RNN(inputSize, hiddenSize, { ...withoutProjection(rest), nonlinearity: nonlinearity ?? "tanh" });
    },
  },
  lstm: {
    name: "LSTM",
    gates: cells.lstm.gates,
    make: ({ inputSize, hiddenSize, nonlinearity, ...rest }) => {
      refuseNonlinearity("an LSTM", nonlinearity);
      return new nn.LSTM(inputSize, hiddenSize, rest);
    },
  },
  gru: {
    name: "GRU",
    gates: cells.gru.gates,
    make: ({ inputSize, hiddenSize, nonlinearity, ...rest }) => {
      refuseNonlinearity("a GRU", nonlinearity);
      return new nn.GRU(inputSize, hiddenSize, withoutProjection(rest));
    },
  },
};

/** What chooses a layer, and what no file says of one. */
export interface Choice {
  readonly prefix?: string | undefined;
  readonly nonlinearity?: "tanh" | "relu" | undefined;
}

/** The only layer in a file of weights, or the one whose names begin with `prefix`. */
export async function layerFromFile(path: string, choice: Choice): Promise<AnyLayer> {
  const { tensors, model } = await contentsIn(path);
  return layerFrom(path, tensors, { ...choice, nonlinearity: choice.nonlinearity ?? (model && nonlinearityOf(model)) });
}

/** The only layer among tensors, or the one whose names begin with `prefix`. */
export function layerFrom(
  path: string,
  tensors: ReadonlyMap<string, torch.Tensor>,
  { prefix, nonlinearity }: Choice,
): AnyLayer {
  const first = "weight_ih_l0";
  const found = [...tensors.keys()].filter((name) => name.endsWith(first)).map((name) => name.slice(0, -first.length));
  if (found.length === 0) throw new CommandError(`${path} holds no recurrent layer: there is no ${first}`);
  const wanted = found.filter((name) => prefix === undefined || name === prefix || name === `${prefix}.`);
  if (wanted.length !== 1) {
    const names = found.map((name) => name || "(no prefix)").join(", ");
    if (prefix !== undefined) throw new CommandError(`${path}: no layer is called "${prefix}"; there are: ${names}`);
    throw new CommandError(`${path} holds the layers ${names}: choose one with --prefix`);
  }
  const weights = weightsBelow(path, tensors, wanted[0]!);
  const { kind, sizes } = measure(path, weights, nonlinearity);
  return layerOf(kind, sizes, weights);
}

/** The layer of these sizes with these weights. */
export function layerOf(kind: Kind, sizes: Sizes, weights: ReadonlyMap<string, torch.Tensor>): AnyLayer {
  const layer = kind.make(sizes);
  layer.loadStateDict(weights);
  return layer;
}

/** The weights below a prefix. Errors: CommandError for one that makes the layer another than torch's, a peephole say. */
export function weightsBelow(
  path: string,
  tensors: ReadonlyMap<string, torch.Tensor>,
  prefix: string,
): Map<string, torch.Tensor> {
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  const inner = own.map(([name, weight]) => [name.slice(prefix.length), weight] as const);
  const weights = new Map(inner.filter(([name]) => /^(weight|bias)_[a-zA-Z0-9]+_l\d+(_reverse)?$/.test(name)));
  const stranger = [...weights.keys()].find((name) => !/^(weight|bias)_(ih|hh|hr)_/.test(name));
  if (stranger !== undefined) throw new CommandError(`${path}: no known layer has a ${stranger}`);
  return weights;
}

/** What a layer was made from, by the shapes of its weights: the number of gates is the ratio of rows to units. */
export function measure(
  path: string,
  weights: ReadonlyMap<string, torch.Tensor>,
  nonlinearity: "tanh" | "relu" | undefined,
): { kind: Kind; sizes: Sizes } {
  const [weightIh, weightHh, weightHr] = ["ih", "hh", "hr"].map((part) => weights.get(`weight_${part}_l0`));
  const matrices = [weightIh, weightHh, weightHr].every((weight) => weight === undefined || weight.shape.length === 2);
  if (!matrices) throw new CommandError(`${path}: the weights of a layer are matrices`);
  if (!weightIh || !weightHh) throw new CommandError(`${path} has weight_ih_l0 but no weight_hh_l0`);
  const hiddenSize = (weightHr ?? weightHh).shape[1]!;
  const gates = weightIh.shape[0]! / hiddenSize;
  const kind = Object.values(KINDS).find((one) => one.gates.length === gates);
  if (!kind) throw new CommandError(`${path}: no known layer has ${weightIh.shape[0]} rows for ${hiddenSize} units`);
  const numLayers = [...weights.keys()].filter((name) => /^weight_ih_l\d+$/.test(name)).length;
  const sizes = {
    inputSize: weightIh.shape[1]!,
    hiddenSize,
    numLayers,
    bidirectional: weights.has("weight_ih_l0_reverse"),
    bias: weights.has("bias_ih_l0"),
    projSize: weightHr?.shape[0] ?? 0,
    nonlinearity,
    dtype: weightIh.dtype,
  };
  return { kind, sizes };
}

/** Only an RNN leaves a choice. */
function refuseNonlinearity(name: "an LSTM" | "a GRU", nonlinearity: Sizes["nonlinearity"]): void {
  if (nonlinearity === undefined) return;
  throw new CommandError(`--nonlinearity is for an RNN, and this is ${name}: leave it out`);
}

/** A layer that cannot project says so itself when it is asked to. */
function withoutProjection<S extends { readonly projSize: number }>({ projSize, ...rest }: S): object {
  return projSize === 0 ? rest : { ...rest, projSize };
}
