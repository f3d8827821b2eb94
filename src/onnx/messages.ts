/** The messages of an ONNX file, as far as they are needed: a model holds a graph, a graph nodes, a node attributes. */

/** A file. */
export interface ModelMessage {
  readonly irVersion: number;
  readonly producer: string;
  /** The version of the operators of each domain; "" is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Functions that the file defines for itself: their names. */
  readonly functions: readonly string[];
  readonly graph: GraphMessage;
}

/** Nodes in order, the constants that they read, and what goes in and out. */
export interface GraphMessage {
  /** Its first byte in the file. */
  readonly offset: number;
  readonly name: string;
  readonly nodes: readonly NodeMessage[];
  readonly initializers: readonly TensorMessage[];
  /** Names of sparse initialisers. */
  readonly sparse: number;
  readonly inputs: readonly ValueMessage[];
  readonly outputs: readonly ValueMessage[];
}

/** One operation: it reads values by name and gives others names. An absent value has the empty name. */
export interface NodeMessage {
  /** Its first byte in the file. */
  readonly offset: number;
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  /** The module that torch exported the node from: "encoder.rnn", "" for the network itself; undefined if nobody says. */
  readonly module: string | undefined;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly AttributeMessage[];
}

/** A constant of a node: `kind` says which of the values is meant. */
export interface AttributeMessage {
  readonly name: string;
  readonly kind: AttributeKind | undefined;
  readonly value: AttributeValues;
}

/** Every value that an attribute can have. */
export interface AttributeValues {
  readonly float: number;
  readonly int: bigint;
  readonly string: string;
  readonly tensor: TensorMessage | undefined;
  readonly graph: GraphMessage | undefined;
  readonly floats: readonly number[];
  readonly ints: readonly bigint[];
  readonly strings: readonly string[];
}

/** Which of the values an attribute has. */
export type AttributeKind = keyof AttributeValues;

/** The numbers in a file's `AttributeProto.type`. */
export const ATTRIBUTE_KINDS: readonly (AttributeKind | undefined)[] = [
  undefined,
  "float",
  "int",
  "string",
  "tensor",
  "graph",
  "floats",
  "ints",
  "strings",
];

/** A tensor as the file has it. Its numbers are in one of the fields. */
export interface TensorMessage {
  /** Its first byte in the file. */
  readonly offset: number;
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly raw: Uint8Array | undefined;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly longs: readonly bigint[];
  readonly doubles: readonly number[];
  /** Where the numbers are, if they are not in the file. */
  readonly external: ReadonlyMap<string, string> | undefined;
  /** Whether it has numbers of kinds that are not read: strings, uint64. */
  readonly foreign: boolean;
}

/** The name of a value that goes in or out, what its numbers are, and its shape: lengths, names of lengths, or unknown. */
export interface ValueMessage {
  readonly name: string;
  readonly dataType: number;
  readonly shape: readonly (number | string | undefined)[] | undefined;
}
