/** Recurrent layers as nodes: one node for each layer of the stack, with the states of all layers in one tensor, as in torch. */
import { cat, stack } from "../autograd/join.ts";
import { noGrad } from "../autograd/mode.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { GRU, LSTM, RNN } from "../nn/layers.ts";
import type { Flow, GraphWriter, Path } from "./export-graph.ts";
import { type RecurrentNode, reordered, type TorchLayer } from "./recurrent.ts";
import { attributesOf, KINDS, type RecurrentKind } from "./recurrent-form.ts";
import { ONNX_ORDER } from "./recurrent-weights.ts";
import type { WrittenAttribute } from "./write-messages.ts";

const TIME_AND_BATCH = [1, 0, 2];

/** (T, B, F) to (T, B, D·H), or with the batch first. */
export function writeRecurrent(graph: GraphWriter, path: Path, layer: TorchLayer, given: Flow): Flow {
  if (layer.projSize > 0) {
    throw graph.error(path, "ONNX's LSTM has no projection", "a layer without projSize can be exported");
  }
  const kind = kindOf(layer);
  const D = layer.bidirectional ? 2 : 1;
  const [time, batch] = layer.batchFirst ? [given.shape[1]!, given.shape[0]!] : [given.shape[0]!, given.shape[1]!];
  const states = stateNames(graph, path, kind);
  const starts = states.map(([start]) => readStart(graph, path, layer, start, batch));
  const ends: string[][] = states.map(() => []);
  let x = layer.batchFirst ? graph.one(path, "Transpose", [given.name], { perm: TIME_AND_BATCH }) : given.name;
  for (let l = 0; l < layer.numLayers; l += 1) {
    const weights = writeWeights(graph, path, layer, kind, l);
    const inputs = [x, ...weights, graph.lengths?.name ?? "", ...starts.map((start) => start?.[l] ?? "")];
    const outputs = graph.node(path, kind, withoutTail(inputs), formOf(layer, kind, D), 1 + states.length);
    for (const [i, end] of ends.entries()) end.push(outputs[1 + i]!);
    x = joined(graph, path, outputs[0]!, D, layer.hiddenSize);
  }
  for (const [i, [, end]] of states.entries()) {
    if (!graph.states) continue;
    const all = ends[i]!.length === 1 ? ends[i]![0]! : graph.one(path, "Concat", ends[i]!, { axis: 0 });
    graph.output({ name: all, shape: [D * layer.numLayers, batch, layer.hiddenSize], dtype: given.dtype }, end);
  }
  const features = D * layer.hiddenSize;
  if (!layer.batchFirst) return { name: x, shape: [time, batch, features], dtype: given.dtype };
  const turned = graph.one(path, "Transpose", [x], { perm: TIME_AND_BATCH });
  return { name: turned, shape: [batch, time, features], dtype: given.dtype };
}

function kindOf(layer: TorchLayer): RecurrentKind {
  return layer instanceof LSTM ? "LSTM" : layer instanceof GRU ? "GRU" : "RNN";
}

/** What torch's layer is as an operator. */
function formOf(layer: TorchLayer, kind: RecurrentKind, D: number): Record<string, WrittenAttribute> {
  const activation = layer instanceof RNN && layer.nonlinearity === "relu" ? "Relu" : "Tanh";
  return {
    hidden_size: layer.hiddenSize,
    direction: D === 2 ? "bidirectional" : "forward",
    ...(kind === "RNN" && { activations: Array.from({ length: D }, () => activation) }),
    ...(kind === "GRU" && { linear_before_reset: 1 }),
  };
}

/** What the states are called on the way in and out: h0 and hn, or with the layer's name where there are several. */
function stateNames(graph: GraphWriter, path: Path, kind: RecurrentKind): [start: string, end: string][] {
  const prefix = graph.recurrentCount > 1 && path !== "" ? `${path}.` : "";
  return ["h", "c"].slice(0, KINDS[kind].states).map((name) => [`${prefix}${name}0`, `${prefix}${name}n`]);
}

