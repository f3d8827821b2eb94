/**
 * A formula worked out by hand: with the numbers in it, then one move of the pencil after the other, down to the result.
 *
 *     sigmoid(x.i + r.i) = sigmoid(0.6282 + (-0.2103)) = sigmoid(0.4179) = 0.6030
 *
 * The moves are made in the layer's own arithmetic and only shown rounded, so that the last number is the layer's own.
 */
import { tensors } from "../autograd/algebra.ts";
import { item } from "../autograd/convert.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Algebra } from "../cells/cell.ts";
import { type Expression, evaluate, mapLeaves, reduceOnce } from "../cells/expression.ts";
import { phrases } from "../cells/text.ts";
import { fixedText, scientificText } from "../dense/number-text.ts";

/** A number as it stands in a text. */
export type WriteNumber = (x: number) => string;

/** Writes numbers with so many digits after the point; what would be too long or all zeros, with an exponent. */
export function numberWriter(precision: number): WriteNumber {
  return (x) => {
    const size = Math.abs(x);
    const plain = size === 0 || !Number.isFinite(x) || (size < 1e6 && size >= 0.5 * 10 ** -precision);
    return plain ? fixedText(x === 0 ? 0 : x, precision) : scientificText(x, Math.max(precision - 1, 1));
  };
}

/** A number as a factor or a summand: a negative one in parentheses. */
export function enclosed(text: string): string {
  return text.startsWith("-") ? `(${text})` : text;
}

/** One side of a worked equation. */
export interface Move {
  readonly text: string;
  /** Whether the numbers shown before, taken as they stand, give other last digits: then the sign is ≈ instead of =. */
  readonly rounded: boolean;
}

/** A side that is as shown. */
export function plainly(text: string): Move {
  return { text, rounded: false };
}

/** The moves from the formula with numbers to the result. */
export function movesOf<Leaf>(
  formula: Expression<Leaf>,
  read: (leaf: Leaf) => Tensor,
  write: WriteNumber,
): readonly Move[] {
  const moves: Move[] = [];
  let tree = mapLeaves(formula, read);
  let byHand: string | undefined;
  for (;;) {
    const text = written(mapLeaves(tree, item), write);
    moves.push({ text, rounded: byHand !== undefined && byHand !== text });
    if ("leaf" in tree) return moves;
    const shown = mapLeaves(tree, (value) => Number(write(item(value))));
    byHand = written(reduceOnce(numbers, shown), write);
    tree = reduceOnce(tensors, tree);
  }
}

function written(tree: Expression<number>, write: WriteNumber): string {
  return withoutNeedless(evaluate(phrases, tree, (value) => ({ text: enclosed(write(value)), rank: 2 })).text);
}

/** What a calculator does with the numbers that it is given. */
const numbers: Algebra<number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  tanh: Math.tanh,
  relu: (a) => Math.max(a, 0),
};

/** A number that is a sum: rounded where what is shown, added up, comes out at other digits. */
export function sumOf(value: number, shown: readonly number[], write: WriteNumber): Move {
  const sum = shown.reduce((total, one) => total + one, 0);
  return { text: write(value), rounded: write(sum) !== write(value) };
}

/** The products of a row and a vector, one by one; those in the middle of very many are only counted. */
export function products(
  row: readonly number[],
  x: readonly number[],
  write: WriteNumber,
  more: (n: number) => string,
) {
  const all = row.map((weight, k) => `${enclosed(write(weight))}·${enclosed(write(x[k]!))}`);
  return withoutNeedless(shortened(all, more).join(" + "));
}

/** The numbers of a vector; those in the middle of very many are only counted. */
export function vectorText(x: readonly number[], write: WriteNumber, more: (n: number) => string): string {
  return `[${shortened(x.map(write), more).join(", ")}]`;
}

const LONGEST = 16;

function shortened(texts: readonly string[], more: (n: number) => string): readonly string[] {
  if (texts.length <= LONGEST) return texts;
  const [first, last] = [6, 2];
  return [...texts.slice(0, first), more(texts.length - first - last), ...texts.slice(-last)];
}

/** At the start and after a parenthesis a negative number needs none of its own. */
function withoutNeedless(text: string): string {
  return text.replace(/(^|\()\((-[^()]+)\)/g, "$1$2");
}
