/**
 * A graph of an ONNX file as a module: its recurrent nodes are layers, its weights parameters, and it runs in this library's
 * operations, so gradients flow.
 */
import { toDtype } from "../autograd/broadcast.ts";
import { Tensor } from "../autograd/tensor.ts";
import { kept } from "../autograd/weights.ts";
import { ValueError } from "../check.ts";
import type { DType } from "../dense/dtype.ts";
import { FormatError, shown } from "../formats/format-error.ts";
import { ModuleDict } from "../nn/container.ts";
import { Module } from "../nn/module.ts";
import { Parameter } from "../nn/parameter.ts";
import type { Call, Inputs } from "./call.ts";
import { constantsOf } from "./fold.ts";
import type { ModelMessage, ValueMessage } from "./messages.ts";
import { distinctNames, plainName } from "./names.ts";
import { recurrentKind } from "./operators/table.ts";
import { expectOpset, type Plan, planGraph } from "./plan.ts";
import { readModel } from "./read-messages.ts";
import { RecurrentNode } from "./recurrent.ts";
import { weightsOf as nodeWeights } from "./recurrent-weights.ts";
import { type Runner, runPlan, Scope } from "./run.ts";
import { denseFrom, dtypeOf, type ReadExternal } from "./tensors.ts";

/** How a file is read. */
export interface LoadOptions {
  /** Gives the bytes of tensors that lie in other files; without it they are refused. */
  readonly external?: ReadExternal;
}

/** What goes into a model or comes out: its name, and what is known of its shape: lengths, names of lengths, or nothing. */
export interface ModelValue {
  readonly name: string;
  readonly dtype: DType | undefined;
  readonly shape: readonly (number | string | undefined)[] | undefined;
  /** Whether the model has a value for it when none is given. */
  readonly optional: boolean;
}

/** Tensors by name. */
export type NamedTensors = ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor };

/** The most numbers of one tensor while a model runs, 1 GiB of float32: graphs compute shapes, and may compute nonsense. */
const LARGEST = 2 ** 28;

/** How often weights may be copied, all in all. Layers that share only some of theirs are rare. */
const COPIES = 4;

/** A model read from an ONNX file. */
export class OnnxModel extends Module {
  readonly opset: number;
  readonly producer: string;
  /** What the file says about itself. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** The recurrent nodes whose weights are in the file, by their names, with "_" for what JavaScript's names cannot have. */
  readonly recurrent: ModuleDict<RecurrentNode>;
  /** The other weights, by their names. */
  readonly weights: Module;
  /** The graph, checked. */
  readonly plan: Plan;
  /** The initialisers of each graph, by the names of the file. */
  readonly constants: Map<Plan, ReadonlyMap<string, Tensor>> = new Map();
  /** The recurrent nodes whose weights are in the file. */
  readonly nodes: Map<Call, RecurrentNode> = new Map();
  private readonly freeNode = distinctNames((name) => Reflect.get(this.recurrent, name) !== undefined);
  private readonly freeWeight = distinctNames((name) => Reflect.get(this.weights, name) !== undefined);

  /** Errors: FormatError. */
  constructor(message: ModelMessage, options: LoadOptions = {}) {
    super();
    const { graph } = message;
    if (message.functions.length > 0) {
      throw new FormatError(`functions are not supported: ${shown(message.functions[0]!)}`, { format: "onnx" });
    }
    this.opset = expectOpset(message.opsets.get(""));
    this.producer = message.producer;
    this.metadata = message.metadata;
    this.plan = planGraph(graph, this.opset);
    const given = new Set(graph.initializers.map(({ name }) => name));
    this.inputs = graph.inputs.map((value) => describe(value, given.has(value.name)));
    this.outputs = graph.outputs.map((value) => describe(value, false));
    this.recurrent = new ModuleDict();
    this.weights = new Module();
    this.prepare(this.plan, options);
  }

  /**
   * Runs the model: tensors by name to tensors by name. An integer of another width is converted; everything else must
   * be what the model says. Errors: ValueError for inputs that are missing or wrong, FormatError naming the node that
   * cannot run.
   */
  override forward(given: NamedTensors): Map<string, Tensor> {
    const entries = given instanceof Map ? [...given] : Object.entries(given as { readonly [name: string]: Tensor });
    const byName = new Map<string, Tensor>(entries);
    const scope = new Scope();
    for (const [name, value] of this.constants.get(this.plan)!) scope.set(name, value);
    for (const input of this.inputs) {
      const value = byName.get(input.name);
      byName.delete(input.name);
      if (value) scope.set(input.name, fitting(input, value));
      else if (!input.optional) throw new ValueError(`OnnxModel: the input ${shown(input.name)} is missing`);
    }
    const [surplus] = byName.keys();
    if (surplus !== undefined) {
      const names = this.inputs.map(({ name }) => name).join(", ");
      throw new ValueError(`OnnxModel: there is no input ${shown(surplus)}`, `the inputs are ${shown(names)}`);
    }
    const results = runPlan(this.plan, scope, this.runner());
    return new Map(this.outputs.map(({ name }, i) => [name, results[i]!]));
  }

