/** ONNX files among the files of weights: their weights, and their graph. The entry is loaded only where there is such a file. */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import * as torch from "unrolled";
import { nn } from "unrolled";
import type { ExternalData, OnnxModel } from "unrolled/onnx";
import { CommandError } from "./command.ts";
import type { Contents } from "./contents.ts";

/** The weights under torch's names where the graph allows it, else under those of the file; and the network, if it runs here. */
export async function readOnnx(bytes: Uint8Array, path: string): Promise<Contents> {
  const { loadOnnx, onnxStateDict, onnxTensors } = await import("unrolled/onnx");
  const options = { external: (place: ExternalData) => readBeside(path, place) };
  const model = orRefusal(() => loadOnnx(bytes, options));
  const state = orRefusal(() => onnxStateDict(bytes, options));
  const tensors = state instanceof torch.FormatError ? onnxTensors(bytes, options) : state;
  if (!(model instanceof torch.FormatError)) return { tensors, metadata: model.metadata, others: new Map(), model };
  return { tensors, metadata: new Map(), others: new Map([["the graph cannot be run here", model.message]]) };
}

function orRefusal<T>(work: () => T): T | torch.FormatError {
  try {
    return work();
  } catch (error) {
    if (error instanceof torch.FormatError) return error;
    throw error;
  }
}

/** Weights in a file of their own, beside the model: an ordinary file, and within it. */
function readBeside(path: string, { location, offset, length }: ExternalData): Uint8Array {
  const fail = (text: string): CommandError => new CommandError(`${path}: the weights in ${location}: ${text}`);
  const file = openBeside(dirname(path), location, fail);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw fail("that is no file");
    if (offset + length > stats.size) throw fail(`${length} bytes from ${offset} on, but it has ${stats.size}`);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const read = readSync(file, bytes, at, length - at, offset + at);
      if (read === 0) throw fail("it ends while it is read");
      at += read;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

/** No link leads out of the folder, and nothing that is no file makes the program wait. */
function openBeside(folder: string, location: string, fail: (text: string) => CommandError): number {
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  try {
    const target = realpathSync(join(folder, location));
    if (target === join(realpathSync(folder), location)) return openSync(target, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    throw fail((error as Error).message);
  }
  throw fail("a link, which is not followed");
}

/** The activation of a graph's RNN, which the names of its weights do not tell. Errors: CommandError if there are several. */
export function nonlinearityOf({ recurrent }: OnnxModel): "tanh" | "relu" | undefined {
  const layers = [...recurrent.values()].map(({ layer }) => layer);
  const found = new Set(layers.flatMap((layer) => (layer instanceof nn.RNN ? [layer.nonlinearity] : [])));
  if (found.size > 1) throw new CommandError("the graph has RNNs of both kinds: choose with --nonlinearity");
  return [...found][0];
}

/** The graph of a model in lines, for `inspect`. */
export interface GraphSummary {
  readonly opset: number;
  readonly producer: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** How often each operator is there, in nested graphs as well. */
  readonly nodes: { readonly [operator: string]: number };
}

/** What a graph takes, does and gives. */
export function summaryOf({ opset, producer, inputs, outputs, plan }: OnnxModel): GraphSummary {
  const nodes = new Map<string, number>();
  const plans = [plan];
  for (const each of plans) {
    for (const { call } of each.steps) nodes.set(call.node.opType, (nodes.get(call.node.opType) ?? 0) + 1);
    plans.push(...each.within.values());
  }
  const [taken, given] = [inputs, outputs].map((values) => values.map(lineOf)) as [string[], string[]];
  return { opset, producer, inputs: taken, outputs: given, nodes: Object.fromEntries(nodes) };
}

function lineOf({ name, dtype, shape, optional }: OnnxModel["inputs"][number]): string {
  const lengths = shape ? ` (${shape.map((length) => length ?? "?").join(", ")})` : "";
  return `${name}: ${dtype?.name ?? "any"}${lengths}${optional ? ", optional" : ""}`;
}
