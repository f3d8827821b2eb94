/**
 * The vocabulary of the pages in this folder: an arithmetic, and a recurrence written in it. JavaScript cannot overload
 * operators, so a formula is written with named ones, `m.add(m.mul(f, c), m.mul(i, g))`, and since `m` is a parameter the
 * same page can be read in several arithmetics: as numbers, as tensors, as text, backwards.
 */

/** The arithmetic a cell is written in. A cell never learns what a `V` is. */
export interface Algebra<V> {
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  /** 1/(1 + e^−a) */
  sigmoid(a: V): V;
  tanh(a: V): V;
  /** max(a, 0) */
  relu(a: V): V;
}

/** An arithmetic that can also be read backwards: the derivatives of its functions, from the result y = f(a). */
export interface DifferentiableAlgebra<V> extends Algebra<V> {
  neg(a: V): V;
  /** g·y·(1 − y), for y = sigmoid(a) */
  sigmoidGrad(g: V, y: V): V;
  /** g·(1 − y²), for y = tanh(a) */
  tanhGrad(g: V, y: V): V;
  /** 0 where y ≤ 0, else g (also where y is NaN), for y = relu(a) */
  reluGrad(g: V, y: V): V;
}

/** One value for each name. */
export type Named<Name extends string, V> = { readonly [name in Name]: V };

/**
 * A recurrence: its gates in checkpoint order, its state, and one step of arithmetic. `Inner` names what else it shows,
 * `Vector` the weights that are one number for each unit, `Recurrent` the gates that W_hh has rows for.
 */
export interface Cell<
  Gate extends string = string,
  State extends string = string,
  Inner extends string = string,
  Vector extends string = string,
  Recurrent extends Gate = Gate,
> {
  /** The name of the layer. */
  readonly name: string;
  /** The blocks of rows in the weights, top to bottom, as checkpoints have them. */
  readonly gates: readonly Gate[];
  /** The gates with a block of rows in W_hh and b_hh, in the order of `gates`; all of them where this is absent. */
  readonly recurrentGates?: readonly Recurrent[];
  /** What is carried from step to step; the first is also the output. */
  readonly state: readonly State[];
  /** Weights of H numbers, one for each unit, such as peepholes; none where this is absent. */
  readonly vectors?: readonly Vector[];
  /** Whether somebody looks at every step: then no engine may run the loop over time in one piece. */
  readonly watched?: boolean;
  /** One line of mathematics for each name that `step` returns. */
  readonly equations: Named<Gate | State | Inner, string>;
  /**
   * `x` = W_ih·x_t + b_ih and `r` = W_hh·h + b_hh, split by gate; `s` is the state, `v` the vectors. Returns all it computed,
   * by name.
   */
  step<V>(
    m: Algebra<V>,
    x: Named<Gate, V>,
    r: Named<Recurrent, V>,
    s: Named<State, V>,
    v: Named<Vector, V>,
  ): Named<Gate | State | Inner, V>;
}

/** The gates with a block of rows in W_hh. */
export const recurrentGates = (cell: Cell): readonly string[] => cell.recurrentGates ?? cell.gates;

/** The names of the weights of one number for each unit. */
export const vectors = (cell: Cell): readonly string[] => cell.vectors ?? [];