  /** As `forward`, with inputs and outputs in the model's order. */
  run(...inputs: readonly Tensor[]): Tensor[] {
    if (inputs.length > this.inputs.length) {
      throw new ValueError(`OnnxModel: ${inputs.length} inputs, at most ${this.inputs.length} expected`);
    }
    return [...this.forward(new Map(inputs.map((value, i) => [this.inputs[i]!.name, value]))).values()];
  }

  override extraRepr(): string {
    const list = (values: readonly ModelValue[]): string => values.map(({ name }) => shown(name)).join(", ");
    return `inputs=(${list(this.inputs)}), outputs=(${list(this.outputs)}), opset=${this.opset}`;
  }

  /** Makes tensors of a graph's initialisers and modules of its recurrent nodes, and so on within. */
  private prepare(plan: Plan, options: LoadOptions): void {
    const constants = new Map<string, Tensor>();
    // Where a sequence starts is no weight: exporters write the zeros down.
    const starts = new Set(plan.steps.flatMap(({ call }) => (recurrentKind(call) ? call.node.inputs.slice(5, 7) : [])));
    for (const message of plan.graph.initializers) {
      const dense = denseFrom(message, options.external);
      const isWeight = dense.dtype.kind === "float" && dense.shape.length > 0 && !starts.has(message.name);
      constants.set(message.name, isWeight ? kept(new Parameter(new Tensor(dense))) : new Tensor(dense));
    }
    this.constants.set(plan, constants);
    this.prepareNodes(plan, constants);
    for (const inner of plan.within.values()) this.prepare(inner, options);
  }

  /** Layers of the recurrent nodes, and parameters of the weights that are no layer's. */
  private prepareNodes(plan: Plan, constants: ReadonlyMap<string, Tensor>): void {
    const taken = new Set<string>();
    const { count, weightsOf } = constantsOf(plan, constants);
    // A layer copies its weights. Nodes beyond this are run with the weights where they are.
    let spare = COPIES * count;
    const layers = new Map<string, RecurrentNode>();
    for (const { call } of plan.steps) {
      const kind = recurrentKind(call);
      const inputs = kind && weightsOf(call);
      if (!kind || !inputs) continue;
      const same = layers.get(signature(call));
      if (same) {
        this.nodes.set(call, same);
        continue;
      }
      for (const weight of inputs) spare -= weight?.value.count ?? 0;
      if (spare < 0) continue;
      const node = new RecurrentNode(call, kind, nodeWeights(call, inputs), true);
      this.nodes.set(call, node);
      layers.set(signature(call), node);
      this.recurrent.addModule(this.freeNode(plainName(call.label)), node);
      for (const [i, weight] of inputs.entries()) if (weight) taken.add(call.node.inputs[i]!);
    }
    for (const [name, value] of constants) {
      if (!(value instanceof Parameter) || taken.has(name)) continue;
      this.weights.registerParameter(this.freeWeight(plainName(name)), value);
    }
  }

  private runner(): Runner {
    return {
      limit: LARGEST,
      constants: (plan) => this.constants.get(plan)!,
      special: ({ call }, inputs) => this.runRecurrent(call, inputs),
    };
  }

  private runRecurrent(call: Call, inputs: Inputs): readonly Tensor[] | undefined {
    const kind = recurrentKind(call);
    if (!kind) return undefined;
    const node = this.nodes.get(call) ?? new RecurrentNode(call, kind, nodeWeights(call, inputs), false);
    return node.run(call, inputs);
  }
}

/** Reads an ONNX file. Nothing is opened and nothing is run. Errors: FormatError. */
export function loadOnnx(bytes: Uint8Array, options: LoadOptions = {}): OnnxModel {
  return new OnnxModel(readModel(bytes), options);
}

/** What nodes have in common that are one layer, run again: a decoder is a node for each of its steps. */
function signature({ node: { opType, inputs, attributes } }: Call): string {
  const settings = attributes.map(({ name, kind, value }) => [name, kind, String(kind && value[kind])]);
  return JSON.stringify([opType, inputs.slice(1, 4), inputs[7], settings]);
}

function describe({ name, dataType, shape }: ValueMessage, optional: boolean): ModelValue {
  return { name, dtype: dataType === 0 ? undefined : dtypeOf(dataType, name), shape, optional };
}

/** An input as the model wants it. */
function fitting({ name, dtype, shape }: ModelValue, value: Tensor): Tensor {
  const who = `OnnxModel: the input ${shown(name)}`;
  const fits =
    shape?.length === value.shape.length && shape.every((d, i) => typeof d !== "number" || d === value.shape[i]);
  if (shape && !fits) {
    const wanted = shape.map((length) => length ?? "?").join(", ");
    throw new ValueError(`${who}: expected shape [${wanted}], got [${value.shape.join(", ")}]`);
  }
  if (!dtype || dtype === value.dtype) return value;
  if (dtype.kind === "integer" && value.dtype.kind === "integer") return toDtype(value, dtype);
  throw new ValueError(`${who}: expected ${dtype}, got ${value.dtype}`);
}
