/** A cell of one's own: one page of arithmetic in, the class of a layer out. */
import { type Algebra, type Cell, type Named, recurrentGates, vectors } from "../cells/cell.ts";
import { type CellLayerClass, layerOf, type StateOf } from "./cell-layer.ts";
import { expectPage } from "./expect-page.ts";

/** At least one name. */
type Names = readonly [string, ...string[]];

/** A page: names, equations, and one step of arithmetic. All names are letters and digits, and differ from each other. */
export interface CellDefinition<
  Gates extends Names,
  States extends Names,
  Results extends string,
  Vectors extends readonly string[] = readonly [],
  Recurrent extends readonly Gates[number][] = Gates,
> {
  /** The name of the layer, which is printed. */
  readonly name: string;
  /** The blocks of rows in the weights, top to bottom. */
  readonly gates: Gates;
  /** The gates that W_hh has rows for, in the order of `gates`: those whose half `r` the step reads. Default all. */
  readonly recurrentGates?: Recurrent;
  /** What is carried from step to step. The first is the output, and what W_hh multiplies. */
  readonly state: States;
  /** Weights of one number for each unit, such as peepholes. Default none. */
  readonly vectors?: Vectors;
  /**
   * One line of mathematics for each name that `step` returns: all gates, all states, and whatever else shall be seen. The
   * parts of a gate g are written W_ig·x + b_ig and W_hg·h + b_hg, a vector p is w_p, a new state has a prime: c'.
   */
  readonly equations: Named<Results, string>;
  /**
   * One step: `x` = W_ih·x_t + b_ih and `r` = W_hh·h + b_hh by gate, `s` the state, `v` the vectors. Written with
   * `m.add`, `m.sub`, `m.mul`, `m.sigmoid`, `m.tanh` and `m.relu` only, unit by unit. (1 − f)·g + f·c needs no one: it is
   * g + f·(c − g).
   */
  step<V>(
    m: Algebra<V>,
    x: Named<Gates[number], V>,
    r: Named<Recurrent[number], V>,
    s: Named<States[number], V>,
    v: Named<Vectors[number], V>,
  ): Named<Results, V>;
}

/**
 * Makes a page the class of a layer that can all that RNN, LSTM and GRU can: stacking, directions, packing, dropout,
 * gradients, `explain`, the SIMD kernel. Weights have torch's names; a vector p is `weight_p_l0`.
 *
 *     const Leaky = defineCell({
 *       name: "Leaky",
 *       gates: ["f", "n"],
 *       state: ["h"],
 *       equations: {
 *         f: "sigmoid(W_if·x + b_if + W_hf·h + b_hf)",
 *         n: "tanh(W_in·x + b_in + W_hn·h + b_hn)",
 *         h: "h + f·(n - h)",
 *       },
 *       step(m, x, r, s) {
 *         const f = m.sigmoid(m.add(x.f, r.f));
 *         const n = m.tanh(m.add(x.n, r.n));
 *         return { f, n, h: m.add(s.h, m.mul(f, m.sub(n, s.h))) };
 *       },
 *     });
 *     const [output, hn] = new Leaky(10, 20, { numLayers: 2 }).forward(x);
 *
 * Errors: ValueError for a page that does not fit together.
 */
export function defineCell<
  const Gates extends Names,
  const States extends Names,
  Results extends string,
  const Vectors extends readonly string[] = readonly [],
  const Recurrent extends readonly Gates[number][] = Gates,
>(page: CellDefinition<Gates, States, Results, Vectors, Recurrent>): CellLayerClass<StateOf<States>> {
  const cell = page as unknown as Cell;
  expectPage("defineCell", cell);
  // what is done to the page later is nothing to its layers
  return layerOf({
    name: cell.name,
    gates: [...cell.gates],
    recurrentGates: [...recurrentGates(cell)],
    state: [...cell.state],
    vectors: [...vectors(cell)],
    equations: { ...cell.equations },
    step: cell.step.bind(cell) as Cell["step"],
  });
}
