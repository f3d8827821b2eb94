/** torch.nn: layers, cells, losses and what they are built from. */
export { Flatten, GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Tanh } from "./nn/activation.ts";
export type { BackwardHook, BackwardPreHook, ModuleGradients } from "./nn/backward-hooks.ts";
export { type CellOptions, GRUCell, LSTMCell, RecurrentCell, RNNCell, type RNNCellOptions } from "./nn/cell.ts";
export type { CellLayer, CellLayerClass, CellStep, StateOf } from "./nn/cell-layer.ts";
export { type Layer, ModuleDict, ModuleList, Sequential } from "./nn/container.ts";
export { deepcopy } from "./nn/copy.ts";
export { type CellDefinition, defineCell } from "./nn/define-cell.ts";
export { Dropout } from "./nn/dropout.ts";
export { Embedding, type EmbeddingOptions } from "./nn/embedding.ts";
export type { ForwardHook, ForwardPreHook } from "./nn/hooks.ts";
export * as init from "./nn/init.ts";
export { GRU, LSTM, type LSTMOptions, type LSTMState, RNN, RNNBase, type RNNOptions } from "./nn/layers.ts";
export { Identity, Linear, type LinearOptions } from "./nn/linear.ts";
export {
  BCELoss,
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
} from "./nn/loss.ts";
export { ModelStream, type ModelStreamOptions, type ModelStreamState, type NumbersOf } from "./nn/model-stream.ts";
export { Module, type NamedPair } from "./nn/module.ts";
export { CoupledLSTM, IndRNN, MGU, PeepholeLSTM } from "./nn/more-layers.ts";
export { Parameter } from "./nn/parameter.ts";
export { ParameterList } from "./nn/parameter-list.ts";
export { type ForwardOptions, Recurrent, type StreamOptions } from "./nn/recurrent.ts";
export type { RecurrentOptions } from "./nn/recurrent-options.ts";
export type { IncompatibleKeys, LoadOptions, StateDict } from "./nn/state-dict.ts";
export { Stream, type StreamNumbers, type StreamState } from "./nn/stream.ts";
export * as utils from "./utils.ts";
