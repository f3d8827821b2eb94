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

/** The moves from the formula with numbers to the result. */
export function movesOf<Leaf>(
  formula: Expression<Leaf>,
  read: (leaf: Leaf) => Tensor,
  write: WriteNumber,
): readonly string[] {
  const moves: string[] = [];
  let tree = mapLeaves(formula, read);
  for (;;) {
    const text = evaluate(phrases, tree, (value) => ({ text: enclosed(write(item(value))), rank: 2 })).text;
    moves.push(withoutNeedless(text));
    if ("leaf" in tree) return moves;
    tree = reduceOnce(tensors, tree);
  }
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
