/**
 * Every way to misread a page by one operation: a function forgotten or taken for another, a factor or a summand left out,
 * a gate turned round, an old state in place of the new one, a product taken before its gate instead of after. They are
 * found by reading the page, so they exist for a user's own cell as well.
 */
import { rsub } from "../autograd/arithmetic.ts";
import { linear } from "../autograd/linear.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { slice } from "../autograd/views.ts";
import { type Algebra, type Cell, type Named, recurrentGates } from "../cells/cell.ts";
import type { ScanWeights } from "../nn/scan.ts";
import { type Operation, operations, type Value } from "./operations.ts";
import { withStep } from "./run.ts";

/** A page read wrongly, and in which way. */
export interface Misreading {
  readonly cause: string;
  readonly hint: string;
  readonly page: (page: Cell, weights: ScanWeights) => Cell;
}

/** What an operation is replaced by: from its operands and what the step was given. */
type Replacement = (m: Algebra<Tensor>, args: readonly Tensor[], given: Given) => Tensor;

interface Given {
  readonly x: Named<string, Tensor>;
  readonly r: Named<string, Tensor>;
  readonly s: Named<string, Tensor>;
  readonly weights: ScanWeights;
  readonly page: Cell;
}

const FUNCTIONS = ["tanh", "sigmoid", "relu"] as const;

/** All misreadings of a page, the likelier ones first. */
export function misreadings(page: Cell): readonly Misreading[] {
  const all = operations(page);
  return [
    ...all.flatMap((operation) => aroundTheProduct(page, operation)),
    ...all.flatMap((operation) => wrongFunction(operation)),
    ...everywhere(all),
    ...all.flatMap((operation) => leftOut(operation)),
    ...all.flatMap((operation) => oldState(page, operation, all)),
  ];
}

/** What a gate multiplies is W_hh·h + b_hh as a whole: the classic mistakes put the gate elsewhere. */
function aroundTheProduct(page: Cell, { index, kind, args, name }: Operation): Misreading[] {
  const at = args.findIndex(({ given }) => given?.half === "r");
  if (kind !== "mul" || at < 0) return [];
  const gate = args[1 - at]!.text;
  const own = args[at]!.given!.name;
  const factor = (operands: readonly Tensor[]): Tensor => operands[1 - at]!;
  const product = `W_h${own}·h`;
  return [
    {
      cause: `reset before the product: gate ${gate} multiplies h instead of (${product} + b_h${own})`,
      hint: `torch computes ${gate}·(${product} + b_h${own}), not W_h${own}·(${gate}·h) + b_h${own} (ONNX: linear_before_reset = 1, Keras: reset_after=True)`,
      page: replaced(index, (m, operands, { s, weights, page: { state } }) =>
        linear(
          m.mul(factor(operands), s[state[0]!]!),
          rowsOf(page, weights, own).weight,
          rowsOf(page, weights, own).bias,
        ),
      ),
    },
    {
      cause: `b_h${own} outside the product: it must be inside, ${gate}·(${product} + b_h${own})`,
      hint: `add b_h${own} before gate ${gate} multiplies; this is why torch keeps two biases`,
      page: replaced(index, (m, operands, { s, weights, page: { state } }) => {
        const { weight, bias } = rowsOf(page, weights, own);
        const gated = m.mul(factor(operands), linear(s[state[0]!]!, weight));
        return bias ? m.add(gated, bias) : gated;
      }),
    },
    {
      cause: `gate ${gate} forgotten in ${name}`,
      hint: `${name} is ${page.equations[name]}`,
      page: replaced(index, (_, operands) => operands[at]!),
    },
  ];
}

/** The rows of W_hh and b_hh that belong to one gate. */
function rowsOf(page: Cell, weights: ScanWeights, gate: string): { weight: Tensor; bias: Tensor | undefined } {
  const gates = recurrentGates(page);
  const at = gates.indexOf(gate);
  const H = weights.weightHh.shape[0]! / gates.length;
  const rows = (x: Tensor): Tensor => slice(x, 0, at * H, (at + 1) * H);
  return { weight: rows(weights.weightHh), bias: weights.biasHh && rows(weights.biasHh) };
}

function wrongFunction({ index, kind, args, name }: Operation): Misreading[] {
  if (!isFunction(kind)) return [];
  const of = args[0]!.text;
  const where = `${name} = ${kind}(...)`;
  const others = FUNCTIONS.filter((other) => other !== kind);
  return [
    {
      cause: `${kind} forgotten in ${name}`,
      hint: `${name} is ${kind}(${of})`,
      page: replaced(index, (_, [a]) => a!),
    },
    ...others.map((other) => ({
      cause: `${other} instead of ${kind} in ${name}`,
      hint: `the page says ${where}`,
      page: replaced(index, (m, [a]) => m[other](a!)),
    })),
    ...(kind === "sigmoid"
      ? [
          {
            cause: `${name} and 1 - ${name} exchanged`,
            hint: `what ${name} multiplies and what 1 - ${name} multiplies have changed places`,
            page: replaced(index, (m, [a]) => rsub(m.sigmoid(a!), 1)),
          },
        ]
      : []),
  ];
}

