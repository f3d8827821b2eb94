/**
 * The recurrent layers. `Recurrent` is the whole story of a layer: weights, stack, directions, with a batch or without; a
 * layer is its cell. Inputs are checked at the door of `forward` and nowhere else.
 */
import { empty, zeros } from "../autograd/create.ts";
import { uniform_ } from "../autograd/draw.ts";
import { cat, stack, unbind } from "../autograd/join.ts";
import { noGrad } from "../autograd/mode.ts";
import { dropout } from "../autograd/random.ts";
import { squeeze, transpose, unsqueeze } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { swapped } from "../autograd/views.ts";
import type { Cell } from "../cells/cell.ts";
import { elman } from "../cells/elman.ts";
import { AttributeError, ValueError } from "../check.ts";
import { getDefaultDtype } from "../dense/dtype.ts";
import { floatText } from "../dense/number-text.ts";
import { str } from "../dense/python-text.ts";
import { tuple } from "../dense/tuple.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { type Door, expectInput } from "./recurrent-input.ts";
import { type RecurrentOptions, settleOptions } from "./recurrent-options.ts";
import { type ScanWeights, scan } from "./scan.ts";

/** What distinguishes one kind of layer from another, besides its cell. */
interface Kind {
  /** Options that only this kind has. */
  readonly ownOptions: readonly string[];
  /** What torch writes after the number of dimensions of a wrong input. */
  readonly rankNote: string;
}

/** A weight before it exists: its torch name and its shape. */
type Planned = readonly [name: WeightName, shape: readonly number[]];
type WeightName = `${"weight" | "bias"}_${string}`;

/** Everything that RNN and its kin share: weights, layer stack, directions, batches. Never made by itself. */
export abstract class Recurrent<State> extends Module {
  /** The weights have torch's names: `layer.weight_ih_l0`, `layer.bias_hh_l1_reverse`. */
  [name: WeightName]: Parameter;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  private readonly cell: Cell;
  private readonly kind: Kind;

  constructor(cell: Cell, kind: Kind, inputSize: number, hiddenSize: number, options: RecurrentOptions) {
    super();
    const settled = settleOptions(inputSize, hiddenSize, options, kind.ownOptions);
    this.cell = cell;
    this.kind = kind;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = settled.numLayers;
    this.bias = settled.bias;
    this.batchFirst = settled.batchFirst;
    this.dropout = settled.dropout;
    this.bidirectional = settled.bidirectional;
    const dtype = settled.dtype ?? getDefaultDtype();
    for (const [name, shape] of this.plan().flatMap((side) => Object.values(side))) {
      this.registerParameter(name, new Parameter(empty(shape, { dtype, device: settled.device })));
    }
    this.resetParameters();
  }

  /** A state as the user has it, from and to the list of the cell's states. */
  protected abstract openState(state: State): readonly Tensor[];
  protected abstract closeState(states: readonly Tensor[]): State;

  /** Draws all weights anew, uniform over ±1/√H, in their order. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    noGrad(() => {
      for (const weight of this.parameters()) uniform_(weight, -bound, bound);
    });
  }

  /** The weights layer by layer and direction by direction (torch's `all_weights`). */
  get allWeights(): Parameter[][] {
    return this.plan().map((side) => Object.values(side).map(([name]) => this[name]!));
  }

  /** For the sake of ported scripts: there is nothing to flatten. */
  flattenParameters(): void {}

  /**
   * Runs over a sequence: (T, B, F), or (B, T, F) with `batchFirst`, or (T, F) without a batch. Gives the outputs,
   * (T, B, D·H) or as the input came, and the states after the last step, (L·D, B, H), or (L·D, H) without a batch.
   * No state is a zero state.
   */
  override forward(input: Tensor, hx?: State | null): readonly [output: Tensor, state: State] {
    const given = hx === undefined || hx === null ? [] : this.openState(hx);
    expectInput(this.door(), input, given);
    const batched = input.shape.length === 3;
    const x = batched ? (this.batchFirst ? transpose(input, 0, 1) : input) : unsqueeze(input, 1);
    const start = given.length > 0 ? given.map((state) => (batched ? state : unsqueeze(state, 1))) : this.zeroStates(x);
    const [output, states] = this.runStack(x, start);
    if (!batched)
      return this.result(
        squeeze(output, 1),
        states.map((state) => squeeze(state, 1)),
      );
    // torch transposes the outputs of these layers in place, which shows in the name of the node.
    return this.result(this.batchFirst ? swapped("TransposeBackward1", output, 0, 1) : output, states);
  }

  private result(output: Tensor, states: readonly Tensor[]): readonly [Tensor, State] {
    return tuple(output, this.closeState(states)) as unknown as readonly [Tensor, State];
  }

