/**
 * Trained layers that only run: a checkpoint and the layers to run it on, without tensors, history and random numbers.
 * It is what a page needs to use a network that was trained elsewhere, at a fraction of the bytes of `unrolled`.
 */
export { RuntimeError } from "./check.ts";
export { engine } from "./engine/settings.ts";
export { FormatError } from "./formats/format-error.ts";
export type { LoadOptions } from "./formats/torch.ts";
export { GRU, LSTM, RNN, type RunOptions, TrainedLayer, type TrainedOptions } from "./inference/layer.ts";
export { Stream } from "./inference/stream.ts";
export { load, type Weight, type Weights } from "./inference/weights.ts";
