/** The recipes of layers.py, followed here: same seed, same calls in the same order, same names for what comes out. */
import * as torch from "unrolled";
import { nn, optim, repr, type Tensor } from "unrolled";

/** What a recipe is made from; layers.py writes it. */
export interface Spec {
  readonly kind: "RNN" | "LSTM" | "GRU" | "RNNCell" | "LSTMCell" | "GRUCell" | "Linear" | "training";
  readonly seed: number;
  readonly dtype: "float32" | "float64" | "float16" | "bfloat16";
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
  readonly through: "both" | "output" | "states";
  readonly projSize: number;
  readonly packing: "sorted" | "unsorted" | "lengths" | null;
  readonly lengths: readonly number[];
  readonly special: "nan" | "inf" | "-inf" | null;
  readonly places: readonly number[];
  /** How the numbers of input and states lie in memory. */
  readonly layout: "transposed" | "sliced" | "expanded" | null;
  /** Whether gradients are asked for with a history of their own. */
  readonly createGraph: boolean;
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
  readonly repr: string;
  readonly exact: Tensors;
  readonly results: Tensors;
  readonly next: Tensor;
}

/** Follows a recipe. */
export function follow(spec: Spec): Outcome {
  torch.manualSeed(spec.seed);
  return { ...RECIPES[spec.kind](spec), next: torch.rand(3) };
}

const { float32, float64, float16, bfloat16 } = torch;
const DTYPES = { float32, float64, float16, bfloat16 };
const { BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, SmoothL1Loss } = nn;
const LOSSES = { BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, SmoothL1Loss };

type Recipe = (spec: Spec) => Omit<Outcome, "next">;

