/**
 * The reader that walks a page backwards. It lies over any differentiable arithmetic: each value carries a number for its
 * gradient, each operation a note of the chain rule, and reading the notes from the last to the first gives the gradients
 * of everything that went in. Whatever the arithmetic below is made of (numbers, tensors, instructions), so is the result.
 */
import type { Algebra, Cell, DifferentiableAlgebra, Named } from "./cell.ts";

/** A value of the arithmetic below, and its place among the gradients. */
interface Traced<V> {
  readonly value: V;
  readonly place: number;
}

/** The notes of one reading. */
class Tape<V> implements Algebra<Traced<V>> {
  readonly #m: DifferentiableAlgebra<V>;
  readonly #grads: (V | undefined)[] = [];
  readonly #notes: (() => void)[] = [];

  constructor(m: DifferentiableAlgebra<V>) {
    this.#m = m;
  }

  trace(value: V): Traced<V> {
    this.#grads.push(undefined);
    return { value, place: this.#grads.length - 1 };
  }

  give({ place }: Traced<V>, grad: V): void {
    const present = this.#grads[place];
    this.#grads[place] = present === undefined ? grad : this.#m.add(present, grad);
  }

  gradient({ place }: Traced<V>): V | undefined {
    return this.#grads[place];
  }

  rewind(): void {
    for (let note = this.#notes.pop(); note; note = this.#notes.pop()) note();
  }

  #result(value: V, rule: (g: V) => void): Traced<V> {
    const result = this.trace(value);
    this.#notes.push(() => {
      const g = this.gradient(result);
      if (g !== undefined) rule(g);
    });
    return result;
  }

  add(a: Traced<V>, b: Traced<V>): Traced<V> {
    return this.#result(this.#m.add(a.value, b.value), (g) => {
      this.give(a, g);
      this.give(b, g);
    });
  }

  sub(a: Traced<V>, b: Traced<V>): Traced<V> {
    return this.#result(this.#m.sub(a.value, b.value), (g) => {
      this.give(a, g);
      this.give(b, this.#m.neg(g));
    });
  }

  mul(a: Traced<V>, b: Traced<V>): Traced<V> {
    return this.#result(this.#m.mul(a.value, b.value), (g) => {
      this.give(a, this.#m.mul(g, b.value));
      this.give(b, this.#m.mul(g, a.value));
    });
  }

  sigmoid(a: Traced<V>): Traced<V> {
    const y = this.#m.sigmoid(a.value);
    return this.#result(y, (g) => this.give(a, this.#m.sigmoidGrad(g, y)));
  }

  tanh(a: Traced<V>): Traced<V> {
    const y = this.#m.tanh(a.value);
    return this.#result(y, (g) => this.give(a, this.#m.tanhGrad(g, y)));
  }

  relu(a: Traced<V>): Traced<V> {
    const y = this.#m.relu(a.value);
    return this.#result(y, (g) => this.give(a, this.#m.reluGrad(g, y)));
  }
}

/** The gradients of one step by all that went into it; undefined where the step does not depend on it. */
export interface StepGradients<V> {
  readonly x: Named<string, V | undefined>;
  readonly r: Named<string, V | undefined>;
  readonly state: Named<string, V | undefined>;
  /** Of the new state: what came from outside, and what came from within, where one new state enters another. */
  readonly next: Named<string, V | undefined>;
  readonly vectors: Named<string, V | undefined>;
}

/**
 * One step backwards: from the gradients of the new state to those of `x`, `r`, the old state and the vectors. What the old
 * state has received from elsewhere, `arrived`, comes first in its sum.
 */
export function reverse<V>(
  cell: Cell,
  m: DifferentiableAlgebra<V>,
  x: Named<string, V>,
  r: Named<string, V>,
  state: Named<string, V>,
  grads: Readonly<Partial<Record<string, V>>>,
  vectors: Named<string, V> = {},
  arrived: Readonly<Partial<Record<string, V>>> = {},
): StepGradients<V> {
  const tape = new Tape(m);
  const inputs = [traceAll(tape, x), traceAll(tape, r), traceAll(tape, state), traceAll(tape, vectors)] as const;
  const computed = cell.step(tape, ...inputs);
  const give = (to: Named<string, Traced<V>>, gradients: Readonly<Partial<Record<string, V>>>): void => {
    for (const name of cell.state) if (gradients[name] !== undefined) tape.give(to[name]!, gradients[name]);
  };
  give(computed, grads);
  give(inputs[2], arrived);
  tape.rewind();
  const gradients = (named: Named<string, Traced<V>>): Named<string, V | undefined> =>
    Object.fromEntries(Object.entries(named).map(([name, traced]) => [name, tape.gradient(traced)]));
  const [ofX, ofR, ofState, ofVectors] = inputs;
  const next = Object.fromEntries(cell.state.map((name) => [name, computed[name]!]));
  return {
    x: gradients(ofX),
    r: gradients(ofR),
    state: gradients(ofState),
    next: gradients(next),
    vectors: gradients(ofVectors),
  };
}

function traceAll<V>(tape: Tape<V>, values: Named<string, V>): Named<string, Traced<V>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tape.trace(value)]));
}
