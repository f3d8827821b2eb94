/** The proof of an export: the file is read again and runs beside the network, on numbers that look random. */
import { noGrad } from "../autograd/mode.ts";
import { Tensor } from "../autograd/tensor.ts";
import { elements, wrap } from "../dense/dense.ts";
import { bfloat16, type DType, float16, float64, int32 } from "../dense/dtype.ts";
import { product } from "../dense/shape.ts";
import { FormatError } from "../formats/format-error.ts";
import { Embedding } from "../nn/embedding.ts";
import { LSTM } from "../nn/layers.ts";
import type { Module } from "../nn/module.ts";
import { loadOnnx, type OnnxModel } from "./model.ts";
import { isRecurrent, RecurrentNode, type TorchLayer } from "./recurrent.ts";

/** What is known of an exported network. */
export interface Exported {
  readonly input: { readonly shape: readonly (number | string)[]; readonly dtype: DType };
  readonly batchFirst: boolean;
  readonly states: boolean;
  readonly lengths: boolean;
}

/** What names of lengths stand for in the proof. The proof must not be long, and nothing may be 1. */
const LENGTHS: Readonly<Record<string, number>> = { batch: 2, time: 3, features: 5 };

/** Demands that a file computes what the layers compute. Errors: FormatError. */
export function expectSameResults(bytes: Uint8Array, layers: readonly { module: Module }[], exported: Exported): void {
  const model = loadOnnx(bytes);
  const modules = layers.map(({ module }) => module);
  noGrad(() =>
    evaluating(modules, () => {
      const given = inputsOf(model, modules);
      const ours = new Map<string, Tensor>();
      runLayers(modules, given, exported, ours);
      for (const [name, theirs] of model.forward(given)) expectClose(name, ours.get(name), theirs);
    }),
  );
}

/** Switches training off, and on again where it was on. */
function evaluating(modules: readonly Module[], body: () => void): void {
  const all = modules.flatMap((module) => [...module.modules()]);
  const training = all.map((module) => module.training);
  try {
    for (const module of all) module.training = false;
    body();
  } finally {
    for (const [i, module] of all.entries()) module.training = training[i]!;
  }
}

/** Numbers for every input of the model: floats between -1 and 1, rows of the embedding, lengths. */
function inputsOf(model: OnnxModel, modules: readonly Module[]): Map<string, Tensor> {
  const first = modules[0];
  const rows = first instanceof Embedding ? first.numEmbeddings : 1;
  return new Map(
    model.inputs.map(({ name, dtype, shape }) => {
      const lengths = shape!.map((length) => (typeof length === "number" ? length : LENGTHS[length ?? ""]!));
      const data = dtype!.allocate(product(lengths));
      for (let i = 0; i < data.length; i += 1) {
        if (dtype === int32) data[i] = LENGTHS.time! - i;
        else if (dtype!.kind === "integer") data[i] = BigInt((7 * i + 3) % rows);
        else data[i] = (dtype!.round ?? Number)(Math.sin(12.9898 * (i + 1)));
      }
      return [name, new Tensor(wrap(data, lengths, dtype!))];
    }),
  );
}

/** What the layers give: the output, and the states where they go out. */
function runLayers(
  modules: readonly Module[],
  given: ReadonlyMap<string, Tensor>,
  exported: Exported,
  results: Map<string, Tensor>,
): void {
  const starts = [...given].filter(([name]) => /(?:^|\.)[hc]0$/.test(name));
  const lengths = exported.lengths ? Array.from(elements(given.get("lengths")!.value), Number) : undefined;
  let x = given.get("input")!;
  for (const module of modules) {
    if (!isRecurrent(module)) {
      x = (module as Module & { forward(x: Tensor): Tensor }).forward(x);
      continue;
    }
    const own = exported.states ? starts.splice(0, statesOf(module)) : [];
    const [output, ends] = runRecurrent(
      module,
      x,
      own.map(([, state]) => state),
      lengths,
    );
    for (const [i, [name]] of own.entries()) results.set(name.replace(/0$/, "n"), ends[i]!);
    x = output;
  }
  results.set("output", x);
}

function statesOf(module: Module): number {
  const kind = module instanceof RecurrentNode ? module.form.kind : module.name();
  return kind === "LSTM" ? 2 : 1;
}

function runRecurrent(
  module: Module,
  x: Tensor,
  start: readonly Tensor[],
  lengths?: readonly number[],
): readonly [Tensor, readonly Tensor[]] {
  const given = start.length > 0 ? start : undefined;
  if (module instanceof RecurrentNode) return module.forward(x, given, lengths);
  const options = lengths ? { lengths } : {};
  if (module instanceof LSTM) {
    const [output, states] = module.forward(x, given && [given[0]!, given[1]!], options);
    return [output, states];
  }
  const [output, state] = (module as Exclude<TorchLayer, LSTM>).forward(x, given?.[0], options);
  return [output, [state]];
}

/** How far apart two ways to the same numbers may be: some roundings of the dtype. */
function tolerance(dtype: DType): number {
  if (dtype === float64) return 1e-12;
  return dtype === float16 || dtype === bfloat16 ? 3e-2 : 1e-5;
}

function expectClose(name: string, ours: Tensor | undefined, theirs: Tensor): void {
  const fail = (text: string): FormatError =>
    new FormatError(`the file does not compute what the network does: ${text}`, { format: "onnx", part: name });
  if (!ours) throw fail("the network has no such result");
  if (ours.shape.join() !== theirs.shape.join())
    throw fail(`shape [${theirs.shape.join(", ")}], not [${ours.shape.join(", ")}]`);
  const [a, b] = [elements(ours.value), elements(theirs.value)];
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (Object.is(x, y) || Math.abs(x - y) <= tolerance(ours.dtype) * Math.max(1, Math.abs(x))) continue;
    throw fail(`${y}, not ${x}`);
  }
}
