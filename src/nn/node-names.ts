/** Where torch's ways of running a stack show in the names of its nodes. */
import { bfloat16, type DType, float32 } from "../dense/dtype.ts";

/** The names that depend on the kind of layer. */
export interface NodeNames {
  /** torch's name for the transposition of batch-first outputs: in place or as a view. */
  readonly transposed: string;
  /** torch's fused kernel for sequences of one length and this dtype, if it has one. */
  readonly fused: (dtype: DType) => string | undefined;
}

/** RNN and GRU. */
export const PLAIN_NAMES: NodeNames = { transposed: "TransposeBackward1", fused: () => undefined };

/** LSTM: on x86 torch runs a batch of float32 or bfloat16 through oneDNN. */
export const LSTM_NAMES: NodeNames = {
  transposed: "TransposeBackward0",
  fused: (dtype) => (dtype === float32 || dtype === bfloat16 ? "MkldnnRnnLayerBackward0" : undefined),
};
