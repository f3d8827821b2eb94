/**
 * Recurrent nodes as modules. What torch has a layer for runs as that layer, `nn.RNN`, `nn.LSTM` or `nn.GRU` with its
 * weights in torch's order; every other variant runs step by step. Both give what the operator gives.
 */
import { zeros } from "../autograd/create.ts";
import { cat, chunk, split, stack } from "../autograd/join.ts";
import { noGrad } from "../autograd/mode.ts";
import { getRngState, setRngState } from "../autograd/random.ts";
import { transpose } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { reshape, selectAt } from "../autograd/views.ts";
import { sameDims } from "../dense/shape.ts";
import { GRU, LSTM, RNN } from "../nn/layers.ts";
import { Module } from "../nn/module.ts";
import { Parameter } from "../nn/parameter.ts";
import type { Call, Inputs } from "./call.ts";
import { isPlain, KINDS, type RecurrentForm, type RecurrentKind, readForm } from "./recurrent-form.ts";
import { runSteps, type SideWeights, type States } from "./recurrent-steps.ts";
import { expectWeights, type NodeSizes, type NodeWeights, TORCH_ORDER } from "./recurrent-weights.ts";
import { readLengths, reversed, withoutEmpty } from "./sequences.ts";

/** A layer of torch's. */
export type TorchLayer = RNN | LSTM | GRU;

/** Whether a module is a recurrent layer that ONNX has an operator for. */
export function isRecurrent(module: Module): module is TorchLayer | RecurrentNode {
  return [RNN, LSTM, GRU, RecurrentNode].some((kind) => module instanceof kind);
}

/** Runs x (T, B, F) in all directions. Gives the output (T, B, D·H) and the last states (D, B, H). */
type RunAll = (x: Tensor, start: States, lengths: readonly number[] | undefined) => { output: Tensor; states: States };

/** A recurrent node with its weights. */
export class RecurrentNode extends Module {
  readonly form: RecurrentForm;
  readonly sizes: NodeSizes;
  /** The layer of torch's that computes this, if there is one. */
  readonly layer: TorchLayer | undefined;
  /** The weights as the operator has them, where there is no such layer. */
  readonly weights: NodeWeights | undefined;

  /** `constant`: the weights are the file's, not computed. Errors: FormatError for weights that do not fit. */
  constructor(call: Call, kind: RecurrentKind, given: NodeWeights, constant: boolean) {
    super();
    this.sizes = expectWeights(call, kind, given);
    this.form = readForm(call, kind, this.sizes.hiddenSize);
    if (constant && isPlain(this.form) && !given.P) {
      this.layer = torchLayer(this.form, this.sizes, given);
    } else {
      this.weights = constant ? this.learned(given) : given;
    }
  }

  /** Weights of the file as parameters, which optimisers find. */
  private learned(given: NodeWeights): NodeWeights {
    const learn = (name: string, tensor: Tensor | undefined): Parameter | undefined => {
      if (!tensor) return undefined;
      const parameter = tensor instanceof Parameter ? tensor : new Parameter(tensor);
      this.registerParameter(name, parameter);
      return parameter;
    };
    const { W, R, B, P } = given;
    return { W: learn("W", W)!, R: learn("R", R)!, B: learn("B", B), P: learn("P", P) };
  }

  /** The inputs of the node to its outputs: Y, Y_h and, of an LSTM, Y_c. Errors: FormatError. */
  run(call: Call, inputs: Inputs): Tensor[] {
    const { form, sizes } = this;
    const [given, , , , sequenceLengths, h0, c0] = inputs;
    if (given?.shape.length !== 3) throw call.error("input X must have 3 dimensions");
    const x = form.batchFirst ? transpose(given, 0, 1) : given;
    const [T, B, F] = x.shape as readonly number[] as [number, number, number];
    if (F !== sizes.inputSize) throw call.error(`input X has ${F} features, ${sizes.inputSize} expected`);
    if (T === 0) throw call.error("input X has no step");
    const lengths = readLengths(call, sequenceLengths, T, B);
    const start = [h0, c0].slice(0, KINDS[form.kind].states).map((state) => this.start(call, state, x, B));
    const [output, states] = this.forward(x, start, lengths);
    return this.arranged(
      output,
      states.map((state) => withoutEmpty(state, lengths)),
    );
  }

  /**
   * As torch's layers: x (T, B, F) and the states (D, B, H), zero if absent, to the output (T, B, D·H) and the last states.
   * The sequences may have lengths.
   */
  override forward(x: Tensor, start?: States, lengths?: readonly number[]): readonly [output: Tensor, states: States] {
    const { form, layer, weights, sizes } = this;
    const zero = (): Tensor => zeros([sizes.directions, x.shape[1]!, sizes.hiddenSize], { dtype: x.dtype });
    const from = start ?? Array.from({ length: KINDS[form.kind].states }, zero);
    const run = layer ? asLayer(form, layer) : bySteps(form, weights!);
    const { output, states } = run(x, from, lengths);
    return [output, states];
  }

