/** Making ONNX files that no exporter would make, and hearing what is said of them. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { expect } from "vitest";
import { FormatError } from "../../src/formats/format-error.ts";
import { type WrittenModel, type WrittenNode, writeModel } from "../../src/onnx/write-messages.ts";
import { loadOnnx } from "../../src/onnx.ts";

/** The message of the FormatError that `body` ends in. */
export function refusal(body: () => unknown): string {
  try {
    return `no error: ${body()}`;
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  }
}

/** A field of a message. */
export type Field = readonly [field: number, value: Uint8Array | string | number];

/** A message of fields: bytes, text and messages are length-delimited, numbers are varints. */
export function fields(...entries: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, value] of entries) {
    if (typeof value === "number") writer.tag(field, WireType.Varint).int64(value);
    else if (typeof value === "string") writer.tag(field, WireType.LengthDelimited).string(value);
    else writer.tag(field, WireType.LengthDelimited).bytes(value);
  }
  return writer.finish();
}

/** Version 17 of the operators. */
export const OPSET = fields([1, ""], [2, 17]);
/** A file of this graph. */
export const model = (graph: Uint8Array, opset = OPSET): Uint8Array => fields([1, 8], [7, graph], [8, opset]);
/** A file of one initialiser. */
export const withTensor = (...entries: Field[]): Uint8Array => model(fields([5, fields(...entries)]));

/** A node. */
export const node = (
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  more = {},
): WrittenNode => ({
  opType,
  name: "",
  inputs,
  outputs,
  attributes: {},
  ...more,
});

const X = { name: "x", dataType: 1, shape: ["time", "batch", 2] };

/** A file of these nodes, from x (T, B, 2) to y. */
export function written(nodes: readonly WrittenNode[], more: Partial<WrittenModel> = {}): Uint8Array {
  const outputs = [{ ...X, name: "y" }];
  return writeModel({ opset: 17, name: "", nodes, initializers: new Map(), inputs: [X], outputs, ...more });
}

/** What is said of a file. */
export const load = (bytes: Uint8Array): string => refusal(() => loadOnnx(bytes));
