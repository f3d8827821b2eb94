/**
 * The weights of a recurrent node, whose blocks of rows stand in another order than torch's.
 *
 *              ONNX        torch
 *     LSTM     i o f c     i f g o
 *     GRU      z r h       r z n
 *
 *     W (D, G·H, F)    R (D, G·H, H)    B (D, 2·G·H), first b_ih, then b_hh    P (D, 3·H), for i, o, f
 */
import type { Tensor } from "../autograd/tensor.ts";
import { sameDims } from "../dense/shape.ts";
import type { Call, Inputs } from "./call.ts";
import { KINDS, type RecurrentKind } from "./recurrent-form.ts";

/** The weights as the node has them. */
export interface NodeWeights {
  readonly W: Tensor;
  readonly R: Tensor;
  readonly B: Tensor | undefined;
  readonly P: Tensor | undefined;
}

/** The sizes that the weights tell. */
export interface NodeSizes {
  /** D */
  readonly directions: number;
  /** F */
  readonly inputSize: number;
  /** H */
  readonly hiddenSize: number;
}

/** Where torch's blocks stand in ONNX's weights, in torch's order. */
export const TORCH_ORDER: Readonly<Record<RecurrentKind, readonly number[]>> = {
  RNN: [0],
  GRU: [1, 0, 2],
  LSTM: [0, 2, 3, 1],
};

/** Where ONNX's blocks stand in torch's weights, in ONNX's order. */
export const ONNX_ORDER: Readonly<Record<RecurrentKind, readonly number[]>> = {
  RNN: [0],
  GRU: [1, 0, 2],
  LSTM: [0, 3, 1, 2],
};

/** The weights among the inputs of a node: X, W, R, B, sequence_lens, initial_h, initial_c, P. */
export function weightsOf(call: Call, inputs: Inputs): NodeWeights {
  const [, W, R, B, , , , P] = inputs;
  if (!W || !R) throw call.error(`input ${W ? "R" : "W"} is missing`);
  return { W, R, B, P };
}

/** Demands that the weights fit each other and the node. Errors: FormatError. */
export function expectWeights(call: Call, kind: RecurrentKind, { W, R, B, P }: NodeWeights): NodeSizes {
  const gates = KINDS[kind].gates;
  if (W.shape.length !== 3 || R.shape.length !== 3) throw call.error("W and R must have 3 dimensions");
  const [directions, , inputSize] = W.shape as readonly number[] as [number, number, number];
  const hiddenSize = R.shape[2]!;
  const wanted = call.string("direction", "forward") === "bidirectional" ? 2 : 1;
  const expected: [string, Tensor | undefined, number[]][] = [
    ["W", W, [wanted, gates * hiddenSize, inputSize]],
    ["R", R, [wanted, gates * hiddenSize, hiddenSize]],
    ["B", B, [wanted, 2 * gates * hiddenSize]],
    ["P", P, [wanted, 3 * hiddenSize]],
  ];
  for (const [name, tensor, shape] of expected) {
    if (!tensor) continue;
    if (!sameDims(tensor.shape, shape)) {
      throw call.error(`${name} has shape [${tensor.shape.join(", ")}], [${shape.join(", ")}] expected`);
    }
    if (tensor.dtype.kind !== "float" || tensor.dtype !== W.dtype) throw call.error(`${name} is of ${tensor.dtype}`);
  }
  if (hiddenSize === 0 || inputSize === 0) throw call.error("its weights are empty");
  return { directions, inputSize, hiddenSize };
}
