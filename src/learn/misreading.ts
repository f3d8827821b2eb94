/**
 * Every way to misread a page by one operation: a function forgotten or taken for another, a factor or a summand left out,
 * a gate turned round, an old state in place of the new one, a product taken before its gate instead of after. They are
 * found by reading the page, so they exist for a user's own cell as well.
 */
import { type Cell, recurrentGates } from "../cells/cell.ts";
import type { Mistake } from "./mistake.ts";
import { type Operation, operations, type Value } from "./operations.ts";
import { type Edit, type Matrix, type Moment, product, type Vector, vectors } from "./replay.ts";
import { COMMON, SQUASHES } from "./squashes.ts";

/** All misreadings of a page, the likelier ones first. */
export function misreadings(page: Cell): readonly Mistake[] {
  const all = operations(page);
  return [
    ...all.flatMap((operation) => aroundTheProduct(page, operation, all)),
    ...all.flatMap((operation) => wrongFunction(operation)),
    ...everywhere(all),
    ...mixtures(all),
    ...all.flatMap((operation) => leftOut(operation)),
    ...all.flatMap((operation) => oldState(page, operation, all)),
    ...coupled(all),
    ...oldAdded(page, all),
    ...all.flatMap((operation) => eachSummand(operation, all)),
    ...onceMore(page, all).map((one) => ({ ...one, rare: true })),
  ];
}

/** The mistake of reading one operation in another way. */
function instead(cause: string, hint: string, { index: at }: Operation, read: Edit["read"]): Mistake {
  return { cause, hint, make: (network, where) => ({ ...network, edits: [...network.edits, { at, where, read }] }) };
}

/** What a gate multiplies is W_hh·h + b_hh as a whole: the classic mistakes put the gate elsewhere. */
function aroundTheProduct(page: Cell, operation: Operation, all: readonly Operation[]): Mistake[] {
  const { kind, args, name } = operation;
  const at = args.findIndex(({ given }) => given?.half === "r");
  if (kind !== "mul" || at < 0) return [];
  const gate = args[1 - at]!.text;
  const own = args[at]!.given!.name;
  const [h] = page.state;
  const factor = ({ args }: Moment): Vector => args[1 - at]!;
  const written = `W_h${own}·h`;
  const sum = all.find((one) => one.kind === "add" && one.args.includes(operation.result));
  const other = sum?.args.find((value) => value !== operation.result);
  return [
    instead(
      `reset gate before the product: ${gate} multiplies h instead of (${written} + b_h${own})`,
      `torch computes ${gate}·(${written} + b_h${own}), not W_h${own}·(${gate}·h) + b_h${own} (ONNX: linear_before_reset = 1, Keras: reset_after=True)`,
      operation,
      (moment) => {
        const { weight, bias } = rowsOf(moment, own);
        return product(weight, vectors.mul(factor(moment), moment.s[h!]!), bias);
      },
    ),
    instead(
      `b_h${own} outside the product with the reset gate: it must be inside, ${gate}·(${written} + b_h${own})`,
      `add b_h${own} before gate ${gate} multiplies; this is why torch keeps two biases`,
      operation,
      (moment) => {
        const { weight, bias } = rowsOf(moment, own);
        const gated = vectors.mul(factor(moment), product(weight, moment.s[h!]!));
        return bias ? vectors.add(gated, bias) : gated;
      },
    ),
    ...(sum && other
      ? [
          instead(
            `reset gate after the sum: ${gate} multiplies all of ${other.text} + (${written} + b_h${own})`,
            `${name} is ${page.equations[name]}: the input's half is not gated`,
            sum,
            (moment) => {
              const mine = moment.results[operation.index]!;
              const rest = moment.args[1 - sum.args.indexOf(operation.result)]!;
              return vectors.add(mine, vectors.mul(rest, numbersOf(args[1 - at]!, all, moment)));
            },
          ),
          instead(
            `reset gate on the input's half: ${gate} multiplies ${other.text} instead of (${written} + b_h${own})`,
            `${name} is ${page.equations[name]}`,
            sum,
            (moment) => {
              const rest = moment.args[1 - sum.args.indexOf(operation.result)]!;
              return vectors.add(moment.r[own]!, vectors.mul(rest, numbersOf(args[1 - at]!, all, moment)));
            },
          ),
        ]
      : []),
    instead(
      `reset gate forgotten: ${gate} does not multiply (${written} + b_h${own}) in ${name}`,
      `${name} is ${page.equations[name]}`,
      operation,
      ({ args }) => args[at]!,
    ),
  ];
}

/** The numbers of any value of the page: what the step was given, or a result. */
function numbersOf(value: Value, all: readonly Operation[], moment: Moment): Vector {
  const { given } = value;
  return given ? moment[given.half][given.name]! : moment.results[all.findIndex(({ result }) => result === value)]!;
}

