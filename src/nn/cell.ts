/** One step at a time: the cells as modules. Checks, two products, and the page does the rest. */
import { empty, zeros } from "../autograd/create.ts";
import { uniform_ } from "../autograd/draw.ts";
import { noGrad } from "../autograd/mode.ts";
import type { ScanWeights } from "../autograd/recur.ts";
import { squeeze, unsqueeze } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { type Cell, recurrentGates } from "../cells/cell.ts";
import { elman } from "../cells/elman.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { pythonTypeOf, RuntimeError, ValueError } from "../check.ts";
import type { DType } from "../dense/dtype.ts";
import { str } from "../dense/python-text.ts";
import { tuple } from "../dense/tuple.ts";
import type { LSTMState } from "./layers.ts";
import { type Refusal, remembers } from "./memory.ts";
import { Module } from "./module.ts";
import { openPair, partsOf } from "./open-state.ts";
import { Parameter } from "./parameter.ts";
import { expectTensor, stateType } from "./recurrent-input.ts";
import { expectArguments, expectUnits, wholeNumber } from "./recurrent-options.ts";
import { planCell, type WeightName } from "./recurrent-weights.ts";
import { step } from "./step.ts";

/** The options that all cells share. */
export interface CellOptions {
  /** Whether there are b_ih and b_hh. Default true. */
  readonly bias?: boolean;
  readonly dtype?: DType;
  readonly device?: string;
}

/** Everything that RNNCell and its kin share. Never made by itself. */
export abstract class RecurrentCell<State> extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  declare weight_ih: Parameter;
  declare weight_hh: Parameter;
  declare bias_ih: Parameter | null;
  declare bias_hh: Parameter | null;
  [name: WeightName]: Parameter | null;

  constructor(page: Cell, inputSize: number, hiddenSize: number, options: CellOptions) {
    super();
    expectArguments(this.name(), inputSize, hiddenSize, options, ["bias", "dtype", "device"]);
    const { bias = true, ...rest } = options;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.bias = bias;
    expectUnits(hiddenSize);
    const [F, H] = [wholeNumber(inputSize), wholeNumber(hiddenSize)];
    for (const [name, shape] of Object.values(planCell(page, F, H, H, true))) {
      const absent = name.startsWith("bias") && !bias;
      this.registerParameter(name, absent ? null : new Parameter(empty(shape, rest)));
    }
    this.resetParameters();
  }

  /** The page of this cell. */
  protected abstract page(): Cell;
  /** A state as the user has it, looked at, from and to the list of the cell's states. */
  protected abstract openState(state: State, batched: boolean): readonly Tensor[];
  protected abstract closeState(states: readonly Tensor[]): State;

  /** Draws all weights anew, uniform over ±1/√H, in their order. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    noGrad(() => {
      for (const weight of this.parameters()) uniform_(weight, -bound, bound);
    });
  }

  /** One step: input (B, F) or (F), state (B, H) or (H); no state is a zero state. Gives the new state. */
  override forward(input: Tensor, hx?: State | null): State {
    this.expectInput(input);
    const batched = input.shape.length === 2;
    const given = hx === undefined || hx === null ? undefined : this.openState(hx, batched);
    const cell = this.page();
    const x = batched ? input : unsqueeze(input, 0);
    const start = given
      ? given.map((state) => (batched ? state : unsqueeze(state, 0)))
      : cell.state.map(() => zeros(x.shape[0]!, this.hiddenSize, { dtype: x.dtype }));
    const next = step(cell, this.weights(cell), x, start);
    return this.closeState(batched ? next : next.map((state) => squeeze(state, 0)));
  }

  /** A session of a model cannot keep the state of a loop that it does not see. */
  get [remembers](): Refusal {
    return [
      "a layer that runs over sequences",
      this.name(),
      "the loop over a cell is the model's own, and no session knows its state",
    ];
  }

  private weights(page: Cell): ScanWeights {
    const [F, H] = [wholeNumber(this.inputSize), wholeNumber(this.hiddenSize)];
    // a cell without recurrent gates has a W_hh without rows
    const none = recurrentGates(page).length === 0 && { weightHh: empty([0, H], { dtype: this.weight_ih.dtype }) };
    const planned = Object.entries(planCell(page, F, H, H, true));
    const roles = planned.map(([role, [name]]) => [role, this[name] ?? undefined]);
    return { ...none, ...Object.fromEntries(roles) } as unknown as ScanWeights;
  }

  private expectInput(input: unknown): asserts input is Tensor {
    if (input === undefined) {
      throw new TypeError(`${this.name()}.forward() missing 1 required positional argument: 'input'`);
    }
    this.expectRank("input", input);
  }

  /** Demands a tensor of rank 1 or 2. */
  protected expectRank(what: string, value: unknown): asserts value is Tensor {
    expectTensor(value, "dim", what === "input" ? pythonTypeOf : stateType);
    const rank = value.shape.length;
    if (rank === 1 || rank === 2) return;
    throw new ValueError(`${this.name()}: Expected ${what} to be 1D or 2D, got ${rank}D instead`);
  }

  override extraRepr(): string {
    return `${str(this.inputSize)}, ${str(this.hiddenSize)}${this.bias === true ? "" : `, bias=${str(this.bias)}`}`;
  }
}

