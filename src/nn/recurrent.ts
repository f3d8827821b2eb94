/**
 * What all recurrent layers are: weights, a stack, directions, with a batch or without, padded or packed. A layer is its
 * cell (nn/layers.ts). Inputs are checked at the door of `forward` and nowhere else.
 */
import { empty, zeros } from "../autograd/create.ts";
import { uniform_ } from "../autograd/draw.ts";
import { indexSelect } from "../autograd/gather.ts";
import { noGrad } from "../autograd/mode.ts";
import type { ScanWeights } from "../autograd/recur.ts";
import { squeeze, unsqueeze } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { type Cell, recurrentGates } from "../cells/cell.ts";
import { AttributeError, expectKeywords } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { getDefaultDtype } from "../dense/dtype.ts";
import { floatText } from "../dense/number-text.ts";
import { str } from "../dense/python-text.ts";
import { tuple } from "../dense/tuple.ts";
import { expectCounts } from "./literal.ts";
import { current, type Keepable, type Memory, type Refusal, refused, remembers } from "./memory.ts";
import type { ModelStreamOptions } from "./model-stream.ts";
import { Module } from "./module.ts";
import type { NodeNames } from "./node-names.ts";
import { packPaddedSequence, padPackedSequence } from "./pack.ts";
import { PackedSequence } from "./packed.ts";
import { Parameter } from "./parameter.ts";
import {
  type Door,
  expectInput,
  expectLengths,
  expectPacked,
  expectSequences,
  expectTensor,
  stateType,
} from "./recurrent-input.ts";
import { type RecurrentOptions, settleOptions, wholeNumber } from "./recurrent-options.ts";
import { type PlannedSide, planWeights, type WeightName } from "./recurrent-weights.ts";
import { isForFused, runPacked, runPadded, type Stack } from "./stack.ts";
import { Stream, whyNot } from "./stream.ts";

/** What distinguishes one kind of layer from another, besides its cell. */
export interface Kind {
  /** Options that only this kind has. */
  readonly ownOptions: readonly string[];
  /** What torch writes after the number of dimensions of a wrong input. */
  readonly rankNote: string;
  /** Whether torch looks at packed input before it computes. */
  readonly checksPacked: boolean;
  readonly names: NodeNames;
}

/** What `forward` takes besides input and state. */
export interface ForwardOptions {
  /** The lengths of padded sequences, in any order: the layer packs them, runs, and pads the outputs with zeros. */
  readonly lengths?: readonly number[] | Tensor;
}

/** How a session begins. */
export interface StreamOptions<State> extends ModelStreamOptions {
  /** The state to begin with, as `forward` takes it. Default: zero. */
  readonly state?: State | null;
}

