/**
 * Networks of this library's modules as ONNX files. The layers stand in a row; batch and time keep any length. What was
 * written is read again and run beside the network before it is given out.
 */
import type { DType } from "../dense/dtype.ts";
import { getDefaultDtype, int32, int64 } from "../dense/dtype.ts";
import { Sequential } from "../nn/container.ts";
import { Embedding } from "../nn/embedding.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { type Flow, GraphWriter, type Path } from "./export-graph.ts";
import { writeModule } from "./export-modules.ts";
import { expectSameResults } from "./prove.ts";
import { isRecurrent, RecurrentNode } from "./recurrent.ts";
import { writeModel } from "./write-messages.ts";

/** How a network is written. */
export interface ExportOptions {
  /** The version of the operators. Default 17. */
  readonly opset?: number;
  /** Whether the states of recurrent layers go in (h0, c0) and come out (hn, cn). Default false: they begin as zeros. */
  readonly states?: boolean;
  /** Whether the lengths of the sequences, int32 (B), go in. Default false: all are as long as the input. */
  readonly lengths?: boolean;
  /** The length of the last dimension, for networks whose first layer does not say it. */
  readonly features?: number;
}

/** A module; or layers in the order in which they run, with or without names. */
export type Network = Module | readonly Module[] | ReadonlyMap<string, Module> | { readonly [name: string]: Module };

/** A layer and where it stands. */
export interface NamedLayer {
  readonly path: Path;
  readonly module: Module;
}

const [OLDEST, NEWEST] = [17, 24];

/**
 * The bytes of an ONNX file: input "input" (T, B, F), or (B, T, F) where the recurrent layers are so, with an embedding
 * whole numbers without F; output "output". Dropout is left out, as it is when a network is used. Errors: FormatError for
 * modules that ONNX has no operator for, and if what was written should not compute the same.
 *
 *     const bytes = exportOnnx({ rnn, last: new LastStep(), fc }, { states: true });
 */
export function exportOnnx(network: Network, options: ExportOptions = {}): Uint8Array<ArrayBuffer> {
  const layers = layersOf(network);
  const { opset = 17, states = false, lengths = false } = options;
  const recurrent = layers.map(({ module }) => module).filter(isRecurrent);
  const orders = new Set(recurrent.map((layer) => !(layer instanceof RecurrentNode) && layer.batchFirst));
  const batchFirst = orders.has(true);
  const graph = new GraphWriter({
    opset,
    states,
    lengths: lengths ? { name: "lengths", shape: ["batch"], dtype: int32 } : undefined,
    recurrentCount: recurrent.length,
  });
  if (!(opset >= OLDEST && opset <= NEWEST))
    throw graph.error("", `opset ${opset}; ${OLDEST} to ${NEWEST} can be written`);
  if (layers.length === 0) throw graph.error("", "there is no layer to export");
  if (orders.size > 1) throw graph.error("", "some recurrent layers have the batch first, and others not");
  if ((states || lengths) && recurrent.length === 0) throw graph.error("", "there is no recurrent layer");
  const input = { name: "input", ...inputOf(layers, recurrent.length > 0, batchFirst, options) };
  graph.input(input);
  if (graph.lengths) graph.input(graph.lengths);
  const end = layers.reduce<Flow>((x, { path, module }) => writeModule(graph, path, module, x), input);
  graph.output(end, "output");
  graph.outputs.unshift(graph.outputs.pop()!);
  const bytes = writeModel({
    opset,
    name: "network",
    nodes: graph.nodes(),
    initializers: graph.initializers,
    inputs: graph.inputs,
    outputs: graph.outputs,
  });
  expectSameResults(bytes, layers, { input, batchFirst, states, lengths });
  return bytes;
}

/** The layers that a network runs, in order. */
function layersOf(network: Network): NamedLayer[] {
  if (network instanceof Module) return unfolded("", network);
  return namedLayers(network).flatMap(([name, module]) => unfolded(name, module));
}

function namedLayers(network: Exclude<Network, Module>): readonly (readonly [string, Module])[] {
  if (network instanceof Map) return [...network];
  if (Array.isArray(network)) return network.map((module, i) => [String(i), module]);
  return Object.entries(network as { readonly [name: string]: Module });
}

function unfolded(path: Path, module: Module): NamedLayer[] {
  if (!(module instanceof Sequential)) return [{ path, module }];
  return module.ownModules().flatMap(([name, child]) => unfolded(path === "" ? name : `${path}.${name}`, child));
}

/** What the first layer that knows wants. */
function inputOf(
  layers: readonly NamedLayer[],
  sequences: boolean,
  batchFirst: boolean,
  { features }: ExportOptions,
): { shape: (number | string)[]; dtype: DType } {
  const lead = sequences ? (batchFirst ? ["batch", "time"] : ["time", "batch"]) : ["batch"];
  const first = layers[0]!.module;
  if (first instanceof Embedding) return { shape: lead, dtype: int64 };
  const [parameter] = layers.flatMap(({ module }) => [...module.parameters()]);
  return {
    shape: [...lead, features ?? featuresOf(layers) ?? "features"],
    dtype: parameter?.dtype ?? getDefaultDtype(),
  };
}

function featuresOf(layers: readonly NamedLayer[]): number | undefined {
  for (const { module } of layers) {
    if (module instanceof Linear) return module.inFeatures;
    if (isRecurrent(module)) return module instanceof RecurrentNode ? module.sizes.inputSize : module.inputSize;
  }
  return undefined;
}