/** The options of `RNNCell`. */
export interface RNNCellOptions extends CellOptions {
  /** φ. Default "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/** One step of the Elman network (torch.nn.RNNCell). The equation is in cells/elman.ts. */
export class RNNCell extends RecurrentCell<Tensor> {
  static override readonly name: string = "RNNCell";

  readonly nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    const { nonlinearity = "tanh", ...shared } = options;
    super(elman(), inputSize, hiddenSize, shared);
    this.nonlinearity = nonlinearity;
  }

  protected override page(): Cell {
    if (this.nonlinearity !== "tanh" && this.nonlinearity !== "relu") {
      throw new RuntimeError(`Unknown nonlinearity: ${str(this.nonlinearity)}`);
    }
    return elman(this.nonlinearity);
  }

  protected override openState(state: Tensor): readonly Tensor[] {
    this.expectRank("hidden", state);
    return [state];
  }

  protected override closeState(states: readonly Tensor[]): Tensor {
    return states[0]!;
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === "tanh" ? "" : `, nonlinearity=${str(this.nonlinearity)}`);
  }
}

/** One step of long short-term memory (torch.nn.LSTMCell). The equations are in cells/lstm.ts. */
export class LSTMCell extends RecurrentCell<LSTMState> {
  static override readonly name: string = "LSTMCell";

  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(lstm, inputSize, hiddenSize, options);
  }

  protected override page(): Cell {
    return lstm;
  }

  protected override openState(state: LSTMState, batched: boolean): readonly Tensor[] {
    for (const [i, part] of partsOf(state).entries()) this.expectRank(`hx[${i}]`, part);
    if (!batched) return openPair(state, "unsqueeze") as readonly Tensor[];
    if (!Array.isArray(state)) {
      throw new TypeError(`lstm_cell(): argument 'hx' (position 2) must be tuple of Tensors, not ${stateType(state)}`);
    }
    if (state.length !== 2) throw new RuntimeError("lstm_cell expects two hidden states");
    return state as readonly Tensor[];
  }

  protected override closeState(states: readonly Tensor[]): LSTMState {
    return tuple(states[0]!, states[1]!);
  }
}

/** One step of the gated recurrent unit (torch.nn.GRUCell). The equations are in cells/gru.ts. */
export class GRUCell extends RecurrentCell<Tensor> {
  static override readonly name: string = "GRUCell";

  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(gru, inputSize, hiddenSize, options);
  }

  protected override page(): Cell {
    return gru;
  }

  protected override openState(state: Tensor): readonly Tensor[] {
    this.expectRank("hidden", state);
    return [state];
  }

  protected override closeState(states: readonly Tensor[]): Tensor {
    return states[0]!;
  }
}
