/** A pocket calculator for explanations: it works out every equation of a page that has numbers in it. */
import { expect } from "vitest";

const FUNCTIONS = {
  sigmoid: (v: number) => 1 / (1 + Math.exp(-v)),
  tanh: Math.tanh,
  relu: (v: number) => Math.max(v, 0),
};

/**
 * Demands that all sides of all equations agree: within the tolerance, and to the last shown digit of the result where the
 * sign before it is `=`; where it is `≈`, the last digits have to differ. Gives the names on the left.
 */
export function calculate(text: string, tolerance: number): string[] {
  const names: string[] = [];
  for (const { name, sides, signs } of chains(text)) {
    const numeric = sides.filter(isArithmetic);
    if (numeric.length < 2) continue;
    names.push(name);
    const where = `${name} = ${sides.join(" = ")}`;
    const values = numeric.map((side) => run(side));
    for (const value of values) expect(Math.abs(value - values[0]!), where).toBeLessThan(tolerance);
    const digits = /^-?\d+\.(\d+)$/.exec(sides.at(-1)!)?.[1]?.length;
    if (digits === undefined) continue;
    const byCalculator = values
      .at(-2)!
      .toFixed(digits)
      .replace(/^-(0\.0+)$/, "$1");
    expect(byCalculator === sides.at(-1), `${where}: ${byCalculator}`).toBe(signs.at(-1) === "=");
  }
  return names;
}

interface Chain {
  readonly name: string;
  readonly sides: string[];
  /** The sign before each side. */
  readonly signs: string[];
}

/** Equations, each with all its sides, from however many lines they take. */
function chains(text: string): Chain[] {
  const found: Chain[] = [];
  const append = (chain: Chain, sign: string, rest: string): void => {
    const [first, ...others] = rest.split(/ ([=≈]) /);
    chain.signs.push(sign, ...others.filter((_, i) => i % 2 === 0));
    chain.sides.push(first!, ...others.filter((_, i) => i % 2 === 1));
  };
  for (const line of text.split("\n")) {
    const start = /^ +(\S+) += (.*)$/.exec(line);
    const more = /^ {6,}([=≈]) (.*)$/.exec(line);
    const rest = /^ +(\+ .*|-?[\d.]+·.*)$/.exec(line);
    if (more) append(found.at(-1)!, more[1]!, more[2]!);
    else if (start) {
      found.push({ name: start[1]!, sides: [], signs: [] });
      append(found.at(-1)!, "=", start[2]!);
    } else if (rest) found.at(-1)!.sides.push(`${found.at(-1)!.sides.pop()} ${rest[1]}`);
  }
  return found;
}

const isArithmetic = (side: string): boolean =>
  /\d/.test(side) && /^(?:sigmoid|tanh|relu|e[+-]|[\d.()+\-· ])+$/.test(side);

function run(side: string): number {
  const words = Object.keys(FUNCTIONS);
  return new Function(...words, `return ${side.replaceAll("·", "*")}`)(...Object.values(FUNCTIONS));
}
