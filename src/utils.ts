/** torch.nn.utils, with torch.nn.utils.rnn: packing sequences, clipping gradients, parameters as one vector. */
export { clipGradNorm_, clipGradsWithNorm_, clipGradValue_, getTotalNorm, type NormOptions } from "./nn/clip.ts";
export {
  type PackOptions,
  type PackPaddedOptions,
  type PadPackedOptions,
  packPaddedSequence,
  packSequence,
  padPackedSequence,
  unpackSequence,
} from "./nn/pack.ts";
export { invertPermutation, PackedSequence } from "./nn/packed.ts";
export { type PadOptions, padSequence, unpadSequence } from "./nn/pad.ts";
export { parametersToVector, vectorToParameters } from "./nn/vector.ts";
