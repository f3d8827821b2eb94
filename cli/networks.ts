/** Which networks the names and shapes of tensors describe. */
import type * as torch from "unrolled";
import { CommandError } from "./command.ts";
import { KINDS, type Kind, measure, type Sizes, weightsBelow } from "./layer.ts";

/** A recurrent layer among tensors. */
export interface FoundLayer {
  /** What its names begin with: `encoder.`, or nothing. */
  readonly prefix: string;
  readonly kind: Kind;
  readonly sizes: Sizes;
  /** Its weights by torch's names. */
  readonly weights: ReadonlyMap<string, torch.Tensor>;
  /** `LSTM(3, 5, num_layers=2)`, as torch prints it. */
  readonly text: string;
}

const FIRST = "weight_ih_l0";

/** The recurrent layers, each with what its names begin with. Errors: CommandError where one is none of torch's. */
export function layersIn(tensors: ReadonlyMap<string, torch.Tensor>): FoundLayer[] {
  return prefixesIn(tensors).map((prefix) => layerAt(tensors, prefix));
}

/** The recurrent layers that are torch's; weights of cells that it does not have are tensors like others. */
export function knownLayersIn(tensors: ReadonlyMap<string, torch.Tensor>): FoundLayer[] {
  return prefixesIn(tensors).flatMap((prefix) => {
    try {
      return [layerAt(tensors, prefix)];
    } catch (error) {
      if (error instanceof CommandError) return [];
      throw error;
    }
  });
}

function prefixesIn(tensors: ReadonlyMap<string, torch.Tensor>): string[] {
  const firsts = [...tensors.keys()].filter((name) => /(^|\.)weight_ih_l0$/.test(name));
  return firsts.map((name) => name.slice(0, -FIRST.length));
}

function layerAt(tensors: ReadonlyMap<string, torch.Tensor>, prefix: string): FoundLayer {
  const place = prefix || "the file";
  const weights = weightsBelow(place, tensors, prefix);
  const { kind, sizes } = measure(place, weights, undefined);
  return { prefix, kind, sizes, weights, text: textOf(kind.name, sizes) };
}

/** Every network that can be told by its names: recurrent layers, cells, linear layers, embeddings. */
export function networksIn(tensors: ReadonlyMap<string, torch.Tensor>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, tensor] of tensors) {
    const [, prefix = "", own] = /^(.*\.)?(weight_ih_l0|weight_ih|weight)$/.exec(name) ?? [];
    if (own === FIRST) found.set(prefix, layerOrComplaint(tensors, prefix));
    else if (own === "weight_ih") found.set(prefix, cellText(tensor, tensors.get(`${prefix}weight_hh`)));
    else if (own === "weight" && tensor.shape.length === 2)
      found.set(prefix, tableText(tensor, tensors.get(`${prefix}bias`)));
  }
  return found;
}

function layerOrComplaint(tensors: ReadonlyMap<string, torch.Tensor>, prefix: string): string {
  try {
    return layerAt(tensors, prefix).text;
  } catch (error) {
    return `no layer: ${(error as Error).message}`;
  }
}

function textOf(name: string, { inputSize, hiddenSize, numLayers, bidirectional, bias, projSize }: Sizes): string {
  const parts = [`${inputSize}, ${hiddenSize}`];
  if (projSize > 0) parts.push(`proj_size=${projSize}`);
  if (numLayers > 1) parts.push(`num_layers=${numLayers}`);
  if (!bias) parts.push("bias=False");
  if (bidirectional) parts.push("bidirectional=True");
  return `${name}(${parts.join(", ")})`;
}

function cellText(weightIh: torch.Tensor, weightHh: torch.Tensor | undefined): string {
  const [rows, inputSize] = weightIh.shape;
  const hiddenSize = weightHh?.shape[1];
  const kind = Object.values(KINDS).find(({ gates }) => hiddenSize !== undefined && gates.length * hiddenSize === rows);
  return kind ? `${kind.name}Cell(${inputSize}, ${hiddenSize})` : "no cell: weight_ih and weight_hh do not fit";
}

/** Without a bias nobody can tell a linear layer from an embedding. */
function tableText(weight: torch.Tensor, bias: torch.Tensor | undefined): string {
  const [rows, columns] = weight.shape;
  if (bias && bias.shape.length === 1 && bias.shape[0] === rows) {
    return `Linear(in_features=${columns}, out_features=${rows}, bias=True)`;
  }
  return `Embedding(${rows}, ${columns}) or Linear(in_features=${columns}, out_features=${rows}, bias=False)`;
}