/** The rows of W_hh and b_hh that belong to one gate. */
function rowsOf({ cell, weights }: Moment, gate: string): { weight: Matrix; bias: Vector | undefined } {
  const gates = recurrentGates(cell);
  const at = gates.indexOf(gate);
  const H = weights.weightHh.length / gates.length;
  return {
    weight: weights.weightHh.slice(at * H, (at + 1) * H),
    bias: weights.biasHh?.subarray(at * H, (at + 1) * H),
  };
}

/** The function that an operation is, if it is one. */
const squash = ({ kind }: Operation): ((v: number) => number) | undefined => SQUASHES[kind];

function wrongFunction(operation: Operation): Mistake[] {
  const { kind, args, name } = operation;
  if (!squash(operation)) return [];
  const of = args[0]!.text;
  const others = Object.entries(SQUASHES).filter(([other]) => other !== kind);
  return [
    instead(`${kind} forgotten in ${name}`, `${name} is ${kind}(${of})`, operation, ({ args }) => args[0]!),
    ...others.map(([other, f]) => ({
      ...instead(
        `${other} instead of ${kind} in ${name}`,
        `the page says ${name} = ${kind}(...)`,
        operation,
        ({ args }) => args[0]!.map(f),
      ),
      rare: !COMMON.includes(other),
    })),
    instead(`${kind} applied twice in ${name}`, `${name} is ${kind}(${of})`, operation, ({ args }) =>
      args[0]!.map((v) => SQUASHES[kind]!(SQUASHES[kind]!(v))),
    ),
    ...(kind === "sigmoid"
      ? [
          instead(
            `${name} and 1 - ${name} exchanged`,
            `what ${name} multiplies and what 1 - ${name} multiplies have changed places`,
            operation,
            ({ args }) => args[0]!.map((v) => 1 / (1 + Math.exp(v))),
          ),
        ]
      : []),
  ];
}

/** A function of a sum taken of one summand only, or of each by itself. */
function eachSummand(operation: Operation, all: readonly Operation[]): Mistake[] {
  const { kind, args, name } = operation;
  const f = squash(operation);
  const sum = all.find(({ result }) => result === args[0]);
  if (!f || sum?.kind !== "add") return [];
  const [a, b] = sum.args as [Value, Value];
  const hint = `${name} is ${kind} of the whole sum ${a.text} + ${b.text}`;
  const reading = (cause: string, ofA: typeof f, ofB: typeof f): Mistake =>
    instead(`${cause} in ${name}`, hint, operation, (moment) =>
      vectors.add(numbersOf(a, all, moment).map(ofA), numbersOf(b, all, moment).map(ofB)),
    );
  const same = (v: number): number => v;
  return [
    reading(`${kind} of ${a.text} alone: ${b.text} is added outside`, f, same),
    reading(`${kind} of ${b.text} alone: ${a.text} is added outside`, same, f),
    reading(`${kind} of ${a.text} and of ${b.text} each, not of their sum,`, f, f),
  ];
}

/** One function taken for another wherever it occurs. */
function everywhere(all: readonly Operation[]): Mistake[] {
  return Object.keys(SQUASHES).flatMap((kind) => {
    const calls = all.filter((operation) => operation.kind === kind);
    if (calls.length < 2) return [];
    const hint = `${calls.map(({ name }) => name).join(", ")} take ${kind}`;
    const others = Object.entries(SQUASHES).filter(([other]) => other !== kind);
    const swapped = (cause: string, f: (v: number) => number): Mistake => ({
      cause,
      hint,
      make: (network, where) => ({
        ...network,
        edits: [
          ...network.edits,
          ...calls.map(({ index: at }): Edit => ({ at, where, read: ({ args }) => args[0]!.map(f) })),
        ],
      }),
    });
    return [
      swapped(`${kind} forgotten everywhere`, (v) => v),
      ...others.map(([other, f]) => ({
        ...swapped(`${other} instead of ${kind} everywhere`, f),
        rare: !COMMON.includes(other),
      })),
    ];
  });
}