/** One function taken for another wherever it occurs. */
function everywhere(all: readonly Operation[]): Misreading[] {
  return FUNCTIONS.flatMap((kind) => {
    const calls = all.filter((operation) => operation.kind === kind);
    if (calls.length < 2) return [];
    return FUNCTIONS.filter((other) => other !== kind).map((other) => ({
      cause: `${other} instead of ${kind} everywhere`,
      hint: `${calls.map(({ name }) => name).join(", ")} take ${kind}`,
      page: (page: Cell, weights: ScanWeights) =>
        calls.reduce((read, { index }) => replaced(index, (m, [a]) => m[other](a!))(read, weights), page),
    }));
  });
}

/** A sum, a difference or a product without one of its two parts, or taken for another. */
function leftOut({ index, kind, args, name }: Operation): Misreading[] {
  if (isFunction(kind)) return [];
  const [a, b] = args.map(({ text }) => text);
  const sign = { add: "+", sub: "-", mul: "·" }[kind];
  const hint = `${name} contains ${a} ${sign} ${b}`;
  const without = (missing: string | undefined, kept: 0 | 1): Misreading => ({
    cause: `${missing} forgotten in ${name}`,
    hint,
    page: replaced(index, (_, operands) => operands[kept]!),
  });
  const instead: Misreading[] =
    kind === "sub"
      ? [
          {
            cause: `${b} - ${a} instead of ${a} - ${b} in ${name}`,
            hint,
            page: replaced(index, (m, [x, y]) => m.sub(y!, x!)),
          },
        ]
      : [];
  const other = kind === "add" ? "sub" : "add";
  return [
    without(a, 1),
    without(b, 0),
    ...instead,
    {
      cause: `${a} ${{ add: "+", sub: "-" }[other]} ${b} instead of ${a} ${sign} ${b} in ${name}`,
      hint,
      page: replaced(index, (m, [x, y]) => m[other](x!, y!)),
    },
  ];
}

/** The state before the step where the new one belongs. */
function oldState(page: Cell, { index, kind, args, name }: Operation, all: readonly Operation[]): Misreading[] {
  return page.state.flatMap((state) => {
    const at = args.findIndex((value: Value) => value.text === state && all.some(({ result }) => result === value));
    if (at < 0) return [];
    return [
      {
        cause: `the old ${state} instead of the new one in ${name}`,
        hint: `${name} needs ${state} as this step has computed it`,
        page: replaced(index, (m, operands, { s }) => apply(m, kind, operands.with(at, s[state]!))),
      },
    ];
  });
}

function isFunction(kind: Operation["kind"]): kind is (typeof FUNCTIONS)[number] {
  return (FUNCTIONS as readonly string[]).includes(kind);
}

function apply(m: Algebra<Tensor>, kind: Operation["kind"], args: readonly Tensor[]): Tensor {
  return isFunction(kind) ? m[kind](args[0]!) : m[kind](args[0]!, args[1]!);
}

/** Reads a page with its operation number `index` replaced. */
function replaced(index: number, replacement: Replacement): Misreading["page"] {
  return (page, weights) =>
    withStep(page, (m, x, r, s, v) => {
      let count = 0;
      const next = (kind: Operation["kind"], ...args: Tensor[]): Tensor => {
        count += 1;
        return count - 1 === index ? replacement(m, args, { x, r, s, weights, page }) : apply(m, kind, args);
      };
      const reader: Algebra<Tensor> = {
        add: (a, b) => next("add", a, b),
        sub: (a, b) => next("sub", a, b),
        mul: (a, b) => next("mul", a, b),
        sigmoid: (a) => next("sigmoid", a),
        tanh: (a) => next("tanh", a),
        relu: (a) => next("relu", a),
      };
      return page.step(reader, x, r, s, v);
    });
}

/** The page with its blocks of rows read in another order: the gate `gates[k]` gets what belongs to `order[k]`. */
export function reordered(page: Cell, order: readonly string[], halves: readonly ("x" | "r")[] = ["x", "r"]): Cell {
  const exchange = (blocks: Named<string, Tensor>): Named<string, Tensor> =>
    Object.fromEntries(order.map((gate, k) => [gate, blocks[page.gates[k]!]!]));
  return withStep(page, (m, x, r, s, v) =>
    page.step(m, halves.includes("x") ? exchange(x) : x, halves.includes("r") ? exchange(r) : r, s, v),
  );
}
