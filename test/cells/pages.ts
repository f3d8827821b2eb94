/** All pages, and the texts they were written from. */
import { readFileSync } from "node:fs";
import { type Cell, recurrentGates, vectors } from "../../src/cells/cell.ts";
import { coupledLSTM } from "../../src/cells/coupled-lstm.ts";
import { elman } from "../../src/cells/elman.ts";
import { gru } from "../../src/cells/gru.ts";
import { indRNN } from "../../src/cells/indrnn.ts";
import { lstm } from "../../src/cells/lstm.ts";
import { mgu } from "../../src/cells/mgu.ts";
import { peepholeLSTM } from "../../src/cells/peephole-lstm.ts";

const source = (name: string): string =>
  readFileSync(`${import.meta.dirname}/../../src/cells/${name}.ts`, "utf8").replaceAll("−", "-");

/** Every cell with the source of its page. */
export const pages: readonly { name: string; cell: Cell; source: string }[] = [
  { name: "elman with tanh", cell: elman("tanh"), source: source("elman").replaceAll("φ", "tanh") },
  { name: "elman with relu", cell: elman("relu"), source: source("elman").replaceAll("φ", "relu") },
  { name: "lstm", cell: lstm as unknown as Cell, source: source("lstm").replaceAll("σ", "sigmoid") },
  { name: "gru", cell: gru as unknown as Cell, source: source("gru").replaceAll("σ", "sigmoid") },
  ...Object.entries({ "peephole-lstm": peepholeLSTM, "coupled-lstm": coupledLSTM, mgu, indrnn: indRNN }).map(
    ([name, cell]) => ({ name, cell: cell as unknown as Cell, source: source(name).replaceAll("σ", "sigmoid") }),
  ),
];

/** Numbers for everything that goes into a step, without pattern. */
export function inputs(cell: Cell): Record<"x" | "r" | "state" | "v", Record<string, number>> {
  let seed = 1;
  const next = (): number => {
    seed = (seed * 48271) % 2147483647;
    return Math.fround((2 * seed) / 2147483647 - 1);
  };
  const each = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, next()]));
  return { x: each(cell.gates), r: each(recurrentGates(cell)), state: each(cell.state), v: each(vectors(cell)) };
}
