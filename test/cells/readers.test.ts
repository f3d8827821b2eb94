import { describe, expect, it } from "vitest";
import { tensors } from "../../src/autograd/algebra.ts";
import { numbers } from "../../src/cells/numbers.ts";
import { formulas } from "../../src/cells/text.ts";
import { functions } from "../../src/engine/functions.ts";
import * as torch from "../../src/index.ts";
import { inputs, pages } from "./pages.ts";

const readers = {
  float32: numbers({ round: Math.fround, ...functions("float32") }),
  float64: numbers({ round: (x) => x, ...functions("float64") }),
};
const DTYPES = { float32: torch.float32, float64: torch.float64 };

const mapped = <V, W>(named: Readonly<Record<string, V>>, f: (value: V) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(named).map(([name, value]) => [name, f(value)]));

describe.each(pages)("the page of $name", ({ cell, source }) => {
  const { x, r, state, v } = inputs(cell);

  it("has an equation for every name that a step computes, and computes every gate's share and state", () => {
    const computed = cell.step(readers.float64, x, r, state, v);
    expect(Object.keys(cell.equations).sort()).toEqual(Object.keys(computed).sort());
    expect(Object.keys(computed)).toEqual(expect.arrayContaining([...cell.gates, ...cell.state]));
  });

  it("says its equations in its comment", () => {
    const text = source.replaceAll(/ +/g, " ");
    for (const [name, equation] of Object.entries(cell.equations)) {
      const prime = cell.state.includes(name) ? "'" : "";
      expect(text).toContain(` * ${name}${prime} = ${equation}`);
    }
  });

  it("reads as the text of its equations", () => {
    const [only] = cell.gates.length === 1 ? cell.gates : [];
    const share = (side: "x" | "r", gate: string): string => {
      const [letter, variable] = side === "x" ? ["i", "x"] : ["h", "h"];
      const end = letter + (gate === only ? "h" : gate);
      return `W_${end}·${variable} + b_${end}`;
    };
    const written = mapped(formulas(cell), (formula) =>
      formula
        .replaceAll(/(·?)\b([xr])\.(\w)/g, (_, times: string, side: "x" | "r", gate: string) =>
          times ? `·(${share(side, gate)})` : share(side, gate),
        )
        .replaceAll(/\bv\.(\w+)/g, "w_$1"),
    );
    // In an equation, a gate or an inner name is its own equation, and so is a new state, c'.
    const isState = (letter: string): boolean => cell.state.includes(letter);
    const isCall = (text: string): boolean => /^\w+\(.*\)$/.test(text);
    const expanded = (name: string): string =>
      cell.equations[name]!.replaceAll(
        /(·?)(?<!\w)([a-z])('?)(?![\w(])/g,
        (token, times: string, letter: string, prime: string) => {
          if (!prime && (!(letter in cell.equations) || isState(letter) || letter === name)) return token;
          const inner = expanded(letter);
          return times && !isCall(cell.equations[letter]!) ? `·(${inner})` : times + inner;
        },
      );
    for (const name of Object.keys(cell.equations)) expect(written[name]).toBe(expanded(name));
  });

  it("computes what its formula says", () => {
    const computed = cell.step(readers.float64, x, r, state, v);
    const { sigmoid, tanh, relu } = readers.float64;
    const words = { x, r, v, sigmoid, tanh, relu, ...state };
    for (const [name, formula] of Object.entries(formulas(cell))) {
      const run = new Function(...Object.keys(words), `return ${formula.replaceAll("·", "*")}`);
      expect(run(...Object.values(words)), name).toBe(computed[name]);
    }
  });

  it.each(["float32", "float64"] as const)("gives the same %s bits as numbers and as tensors", (dtype) => {
    const computed = cell.step(readers[dtype], x, r, state, v);
    const tensor = (value: number): torch.Tensor => torch.tensor([value, 2 * value], { dtype: DTYPES[dtype] });
    const asTensors = cell.step(
      tensors,
      mapped(x, tensor),
      mapped(r, tensor),
      mapped(state, tensor),
      mapped(v, tensor),
    );
    expect(mapped(asTensors, (value) => value.at(0).item())).toEqual(computed);
  });
});
