/** RNN, LSTM and GRU as they come from a checkpoint: their sizes, layers and directions are those of the weights. */
import type { Cell } from "../cells/cell.ts";
import { elman } from "../cells/elman.ts";
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { RuntimeError } from "../check.ts";
import { scan } from "./scan.ts";
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

/** What the layers share. */
export abstract class TrainedLayer {
  private readonly cell: Cell;
  private readonly layers: readonly (readonly Side[])[];

  protected constructor(cell: Cell, weights: Weights, { prefix = "" }: TrainedOptions) {
    this.cell = cell;
    this.layers = sidesOf(weights, prefix, cell.gates.length);
  }

  /** F: numbers in the input of one step. */
  get inputSize(): number {
    return this.layers[0]![0]!.weightIh.columns;
  }

  /** D·P: numbers in the output of one step. */
  get outputSize(): number {
    const top = this.layers.at(-1)!;
    return top.length * top[0]!.weightHh.columns;
  }

  /**
   * Runs x (T, B, F) to (T, B, D·P), with the states after the last step: those of torch's layer, to the bit what
   * `nn` computes. Errors: RuntimeError if the lengths do not fit.
   */
  run(x: Float32Array, { batch: B = 1, state }: RunOptions = {}): { output: Float32Array; state: Float32Array[] } {
    const { cell, layers, inputSize: F } = this;
    const T = x.length / (B * F);
    if (!Number.isInteger(T)) throw new RuntimeError(`${cell.name}: expected T·${B}·${F} numbers, got ${x.length}`);
    const sizes = cell.state.map((_, i) => B * (i === 0 ? layers[0]![0]!.weightHh.columns : hiddenSize(cell, layers)));
    const sides = layers.flat().length;
    const states = sizes.map((size, i) => startState(cell, size * sides, state?.[i]));
    let output = x;
    let at = 0;
    for (const layer of layers) {
      const input = { x: output, T, B };
      const outputs = layer.map((side, direction) => {
        const own = states.map((all, i) => all.subarray(at * sizes[i]!, (at + 1) * sizes[i]!));
        at += 1;
        return scan(cell, side, input, own, direction === 1);
      });
      output = outputs.length === 1 ? outputs[0]! : sideBySide(outputs, T * B);
    }
    return { output, state: states };
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

function hiddenSize({ gates }: Cell, layers: readonly (readonly Side[])[]): number {
  return layers[0]![0]!.weightHh.rows / gates.length;
}

function startState({ name }: Cell, length: number, given: Float32Array | undefined): Float32Array {
  if (!given) return new Float32Array(length);
  if (given.length !== length)
    throw new RuntimeError(`${name}: expected a state of ${length} numbers, got ${given.length}`);
  return given.slice();
}

/** (T·B, P) each to (T·B, D·P). */
function sideBySide(outputs: readonly Float32Array[], rows: number): Float32Array {
  const width = outputs[0]!.length / rows;
  const joined = new Float32Array(rows * width * outputs.length);
  for (let row = 0; row < rows; row += 1) {
    for (const [d, output] of outputs.entries()) {
      joined.set(output.subarray(row * width, (row + 1) * width), (row * outputs.length + d) * width);
    }
  }
  return joined;
}
