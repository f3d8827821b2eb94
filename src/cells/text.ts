/** The reader that turns a page into its formula. */
import { type Algebra, type Cell, type Named, recurrentGates, vectors } from "./cell.ts";

/** A piece of a formula, and how tightly it holds together: 0 a sum, 1 a product, 2 a name or a call. */
export interface Phrase {
  readonly text: string;
  readonly rank: 0 | 1 | 2;
}

const name = (text: string): Phrase => ({ text, rank: 2 });
const call = (f: string, { text }: Phrase): Phrase => ({ text: `${f}(${text})`, rank: 2 });
/** A phrase as a part of another: in parentheses if it does not hold together tightly enough. */
export const inside = ({ text, rank }: Phrase, least: number): string => (rank < least ? `(${text})` : text);

/** Formulas as an arithmetic. */
export const phrases: Algebra<Phrase> = {
  add: (a, b) => ({ text: `${a.text} + ${b.text}`, rank: 0 }),
  sub: (a, b) => ({ text: `${a.text} - ${inside(b, 1)}`, rank: 0 }),
  mul: (a, b) => ({ text: `${inside(a, 1)}·${inside(b, 1)}`, rank: 1 }),
  sigmoid: (a) => call("sigmoid", a),
  tanh: (a) => call("tanh", a),
  relu: (a) => call("relu", a),
};

/**
 * The formula of every name that the cell computes, written in its inputs: `x.i` is the gate's share of W_ih·x + b_ih,
 * `r.i` its share of W_hh·h + b_hh, `v.p` a vector, and a bare name the state before the step.
 */
export function formulas(cell: Cell): Named<string, string> {
  const each = (names: readonly string[], text: (name: string) => string): Named<string, Phrase> =>
    Object.fromEntries(names.map((key) => [key, name(text(key))]));
  const computed = cell.step(
    phrases,
    each(cell.gates, (gate) => `x.${gate}`),
    each(recurrentGates(cell), (gate) => `r.${gate}`),
    each(cell.state, (state) => state),
    each(vectors(cell), (vector) => `v.${vector}`),
  );
  return Object.fromEntries(Object.entries(computed).map(([key, { text }]) => [key, text]));
}
