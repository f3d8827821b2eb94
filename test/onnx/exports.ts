/** Exports of all kinds, with inputs of other sizes than those that the export itself is proved with. */
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";
import type { Module } from "../../src/nn/module.ts";
import { type WrittenAttribute, writeModel } from "../../src/onnx/write-messages.ts";
import { exportOnnx, LastStep, loadOnnx, type Network } from "../../src/onnx.ts";

const LAYERS = { RNN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU };
const [T, B, F, H] = [7, 3, 5, 4];

/** An export, inputs for it, and what it should give. */
export interface ExportCase {
  readonly spec: string;
  readonly model: Uint8Array;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/** Recurrent layers by themselves: every combination of their options, or one in so many. */
export function* layerCases(every = 1): IterableIterator<ExportCase> {
  let count = 0;
  for (const kind of ["RNN", "LSTM", "GRU"] as const)
    for (const numLayers of [1, 3])
      for (const bidirectional of [false, true])
        for (const bias of [true, false])
          for (const batchFirst of [false, true])
            for (const states of [false, true])
              for (const lengths of [false, true]) {
                count += 1;
                if (count % every !== 0) continue;
                const own = { numLayers, bidirectional, bias, batchFirst };
                const more = kind === "RNN" && numLayers === 3 ? { nonlinearity: "relu" as const } : {};
                const layer = new LAYERS[kind](F, H, { ...own, ...more });
                const options = { states, lengths, opset: 17 + (Number(states) + 2 * Number(lengths)) };
                const spec = `${layer} ${JSON.stringify(options)}`;
                yield caseOf(spec, exportOnnx(layer, options), batchFirst ? [B, T, F] : [T, B, F]);
              }
}

/** Inputs by the model's own account; the outputs are those of our reading, which the export has proved. */
function caseOf(spec: string, bytes: Uint8Array, shape: readonly number[], highest?: number): ExportCase {
  const model = loadOnnx(bytes);
  const named: Readonly<Record<string, number>> = { batch: B, time: T, features: F };
  const inputs = model.inputs.map(({ name, dtype, shape: stated }): [string, Tensor] => {
    const own = name === "input" ? shape : stated!.map((length) => named[length!] ?? Number(length));
    if (name === "lengths") return [name, torch.tensor([7, 1, 4], { dtype: torch.int32 })];
    return [name, highest && name === "input" ? torch.randint(highest, own) : torch.randn(own, { dtype: dtype! })];
  });
  const outputs = torch.noGrad(() => model.forward(new Map(inputs)));
  return { spec, model: bytes, inputs: new Map(inputs), outputs };
}

/** Networks of several layers, and nodes of forms that torch has no layer for. */
export function* networkCases(): IterableIterator<ExportCase> {
  const tagger = {
    embedding: new nn.Embedding(11, F),
    dropout: new nn.Dropout(0.5),
    lstm: new nn.LSTM(F, H, { numLayers: 2, bidirectional: true, dropout: 0.3 }),
    fc: new nn.Linear(2 * H, 3),
    out: new nn.LogSoftmax(-1),
  };
  yield caseOf("tagger", exportOnnx(tagger, { lengths: true }), [T, B], 11);
  const activations = [
    new nn.GELU(),
    new nn.SiLU(),
    new nn.LeakyReLU(0.2),
    new nn.Tanh(),
    new nn.ReLU(),
    new nn.Sigmoid(),
  ];
  const classifier = [
    new nn.GRU(F, H, { batchFirst: true }),
    new LastStep({ batchFirst: true }),
    new nn.Sequential(new nn.Linear(H, 6), ...activations, new nn.Linear(6, 2, { bias: false })),
    new nn.Softmax(1),
  ];
  yield caseOf("classifier", exportOnnx(classifier, { states: true }), [B, T, F]);
  const pair: Network = {
    encoder: new nn.GRU(F, H),
    decoder: new nn.LSTM(H, H, { numLayers: 2 }),
    flat: new nn.Flatten(1),
  };
  yield caseOf("pair", exportOnnx(pair, { states: true, opset: 21 }), [T, B, F]);
  yield caseOf("no sequence", exportOnnx(new nn.Sequential(new nn.Linear(F, 3), new nn.Identity())), [B, F]);
  // onnxruntime has no recurrent operator in double precision
  yield caseOf("float64", exportOnnx([new nn.Linear(F, 3, { dtype: torch.float64 }), new nn.Tanh()]), [B, F]);
  const resetBefore = recurrentNode("GRU", {
    linear_before_reset: 0,
    clip: { float: 0.7 },
    direction: "bidirectional",
  });
  yield caseOf("reset before the matrix", exportOnnx(resetBefore, { states: true }), [T, B, F]);
  const coupled = recurrentNode("LSTM", {
    input_forget: 1,
    direction: "reverse",
    activations: ["HardSigmoid", "Softsign", "Elu"],
    activation_alpha: { floats: [0.3, 0.8] },
    activation_beta: { floats: [0.4] },
  });
  yield caseOf("coupled", exportOnnx(coupled, { states: true, lengths: true, opset: 20 }), [T, B, F]);
}

/** A node with drawn weights, from a file that says so. */
function recurrentNode(kind: "GRU" | "LSTM", attributes: Readonly<Record<string, WrittenAttribute>>): Module {
  const rows = { GRU: 3, LSTM: 4 }[kind] * H;
  const D = attributes.direction === "bidirectional" ? 2 : 1;
  const shapes = { W: [D, rows, F], R: [D, rows, H], B: [D, 2 * rows], ...(kind === "LSTM" && { P: [D, 3 * H] }) };
  const weights = Object.entries(shapes).map(([name, shape]) => [name, torch.randn(shape).value] as const);
  const inputs = ["X", "W", "R", "B", "", "", "", "P"].slice(0, kind === "LSTM" ? 8 : 4);
  const bytes = writeModel({
    opset: 17,
    name: "graph",
    nodes: [{ opType: kind, name: "node", inputs, outputs: ["Y"], attributes }],
    initializers: new Map(weights),
    inputs: [{ name: "X", dataType: 1, shape: ["time", "batch", F] }],
    outputs: [{ name: "Y", dataType: 1, shape: ["time", D, "batch", H] }],
  });
  return [...loadOnnx(bytes).recurrent.values()][0]!;
}