/** a + z·(b - a) is what papers write as (1 - z)·a + z·b, and each part of that may be forgotten. */
function mixtures(all: readonly Operation[]): Mistake[] {
  const made = (value: Value): Operation | undefined => all.find(({ result }) => result === value);
  return all.flatMap((sum) => {
    const step = sum.args.map(made).find((one) => one?.kind === "mul");
    const difference = step?.args.map(made).find((one) => one?.kind === "sub");
    if (sum.kind !== "add" || !step || !difference) return [];
    const [b, a] = difference.args as [Value, Value];
    const z = step.args.find((value) => value !== difference.result)!;
    if (!sum.args.includes(a)) return [];
    const at = sum.args.indexOf(a);
    const mistake = (cause: string, mix: (z: number, a: number, b: number) => number): Mistake =>
      instead(cause, `${sum.name} is (1 - ${z.text})·${a.text} + ${z.text}·${b.text}`, sum, (moment) => {
        const [as, bs] = [moment.args[at]!, numbersOf(b, all, moment)];
        return numbersOf(z, all, moment).map((v, i) => mix(v, as[i]!, bs[i]!));
      });
    return [
      mistake(`${z.text}·${b.text} forgotten in ${sum.name}`, (z, a) => (1 - z) * a),
      mistake(`(1 - ${z.text})·${a.text} forgotten in ${sum.name}`, (z, _, b) => z * b),
      mistake(`(1 - ${z.text}) forgotten in ${sum.name}: ${a.text} as a whole is added`, (z, a, b) => a + z * b),
      mistake(`${z.text} forgotten in ${sum.name}: ${b.text} as a whole is added`, (z, a, b) => (1 - z) * a + b),
      mistake(`${z.text} multiplies both parts in ${sum.name}`, (z, a, b) => z * a + z * b),
      mistake(`1 - ${z.text} multiplies both parts in ${sum.name}`, (z, a, b) => (1 - z) * (a + b)),
      mistake(`${z.text} - 1 instead of 1 - ${z.text} in ${sum.name}`, (z, a, b) => (z - 1) * a + z * b),
    ];
  });
}

/** A sum, a difference or a product without one of its two parts, or taken for another. */
function leftOut(operation: Operation): Mistake[] {
  const { kind, args, name } = operation;
  if (squash(operation) || (kind !== "add" && kind !== "sub" && kind !== "mul")) return [];
  const [a, b] = args.map(({ text }) => text) as [string, string];
  const sign = { add: "+", sub: "-", mul: "·" };
  const others = (["add", "sub", "mul"] as const).filter((other) => other !== kind);
  const hint = `${name} contains ${a} ${sign[kind]} ${b}`;
  return [
    instead(`${a} forgotten in ${name}`, hint, operation, ({ args }) => {
      return kind === "sub" ? args[1]!.map((v) => -v) : args[1]!;
    }),
    instead(`${b} forgotten in ${name}`, hint, operation, ({ args }) => args[0]!),
    ...(kind === "mul"
      ? []
      : [
          instead(`${b} - ${a} instead of ${a} ${sign[kind]} ${b} in ${name}`, hint, operation, ({ args }) =>
            vectors.sub(args[1]!, args[0]!),
          ),
        ]),
    ...others.map((other) =>
      instead(`${a} ${sign[other]} ${b} instead of ${a} ${sign[kind]} ${b} in ${name}`, hint, operation, ({ args }) =>
        vectors[other](args[0]!, args[1]!),
      ),
    ),
  ];
}

/** The state before the step where the new one belongs. */
function oldState(page: Cell, operation: Operation, all: readonly Operation[]): Mistake[] {
  const { kind, args, name } = operation;
  return page.state.flatMap((state) => {
    const at = args.findIndex((value: Value) => value.text === state && all.some(({ result }) => result === value));
    if (at < 0) return [];
    return [
      instead(
        `the old ${state} instead of the new one in ${name}`,
        `${name} needs ${state} as this step has computed it`,
        operation,
        ({ args, s }) => {
          const operands = args.with(at, s[state]!);
          return vectors[kind](operands[0]!, operands[1]!);
        },
      ),
    ];
  });
}

/** The state before the step added to the one after it, as a residual connection through time does. */
function oldAdded(page: Cell, all: readonly Operation[]): Mistake[] {
  return page.state.flatMap((state) => {
    const made = all.find(({ result }) => result.text === state);
    if (!made) return [];
    return [
      instead(
        `the old ${state} added to the new one`,
        `the new ${state} is ${page.equations[state]}, and takes the place of the old one`,
        made,
        ({ args, s }) => vectors.add(vectors[made.kind](args[0]!, args[1]!), s[state]!),
      ),
    ];
  });
}

/** A gate made from another: f = 1 - i saves weights, but is another cell. */
function coupled(all: readonly Operation[]): Mistake[] {
  const gates = all.filter(({ kind }) => kind === "sigmoid");
  return gates.flatMap((late) =>
    gates
      .filter(({ index }) => index < late.index)
      .map((early) =>
        instead(
          `coupled gates: ${late.name} = 1 - ${early.name}`,
          `${late.name} has weights of its own`,
          late,
          ({ results }) => results[early.index]!.map((v) => 1 - v),
        ),
      ),
  );
}

/** A function applied to a result that is already what it should be. */
function onceMore(page: Cell, all: readonly Operation[]): Mistake[] {
  return all
    .filter((operation) => !squash(operation) && page.equations[operation.result.text] !== undefined)
    .flatMap((operation) =>
      (["tanh", "sigmoid", "relu"] as const).map((kind) => {
        const { text } = operation.result;
        return instead(
          `${kind} applied to ${text}`,
          `${text} is ${page.equations[text]}, without ${kind}`,
          operation,
          ({ args }) => vectors[kind](vectors[operation.kind](args[0]!, args[1]!)),
        );
      }),
    );
}
