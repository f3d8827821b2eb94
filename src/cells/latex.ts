/** The reader that turns a page into LaTeX, written as in torch's documentation: `i_t = \sigma(W_{ii} x_t + b_{ii} + ...)`. */
import type { Algebra, Cell } from "./cell.ts";
import { evaluate, expressions, type Part } from "./expression.ts";
import { inside, type Phrase } from "./text.ts";

/** What the formula of a layer depends on besides its cell. */
export interface LatexOptions {
  /** Whether there are b_ih and b_hh. Default true. */
  readonly bias?: boolean;
  /** Whether h is projected by W_hr before it is handed on. Default false. */
  readonly projected?: boolean;
}

const call = (f: string, { text }: Phrase): Phrase => ({ text: `${f}(${text})`, rank: 2 });

const phrases: Algebra<Phrase> = {
  add: (a, b) => ({ text: `${a.text} + ${b.text}`, rank: 0 }),
  sub: (a, b) => ({ text: `${a.text} - ${inside(b, 1)}`, rank: 0 }),
  mul: (a, b) => ({ text: `${inside(a, 1)} \\odot ${inside(b, 1)}`, rank: 1 }),
  sigmoid: (a) => call("\\sigma", a),
  tanh: (a) => call("\\tanh", a),
  relu: (a) => call("\\mathrm{ReLU}", a),
};

/** The formulas of a cell as one `aligned` block: a line for each gate and each state. */
export function latex(cell: Cell, { bias = true, projected = false }: LatexOptions = {}): string {
  const [output] = cell.state;
  const shown = Object.entries(expressions(cell, [...cell.gates, ...cell.state])).filter(
    ([name]) => cell.gates.includes(name) || cell.state.includes(name),
  );
  const lines = shown.map(([name, tree]) => {
    return `${name}_t &= ${evaluate(phrases, tree, (part) => symbol(cell, part, bias)).text}`;
  });
  if (projected) lines.push(`${output}_t &\\leftarrow W_{hr} ${output}_t`);
  return `\\begin{aligned}\n${lines.join(" \\\\\n")}\n\\end{aligned}`;
}

/** A gate's half counts as a sum also where there is no bias: a matrix product is no factor of a product unit by unit. */
function symbol(cell: Cell, { kind, name }: Part, bias: boolean): Phrase {
  if (kind === "result") return { text: `${name}_t`, rank: 2 };
  if (kind === "state") return { text: `${name}_{t-1}`, rank: 2 };
  if (kind === "v") return { text: `w_{${name}}`, rank: 2 };
  // torch calls the weights of an only gate W_ih and W_hh
  const end = cell.gates.length === 1 ? "h" : name;
  const [index, variable] = kind === "x" ? [`i${end}`, "x_t"] : [`h${end}`, `${cell.state[0]}_{t-1}`];
  const product = `W_{${index}} ${variable}`;
  return { text: bias ? `${product} + b_{${index}}` : product, rank: 0 };
}
