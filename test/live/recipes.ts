/** The recipes of layers.py, followed here: same seed, same calls in the same order, same names for what comes out. */
import * as torch from "unrolled";
import { nn, optim, type Tensor } from "unrolled";

/** What a recipe is made from; layers.py writes it. */
export interface Spec {
  readonly kind: "RNN" | "RNNCell" | "Linear" | "training";
  readonly seed: number;
  readonly dtype: "float32" | "float64";
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly T: number;
  readonly B: number;
  readonly numLayers: number;
  readonly nonlinearity: "tanh" | "relu";
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly batched: boolean;
  readonly state: boolean;
  readonly training: boolean;
  readonly inputGrad: boolean;
  readonly weightGrad: boolean;
  readonly through: "both" | "output" | "hn";
  readonly lead: readonly number[];
  readonly transposed: boolean;
  readonly words: number;
  readonly classes: number;
  readonly steps: number;
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly loss: "CrossEntropyLoss" | "MSELoss" | "BCEWithLogitsLoss" | "L1Loss" | "SmoothL1Loss";
}

type Tensors = Record<string, Tensor>;

/** What goes in and what comes out. */
export interface Outcome {
  readonly exact: Tensors;
  readonly results: Tensors;
  readonly next: Tensor;
}

/** Follows a recipe. */
export function follow(spec: Spec): Outcome {
  torch.manualSeed(spec.seed);
  const { exact, results } = RECIPES[spec.kind](spec);
  return { exact, results, next: torch.rand(3) };
}

const DTYPES = { float32: torch.float32, float64: torch.float64 };
const { BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, SmoothL1Loss } = nn;
const LOSSES = { BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, SmoothL1Loss };

type Recipe = (spec: Spec) => Omit<Outcome, "next">;

const RECIPES: Record<Spec["kind"], Recipe> = {
  RNN(spec) {
    const { inputSize, hiddenSize, numLayers, nonlinearity, bias, batchFirst, dropout, bidirectional, T, B } = spec;
    const dtype = DTYPES[spec.dtype];
    const options = { numLayers, nonlinearity, bias, batchFirst, dropout, bidirectional, dtype };
    const layer = new nn.RNN(inputSize, hiddenSize, options).train(spec.training).requiresGrad_(spec.weightGrad);
    const D = bidirectional ? 2 : 1;
    const lead = spec.batched ? (batchFirst ? [B, T] : [T, B]) : [T];
    const stateShape = spec.batched ? [D * numLayers, B, hiddenSize] : [D * numLayers, hiddenSize];
    const x = torch.randn([...lead, inputSize], { dtype, requiresGrad: spec.inputGrad });
    const h0 = spec.state ? torch.randn(stateShape, { dtype, requiresGrad: spec.inputGrad }) : undefined;
    const co = torch.randn([...lead, D * hiddenSize], { dtype });
    const ch = torch.randn(stateShape, { dtype });
    return compared(layer, { x, ...(h0 && { h0 }), co, ch }, () => {
      const [output, hn] = layer.forward(x, h0);
      const parts = { output: output.mul(co).sum(), hn: hn.mul(ch).sum() };
      const loss = spec.through === "both" ? parts.output.add(parts.hn) : parts[spec.through];
      return { output, hn, loss };
    });
  },

  RNNCell(spec) {
    const { inputSize, hiddenSize, bias, nonlinearity, T, B } = spec;
    const dtype = DTYPES[spec.dtype];
    const cell = new nn.RNNCell(inputSize, hiddenSize, { bias, nonlinearity, dtype });
    const lead = spec.batched ? [B] : [];
    const x = torch.randn([T, ...lead, inputSize], { dtype, requiresGrad: true });
    const h0 = spec.state ? torch.randn([...lead, hiddenSize], { dtype, requiresGrad: true }) : undefined;
    const ch = torch.randn([...lead, hiddenSize], { dtype });
    return compared(cell, { x, ...(h0 && { h0 }), ch }, () => {
      let hn = h0;
      for (const step of x) hn = cell.forward(step, hn);
      return { hn: hn!, loss: hn!.mul(ch).sum() };
    });
  },

  Linear(spec) {
    const { inputSize, hiddenSize, bias, lead } = spec;
    const dtype = DTYPES[spec.dtype];
    const layer = new nn.Linear(inputSize, hiddenSize, { bias, dtype });
    const x = torch.randn([...lead, inputSize], { dtype, requiresGrad: true });
    const swap = spec.transposed && lead.length > 1;
    const co = torch.randn([...(swap ? [lead[1]!, lead[0]!, ...lead.slice(2)] : lead), hiddenSize], { dtype });
    return compared(layer, { x, co }, () => {
      const output = layer.forward(swap ? x.transpose(0, 1) : x);
      return { output, loss: output.mul(co).sum() };
    });
  },

  training(spec) {
    const { words, inputSize, hiddenSize, classes, T, B, lr, momentum, weightDecay } = spec;
    const dtype = DTYPES[spec.dtype];
    const embedding = new nn.Embedding(words, inputSize, { dtype });
    const rnn = new nn.RNN(inputSize, hiddenSize, { dtype });
    const head = new nn.Linear(hiddenSize, classes, { dtype });
    const model = new nn.ModuleDict<nn.Module>({ embedding, rnn, head });
    const sentence = torch.randint(0, words, [T, B]);
    const isClass = spec.loss === "CrossEntropyLoss";
    const target = isClass ? torch.randint(0, classes, [B]) : torch.rand(B, classes, { dtype });
    const exact = parametersOf(model);
    const nesterov = spec.nesterov && momentum > 0;
    const optimizer = new optim.SGD(model.parameters(), { lr, momentum, weightDecay, nesterov });
    const criterion = new LOSSES[spec.loss]();
    const losses: Tensors = {};
    for (let step = 0; step < spec.steps; step += 1) {
      optimizer.zeroGrad();
      const [output] = rnn.forward(embedding.forward(sentence));
      const loss = criterion.forward(head.forward(output.at(-1)), target);
      loss.backward();
      optimizer.step();
      losses[`loss${step}`] = loss;
    }
    return { exact, results: { ...losses, ...parametersOf(model) } };
  },
};

/** What `run` gives, and the gradients of everything that wants one. */
function compared(module: nn.Module, inputs: Tensors, run: () => Tensors): Omit<Outcome, "next"> {
  const exact = { ...parametersOf(module), ...mapped(inputs, (x) => x.detach().clone()) };
  const { loss, ...results } = run();
  if (loss!.requiresGrad) {
    loss!.backward();
    for (const [name, leaf] of [...Object.entries(inputs), ...module.namedParameters()]) {
      if (leaf.grad) results[`d${name}`] = leaf.grad;
    }
  }
  return { exact, results };
}

function parametersOf(module: nn.Module): Tensors {
  return mapped(Object.fromEntries(module.namedParameters()), (p) => p.detach().clone());
}

function mapped(tensors: Tensors, f: (x: Tensor) => Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, f(x)]));
}