/** Everything that RNN, LSTM and GRU share: weights, layer stack, directions, batches. Never made by itself. */
export abstract class Recurrent<State> extends Module {
  /** The weights have torch's names: `layer.weight_ih_l0`, `layer.bias_hh_l1_reverse`. */
  [name: WeightName]: Parameter;
  // those that almost every layer has, for users whose compiler doubts every name of an index
  declare weight_ih_l0: Parameter;
  declare weight_hh_l0: Parameter;
  declare bias_ih_l0: Parameter;
  declare bias_hh_l0: Parameter;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** P, the size of what h is projected to; 0 for no projection. */
  readonly projSize: number;
  /** The page of mathematics that this layer runs. */
  readonly cell: Cell;
  private readonly kind: Kind;
  private readonly sides: readonly PlannedSide[];

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
    this.projSize = settled.projSize;
    const dtype = settled.dtype ?? getDefaultDtype();
    this.sides = this.plan();
    for (const [name, shape] of this.sides.flatMap((side) => Object.values(side))) {
      this.registerParameter(name, new Parameter(empty(shape, { dtype, device: settled.device })));
    }
    this.resetParameters();
  }

  /** A state as the user has it to the list of the cell's states, tensors or not: the door looks at them. */
  protected abstract openState(state: State, attribute: string): readonly unknown[];
  /** What torch demands of a state as a whole, after it has looked at its parts. */
  protected expectWhole(_state: State, _packed: boolean): void {}
  /** The list of the cell's states as the user has a state. */
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
    return this.sides.map((side) => Object.values(side).map(([name]) => this[name]!));
  }

  /** For the sake of ported scripts: there is nothing to flatten. */
  flattenParameters(): void {}

  /**
   * Runs over a sequence: (T, B, F), or (B, T, F) with `batchFirst`, or (T, F) without a batch, or packed. Gives the
   * outputs, (T, B, D·P) or as the input came, and the states after the last step, (L·D, B, H), or (L·D, H) without a
   * batch. No state is a zero state.
   */
  override forward(input: Tensor, hx?: State | null, options?: ForwardOptions): readonly [output: Tensor, state: State];
  override forward(input: PackedSequence, hx?: State | null): readonly [output: PackedSequence, state: State];
  override forward(
    input: Tensor | PackedSequence,
    hx?: State | null,
    options: ForwardOptions = {},
  ): readonly [output: Tensor | PackedSequence, state: State] {
    const [output, states] = current
      ? this.goOn(current, input, hx ?? undefined, options.lengths)
      : this.runAs(input, hx ?? undefined, options.lengths);
    return tuple(output, this.closeState(states)) as unknown as readonly [Tensor | PackedSequence, State];
  }

  /**
   * A session that takes a sequence as it comes, step by step or in chunks; see nn/stream.ts. It is for inference: nothing
   * is recorded, no hooks are called, and dropout does not act. Changes to the weights are seen by the next step.
   * Errors: RuntimeError for a bidirectional layer, whose second direction begins at the end.
   */
  override stream(options: StreamOptions<State> = {}): Stream {
    expectKeywords("stream", options, ["batchSize", "batchFirst", "state"]);
    const { batchSize = null, batchFirst, state } = options;
    const given = state === undefined || state === null ? [] : this.openState(state, "dim");
    for (const one of given) expectTensor(one);
    return this.open(batchSize, given as readonly Tensor[], batchFirst);
  }

  private open(batchSize: number | null, start: readonly Tensor[], batchFirst = this.batchFirst): Stream {
    const { inputSize, bidirectional } = this;
    let known: Stack | undefined;
    const stack = (): Stack => {
      if (!known || !this.holds(known.weights)) known = { ...this.stack(), dropout: 0 };
      return known;
    };
    return new Stream({ name: this.cell.name, inputSize, bidirectional, batchFirst, stack }, batchSize, start);
  }

  /** What a session of a model has to know. */
  get [remembers](): Refusal | Keepable {
    const { batchFirst, bidirectional } = this;
    const open = (batchSize: number | null, start: readonly Tensor[]): Stream => this.open(batchSize, start);
    return whyNot({ bidirectional, name: this.cell.name }) ?? { batchFirst, open };
  }

  /** Within a session of a model: from where the memory is. */
  private goOn(
    memory: Memory,
    input: Tensor | PackedSequence,
    hx?: State,
    lengths?: readonly number[] | Tensor,
  ): [output: Tensor, states: Tensor[]] {
    if (input instanceof PackedSequence || lengths) {
      throw refused(memory.ownerOf(this).path, "input that goes on", "packed sequences, which end");
    }
    const door = this.door();
    expectSequences(door, input);
    const given = hx === undefined ? [] : this.openState(hx, "dim");
    expectInput(door, input, given);
    const [outer, inner] = input.shape as unknown as [number, number];
    const isBatch = input.shape.length === 3;
    const [steps, B] = isBatch && this.batchFirst ? [inner, outer] : [outer, inner];
    const session = memory.next(this, steps, isBatch ? B : null, given);
    return [session.push(input), session.states];
  }

  /** Whether these are the layer's weights now. */
  private holds(weights: readonly ScanWeights[]): boolean {
    for (let at = 0; at < weights.length; at += 1) {
      const side = this.sides[at]!;
      // a W_hh without rows is not the layer's, and does not follow the others to another dtype
      if (weights[at]!.weightHh.dtype !== weights[at]!.weightIh.dtype) return false;
      for (const role in side) {
        if (this[side[role as keyof ScanWeights]![0]] !== weights[at]![role as keyof ScanWeights]) return false;
      }
    }
    return true;
  }

  private runAs(
    input: Tensor | PackedSequence,
    hx?: State,
    lengths?: readonly number[] | Tensor,
  ): [output: Tensor | PackedSequence, states: Tensor[]] {
    if (input instanceof PackedSequence) return this.runPacked(input, hx);
    return lengths ? this.runWithLengths(input, lengths, hx) : this.runPadded(input, hx);
  }

  /** A batch of sequences of one length, or a single sequence. */
  private runPadded(input: Tensor, hx?: State): [output: Tensor, states: Tensor[]] {
    const door = this.door();
    expectSequences(door, input);
    const given = hx === undefined ? [] : this.openState(hx, "dim");
    expectInput(door, input, given);
    const batched = input.shape.length === 3;
    if (batched && hx !== undefined) this.expectWhole(hx, false);
    const x = batched ? input : unsqueeze(input, 1);
    const states = batched ? given : given.map((state) => unsqueeze(state, 1));
    const batchFirst = batched && this.batchFirst;
    const [output, ends] = runPadded(this.stack(), x, states, batchFirst);
    return batched ? [output, ends] : [squeeze(output, 1), ends.map((state) => squeeze(state, 1))];
  }

  /** Packed sequences; states come and go in the order of the caller's batch. */
  private runPacked(input: PackedSequence, hx?: State): [output: PackedSequence, states: Tensor[]] {
    const { data, batchSizes, sortedIndices, unsortedIndices, sequenceCount } = input;
    const sizes = Array.from(elements(batchSizes.value), Number);
    const given = hx === undefined ? this.zeroStates(data, sequenceCount) : this.inOrder(hx, sortedIndices);
    expectPacked(this.door(), data, sequenceCount, given);
    const stack = this.stack();
    if (hx !== undefined && !this.kind.checksPacked) {
      const fused = isForFused(stack.names, data, sizes);
      expectCounts(this.allWeights.flat().length, this.bias, given, stack.D, this.numLayers, fused);
    }
    const [output, states] = runPacked(stack, data, sizes, sequenceCount, given);
    return [new PackedSequence(output, batchSizes, sortedIndices, unsortedIndices), arranged(states, unsortedIndices)];
  }

  /** The states in the order of the packed batch. */
  private inOrder(hx: State, order: Tensor | null): Tensor[] {
    if (!order) this.expectWhole(hx, true);
    const given = this.openState(hx, "index_select");
    return order ? arranged(given, order) : (given as Tensor[]);
  }

  /** Padded sequences of these lengths, packed on the way in and padded again on the way out. */
  private runWithLengths(
    input: Tensor,
    lengths: readonly number[] | Tensor,
    hx?: State,
  ): [output: Tensor, states: Tensor[]] {
    const door = this.door();
    expectSequences(door, input);
    expectLengths(door, input, lengths, hx === undefined ? [] : this.openState(hx, "dim"));
    const { batchFirst } = this;
    const packed = packPaddedSequence(input, lengths, { batchFirst, enforceSorted: false, allowEmpty: true });
    const [output, states] = this.runPacked(packed, hx);
    const [padded] = padPackedSequence(output, { batchFirst, totalLength: input.shape[batchFirst ? 1 : 0]! });
    return [padded as Tensor, states];
  }

  private stack(): Stack {
    const { cell, dropout, training } = this;
    const [weights, D] = [this.weights(), this.bidirectional ? 2 : 1];
    return { cell, dropout, training, weights, D, names: this.kind.names, zeroStates: (x, B) => this.zeroStates(x, B) };
  }

  /** The weights for each run of the scan, layer by layer and direction by direction. */
  weights(): ScanWeights[] {
    // a cell without recurrent gates has a W_hh without rows
    const rows = recurrentGates(this.cell).length;
    const none = rows === 0 ? { weightHh: empty([0, this.outputSize], { dtype: this.weight_ih_l0.dtype }) } : {};
    return this.sides.map((side, at) => {
      const found: Partial<Record<keyof ScanWeights, Tensor>> = { ...none };
      for (const role in side) {
        const weight = this[side[role as keyof ScanWeights]![0]];
        if (!weight) throw this.missing(at, role);
        found[role as keyof ScanWeights] = weight;
      }
      return found as ScanWeights;
    });
  }

  private missing(side: number, role: string): TypeError {
    const names = Object.keys(this.sides[side]!);
    const at = side * names.length + names.indexOf(role);
    return new TypeError(`expected Tensor as element ${at} in argument 2, but got NoneType`);
  }

  private zeroStates({ dtype }: Tensor, B: number): Tensor[] {
    return this.stateShapes(B).map((shape) => zeros(shape, { dtype }));
  }

  private stateShapes(B: number): number[][] {
    const rows = this.numLayers * this.suffixes.length;
    return this.cell.state.map((_, i) => [rows, B, i === 0 ? this.outputSize : this.hiddenSize]);
  }

  /** P: what one direction gives out at each step. */
  private get outputSize(): number {
    return this.projSize > 0 ? this.projSize : wholeNumber(this.hiddenSize);
  }

  /** What the names of each direction's weights end in. */
  private get suffixes(): readonly string[] {
    return this.bidirectional ? ["", "_reverse"] : [""];
  }

  private plan(): PlannedSide[] {
    const { cell, numLayers, bias, projSize, outputSize, suffixes } = this;
    const [inputSize, hiddenSize] = [wholeNumber(this.inputSize), wholeNumber(this.hiddenSize)];
    return planWeights({ cell, inputSize, hiddenSize, numLayers, bias, projSize, outputSize, suffixes });
  }

  private door(): Door {
    const first: Parameter | null = this.weight_ih_l0;
    if (first === null) throw new AttributeError("'NoneType' object has no attribute 'dtype'");
    return {
      name: this.cell.name,
      states: this.cell.state,
      rankNote: this.kind.rankNote,
      checksPacked: this.kind.checksPacked,
      inputSize: this.inputSize,
      batchFirst: this.batchFirst,
      dtype: first.dtype,
      stateShapes: (B) => this.stateShapes(B),
    };
  }

  override extraRepr(): string {
    const parts = [`${str(this.inputSize)}, ${str(this.hiddenSize)}`];
    if (this.projSize !== 0) parts.push(`proj_size=${this.projSize}`);
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`);
    if (!this.bias) parts.push("bias=False");
    if (this.batchFirst) parts.push("batch_first=True");
    if (this.dropout !== 0) parts.push(`dropout=${floatText(this.dropout)}`);
    if (this.bidirectional !== false) parts.push(`bidirectional=${str(this.bidirectional)}`);
    return parts.join(", ");
  }
}

// A weight that a layer does not have is an error, as in Python, and not undefined.
Object.setPrototypeOf(
  Recurrent.prototype,
  new Proxy(Object.create(Module.prototype) as Module, {
    get(above, name, layer: Module): unknown {
      if (typeof name !== "string" || name in above || !/^(weight|bias)_[ih]/.test(name)) {
        return Reflect.get(above, name, layer);
      }
      throw new AttributeError(`'${layer.name()}' object has no attribute '${name}'`);
    },
  }),
);

/** The sequences of states (L·D, B, H) in another order. */
function arranged(states: readonly unknown[], order: Tensor | null): Tensor[] {
  return states.map((state) => {
    expectTensor(state, "index_select", stateType);
    return order ? indexSelect(state, 1, order) : state;
  });
}
