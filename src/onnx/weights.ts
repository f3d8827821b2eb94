/** The weights of an ONNX file by name, whatever its graph computes. */
import { Tensor } from "../autograd/tensor.ts";
import { OrderedDict } from "../dense/ordered-dict.ts";
import type { GraphMessage, TensorMessage } from "./messages.ts";
import { distinctNames } from "./names.ts";
import { readModel } from "./read-messages.ts";
import { denseFrom, type ReadExternal } from "./tensors.ts";

/**
 * Every tensor of a file: initialisers by their names and constants by the names of the values they make, nested graphs
 * included. A name that is there twice is told apart by the node that holds its graph. The operators need not be known.
 * Errors: FormatError.
 */
export function onnxTensors(
  bytes: Uint8Array,
  options: { readonly external?: ReadExternal } = {},
): OrderedDict<string, Tensor> {
  const tensors = new OrderedDict<string, Tensor>();
  const distinct = distinctNames((name) => tensors.has(name));
  for (const [name, message] of tensorsOf(readModel(bytes).graph, "")) {
    tensors.set(distinct(name), new Tensor(denseFrom(message, options.external)));
  }
  return tensors;
}

/** The tensors of a graph; inside a node, where a name may be there again, under the name of the node. */
function* tensorsOf(graph: GraphMessage, prefix: string): IterableIterator<[name: string, TensorMessage]> {
  for (const message of graph.initializers) yield [prefix + message.name, message];
  for (const { name, opType, outputs, attributes } of graph.nodes) {
    for (const { name: attribute, value } of attributes) {
      const made = opType === "Constant" ? (outputs[0] ?? "") : `${name || opType}.${attribute}`;
      if (value.tensor) yield [prefix + made, value.tensor];
      if (value.graph) yield* tensorsOf(value.graph, `${prefix}${name || opType}.${attribute}.`);
    }
  }
}
