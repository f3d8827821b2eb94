/** Reading the messages of an ONNX file. The numbers are those of onnx.proto. */
import { FormatError } from "../formats/format-error.ts";
import {
  ATTRIBUTE_KINDS,
  type AttributeMessage,
  type AttributeValues,
  type GraphMessage,
  type ModelMessage,
  type NodeMessage,
  type TensorMessage,
  type ValueMessage,
} from "./messages.ts";
import { type Fields, readFields, type Span } from "./wire.ts";

/** Graphs within graphs; what exporters write is a few deep, and the stack is not for the file to fill. */
const DEEPEST = 64;

/** Reads a file. Errors: FormatError. */
export function readModel(bytes: Uint8Array): ModelMessage {
  let [irVersion, producer] = [0, ""];
  const [opsets, metadata] = [new Map<string, number>(), new Map<string, string>()];
  const functions: string[] = [];
  let graph: GraphMessage | undefined;
  readFields({ bytes, offset: 0 }, "the model", {
    1: (v) => (irVersion = v.integer()),
    2: (v) => (producer = v.text()),
    7: (v) => (graph = readGraph(v.message(), 0)),
    8: (v) => opsets.set(...readOpset(v.message())),
    14: (v) => metadata.set(...readEntry(v.message())),
    25: (v) => functions.push(readFunctionName(v.message())),
  });
  if (!graph) throw new FormatError(`there is no graph in the file${looks(bytes)}`, { format: "onnx", offset: 0 });
  return { irVersion, producer, opsets, metadata, functions, graph };
}

/** What the file is, if it is something else. */
function looks(bytes: Uint8Array): string {
  if (bytes.length === 0) return ", which is empty";
  return String.fromCharCode(...bytes.subarray(0, 2)) === "PK" ? ", which is a zip archive" : "";
}

function readOpset(span: Span): [domain: string, version: number] {
  let [domain, version] = ["", 0];
  readFields(span, "an opset", { 1: (v) => (domain = v.text()), 2: (v) => (version = v.integer()) });
  return [domain === "ai.onnx" ? "" : domain, version];
}

function readEntry(span: Span): [key: string, value: string] {
  let [key, value] = ["", ""];
  readFields(span, "an entry of metadata", { 1: (v) => (key = v.text()), 2: (v) => (value = v.text()) });
  return [key, value];
}

function readFunctionName(span: Span): string {
  let name = "";
  readFields(span, "a function", { 1: (v) => (name = v.text()) });
  return name;
}

function readGraph(span: Span, depth: number): GraphMessage {
  if (depth > DEEPEST) {
    const place = { format: "onnx", offset: span.offset };
    throw new FormatError(`graphs are nested more than ${DEEPEST} deep`, place);
  }
  let [name, sparse] = ["", 0];
  const nodes: NodeMessage[] = [];
  const initializers: TensorMessage[] = [];
  const [inputs, outputs]: ValueMessage[][] = [[], []];
  readFields(span, "a graph", {
    1: (v) => nodes.push(readNode(v.message(), depth)),
    2: (v) => (name = v.text()),
    5: (v) => initializers.push(readTensor(v.message())),
    11: (v) => inputs!.push(readValue(v.message())),
    12: (v) => outputs!.push(readValue(v.message())),
    15: (v) => {
      v.skip();
      sparse += 1;
    },
  });
  return { offset: span.offset, name, nodes, initializers, sparse, inputs: inputs!, outputs: outputs! };
}

function readNode(span: Span, depth: number): NodeMessage {
  let [name, opType, domain] = ["", "", ""];
  const [inputs, outputs]: string[][] = [[], []];
  const attributes: AttributeMessage[] = [];
  const metadata = new Map<string, string>();
  readFields(span, "a node", {
    1: (v) => inputs!.push(v.text()),
    2: (v) => outputs!.push(v.text()),
    3: (v) => (name = v.text()),
    4: (v) => (opType = v.text()),
    5: (v) => attributes.push(readAttribute(v.message(), depth)),
    7: (v) => (domain = v.text()),
    9: (v) => metadata.set(...readEntry(v.message())),
  });
  const module = moduleOf(name, metadata.get("pkg.torch.onnx.name_scopes"));
  const own = domain === "ai.onnx" ? "" : domain;
  return { offset: span.offset, name, opType, domain: own, module, inputs: inputs!, outputs: outputs!, attributes };
}