  /** All layers on each other: x (T, B, F) and states (L·D, B, H) to outputs (T, B, D·H) and states. */
  private runStack(x: Tensor, start: readonly Tensor[]): [output: Tensor, states: Tensor[]] {
    const starts = start.map((state) => unbind(state));
    const ends: Tensor[][] = start.map(() => []);
    const weights = this.weights();
    let sequence = x;
    for (let layer = 0; layer < this.numLayers; layer += 1) {
      const sides = this.suffixes.map((_, direction) => {
        const at = layer * this.suffixes.length + direction;
        const names = this.cell.state;
        const state = Object.fromEntries(names.map((name, i) => [name, starts[i]![at]!]));
        const run = scan(this.cell, weights[at]!, sequence, state, direction === 1);
        for (const [i, name] of names.entries()) ends[i]!.push(run.state[name]!);
        return stack(run.outputs);
      });
      sequence = sides.length === 1 ? sides[0]! : cat(sides, 2);
      const last = layer === this.numLayers - 1;
      if (!last && this.dropout > 0) sequence = dropout(sequence, this.dropout, this.training);
    }
    return [sequence, ends.map((states) => stack(states))];
  }

  /** The weights for each run of the scan. */
  private weights(): ScanWeights[] {
    for (const [at, weight] of this.allWeights.flat().entries()) {
      if (!weight) throw new TypeError(`expected Tensor as element ${at} in argument 2, but got NoneType`);
    }
    return this.plan().map((side) => {
      const roles = Object.entries(side).map(([role, [name]]) => [role, this[name]!] as const);
      return Object.fromEntries(roles) as unknown as ScanWeights;
    });
  }

  private zeroStates(x: Tensor): Tensor[] {
    return this.stateShapes(x.shape[1]!).map((shape) => zeros(shape, { dtype: x.dtype }));
  }

  private stateShapes(B: number): number[][] {
    return this.cell.state.map(() => [this.numLayers * this.suffixes.length, B, this.hiddenSize]);
  }

  /** What the names of each direction's weights end in. */
  private get suffixes(): readonly string[] {
    return this.bidirectional ? ["", "_reverse"] : [""];
  }

  /** The weights of each layer and direction by their role, in the order of checkpoints. */
  private plan(): Record<string, Planned>[] {
    const rows = this.cell.gates.length * this.hiddenSize;
    return Array.from({ length: this.numLayers }, (_, layer) => {
      const features = layer === 0 ? this.inputSize : this.hiddenSize * this.suffixes.length;
      return this.suffixes.map((suffix): Record<string, Planned> => {
        const end = `l${layer}${suffix}`;
        const products: Record<string, Planned> = {
          weightIh: [`weight_ih_${end}`, [rows, features]],
          weightHh: [`weight_hh_${end}`, [rows, this.hiddenSize]],
        };
        if (!this.bias) return products;
        return { ...products, biasIh: [`bias_ih_${end}`, [rows]], biasHh: [`bias_hh_${end}`, [rows]] };
      });
    }).flat();
  }

  private door(): Door {
    const first: Parameter | null = this.weight_ih_l0;
    if (first === null) throw new AttributeError("'NoneType' object has no attribute 'dtype'");
    return {
      name: this.cell.name,
      rankNote: this.kind.rankNote,
      inputSize: this.inputSize,
      batchFirst: this.batchFirst,
      dtype: first.dtype,
      stateShapes: (B) => this.stateShapes(B),
    };
  }

  override extraRepr(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`];
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`);
    if (!this.bias) parts.push("bias=False");
    if (this.batchFirst) parts.push("batch_first=True");
    if (this.dropout !== 0) parts.push(`dropout=${floatText(this.dropout)}`);
    if (this.bidirectional !== false) parts.push(`bidirectional=${str(this.bidirectional)}`);
    return parts.join(", ");
  }
}

/** The options of `RNN`. */
export interface RNNOptions extends RecurrentOptions {
  /** φ. Default "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/**
 * The Elman network (torch.nn.RNN). The equation is in cells/elman.ts.
 *
 *     const rnn = new RNN(10, 20, { numLayers: 2 });
 *     const [output, hn] = rnn.forward(x);
 */
export class RNN extends Recurrent<Tensor> {
  readonly nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    const { nonlinearity = "tanh" } = options;
    if ("projSize" in options) throw new ValueError("proj_size argument is only supported for LSTM, not RNN or GRU");
    if (nonlinearity !== "tanh" && nonlinearity !== "relu") {
      throw new ValueError(`Unknown nonlinearity '${str(nonlinearity)}'. Select from 'tanh' or 'relu'.`);
    }
    super(elman(nonlinearity), { ownOptions: ["nonlinearity"], rankNote: " tensor" }, inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  protected override openState(state: Tensor): readonly Tensor[] {
    return [state];
  }

  protected override closeState(states: readonly Tensor[]): Tensor {
    return states[0]!;
  }
}
