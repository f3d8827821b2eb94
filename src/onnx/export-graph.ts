/** A graph while it is written: nodes one after another, and a name for every value. */
import type { Tensor } from "../autograd/tensor.ts";
import { type Dense, wrap } from "../dense/dense.ts";
import { type DType, int64 } from "../dense/dtype.ts";
import { FormatError } from "../formats/format-error.ts";
import { dataTypeOf } from "./tensors.ts";
import type { WrittenAttribute, WrittenNode, WrittenValue } from "./write-messages.ts";

/** A value of the graph: its name, and its shape as far as it is fixed. */
export interface Flow {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly dtype: DType;
}

/** Where a module stands in the network, and how errors and names call it. */
export type Path = string;

/** Collects what a file will hold. */
export class GraphWriter {
  readonly opset: number;
  /** Whether the states of recurrent layers go in and out. */
  readonly states: boolean;
  /** The value that holds the lengths of the sequences, if they go in. */
  readonly lengths: Flow | undefined;
  /** How many recurrent layers there are: with one, its states need no further name. */
  readonly recurrentCount: number;
  readonly inputs: WrittenValue[] = [];
  readonly outputs: WrittenValue[] = [];
  readonly initializers = new Map<string, Dense>();
  readonly #nodes: WrittenNode[] = [];
  readonly #names = new Set<string>();

  constructor(settings: { opset: number; states: boolean; lengths: Flow | undefined; recurrentCount: number }) {
    this.opset = settings.opset;
    this.states = settings.states;
    this.lengths = settings.lengths;
    this.recurrentCount = settings.recurrentCount;
  }

  /** The nodes, in order. */
  nodes(): readonly WrittenNode[] {
    return this.#nodes;
  }

  /** Adds a node; gives the names of its outputs. */
  node(
    path: Path,
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, WrittenAttribute>> = {},
    outputs = 1,
  ): string[] {
    const name = this.#free(`/${[...path.split("."), opType].filter(Boolean).join("/")}`);
    const made = Array.from({ length: outputs }, (_, i) => `${name}_output_${i}`);
    this.#nodes.push({ opType, name, inputs, outputs: made, attributes });
    return made;
  }

  /** Adds a node of one output. */
  one(
    path: Path,
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, WrittenAttribute>>,
  ): string {
    return this.node(path, opType, inputs, attributes)[0]!;
  }

  /** Adds weights under a name of their own. */
  weight(path: Path, name: string, value: Tensor): string {
    const full = path === "" ? name : `${path}.${name}`;
    this.initializers.set(full, value.value);
    return full;
  }

  /** Adds whole numbers: axes, a shape. */
  whole(path: Path, values: readonly number[], shape: readonly number[] = [values.length]): string {
    const name = this.#free(`${path === "" ? "" : `${path}.`}constant`);
    this.initializers.set(name, wrap(BigInt64Array.from(values, BigInt), shape, int64));
    return name;
  }

  /** Lets a value in. */
  input(flow: Flow): void {
    this.inputs.push({ name: flow.name, dataType: dataTypeOf(flow.dtype), shape: flow.shape });
  }

  /** Lets a value out under a name. */
  output(flow: Flow, name: string): void {
    const value = { name, dataType: dataTypeOf(flow.dtype), shape: flow.shape };
    if (flow.name !== name)
      this.#nodes.push({
        opType: "Identity",
        name: this.#free(`/${name}`),
        inputs: [flow.name],
        outputs: [name],
        attributes: {},
      });
    this.outputs.push(value);
  }

  /** What cannot be written. */
  error(path: Path, message: string, hint?: string): FormatError {
    return new FormatError(message, { format: "onnx", part: path || "the network" }, hint);
  }

  #free(name: string): string {
    let free = name;
    for (let i = 1; this.#names.has(free); i += 1) free = `${name}_${i}`;
    this.#names.add(free);
    return free;
  }
}