const RECIPES: Record<Spec["kind"], Recipe> = {
  RNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  RNNCell: cell,
  LSTMCell: cell,
  GRUCell: cell,

  Linear(spec) {
    const { inputSize, hiddenSize, bias, lead } = spec;
    const dtype = DTYPES[spec.dtype];
    const layer = new nn.Linear(inputSize, hiddenSize, { bias, dtype });
    const x = torch.randn([...lead, inputSize], { dtype, requiresGrad: true });
    const swap = spec.transposed && lead.length > 1;
    const co = torch.randn([...(swap ? [lead[1]!, lead[0]!, ...lead.slice(2)] : lead), hiddenSize], { dtype });
    return compared(spec, layer, { x, co }, () => {
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
    return { repr: repr(model), exact, results: { ...losses, ...parametersOf(model) } };
  },
};

type Layer = nn.Recurrent<Tensor | readonly Tensor[]>;

/** Halves are drawn as float32. */
function drawnAs({ dtype }: Spec): torch.DType {
  return dtype === "float64" ? float64 : float32;
}

function layerOf(spec: Spec): Layer {
  const { inputSize, hiddenSize, numLayers, nonlinearity, bias, batchFirst, dropout, bidirectional, projSize } = spec;
  const shared = { numLayers, bias, batchFirst, dropout, bidirectional, dtype: drawnAs(spec) };
  if (spec.kind === "RNN") return new nn.RNN(inputSize, hiddenSize, { ...shared, nonlinearity }) as Layer;
  if (spec.kind === "GRU") return new nn.GRU(inputSize, hiddenSize, shared) as Layer;
  return new nn.LSTM(inputSize, hiddenSize, { ...shared, projSize }) as unknown as Layer;
}

function recurrent(spec: Spec): Omit<Outcome, "next"> {
  const { inputSize, hiddenSize, numLayers, batchFirst, T, B, packing, lengths } = spec;
  const layer = layerOf(spec).to(DTYPES[spec.dtype]).train(spec.training).requiresGrad_(spec.weightGrad);
  const normal = (...shape: number[]): Tensor => torch.randn(shape, { dtype: drawnAs(spec) }).to(DTYPES[spec.dtype]);
  const [D, P] = [spec.bidirectional ? 2 : 1, spec.projSize || hiddenSize];
  const lead = spec.batched ? (batchFirst ? [B, T] : [T, B]) : [T];
  const rows = spec.batched ? [D * numLayers, B] : [D * numLayers];
  const states = spec.kind === "LSTM" ? { h: P, c: hiddenSize } : { h: P };
  const perState = (key: (name: string) => string, lay = (shape: number[]) => shape): Tensors =>
    Object.fromEntries(Object.entries(states).map(([name, size]) => [key(name), normal(...lay([...rows, size]))]));
  const lay = (shape: number[]): number[] => laidOut(spec, shape);
  const inputs: Tensors = { x: withSpecials(normal(...lay([...lead, inputSize])), spec) };
  const start = spec.state ? perState((name) => `${name}0`, lay) : {};
  Object.assign(inputs, start);
  for (const input of Object.values(inputs)) input.requiresGrad_(spec.inputGrad);
  const packed = packing === "sorted" || packing === "unsorted";
  const total = packed ? [lengths.reduce((a, b) => a + b)] : lead;
  const towards = normal(...total, D * P);
  const towardsStates = perState((name) => `towards_${name}`);
  return compared(spec, layer, { ...inputs, towards, ...towardsStates }, () => {
    const x = seenAs(spec, inputs.x!, lead.slice(1, 2));
    const given = opened(Object.values(start).map((state) => seenAs(spec, state, rows.slice(1, 2))));
    const run = (): readonly [Tensor, Tensor | readonly Tensor[]] => {
      if (packing === "lengths") return layer.forward(x, given, { lengths });
      if (!packed) return layer.forward(x, given);
      const enforceSorted = packing === "sorted";
      const [output, end] = layer.forward(
        nn.utils.packPaddedSequence(x, lengths, { batchFirst, enforceSorted }),
        given,
      );
      return [output.data, end];
    };
    const [output, end] = run();
    const ends = named(Object.keys(states), end);
    const parts = { output: output.mul(towards).sum(), states: weighed(ends, towardsStates) };
    const loss = spec.through === "both" ? parts.output.add(parts.states) : parts[spec.through];
    return { output, ...ends, loss };
  });
}

function cell(spec: Spec): Omit<Outcome, "next"> {
  const { inputSize, hiddenSize, bias, nonlinearity, T, B } = spec;
  const dtype = DTYPES[spec.dtype];
  const options = { bias, dtype, ...(spec.kind === "RNNCell" && { nonlinearity }) };
  const module = new nn[spec.kind as "RNNCell"](inputSize, hiddenSize, options);
  const lead = spec.batched ? [B] : [];
  const names = spec.kind === "LSTMCell" ? ["h", "c"] : ["h"];
  const perState = (key: (name: string) => string): Tensors =>
    Object.fromEntries(names.map((name) => [key(name), torch.randn([...lead, hiddenSize], { dtype })]));
  const x = withSpecials(torch.randn([T, ...lead, inputSize], { dtype }), spec);
  const start = spec.state ? perState((name) => `${name}0`) : {};
  for (const input of [x, ...Object.values(start)]) input.requiresGrad_();
  const towards = perState((name) => `towards_${name}`);
  return compared(spec, module, { x, ...start, ...towards }, () => {
    let state = opened(Object.values(start));
    for (const step of x) state = module.forward(step, state as Tensor);
    const ends = named(names, state!);
    return { ...ends, loss: weighed(ends, towards) };
  });
}

/** A state as layers and cells take it: nothing, one tensor, or a pair. */
function opened(states: readonly Tensor[]): Tensor | readonly Tensor[] | undefined {
  return states.length > 1 ? states : states[0];
}

function named(names: readonly string[], states: Tensor | readonly Tensor[]): Tensors {
  const list = (Array.isArray(states) ? states : [states]) as readonly Tensor[];
  return Object.fromEntries(names.map((name, i) => [`${name}n`, list[i]!]));
}

/** Σ state·weight over all states. */
function weighed(ends: Tensors, towards: Tensors): Tensor {
  return Object.entries(ends)
    .map(([name, end]) => end.mul(towards[`towards_${name[0]}`]!).sum())
    .reduce((a, b) => a.add(b));
}

/** The shape of what is made, for its view of this shape not to lie together in memory. */
function laidOut({ layout }: Spec, shape: number[]): number[] {
  const [first, second, third] = shape as [number, number, number?];
  if (layout === "transposed") return [second, first, ...shape.slice(2)];
  if (layout === "sliced") return [...shape.slice(0, -1), 2 * shape.at(-1)!];
  return layout === "expanded" && third !== undefined ? [first, 1, third] : shape;
}

/** The view of what `laidOut` has made. */
function seenAs({ layout }: Spec, x: Tensor, second: readonly number[]): Tensor {
  if (layout === "transposed") return x.transpose(0, 1);
  if (layout === "sliced") return x.at("..., ::2");
  return layout === "expanded" && x.dim() === 3 ? x.expand(-1, ...second, -1) : x;
}

const SPECIALS = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY };

function withSpecials(x: Tensor, { special, places }: Spec): Tensor {
  const count = x.numel();
  for (const place of count > 0 ? places : []) x.view(-1).set(place % count, SPECIALS[special!]);
  return x;
}

/** What `run` gives, and the gradients of everything that wants one. */
function compared(
  { createGraph }: Spec,
  module: nn.Module,
  inputs: Tensors,
  run: () => Tensors,
): Omit<Outcome, "next"> {
  const exact = { ...parametersOf(module), ...mapped(inputs, (x) => x.detach().clone()) };
  const { loss, ...results } = run();
  const given = { repr: repr(module), exact, results };
  if (!loss!.requiresGrad) return given;
  const leaves = [...Object.entries(inputs), ...module.namedParameters()].filter(([, x]) => x.requiresGrad);
  const wanted = leaves.map(([, x]) => x);
  const slopes = createGraph ? torch.autograd.grad(loss!, wanted, { createGraph, allowUnused: true }) : undefined;
  if (!slopes) loss!.backward();
  for (const [i, [name, leaf]] of leaves.entries()) {
    const slope = slopes ? slopes[i] : leaf.grad;
    if (slope) results[`d${name}`] = slope;
  }
  return given;
}

function parametersOf(module: nn.Module): Tensors {
  return mapped(Object.fromEntries(module.namedParameters()), (p) => p.detach().clone());
}

function mapped(tensors: Tensors, f: (x: Tensor) => Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, f(x)]));
}
