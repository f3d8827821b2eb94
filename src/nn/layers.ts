/** The recurrent layers, each a cell and the little that torch does differently for it. */
import type { Tensor } from "../autograd/tensor.ts";
import type { Cell } from "../cells/cell.ts";
import { elman } from "../cells/elman.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { NotImplementedError, pythonTypeOf, ValueError } from "../check.ts";
import { str } from "../dense/python-text.ts";
import { tuple } from "../dense/tuple.ts";
import { LSTM_NAMES, PLAIN_NAMES } from "./node-names.ts";
import { expectPair, openPair } from "./open-state.ts";
import { type Kind, Recurrent } from "./recurrent.ts";
import { type RecurrentOptions, settleOptions } from "./recurrent-options.ts";

/** The state of a layer that carries h and c. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

const GRU_KIND: Kind = { ownOptions: [], rankNote: "", checksPacked: true, names: PLAIN_NAMES };
const RNN_KIND: Kind = { ...GRU_KIND, ownOptions: ["nonlinearity"], rankNote: " tensor" };
const LSTM_KIND: Kind = { ownOptions: ["projSize"], rankNote: "", checksPacked: false, names: LSTM_NAMES };

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
  static override readonly name: string = "RNN";

  readonly nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    const { nonlinearity = "tanh" } = options;
    refuseProjection(options);
    if (nonlinearity !== "tanh" && nonlinearity !== "relu") {
      throw new ValueError(`Unknown nonlinearity '${str(nonlinearity)}'. Select from 'tanh' or 'relu'.`);
    }
    super(elman(nonlinearity), RNN_KIND, inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  protected override openState(state: Tensor): readonly Tensor[] {
    return [state];
  }

  protected override closeState(states: readonly Tensor[]): Tensor {
    return states[0]!;
  }
}

/** The options of `LSTM`. */
export interface LSTMOptions extends RecurrentOptions {
  /** P: h is projected to this size after each step by W_hr. Default 0, no projection. */
  readonly projSize?: number;
}

/**
 * Long short-term memory (torch.nn.LSTM). The equations are in cells/lstm.ts.
 *
 *     const lstm = new LSTM(10, 20, { numLayers: 2 });
 *     const [output, [hn, cn]] = lstm.forward(x);
 */
export class LSTM extends Recurrent<LSTMState> {
  static override readonly name: string = "LSTM";

  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super(lstm, LSTM_KIND, inputSize, hiddenSize, options);
  }

  protected override openState(state: LSTMState, attribute: string): readonly unknown[] {
    return openPair(state, attribute);
  }

  protected override expectWhole(state: LSTMState, packed: boolean): void {
    expectPair(state, packed, this.allWeights.flat().length);
  }

  protected override closeState(states: readonly Tensor[]): LSTMState {
    return tuple(states[0]!, states[1]!);
  }
}

/**
 * The gated recurrent unit (torch.nn.GRU). The equations are in cells/gru.ts.
 *
 *     const gru = new GRU(10, 20);
 *     const [output, hn] = gru.forward(x);
 */
export class GRU extends Recurrent<Tensor> {
  static override readonly name: string = "GRU";

  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    refuseProjection(options);
    super(gru, GRU_KIND, inputSize, hiddenSize, options);
  }

  protected override openState(state: Tensor): readonly Tensor[] {
    return [state];
  }

  protected override closeState(states: readonly Tensor[]): Tensor {
    return states[0]!;
  }
}

const MODES: Readonly<Record<string, Cell>> = {
  RNN_TANH: elman("tanh"),
  RNN_RELU: elman("relu"),
  LSTM: lstm,
  GRU: gru,
};

/** The weights of a layer without its `forward` (torch.nn.RNNBase); `mode` is "RNN_TANH", "RNN_RELU", "LSTM" or "GRU". */
export class RNNBase extends Recurrent<never> {
  static override readonly name: string = "RNNBase";

  readonly mode: string;

  constructor(mode: string, inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    if (mode === undefined) {
      throw new TypeError(
        "RNNBase.__init__() missing 3 required positional arguments: 'mode', 'input_size', and 'hidden_size'",
      );
    }
    const cell = MODES[mode];
    if (!cell) {
      settleOptions(inputSize, hiddenSize, options, LSTM_KIND.ownOptions);
      if (typeof mode !== "string") {
        throw new TypeError(`can only concatenate str (not "${pythonTypeOf(mode)}") to str`);
      }
      throw new ValueError(`Unrecognized RNN mode: ${mode}`);
    }
    super(cell, LSTM_KIND, inputSize, hiddenSize, options);
    this.mode = mode;
  }

  protected override openState(): never {
    throw this.missingForward();
  }

  protected override closeState(): never {
    throw this.missingForward();
  }

  override forward(): never {
    throw this.missingForward();
  }

  private missingForward(): NotImplementedError {
    return new NotImplementedError(`Module [${this.name()}] is missing the required "forward" function`);
  }
}

function refuseProjection(options: object): void {
  if ("projSize" in options) throw new ValueError("proj_size argument is only supported for LSTM, not RNN or GRU");
}
