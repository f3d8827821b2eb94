/** A node as an operator sees it: its attributes by kind, its version, and its own way to complain. */
import type { Tensor } from "../autograd/tensor.ts";
import { FormatError } from "../formats/format-error.ts";
import type { AttributeKind, AttributeMessage, AttributeValues, GraphMessage, NodeMessage } from "./messages.ts";

/** What a node gives: one value, or several in order. */
export type Results = Tensor | readonly Tensor[];

/** The values that a node reads, in order; an absent one is undefined. */
export type Inputs = readonly (Tensor | undefined)[];

/** Runs a graph within a node, which sees the values around it. */
export type RunGraph = (graph: GraphMessage) => readonly Tensor[];

/** One node. */
export class Call {
  readonly node: NodeMessage;
  /** The version of the operators that the file was written for. */
  readonly opset: number;
  readonly #attributes: ReadonlyMap<string, AttributeMessage>;

  constructor(node: NodeMessage, opset: number) {
    this.node = node;
    this.opset = opset;
    this.#attributes = new Map(node.attributes.map((attribute) => [attribute.name, attribute]));
    if (this.#attributes.size < node.attributes.length) throw this.error("an attribute is there twice");
  }

  /** How errors call the node. */
  get label(): string {
    const { name, opType, outputs } = this.node;
    return `${opType} ${name || outputs.find((output) => output !== "") || ""}`.trim();
  }

  /** The names of the attributes that are there. */
  get attributeNames(): string[] {
    return [...this.#attributes.keys()];
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** A whole number; beyond 2^53, where exporters mean "to the end", the nearest that a number can hold. */
  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  int(name: string, otherwise?: number): number | undefined {
    const value = this.bigInt(name);
    return value === undefined ? otherwise : Number(value);
  }

  /** All 64 bits of a whole number. */
  bigInt(name: string): bigint | undefined {
    return this.#get(name, "int");
  }

  /** A switch, 0 or 1. */
  flag(name: string, otherwise = false): boolean {
    const value = this.int(name, Number(otherwise));
    if (value !== 0 && value !== 1) throw this.error(`${name} is ${value}, 0 or 1 expected`);
    return value === 1;
  }

  float(name: string): number | undefined;
  float(name: string, otherwise: number): number;
  float(name: string, otherwise?: number): number | undefined {
    return this.#get(name, "float") ?? otherwise;
  }

  string(name: string, otherwise: string): string {
    return this.#get(name, "string") ?? otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    return this.bigInts(name)?.map(Number);
  }

  bigInts(name: string): readonly bigint[] | undefined {
    return this.#get(name, "ints");
  }

  floats(name: string): readonly number[] | undefined {
    return this.#get(name, "floats");
  }

  strings(name: string): readonly string[] | undefined {
    return this.#get(name, "strings");
  }

  tensor(name: string): AttributeValues["tensor"] {
    return this.#get(name, "tensor");
  }

  /** A graph that must be there. */
  graph(name: string): GraphMessage {
    const graph = this.#get(name, "graph");
    if (!graph) throw this.error(`${name} is missing`);
    return graph;
  }

  /** What is wrong with this node. */
  error(message: string): FormatError {
    return new FormatError(message, { format: "onnx", part: this.label, offset: this.node.offset });
  }

  #get<Kind extends AttributeKind>(name: string, kind: Kind): AttributeValues[Kind] | undefined {
    const attribute = this.#attributes.get(name);
    if (!attribute) return undefined;
    if (attribute.kind !== kind) throw this.error(`attribute ${name} is no ${kind}`);
    return attribute.value[kind];
  }
}
