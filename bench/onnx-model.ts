/**
 * A recurrent layer as an ONNX file: one RNN, LSTM or GRU node for each layer, its output brought from (T, D, B, H) to
 * (T, B, D·H). The states of a stream are inputs and outputs.
 */
import { requirePeer } from "./installed.ts";
import { type Problem, reorderGates } from "./problem.ts";
import type { CellKind } from "./workloads.ts";

// torch has the gates i f g o and r z n; ONNX has i o f g and z r n.
const ORDER: Readonly<Record<CellKind, readonly number[]>> = { rnn: [0], lstm: [0, 3, 1, 2], gru: [1, 0, 2] };

const [FLOAT, INT64] = [1, 7];
const [INT_ATTRIBUTE, STRING_ATTRIBUTE, INTS_ATTRIBUTE] = [2, 3, 7];
const [IR_VERSION, OPSET] = [8, 17];

/** The states of a kind of layer, as the inputs of its file are called. */
export const STATES: Readonly<Record<CellKind, readonly string[]>> = { rnn: ["h"], gru: ["h"], lstm: ["h", "c"] };

/** What is used of the package that writes protocol buffers. */
interface OnnxProto {
  readonly onnx: {
    readonly ModelProto: {
      create(model: object): object;
      encode(model: object): { finish(): Uint8Array };
    };
  };
}

/** The bytes of the file: x (T, B, F) to y (T, B, D·H); of a stream also h, c (D, B, H) to hNext, cNext. */
export function onnxModel({ workload, cell, weights, x }: Problem): Uint8Array {
  const { F, H, B, T, layers, directions, mode } = workload;
  const streams = mode === "step";
  const states = STATES[cell];
  const initializer: object[] = [];
  const node: object[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const sides = directions === 2 ? ["", "_reverse"] : [""];
    const gather = (...roles: string[]): Float32Array =>
      join(
        sides.flatMap((side) =>
          roles.map((role) => reorderGates(weights.get(`${role}_l${layer}${side}`)!, ORDER[cell])),
        ),
      );
    const inputs = layer === 0 ? F : directions * H;
    const rows = ORDER[cell].length * H;
    initializer.push(
      floats(`W${layer}`, [directions, rows, inputs], gather("weight_ih")),
      floats(`R${layer}`, [directions, rows, H], gather("weight_hh")),
      floats(`b${layer}`, [directions, 2 * rows], gather("bias_ih", "bias_hh")),
    );
    node.push({
      opType: cell.toUpperCase(),
      input: [layer === 0 ? "x" : `x${layer}`, `W${layer}`, `R${layer}`, `b${layer}`, "", ...(streams ? states : [])],
      output: [`Y${layer}`, ...(streams ? states.map((name) => `${name}Next`) : [])],
      attribute: [
        { name: "hidden_size", type: INT_ATTRIBUTE, i: H },
        { name: "direction", type: STRING_ATTRIBUTE, s: bytes(directions === 2 ? "bidirectional" : "forward") },
        ...(cell === "gru" ? [{ name: "linear_before_reset", type: INT_ATTRIBUTE, i: 1 }] : []),
      ],
    });
    initializer.push({ name: `shape${layer}`, dataType: INT64, dims: [3], int64Data: [T, B, directions * H] });
    node.push(
      {
        opType: "Transpose",
        input: [`Y${layer}`],
        output: [`Z${layer}`],
        attribute: [{ name: "perm", type: INTS_ATTRIBUTE, ints: [0, 2, 1, 3] }],
      },
      {
        opType: "Reshape",
        input: [`Z${layer}`, `shape${layer}`],
        output: [layer === layers - 1 ? "y" : `x${layer + 1}`],
      },
    );
  }
  const carried = (suffix: string) =>
    streams ? states.map((name) => value(`${name}${suffix}`, [directions, B, H])) : [];
  const graph = {
    name: cell,
    node,
    initializer,
    input: [value("x", x.shape), ...carried("")],
    output: [value("y", [T, B, directions * H]), ...carried("Next")],
  };
  const { ModelProto } = (requirePeer("onnx-proto") as OnnxProto).onnx;
  const model = {
    irVersion: IR_VERSION,
    producerName: "unrolled-bench",
    opsetImport: [{ domain: "", version: OPSET }],
    graph,
  };
  return ModelProto.encode(ModelProto.create(model)).finish();
}

function value(name: string, shape: readonly number[]): object {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

function floats(name: string, dims: readonly number[], data: Float32Array): object {
  return { name, dataType: FLOAT, dims, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

function join(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