/** The first states (L·D, B, H) as an input, cut into layers; undefined if they are zero. */
function readStart(
  graph: GraphWriter,
  path: Path,
  layer: TorchLayer,
  name: string,
  batch: number | string,
): string[] | undefined {
  if (!graph.states) return undefined;
  const { numLayers: L, hiddenSize } = layer;
  const D = layer.bidirectional ? 2 : 1;
  const dtype = layer.weight_ih_l0!.dtype;
  graph.input({ name, shape: [L * D, batch, hiddenSize], dtype });
  if (L === 1) return [name];
  const sizes = graph.whole(
    path,
    Array.from({ length: L }, () => D),
  );
  return graph.node(path, "Split", [name, sizes], { axis: 0 }, L);
}

/** W, R and B of a layer; B is "" without biases. */
function writeWeights(graph: GraphWriter, path: Path, layer: TorchLayer, kind: RecurrentKind, l: number): string[] {
  const H = layer.hiddenSize;
  const ends = layer.bidirectional ? ["", "_reverse"] : [""];
  const own = (name: "weight_ih" | "weight_hh" | "bias_ih" | "bias_hh", end: string): Tensor =>
    reordered(layer[`${name}_l${l}${end}`]!, ONNX_ORDER[kind], H);
  return noGrad(() => {
    const W = stack(ends.map((end) => own("weight_ih", end)));
    const R = stack(ends.map((end) => own("weight_hh", end)));
    const names = [graph.weight(path, `W_l${l}`, W), graph.weight(path, `R_l${l}`, R)];
    if (!layer.bias) return [...names, ""];
    const B = stack(ends.map((end) => cat([own("bias_ih", end), own("bias_hh", end)])));
    return [...names, graph.weight(path, `B_l${l}`, B)];
  });
}

/** (T, D, B, H) to (T, B, D·H). */
function joined(graph: GraphWriter, path: Path, y: string, D: number, H: number): string {
  if (D === 1) return graph.one(path, "Squeeze", [y, graph.whole(path, [1])]);
  const turned = graph.one(path, "Transpose", [y], { perm: [0, 2, 1, 3] });
  return graph.one(path, "Reshape", [turned, graph.whole(path, [0, 0, D * H])]);
}

function withoutTail(names: readonly string[]): string[] {
  return names.slice(0, names.findLastIndex((name) => name !== "") + 1);
}

/** A node that was imported, as it was: every attribute, (T, B, F) to (T, B, D·H). */
export function writeNode(graph: GraphWriter, path: Path, node: RecurrentNode, given: Flow): Flow {
  const { form, sizes } = node;
  const { directions: D, hiddenSize: H } = sizes;
  const [time, batch] = given.shape as readonly [number | string, number | string];
  const states = stateNames(graph, path, form.kind);
  const starts = states.map(([name]) => {
    if (graph.states) graph.input({ name, shape: [D, batch, H], dtype: given.dtype });
    return graph.states ? name : "";
  });
  const plain = node.layer && writeWeights(graph, path, node.layer, form.kind, 0);
  const [W, R, B, P] =
    plain ??
    (["W", "R", "B", "P"] as const).map((name) => {
      const value = node.weights?.[name];
      return value ? graph.weight(path, name, value) : "";
    });
  const inputs = [given.name, W!, R!, B!, graph.lengths?.name ?? "", starts[0]!, starts[1] ?? "", P ?? ""];
  const outputs = graph.node(path, form.kind, withoutTail(inputs), attributesOf(form), 1 + states.length);
  for (const [i, [, end]] of states.entries()) {
    if (graph.states) graph.output({ name: outputs[1 + i]!, shape: [D, batch, H], dtype: given.dtype }, end);
  }
  const name = joined(graph, path, outputs[0]!, D, H);
  return { name, shape: [time, batch, D * H], dtype: given.dtype };
}