/** torch's exporters tell where a node is from: "/encoder/rnn/LSTM" the older, a list "['', 'encoder.rnn', 'lstm']" the newer. */
function moduleOf(name: string, scopes: string | undefined): string | undefined {
  const steps = scopes ? [...scopes.matchAll(/'([^']*)'/g)].map((match) => match[1]!) : name.split("/");
  if (steps[0] !== "" || steps.length < 2) return undefined;
  // The newer names each module by its whole path, the older by one step.
  return scopes ? (steps.slice(1, -1).at(-1) ?? "") : steps.slice(1, -1).join(".");
}

function readAttribute(span: Span, depth: number): AttributeMessage {
  let [name, type] = ["", 0];
  const [floats, ints, strings]: [number[], bigint[], string[]] = [[], [], []];
  const value: { -readonly [K in keyof AttributeValues]: AttributeValues[K] } = {
    float: 0,
    int: 0n,
    string: "",
    tensor: undefined,
    graph: undefined,
    floats,
    ints,
    strings,
  };
  let seen: AttributeMessage["kind"];
  readFields(span, "an attribute", {
    1: (v) => (name = v.text()),
    2: (v) => ([value.float, seen] = [v.float(), "float"]),
    3: (v) => ([value.int, seen] = [v.bigInteger(), "int"]),
    4: (v) => ([value.string, seen] = [v.text(), "string"]),
    5: (v) => ([value.tensor, seen] = [readTensor(v.message()), "tensor"]),
    6: (v) => ([value.graph, seen] = [readGraph(v.message(), depth + 1), "graph"]),
    7: (v) => {
      v.floats(floats);
      seen = "floats";
    },
    8: (v) => {
      v.bigIntegers(ints);
      seen = "ints";
    },
    9: (v) => {
      strings.push(v.text());
      seen = "strings";
    },
    20: (v) => (type = v.integer()),
  });
  // Old files do not say the type; what is there then says it.
  return { name, kind: type === 0 ? seen : ATTRIBUTE_KINDS[type], value };
}

/** Reads a tensor, without making numbers of its bytes. */
function readTensor(span: Span): TensorMessage {
  let [name, dataType, location, foreign] = ["", 0, 0, false];
  let raw: Uint8Array | undefined;
  const [dims, floats, ints, doubles]: number[][] = [[], [], [], []];
  const longs: bigint[] = [];
  const external = new Map<string, string>();
  const other: Fields[number] = (v) => {
    v.skip();
    foreign = true;
  };
  readFields(span, "a tensor", {
    1: (v) => v.integers(dims!),
    2: (v) => (dataType = v.integer()),
    3: other, // a segment of a tensor
    4: (v) => v.floats(floats!),
    5: (v) => v.integers(ints!),
    6: other, // strings
    7: (v) => v.bigIntegers(longs),
    8: (v) => (name = v.text()),
    9: (v) => (raw = v.bytes()),
    10: (v) => v.doubles(doubles!),
    11: other, // uint64
    13: (v) => external.set(...readEntry(v.message())),
    14: (v) => (location = v.integer()),
  });
  return {
    offset: span.offset,
    name,
    dims: dims!,
    dataType,
    raw,
    floats: floats!,
    ints: ints!,
    longs,
    doubles: doubles!,
    external: location !== 0 || external.size > 0 ? external : undefined,
    foreign,
  };
}

function readValue(span: Span): ValueMessage {
  let [name, dataType] = ["", 0];
  let shape: (number | string | undefined)[] | undefined;
  const readDim = (dim: Span): number | string | undefined => {
    let length: number | string | undefined;
    readFields(dim, "a dimension", { 1: (v) => (length = v.integer()), 2: (v) => (length = v.text()) });
    return length;
  };
  const readShape = (dims: Span): void => {
    const lengths: (number | string | undefined)[] = [];
    readFields(dims, "a shape", { 1: (v) => lengths.push(readDim(v.message())) });
    shape = lengths;
  };
  const readTensorType = (type: Span): void =>
    readFields(type, "a type", { 1: (v) => (dataType = v.integer()), 2: (v) => readShape(v.message()) });
  readFields(span, "a value", {
    1: (v) => (name = v.text()),
    2: (v) => readFields(v.message(), "a type", { 1: (type) => readTensorType(type.message()) }),
  });
  return { name, dataType, shape };
}
