/** What the difference between two files of weights looks like: the mistakes that conversions make. */
import type * as torch from "unrolled";
import { close, gatesOf, isRearranged, KNOWN_ORDERS, type Matrix, matrixOf, orderOf } from "./gates.ts";

type Tensors = ReadonlyMap<string, torch.Tensor>;

/** One line for each mistake that explains tensors that differ. */
export function diagnose(a: Tensors, b: Tensors): string[] {
  const lines = new Map<string, string[]>();
  const say = (line: string, name: string): void => void lines.set(line, [...(lines.get(line) ?? []), name]);
  for (const [name, tensor] of a) {
    const other = b.get(name);
    const [x, y] = [matrixOf(tensor), other && matrixOf(other)];
    if (!x || !y || isSame(x, y)) continue;
    const order = orderOf(x, y, gatesOf(name, a) ?? []);
    if (order) say(orderLine(gatesOf(name, a)!, order), name);
    else if (isTransposed(x, y)) say("the matrix is transposed", name);
  }
  for (const [name, line] of biasLines(a, b)) say(line, name);
  return Array.from(lines, ([line, names]) => `${line} (${names.join(", ")})`);
}

/** Nothing to explain: the same numbers at the same places. */
function isSame(x: Matrix, y: Matrix): boolean {
  return x.rows === y.rows && x.columns === y.columns && isRearranged(x, y, (row, column) => [row, column]);
}

function isTransposed(x: Matrix, y: Matrix): boolean {
  if (x.columns === 1 || x.rows !== y.columns || x.columns !== y.rows) return false;
  return isRearranged(x, y, (row, column) => [column, row]);
}

function orderLine(gates: readonly string[], order: readonly string[]): string {
  const known = KNOWN_ORDERS.get(order.join());
  return `the gates are in the order ${order.join(" ")} instead of ${gates.join(" ")}${known ? `, ${known}` : ""}`;
}

/** Two biases that were added, or of which a part moved. */
function biasLines(a: Tensors, b: Tensors): [name: string, line: string][] {
  return [...a.keys()].flatMap((name): [string, string][] => {
    if (!/(^|\.)bias_ih/.test(name)) return [];
    const partner = name.replace(/bias_ih(?!.*bias_ih)/, "bias_hh");
    const [ih, hh] = [a.get(name), a.get(partner)].map((x) => x && matrixOf(x));
    const [newIh, newHh] = [b.get(name), b.get(partner)].map((x) => x && matrixOf(x));
    if (!ih || !hh || !newIh || ih.rows !== newIh.rows || hh.rows !== ih.rows || (newHh && newHh.rows !== ih.rows))
      return [];
    const gates = gatesOf(name, a) ?? ["a"];
    const size = ih.rows / gates.length;
    const merged = new Set<string>();
    for (let row = 0; row < ih.rows; row += 1) {
      const [before, after] = [
        [ih, hh],
        [newIh, newHh],
      ].map((pair) => pair.map((bias) => bias?.at(row, 0) ?? 0)) as [number[], number[]];
      const scale = Math.abs(before[0]!) + Math.abs(before[1]!);
      if (!close(before[0]! + before[1]!, after[0]! + after[1]!, scale)) return [];
      if (!close(before[0]!, after[0]!, scale)) merged.add(gates[Math.floor(row / size)]!);
    }
    if (merged.size === 0) return [];
    const layer = `${name} and ${partner}`;
    if (gates.includes("n") && merged.has("n")) {
      return [
        [
          layer,
          "biases were moved between b_ih and b_hh in gate n, which the reset gate multiplies: a GRU of another form, with other outputs",
        ],
      ];
    }
    return [[layer, "the biases were merged: their sums are the same, and so are the outputs"]];
  });
}
