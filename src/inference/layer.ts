/** RNN, LSTM and GRU as they come from a checkpoint: their sizes, layers and directions are those of the weights. */
import type { Cell } from "../cells/cell.ts";
import { elman } from "../cells/elman.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { RuntimeError } from "../check.ts";
import { scan } from "./scan.ts";
import { partOf, Stream } from "./stream.ts";
import { type Side, sidesOf, type Weights } from "./weights.ts";

/** Which weights of a checkpoint are meant. */
export interface TrainedOptions {
  /** What their names begin with: "encoder.lstm." for `encoder.lstm.weight_ih_l0`. Default "". */
  readonly prefix?: string;
}

/** How a layer is run. */
export interface RunOptions {
  /** B, default 1. */
  readonly batch?: number;
  /** (L·D, B, P) and (L·D, B, H) ..., as `run` gives them; default zeros. They are not written to. */
  readonly state?: readonly Float32Array[];
}

/** What the layers share. The numbers of the weights are read once: what is written to them later may not be seen. */
export abstract class TrainedLayer {
  private readonly cell: Cell;
  private readonly layers: readonly (readonly Side[])[];

  protected constructor(cell: Cell, weights: Weights, { prefix = "" }: TrainedOptions) {
    this.cell = cell;
    this.layers = sidesOf(weights, prefix, cell.gates.length);
  }

  /** F: numbers in the input of one step. */
  get inputSize(): number {
    return this.layers[0]![0]!.input.depth;
  }

  /** D·P: numbers in the output of one step. */
  get outputSize(): number {
    const top = this.layers.at(-1)!;
    return top.length * top[0]!.recurrent.depth;
  }

  /**
   * Runs x (T, B, F) to (T, B, D·P), with the states after the last step: those of torch's layer, to the bit what
   * `nn` computes. Errors: RuntimeError if the lengths do not fit.
   */
  run(x: Float32Array, { batch: B = 1, state }: RunOptions = {}): { output: Float32Array; state: Float32Array[] } {
    const { cell, layers, inputSize: F } = this;
    const states = this.begin(B, state);
    const T = x.length / (B * F);
    if (!Number.isInteger(T)) throw new RuntimeError(`${cell.name}: expected T·${B}·${F} numbers, got ${x.length}`);
    const D = layers[0]!.length;
    let output = x;
    for (const [at, layer] of layers.entries()) {
      const below = output;
      const width = D * layer[0]!.recurrent.depth;
      output = new Float32Array(T * B * width);
      for (const [direction, side] of layer.entries()) {
        scan({
          ...{ cell, ...side, x: below, steps: T, rows: B, batchSizes: undefined, reverse: direction === 1 },
          states: states.map((all) => partOf(all, at * D + direction, layers.length * D)),
          ...{ output, column: (direction * width) / D, width },
        });
      }
    }
    return { output, state: states };
  }

  /**
   * A session that takes a sequence step by step. Errors: RuntimeError for a bidirectional layer, whose second direction
   * begins at the end, and for a state of another length.
   */
  stream({ batch: B = 1, state }: RunOptions = {}): Stream {
    const { cell, layers } = this;
    if (layers[0]!.length > 1) {
      throw new RuntimeError(
        `stream: expected a layer of one direction, got a bidirectional ${cell.name}`,
        "its second direction begins with the end of the sequence, which has not come yet",
      );
    }
    return new Stream(cell, layers.flat(), B, this.begin(B, state));
  }

  /** The states to begin with, in the order of the cell; copies of those that are given. */
  private begin(B: number, given: readonly Float32Array[] | undefined): Float32Array[] {
    if (!(Number.isInteger(B) && B > 0))
      throw new RuntimeError(`${this.cell.name}: expected a batch of 1 or more, got ${B}`);
    const { depth, units } = this.layers[0]![0]!.recurrent;
    const count = B * this.layers.flat().length;
    return this.cell.state.map((_, i) => startState(this.cell, count * (i === 0 ? depth : units), given?.[i]));
  }
}

/** torch.nn.LSTM on the weights of a checkpoint; its state is [h, c]. */
export class LSTM extends TrainedLayer {
  constructor(weights: Weights, options: TrainedOptions = {}) {
    super(lstm, weights, options);
  }
}

/** torch.nn.GRU on the weights of a checkpoint; its state is [h]. */
export class GRU extends TrainedLayer {
  constructor(weights: Weights, options: TrainedOptions = {}) {
    super(gru, weights, options);
  }
}

/** torch.nn.RNN on the weights of a checkpoint, which does not say which nonlinearity they were trained with. */
export class RNN extends TrainedLayer {
  constructor(weights: Weights, options: TrainedOptions & { readonly nonlinearity?: "tanh" | "relu" } = {}) {
    super(elman(options.nonlinearity), weights, options);
  }
}

function startState({ name }: Cell, length: number, given: Float32Array | undefined): Float32Array {
  if (!given) return new Float32Array(length);
  if (given.length !== length)
    throw new RuntimeError(`${name}: expected a state of ${length} numbers, got ${given.length}`);
  return given.slice();
}
