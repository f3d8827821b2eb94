/**
 * torch.einsum: sums of products in Einstein's notation. Each operand is brought to one order of letters (those of the
 * result, then those that are summed), letters that no later operand has are summed at once, and what meets is multiplied
 * as batches of matrices.
 */
import { RuntimeError } from "../check.ts";
import { mul } from "./arithmetic.ts";
import { expand } from "./broadcast.ts";
import { diagonal } from "./diagonal.ts";
import { bmm } from "./linear.ts";
import { sum } from "./reduce.ts";
import { movedim, permute, unsqueeze } from "./shape.ts";
import type { Tensor } from "./tensor.ts";
import { reshape } from "./views.ts";

/** torch.einsum: `einsum("bij,bjk->bik", x, y)`; `...` stands for further dimensions. */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const [left = "", given] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (terms.length !== operands.length) {
    const more = terms.length > operands.length ? "fewer" : "more";
    throw new RuntimeError(`einsum(): ${more} operands were provided than specified in the equation`);
  }
  const subscripts = terms.map((term, i) => lettersOf(term, operands[i]!, i));
  const spread = subscripts.map((letters) => letters.filter((l) => l.startsWith(".")).length);
  const free = Array.from({ length: Math.max(...spread) }, (_, i) => `.${Math.max(...spread) - i}`);
  const result = resultLetters(given, subscripts.flat(), free);
  const all = [...new Set(subscripts.flat())];
  const order = [...result, ...all.filter((l) => !result.includes(l)).sort()];
  expectSizes(subscripts, operands);
  let parts = operands.map((x, i) => aligned(x, subscripts[i]!, order));
  let product = parts[0]!;
  parts = parts.slice(1);
  for (let i = 0; i <= parts.length; i += 1) {
    // A dimension beyond the result that no later operand has is summed on the way.
    const over = [...order.keys()].filter(
      (d) => d >= result.length && product.shape[d] !== 1 && parts.slice(i).every((x) => x.shape[d] === 1),
    );
    const next = parts[i];
    if (!next) {
      const extra = [...order.keys()].filter((d) => d >= result.length);
      return extra.length > 0
        ? subscripts.length > 1
          ? reshape(sumOver(product, over), product.shape.slice(0, result.length))
          : sum(product, extra)
        : product;
    }
    const last = [...order.keys()].filter(
      (d) => d >= result.length && parts.slice(i + 1).every((x) => x.shape[d] === 1),
    );
    product = contracted(sumOver(product, over), next, last);
  }
  return product;
}

function sumOver(x: Tensor, dims: readonly number[]): Tensor {
  return dims.length > 0 ? sum(x, dims, true) : x;
}

/** The letters of one operand; the dimensions of an ellipsis are `.3`, `.2`, `.1`, counted from the last. */
function lettersOf(term: string, x: Tensor, operand: number): string[] {
  const dots = term.includes("...");
  const letters = [...term.replace("...", "*")];
  const bad = letters.find((letter) => !/[A-Za-z*]/.test(letter));
  if (bad !== undefined) {
    throw new RuntimeError(
      `einsum(): invalid subscript given at index ${term.indexOf(bad)} in the equation string, subscripts must be in [a-zA-Z]`,
    );
  }
  const rest = x.shape.length - letters.filter((letter) => letter !== "*").length;
  if (rest < 0 || (rest > 0 && !dots)) {
    throw new RuntimeError(
      `einsum(): the number of subscripts in the equation (${letters.length}) ${dots ? "is more than" : "does not match"} the number of dimensions (${x.shape.length}) for operand ${operand}${dots ? "" : " and no ellipsis was given"}`,
    );
  }
  return letters.flatMap((letter) =>
    letter === "*" ? Array.from({ length: rest }, (_, i) => `.${rest - i}`) : [letter],
  );
}

