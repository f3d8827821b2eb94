/** unrolled/onnx: ONNX files in and out. */
export { type ExportOptions, exportOnnx, type Network } from "./onnx/export.ts";
export { LastStep } from "./onnx/last-step.ts";
export { type LoadOptions, loadOnnx, type ModelValue, type NamedTensors, OnnxModel } from "./onnx/model.ts";
export { RecurrentNode } from "./onnx/recurrent.ts";
export type { RecurrentForm } from "./onnx/recurrent-form.ts";
export { onnxStateDict } from "./onnx/state-dict.ts";
export type { ExternalData, ReadExternal } from "./onnx/tensors.ts";
export { onnxTensors } from "./onnx/weights.ts";
