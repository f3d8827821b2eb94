/** The weights of an exported network under the names that they had in torch, as far as the file tells them. */

import { noGrad } from "../autograd/mode.ts";
import { t } from "../autograd/shape.ts";
import { Tensor } from "../autograd/tensor.ts";
import { clone } from "../autograd/views.ts";
import { OrderedDict } from "../dense/ordered-dict.ts";
import type { Parameter } from "../nn/parameter.ts";
import type { Call } from "./call.ts";
import { type LoadOptions, loadOnnx, type OnnxModel } from "./model.ts";
import { plainName } from "./names.ts";
import type { RecurrentNode, TorchLayer } from "./recurrent.ts";

/**
 * A state dict for the network that a file was exported from:
 *
 *     recurrent nodes      encoder.rnn.weight_ih_l0, ...    in torch's order of gates, one layer for each node
 *     products             fc.weight                        turned back, where the exporter turned it
 *     other initialisers   as the file calls them
 *
 * The module is what torch's exporters note at each node; a node without a note goes by its own name. Numbers that the
 * exporter made up, such as zero states, are left out. Errors: FormatError, also for nodes that torch has no layer for.
 */
export function onnxStateDict(bytes: Uint8Array, options: LoadOptions = {}): OrderedDict<string, Tensor> {
  const model = loadOnnx(bytes, options);
  const state = new OrderedDict<string, Tensor>();
  noGrad(() => {
    for (const [name, tensor] of [...recurrentWeights(model), ...otherWeights(model)]) {
      if (!state.has(name)) state.set(name, new Tensor(tensor.value));
    }
  });
  return state;
}

/** The nodes of one module are its layers, in order. A node that has the weights of an earlier one is that one again. */
function* recurrentWeights({ nodes }: OnnxModel): IterableIterator<[string, Tensor]> {
  const modules = new Map<string, { call: Call; layer: TorchLayer }[]>();
  for (const [call, node] of nodes) {
    const name = moduleName(call);
    const layers = modules.get(name) ?? [];
    modules.set(name, layers);
    const weight = call.node.inputs[1];
    if (layers.some((other) => other.call.node.inputs[1] === weight)) continue;
    layers.push({ call, layer: torchLayerOf(call, node) });
  }
  for (const [name, layers] of modules) {
    for (const [l, { call, layer }] of layers.entries()) {
      expectStacked(call, layer, layers[l - 1]?.layer);
      for (const [own, weight] of layer.namedParameters())
        yield [within(name, String(own).replace("_l0", `_l${l}`)), weight as Parameter];
    }
  }
}

function torchLayerOf(call: Call, { layer, form }: RecurrentNode): TorchLayer {
  if (!layer) throw call.error("torch has no layer for its attributes");
  if (form.direction === "reverse") throw call.error("torch has no layer that only reads backwards");
  return layer;
}

function expectStacked(call: Call, layer: TorchLayer, below: TorchLayer | undefined): void {
  if (!below) return;
  const features = below.hiddenSize * (below.bidirectional ? 2 : 1);
  const same =
    layer.name() === below.name() && layer.bidirectional === below.bidirectional && layer.bias === below.bias;
  if (same && layer.hiddenSize === below.hiddenSize && layer.inputSize === features) return;
  throw call.error(`it is no further layer of ${moduleName(call)}`);
}

function moduleName({ node, label }: Call): string {
  return node.module ?? plainName(node.name || label);
}

function within(module: string, name: string): string {
  return module === "" ? name : `${module}.${name}`;
}

function* otherWeights(model: OnnxModel): IterableIterator<[string, Tensor]> {
  const registered = new Set<Tensor>(model.weights.parameters());
  for (const [module, factors] of turnedFactors(model)) {
    // A module with several products is no nn.Linear: its weights have other names.
    const [factor] = factors;
    if (factors.size === 1) yield [within(module, "weight"), clone(t(factor!), { contiguous: true })];
  }
  for (const [name, tensor] of model.constants.get(model.plan)!) {
    if (registered.has(tensor) && !isMadeUp(name)) yield [name, tensor];
  }
}

/** The matrices that the exporter has turned, and so named itself, by the module whose product they are in. */
function turnedFactors({ plan, constants }: OnnxModel): Map<string, Set<Tensor>> {
  const named = constants.get(plan)!;
  const found = new Map<string, Set<Tensor>>();
  for (const { call } of plan.steps) {
    const { opType, inputs, module } = call.node;
    const factor = named.get(inputs[1] ?? "");
    const turned = opType === "MatMul" || (opType === "Gemm" && !call.flag("transB"));
    if (!turned || !factor || !isMadeUp(inputs[1]!) || module === undefined || factor.shape.length !== 2) continue;
    found.set(module, (found.get(module) ?? new Set()).add(factor));
  }
  return found;
}

/** Whether a name is none that a network's author gave. */
function isMadeUp(name: string): boolean {
  return /^(?:onnx::|val_)|^\d+$/.test(name);
}
