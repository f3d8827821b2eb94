/** Writing the messages of an ONNX file: the mirror of read-messages.ts, for what an export has. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Dense } from "../dense/dense.ts";
import { bytesOfElements } from "../formats/memory.ts";
import { dataTypeOf } from "./tensors.ts";

/** The constants of a node: a whole number has none, a float is marked. */
export type WrittenAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: readonly number[] };

/** A node to be written. */
export interface WrittenNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, WrittenAttribute>>;
}

/** A value that goes in or out: names stand for lengths that are not fixed. */
export interface WrittenValue {
  readonly name: string;
  readonly dataType: number;
  readonly shape: readonly (number | string)[];
}

/** A model to be written. */
export interface WrittenModel {
  readonly opset: number;
  readonly name: string;
  readonly nodes: readonly WrittenNode[];
  readonly initializers: ReadonlyMap<string, Dense>;
  readonly inputs: readonly WrittenValue[];
  readonly outputs: readonly WrittenValue[];
}

/** The version of the file format itself: what opset 17 came with, so that older readers may read. */
const IR_VERSION = 8;

/** The bytes of a file. */
export function writeModel(model: WrittenModel): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  int(writer, 1, IR_VERSION);
  text(writer, 2, "unrolled");
  message(writer, 7, () => writeGraph(writer, model));
  message(writer, 8, () => {
    text(writer, 1, "");
    int(writer, 2, model.opset);
  });
  return writer.finish();
}

function writeGraph(writer: BinaryWriter, model: WrittenModel): void {
  for (const node of model.nodes) message(writer, 1, () => writeNode(writer, node));
  text(writer, 2, model.name);
  for (const [name, value] of model.initializers) message(writer, 5, () => writeTensor(writer, name, value));
  for (const value of model.inputs) message(writer, 11, () => writeValue(writer, value));
  for (const value of model.outputs) message(writer, 12, () => writeValue(writer, value));
}

function writeNode(writer: BinaryWriter, node: WrittenNode): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 3, node.name);
  text(writer, 4, node.opType);
  for (const [name, value] of Object.entries(node.attributes)) {
    message(writer, 5, () => writeAttribute(writer, name, value));
  }
}

/** The type is written beside the value: 1 float, 2 int, 3 string, 6 floats, 7 ints, 8 strings. */
function writeAttribute(writer: BinaryWriter, name: string, value: WrittenAttribute): void {
  text(writer, 1, name);
  const [type, write] = attributeOf(writer, value);
  write();
  int(writer, 20, type);
}

function attributeOf(writer: BinaryWriter, value: WrittenAttribute): [type: number, write: () => void] {
  if (typeof value === "number") return [2, () => int(writer, 3, value)];
  if (typeof value === "string") return [3, () => text(writer, 4, value)];
  if ("float" in value) return [1, () => writer.tag(2, WireType.Bit32).float(value.float)];
  if ("floats" in value) {
    return [6, () => each(value.floats, (number) => writer.tag(7, WireType.Bit32).float(number))];
  }
  const entries: readonly (number | string)[] = value;
  if (typeof entries[0] === "string") return [8, () => each(entries, (entry) => text(writer, 9, String(entry)))];
  return [7, () => each(entries, (entry) => int(writer, 8, Number(entry)))];
}

function each<T>(values: readonly T[], write: (value: T) => unknown): void {
  for (const value of values) write(value);
}

function writeTensor(writer: BinaryWriter, name: string, value: Dense): void {
  for (const length of value.shape) int(writer, 1, length);
  int(writer, 2, dataTypeOf(value.dtype));
  text(writer, 8, name);
  writer.tag(9, WireType.LengthDelimited).bytes(bytesOfElements(value));
}

function writeValue(writer: BinaryWriter, { name, dataType, shape }: WrittenValue): void {
  const dimension = (length: number | string): void =>
    message(writer, 1, () => (typeof length === "number" ? int(writer, 1, length) : text(writer, 2, length)));
  text(writer, 1, name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      int(writer, 1, dataType);
      message(writer, 2, () => each(shape, dimension));
    }),
  );
}

function int(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value);
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function message(writer: BinaryWriter, field: number, body: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  body();
  writer.join();
}