/** The letters of the result: as given, else the ellipsis and then all that occur once, in alphabetical order. */
function resultLetters(given: string | undefined, letters: readonly string[], free: readonly string[]): string[] {
  if (given === undefined) {
    const single = letters.filter((l) => !l.startsWith(".") && letters.indexOf(l) === letters.lastIndexOf(l));
    return [...free, ...single.sort()];
  }
  const result = [...given.replace("...", "*")].flatMap((letter) => (letter === "*" ? free : [letter]));
  for (const [i, letter] of result.entries()) {
    if (result.indexOf(letter) !== i) {
      throw new RuntimeError(`einsum(): output subscript ${letter} appears more than once in the output`);
    }
    if (!letters.includes(letter)) {
      throw new RuntimeError(
        `einsum(): output subscript ${letter} does not appear in the equation for any input operand`,
      );
    }
  }
  return result;
}

function expectSizes(subscripts: readonly string[][], operands: readonly Tensor[]): void {
  const sizes = new Map<string, number>();
  for (const [i, letters] of subscripts.entries()) {
    for (const [d, letter] of letters.entries()) {
      const size = operands[i]!.shape[d]!;
      const seen = sizes.get(letter) ?? 1;
      if (size !== 1 && seen !== 1 && size !== seen) {
        throw new RuntimeError(
          `einsum(): subscript ${letter} has size ${size} for operand ${i} which does not broadcast with previously seen size ${seen}`,
        );
      }
      sizes.set(letter, size === 1 ? seen : size);
    }
  }
}

/** The operand with its dimensions in the common order, a repeated letter as its diagonal, missing letters as ones. */
function aligned(x: Tensor, letters: readonly string[], order: readonly string[]): Tensor {
  let view = x;
  const left = [...letters];
  for (let d = 0; d < left.length; d += 1) {
    const again = left.indexOf(left[d]!, d + 1);
    if (again < 0) continue;
    view = movedim(diagonal(view, 0, d, again), -1, d);
    left.splice(again, 1);
    d -= 1;
  }
  const present = order.filter((letter) => left.includes(letter));
  view = permute(
    view,
    present.map((letter) => left.indexOf(letter)),
  );
  for (const [d, letter] of order.entries()) if (!left.includes(letter)) view = unsqueeze(view, d);
  return view;
}

/** Σ over `dims` of a·b: one batched matrix product; dimensions that only one operand has are its rows or columns. */
function contracted(a: Tensor, b: Tensor, dims: readonly number[]): Tensor {
  if (dims.every((d) => a.shape[d] === 1 && b.shape[d] === 1)) return mul(a, b);
  const kinds = a.shape.map((_, d) => {
    if (dims.includes(d)) return "summed";
    if (a.shape[d] !== 1 && b.shape[d] !== 1) return "batch";
    return a.shape[d] !== 1 ? "rows" : "columns";
  });
  const of = (kind: string): number[] => [...kinds.keys()].filter((d) => kinds[d] === kind);
  const [batch, rows, columns, summed] = [of("batch"), of("rows"), of("columns"), of("summed")];
  const lengths = (d: readonly number[]): number[] => d.map((at) => (a.shape[at] === 1 ? b.shape[at]! : a.shape[at]!));
  const size = (d: readonly number[]): number => lengths(d).reduce((p, n) => p * n, 1);
  const full = (x: Tensor): Tensor =>
    expand(
      x,
      x.shape.map((n, d) => (dims.includes(d) ? lengths([d])[0]! : n)),
    );
  const left = reshape(
    permute(full(a), [...batch, ...rows, ...summed, ...columns]),
    size(batch),
    size(rows),
    size(summed),
  );
  const right = reshape(
    permute(full(b), [...batch, ...summed, ...columns, ...rows]),
    size(batch),
    size(summed),
    size(columns),
  );
  const split = reshape(bmm(left, right), [
    ...lengths(batch),
    ...lengths(rows),
    ...lengths(columns),
    ...summed.map(() => 1),
  ]);
  const stands = [...batch, ...rows, ...columns, ...summed];
  return permute(
    split,
    [...stands.keys()].map((d) => stands.indexOf(d)),
  );
}
