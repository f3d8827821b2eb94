/** Weights as an ONNX file: it holds a network, so the layers that the names describe are put in a row. */
import * as torch from "unrolled";
import { nn } from "unrolled";
import type { OnnxModel } from "unrolled/onnx";
import { CommandError } from "./command.ts";
import type { Contents } from "./contents.ts";
import { layerOf } from "./layer.ts";
import { layersIn } from "./networks.ts";

/** What no file of weights says, but an ONNX file does. */
export interface Unsaid {
  readonly nonlinearity?: "tanh" | "relu" | undefined;
}

/** The layers that the names describe, in a row, as a network. Errors: CommandError where they fit no row. */
export async function writeOnnx({ tensors, model }: Contents, { nonlinearity }: Unsaid): Promise<Uint8Array> {
  if (model) throw new CommandError("this is ONNX already, and its graph says more than the names of its weights");
  const { exportOnnx } = await import("unrolled/onnx");
  return exportOnnx(rowIn(tensors, nonlinearity));
}

type Rows = ReadonlyMap<string, nn.Module>;
type Tensors = ReadonlyMap<string, torch.Tensor>;

/** The layers by name, in the order of the file. */
function rowIn(tensors: Tensors, nonlinearity: Unsaid["nonlinearity"]): Rows {
  const row = new Map<string, nn.Module>();
  const used = new Set<string>();
  const recurrent = new Map(layersIn(tensors).map((layer) => [layer.prefix, layer]));
  for (const name of tensors.keys()) {
    const [, prefix = "", own] = /^(.*\.)?(weight_ih_l0|weight)$/.exec(name) ?? [];
    const found = own === "weight_ih_l0" ? recurrent.get(prefix) : undefined;
    const layer = found
      ? layerOf(found.kind, { ...found.sizes, ...(found.kind.name === "RNN" && { nonlinearity }) }, found.weights)
      : own === "weight"
        ? tableOf(name, tensors, row.size > 0)
        : undefined;
    if (!layer) continue;
    row.set(prefix.replace(/\.$/, ""), layer);
    for (const inner of layer.stateDict().keys()) used.add(prefix + String(inner));
  }
  const surplus = [...tensors.keys()].find((name) => !used.has(name));
  if (surplus !== undefined)
    throw new CommandError(`${surplus || '""'} belongs to no layer that the names describe: choose one with --prefix`);
  expectRow(row);
  return row;
}

/** A matrix with a bias is a linear layer, and so is one that comes after another layer: only the first can be an embedding. */
function tableOf(name: string, tensors: Tensors, isLater: boolean): nn.Module {
  const weight = tensors.get(name)!;
  const bias = tensors.get(name.replace(/weight$/, "bias"));
  const [rows, columns] = weight.shape as readonly number[];
  if (weight.shape.length !== 2 || (bias && bias.shape.join() !== String(rows)))
    throw new CommandError(`${name} is no matrix of a linear layer`);
  if (!bias && !isLater && (tensors.size === 1 || rows === columns))
    throw new CommandError(`${name} may be a linear layer or an embedding: its name does not say which`);
  const isTable = !bias && !isLater;
  const { dtype } = weight;
  const layer = isTable
    ? new nn.Embedding(rows!, columns!, { dtype })
    : new nn.Linear(columns!, rows!, { bias: bias !== undefined, dtype });
  layer.loadStateDict(new Map(bias ? Object.entries({ weight, bias }) : [["weight", weight]]));
  return layer;
}

/** What each layer gives must be what the next one takes. */
function expectRow(row: Rows): void {
  const layers = [...row];
  for (const [at, [name, layer]] of layers.entries()) {
    const before = layers[at - 1];
    const [given, taken] = [before && sizesOf(before[1])[1], sizesOf(layer)[0]];
    if (before === undefined || given === taken) continue;
    const [here, there] = [name, before[0]].map((text) => text || '""');
    throw new CommandError(`${here} takes ${taken} features, but ${there} gives ${given}: choose one with --prefix`);
  }
}

function sizesOf(layer: nn.Module): readonly [takes: number | undefined, gives: number] {
  if (layer instanceof nn.Linear) return [layer.inFeatures, layer.outFeatures];
  if (layer instanceof nn.Embedding) return [undefined, layer.embeddingDim];
  const { inputSize, hiddenSize, bidirectional, projSize } = layer as nn.Recurrent<unknown>;
  return [inputSize, (projSize || hiddenSize) * (bidirectional ? 2 : 1)];
}

/** The network as it was written beside the layers in a row, on random input. */
export function proveGraph(
  tensors: Tensors,
  model: OnnxModel,
  nonlinearity: Unsaid["nonlinearity"],
): { readonly name: string; readonly layer: string; readonly ulps: number } {
  const row = rowIn(tensors, nonlinearity);
  const [first] = row.values();
  const { shape, dtype } = model.inputs[0]!;
  const lengths = shape!.map((length) => (typeof length === "number" ? length : length === "time" ? STEPS : BATCH));
  const x =
    first instanceof nn.Embedding ? torch.randint(first.numEmbeddings, lengths) : torch.randn(lengths).to(dtype!);
  const [mine, theirs] = torch.noGrad(() => [ofRow(row, x), model.run(x)[0]!]);
  const text = Array.from(row, ([name, layer]) => `${name}${name && " "}${layer}`).join(" -> ");
  return { name: "the network", layer: text, ulps: torch.maxUlps(mine, theirs) };
}

/** The size of the random input, where the network leaves it open. */
const [STEPS, BATCH] = [7, 3];

function ofRow(row: Rows, x: torch.Tensor): torch.Tensor {
  let result = x;
  for (const layer of row.values()) {
    const given = (layer as nn.Layer).forward(result) as torch.Tensor | readonly [torch.Tensor, unknown];
    result = torch.isTensor(given) ? (given as torch.Tensor) : given[0];
  }
  return result;
}
