/**
 * The reader that turns a page into the list of its operations. It answers questions about a page without knowing which
 * page it is: which gates use the recurrent half only as a summand, which value is squashed by what.
 */
import { type Algebra, type Cell, type Named, recurrentGates, vectors } from "../cells/cell.ts";

/** A value of the page: one that is given (`x.i`, `r.i`, a state, a vector) or the result of an operation. */
export interface Value {
  /** What it is called: its equation's name once it has one, else its formula. */
  text: string;
  readonly given?: { readonly half: "x" | "r" | "s" | "v"; readonly name: string };
}

/** One operation, in the order in which the page performs them. */
export interface Operation {
  readonly index: number;
  readonly kind: keyof Algebra<unknown>;
  readonly args: readonly Value[];
  readonly result: Value;
  /** The name of the equation that it belongs to. */
  name: string;
}

/** All operations of one step. */
export function operations(cell: Cell): readonly Operation[] {
  const list: Operation[] = [];
  const write = (kind: Operation["kind"], text: string, ...args: Value[]): Value => {
    const result = { text };
    list.push({ index: list.length, kind, args, result, name: "" });
    return result;
  };
  const reader: Algebra<Value> = {
    add: (a, b) => write("add", `${a.text} + ${b.text}`, a, b),
    sub: (a, b) => write("sub", `${a.text} - ${b.text}`, a, b),
    mul: (a, b) => write("mul", `${a.text}·${b.text}`, a, b),
    sigmoid: (a) => write("sigmoid", `sigmoid(${a.text})`, a),
    tanh: (a) => write("tanh", `tanh(${a.text})`, a),
    relu: (a) => write("relu", `relu(${a.text})`, a),
  };
  const given = (half: "x" | "r" | "s" | "v", names: readonly string[], text: (name: string) => string) =>
    Object.fromEntries(names.map((name) => [name, { text: text(name), given: { half, name } }])) as Named<
      string,
      Value
    >;
  const terms = cell.step(
    reader,
    given("x", cell.gates, (gate) => `(W_i${gate}·x + b_i${gate})`),
    given("r", recurrentGates(cell), (gate) => `(W_h${gate}·h + b_h${gate})`),
    given("s", cell.state, (state) => `${state}_{t-1}`),
    given("v", vectors(cell), (vector) => `w_${vector}`),
  );
  const names = new Map(Object.entries(terms).map(([name, value]) => [value, name]));
  let name = "";
  for (const operation of list.toReversed()) {
    const own = names.get(operation.result);
    if (own !== undefined) {
      name = own;
      operation.result.text = own;
    }
    operation.name = name;
  }
  return list;
}

/** The gates for which only the sum x + r matters: their two biases may be merged into one. */
export function summedGates(cell: Cell): readonly string[] {
  const list = operations(cell);
  return recurrentGates(cell).filter((gate) => {
    const isHalf = (value: Value): boolean =>
      value.given?.name === gate && (value.given.half === "x" || value.given.half === "r");
    const uses = list.filter(({ args }) => args.some(isHalf));
    return (
      uses.length > 0 && uses.every(({ kind, args }) => kind === "add" && args.every(isHalf) && args[0] !== args[1])
    );
  });
}