  /** A state (D, B, H), zero if it is absent. */
  private start(call: Call, state: Tensor | undefined, x: Tensor, B: number): Tensor {
    const shape = [this.sizes.directions, B, this.sizes.hiddenSize];
    if (!state) return zeros(shape, { dtype: x.dtype });
    const arranged = this.form.batchFirst && state.shape.length === 3 ? transpose(state, 0, 1) : state;
    if (sameDims(arranged.shape, shape)) return arranged;
    throw call.error(`an initial state has shape [${arranged.shape.join(", ")}], [${shape.join(", ")}] expected`);
  }

  /** From (T, B, D·H) and (D, B, H) to the operator's (T, D, B, H) and (D, B, H), or with the batch first. */
  private arranged(output: Tensor, states: readonly Tensor[]): Tensor[] {
    const { directions: D, hiddenSize: H } = this.sizes;
    const [T, B] = output.shape as readonly number[] as [number, number];
    const parted = reshape(output, [T, B, D, H]);
    if (this.form.batchFirst) return [transpose(parted, 0, 1), ...states.map((state) => transpose(state, 0, 1))];
    return [transpose(parted, 1, 2), ...states];
  }
}

/** The layer, which reads forwards: what is to be read backwards is reversed before and after. */
function asLayer({ direction }: RecurrentForm, layer: TorchLayer): RunAll {
  const backwards = direction === "reverse";
  return (given, start, lengths) => {
    const x = backwards ? reversed(given, lengths) : given;
    const options = lengths ? { lengths } : {};
    const [output, states] =
      layer instanceof LSTM ? runLSTM(layer, x, start, options) : runOne(layer, x, start, options);
    return { output: backwards ? reversed(output, lengths) : output, states };
  };
}

type LengthsOption = { readonly lengths?: readonly number[] };

function runLSTM(layer: LSTM, x: Tensor, [h, c]: States, options: LengthsOption): [Tensor, States] {
  const [output, states] = layer.forward(x, [h!, c!], options);
  return [output, [...states]];
}

function runOne(layer: RNN | GRU, x: Tensor, [h]: States, options: LengthsOption): [Tensor, States] {
  const [output, state] = layer.forward(x, h!, options);
  return [output, [state]];
}

function bySteps(form: RecurrentForm, weights: NodeWeights): RunAll {
  return (x, start, lengths) => {
    const sides = sidesOf(weights).map((side, d) => {
      const backwards = d === 1 || form.direction === "reverse";
      const own = start.map((state) => selectAt(state, 0, d));
      const { output, states } = runSteps(form, d, side, backwards ? reversed(x, lengths) : x, own, lengths);
      return { output: backwards ? reversed(output, lengths) : output, states };
    });
    const states = start.map((_, i) => stack(sides.map((side) => side.states[i]!)));
    return {
      output: cat(
        sides.map(({ output }) => output),
        -1,
      ),
      states,
    };
  };
}

/** The weights of each direction. */
function sidesOf({ W, R, B, P }: NodeWeights): SideWeights[] {
  return Array.from({ length: W.shape[0]! }, (_, d) => {
    const [Wb, Rb] = B ? chunk(selectAt(B, 0, d), 2) : [];
    return {
      W: selectAt(W, 0, d),
      R: selectAt(R, 0, d),
      Wb,
      Rb,
      peepholes: P && [...chunk(selectAt(P, 0, d), 3)],
    };
  });
}

/** torch's layer with the weights of a node. */
function torchLayer(form: RecurrentForm, { inputSize, hiddenSize }: NodeSizes, weights: NodeWeights): TorchLayer {
  const options = {
    bias: weights.B !== undefined,
    bidirectional: form.directions === 2,
    dtype: weights.W.dtype,
  };
  const layer = withoutDraws(() => made(form, inputSize, hiddenSize, options));
  noGrad(() => {
    for (const [d, side] of sidesOf(weights).entries()) {
      const end = d === 0 ? "l0" : "l0_reverse";
      const ordered = (x: Tensor): Parameter => new Parameter(reordered(x, TORCH_ORDER[form.kind], hiddenSize));
      layer[`weight_ih_${end}`] = ordered(side.W);
      layer[`weight_hh_${end}`] = ordered(side.R);
      if (!side.Wb || !side.Rb) continue;
      layer[`bias_ih_${end}`] = ordered(side.Wb);
      layer[`bias_hh_${end}`] = ordered(side.Rb);
    }
  });
  return layer;
}

/** Layers draw their first weights; these are replaced at once, and the caller's generator must not notice. */
function withoutDraws<T>(body: () => T): T {
  const state = getRngState();
  try {
    return body();
  } finally {
    setRngState(state);
  }
}

type Options = { readonly bias: boolean; readonly bidirectional: boolean; readonly dtype: Tensor["dtype"] };

function made(form: RecurrentForm, inputSize: number, hiddenSize: number, options: Options): TorchLayer {
  if (form.kind === "LSTM") return new LSTM(inputSize, hiddenSize, options);
  if (form.kind === "GRU") return new GRU(inputSize, hiddenSize, options);
  const nonlinearity = form.activations[0]![0]!.name === "Relu" ? "relu" : "tanh";
  return new RNN(inputSize, hiddenSize, { ...options, nonlinearity });
}

/** The blocks of H rows in another order, in new memory. */
export function reordered(x: Tensor, order: readonly number[], H: number): Tensor {
  const blocks = split(x, H);
  return cat(order.map((block) => blocks[block]!));
}
