/**
 * The reader that keeps a page as what it is: a tree of operations. From the tree a formula can be written in any arithmetic,
 * as text, as LaTeX or as numbers, and what the page has given a name is written by that name: `h' = o·t`.
 */
import { type Algebra, type Cell, recurrentGates, vectors } from "./cell.ts";

type Binary = "add" | "sub" | "mul";
type Unary = "sigmoid" | "tanh" | "relu";

/** A leaf, or an operation on expressions. */
export type Expression<Leaf> =
  | { readonly leaf: Leaf }
  | { readonly operation: Unary; readonly of: Expression<Leaf> }
  | { readonly operation: Binary; readonly left: Expression<Leaf>; readonly right: Expression<Leaf> };

/** What a formula is made from: a gate's half `x.i` or `r.i`, a vector `v.p`, a state before the step, or a result of it. */
export interface Part {
  readonly kind: "x" | "r" | "v" | "state" | "result";
  /** The gate, the vector, the state or the result. */
  readonly name: string;
}

/** The formula of every name that a step computes, in the page's order; results in `named` are leaves of later formulas. */
export function expressions(cell: Cell, named?: readonly string[]): Record<string, Expression<Part>> {
  const leaves = (names: readonly string[], kind: Part["kind"]): Record<string, Expression<Part>> =>
    Object.fromEntries(names.map((name) => [name, { leaf: { kind, name } }]));
  const computed = cell.step(
    trees,
    leaves(cell.gates, "x"),
    leaves(recurrentGates(cell), "r"),
    leaves(cell.state, "state"),
    leaves(vectors(cell), "v"),
  );
  const results = new Map(
    Object.entries<Expression<Part>>(computed)
      .filter(([name, tree]) => !("leaf" in tree) && (named?.includes(name) ?? true))
      .map(([name, tree]) => [tree, name]),
  );
  const cut = (tree: Expression<Part>): Expression<Part> => {
    const name = results.get(tree);
    return name === undefined ? descend(tree, cut) : { leaf: { kind: "result", name } };
  };
  return Object.fromEntries(
    Object.entries<Expression<Part>>(computed).map(([name, tree]) => [name, descend(tree, cut)]),
  );
}

/** Reads an expression in an arithmetic. */
export function evaluate<Leaf, V>(m: Algebra<V>, tree: Expression<Leaf>, read: (leaf: Leaf) => V): V {
  if ("leaf" in tree) return read(tree.leaf);
  if ("of" in tree) return m[tree.operation](evaluate(m, tree.of, read));
  return m[tree.operation](evaluate(m, tree.left, read), evaluate(m, tree.right, read));
}

/** The leaves, from left to right. */
export function leavesOf<Leaf>(tree: Expression<Leaf>): Leaf[] {
  if ("leaf" in tree) return [tree.leaf];
  return "of" in tree ? leavesOf(tree.of) : [...leavesOf(tree.left), ...leavesOf(tree.right)];
}

/** Whether an operation occurs. */
export function uses<Leaf>(tree: Expression<Leaf>, operation: Unary | Binary): boolean {
  if ("leaf" in tree) return false;
  const parts = "of" in tree ? [tree.of] : [tree.left, tree.right];
  return tree.operation === operation || parts.some((part) => uses(part, operation));
}

/** The same tree over other leaves. */
export function mapLeaves<Leaf, Other>(tree: Expression<Leaf>, f: (leaf: Leaf) => Other): Expression<Other> {
  return "leaf" in tree ? { leaf: f(tree.leaf) } : descendTo(tree, (part) => mapLeaves(part, f));
}

/** One move of the pencil: every operation whose operands are known is carried out, the others wait for the next move. */
export function reduceOnce<V>(m: Algebra<V>, tree: Expression<V>): Expression<V> {
  if ("leaf" in tree) return tree;
  const known = "of" in tree ? "leaf" in tree.of : "leaf" in tree.left && "leaf" in tree.right;
  return known ? { leaf: evaluate(m, tree, (value) => value) } : descend(tree, (part) => reduceOnce(m, part));
}

type Inner<Leaf> = Exclude<Expression<Leaf>, { readonly leaf: Leaf }>;

function descend<Leaf>(tree: Expression<Leaf>, f: (part: Expression<Leaf>) => Expression<Leaf>): Expression<Leaf> {
  return "leaf" in tree ? tree : descendTo(tree, f);
}

function descendTo<Leaf, Other>(
  tree: Inner<Leaf>,
  f: (part: Expression<Leaf>) => Expression<Other>,
): Expression<Other> {
  if ("of" in tree) return { operation: tree.operation, of: f(tree.of) };
  return { operation: tree.operation, left: f(tree.left), right: f(tree.right) };
}

const unary =
  (operation: Unary) =>
  (of: Expression<Part>): Expression<Part> => ({ operation, of });

const binary =
  (operation: Binary) =>
  (left: Expression<Part>, right: Expression<Part>): Expression<Part> => ({ operation, left, right });

const trees: Algebra<Expression<Part>> = {
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  sigmoid: unary("sigmoid"),
  tanh: unary("tanh"),
  relu: unary("relu"),
};
