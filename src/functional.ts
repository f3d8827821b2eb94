/** torch.nn.functional: what layers compute, as functions. */

export {
  celu,
  glu,
  hardshrink,
  hardsigmoid,
  hardswish,
  mish,
  prelu,
  relu6,
  selu,
  softmin,
  softshrink,
  softsign,
  tanhshrink,
  threshold,
} from "./autograd/activation.ts";
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
} from "./autograd/binary-cross-entropy.ts";
export { type ClassLossOptions, type CrossEntropyOptions, crossEntropy, nllLoss } from "./autograd/cross-entropy.ts";
export { type EmbeddingOptions, embedding, oneHot } from "./autograd/embedding.ts";
export { linear } from "./autograd/linear.ts";
export {
  huberLoss,
  type KLDivOptions,
  klDiv,
  type LossOptions,
  l1Loss,
  mseLoss,
  type Reduction,
  smoothL1Loss,
} from "./autograd/loss.ts";
export { pad } from "./autograd/pad.ts";
export {
  elu,
  gelu,
  hardtanh,
  leakyRelu,
  logsigmoid,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "./autograd/pointwise.ts";
export { dropout } from "./autograd/random.ts";
export { cosineSimilarity, normalize } from "./autograd/similarity.ts";
export { logSoftmax, softmax } from "./autograd/softmax.ts";
