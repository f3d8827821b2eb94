/** A page as a layer and as a cell, for pages that torch has none of its own words for: any number of gates and states. */
import { Tensor } from "../autograd/tensor.ts";
import type { Cell } from "../cells/cell.ts";
import { pythonTypeOf, ValueError } from "../check.ts";
import { tuple } from "../dense/tuple.ts";
import { type CellOptions, RecurrentCell } from "./cell.ts";
import { PLAIN_NAMES } from "./node-names.ts";
import { type Kind, Recurrent } from "./recurrent.ts";
import type { RecurrentOptions } from "./recurrent-options.ts";

/** How users have the state of a page: a tensor if there is one, else a tuple in the order of the page. */
export type StateOf<States extends readonly string[]> = States extends readonly [string]
  ? Tensor
  : { readonly [i in keyof States]: Tensor };

const KIND: Kind = { ownOptions: [], rankNote: "", checksPacked: true, names: PLAIN_NAMES };

/** A layer of any page: stacked, in both directions, packed, as RNN and GRU are. */
export class CellLayer<State> extends Recurrent<State> {
  constructor(cell: Cell, inputSize: number, hiddenSize: number, options: RecurrentOptions) {
    super(cell, KIND, inputSize, hiddenSize, options);
  }

  protected override openState(state: State): readonly unknown[] {
    return opened(this.cell, state);
  }

  protected override closeState(states: readonly Tensor[]): State {
    return closed(states);
  }
}

/** One step of any page, as RNNCell and GRUCell are. */
export class CellStep<State> extends RecurrentCell<State> {
  /** The page of mathematics that this cell runs. */
  readonly cell: Cell;

  constructor(cell: Cell, inputSize: number, hiddenSize: number, options: CellOptions) {
    super(cell, inputSize, hiddenSize, options);
    this.cell = cell;
  }

  protected override page(): Cell {
    return this.cell;
  }

  protected override openState(state: State): readonly Tensor[] {
    const states = opened(this.cell, state);
    for (const [i, one] of states.entries()) this.expectRank(states.length === 1 ? "hidden" : `hx[${i}]`, one);
    return states as readonly Tensor[];
  }

  protected override closeState(states: readonly Tensor[]): State {
    return closed(states);
  }
}

/** The class of the layers of a page. */
export interface CellLayerClass<State> {
  /** Weights and options are those of `RNN`; a vector p of the page is the weight `weight_p_l0`. */
  new (inputSize: number, hiddenSize: number, options?: RecurrentOptions): CellLayer<State>;
  /** The page. */
  readonly cell: Cell;
  /** The class of a single step, to be called in a loop of one's own. */
  readonly Cell: new (
    inputSize: number,
    hiddenSize: number,
    options?: CellOptions,
  ) => CellStep<State>;
}

/** The classes of a page; the layer prints under the name of the page. */
export function layerOf<State>(cell: Cell): CellLayerClass<State> {
  class Step extends CellStep<State> {
    constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
      super(cell, inputSize, hiddenSize, options);
    }
  }
  class Layer extends CellLayer<State> {
    static readonly cell = cell;
    static readonly Cell = Step;
    constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
      super(cell, inputSize, hiddenSize, options);
    }
  }
  Object.defineProperty(Step, "name", { value: `${cell.name}Cell` });
  Object.defineProperty(Layer, "name", { value: cell.name });
  return Layer;
}

function opened(cell: Cell, state: unknown): readonly unknown[] {
  const count = cell.state.length;
  if (count === 1) return [state];
  if (Array.isArray(state) && state.length === count) return state;
  const got = Array.isArray(state) ? `${state.length}` : state instanceof Tensor ? "a Tensor" : pythonTypeOf(state);
  throw new ValueError(`${cell.name}: expected a state of ${count} tensors, (${cell.state.join(", ")}), got ${got}`);
}

function closed<State>(states: readonly Tensor[]): State {
  return (states.length === 1 ? states[0] : tuple(...states)) as State;
}
