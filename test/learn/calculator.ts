/** A pocket calculator for explanations: it works out every equation of a page that has numbers in it. */
import { expect } from "vitest";

const FUNCTIONS = {
  sigmoid: (v: number) => 1 / (1 + Math.exp(-v)),
  tanh: Math.tanh,
  relu: (v: number) => Math.max(v, 0),
};

/** Demands that all sides of all equations agree, and gives the names on the left of those it has worked out. */
export function calculate(text: string, tolerance: number): string[] {
  const names: string[] = [];
  for (const { name, sides } of chains(text)) {
    const numeric = sides.filter(isArithmetic);
    if (numeric.length < 2) continue;
    names.push(name);
    const values = numeric.map((side) => run(side));
    for (const value of values)
      expect(Math.abs(value - values[0]!), `${name} = ${sides.join(" = ")}`).toBeLessThan(tolerance);
  }
  return names;
}

/** Equations, each with all its sides, from however many lines they take. */
function chains(text: string): { name: string; sides: string[] }[] {
  const found: { name: string; sides: string[] }[] = [];
  for (const line of text.split("\n")) {
    const start = /^ +(\S+) += (.*)$/.exec(line);
    const more = /^ += (.*)$/.exec(line);
    const rest = /^ +(\+ .*|-?[\d.]+·.*)$/.exec(line);
    if (more) found.at(-1)!.sides.push(...more[1]!.split(" = "));
    else if (start) found.push({ name: start[1]!, sides: start[2]!.split(" = ") });
    else if (rest) found.at(-1)!.sides.push(`${found.at(-1)!.sides.pop()} ${rest[1]}`);
  }
  return found;
}

const isArithmetic = (side: string): boolean =>
  /\d/.test(side) && /^(?:sigmoid|tanh|relu|e[+-]|[\d.()+\-· ])+$/.test(side);

function run(side: string): number {
  const words = Object.keys(FUNCTIONS);
  return new Function(...words, `return ${side.replaceAll("·", "*")}`)(...Object.values(FUNCTIONS));
}
