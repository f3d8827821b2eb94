/** unrolled/onnx: ONNX files in and out. */
export { type LoadOptions, loadOnnx, type ModelValue, type NamedTensors, OnnxModel } from "./onnx/model.ts";
export { onnxStateDict } from "./onnx/state-dict.ts";
export type { ExternalData, ReadExternal } from "./onnx/tensors.ts";
export { onnxTensors } from "./onnx/weights.ts";
