/**
 * The known mistakes, as data. Each is a variation of a setup: other weights, another page, another way with the state or
 * with time. What a variation gives when it is run on the official weights is what a network with that mistake gives, so a
 * diagnosis is a comparison. The order is that of likelihood: the first that fits is named.
 */
import { add, mul } from "../autograd/arithmetic.ts";
import { zerosLike } from "../autograd/create.ts";
import { cat, flip } from "../autograd/join.ts";
import { t, transpose } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { reshape, slice } from "../autograd/views.ts";
import type { Cell } from "../cells/cell.ts";
import { elements } from "../dense/dense.ts";
import { sameDims } from "../dense/shape.ts";
import type { ScanWeights } from "../nn/scan.ts";
import { misreadings, reordered } from "./misreading.ts";
import type { Setup } from "./run.ts";

/** A mistake, what to do about it, and the setup that makes it. */
export interface Mistake {
  readonly cause: string;
  readonly hint: string;
  readonly setup: Setup;
}

/** All mistakes that can be made with a setup, the likelier ones first. */
export function* mistakes(setup: Setup): Iterable<Mistake> {
  yield* biasMistakes(setup);
  yield* stateMistakes(setup);
  yield* weightMistakes(setup);
  yield* timeMistakes(setup);
  yield* stackMistakes(setup);
  yield* pageMistakes(setup);
  yield* orderMistakes(setup);
  yield* blockMistakes(setup);
}

type Role = keyof ScanWeights;
type Change = (weights: ScanWeights, index: number) => Partial<Record<Role, Tensor | undefined>>;

function withWeights(setup: Setup, change: Change): Setup {
  return { ...setup, weights: setup.weights.map((own, index) => ({ ...own, ...change(own, index) })) };
}

const double = (x: Tensor | undefined): Tensor | undefined => x && mul(x, 2);

/** What can be done wrongly with two biases. */
const BIAS_MISTAKES: readonly (readonly [cause: string, hint: string, change: Change])[] = [
  ["missing b_ih", "add b_ih to W_ih·x", () => ({ biasIh: undefined })],
  ["missing b_hh", "add b_hh to W_hh·h, also in the first step, where h is 0", () => ({ biasHh: undefined })],
  ["both biases missing", "add b_ih and b_hh", () => ({ biasIh: undefined, biasHh: undefined })],
  ["b_ih added twice", "b_ih belongs to W_ih·x only", ({ biasIh }) => ({ biasIh: double(biasIh) })],
  ["b_hh added twice", "b_hh belongs to W_hh·h only", ({ biasHh }) => ({ biasHh: double(biasHh) })],
  [
    "both biases added twice",
    "each bias is added once in a step",
    ({ biasIh, biasHh }) => ({ biasIh: double(biasIh), biasHh: double(biasHh) }),
  ],
  ["b_ih in place of b_hh", "W_hh·h goes with b_hh", ({ biasIh }) => ({ biasHh: biasIh })],
  ["b_hh in place of b_ih", "W_ih·x goes with b_ih", ({ biasHh }) => ({ biasIh: biasHh })],
  [
    "b_ih and b_hh exchanged",
    "b_ih goes with W_ih, b_hh with W_hh",
    (own) => ({ biasIh: own.biasHh, biasHh: own.biasIh }),
  ],
];

function* biasMistakes(setup: Setup): Iterable<Mistake> {
  if (!setup.weights[0]!.biasIh) return;
  for (const [cause, hint, change] of BIAS_MISTAKES) yield { cause, hint, setup: withWeights(setup, change) };
}

function* stateMistakes(setup: Setup): Iterable<Mistake> {
  const { state } = setup.page(setup.weights[0]!);
  const started = setup.start.some((one) => !isZero(one));
  if (started) {
    yield {
      cause: "initial state ignored",
      hint: "the first step starts from the state that is given",
      setup: { ...setup, start: setup.start.map((one) => zerosLike(one)) },
    };
  }
  const groups = state.length > 1 ? [state, ...state.map((name) => [name])] : [state];
  for (const names of groups) {
    const reset =
      (from: (x: Tensor) => Tensor): Setup["carry"] =>
      (now, start) => ({
        ...now,
        ...Object.fromEntries(names.map((name) => [name, from(start[name]!)])),
      });
    const which = names === state ? "state" : names.join();
    const hint = `each step starts from the ${names.join(" and ")} that the step before has computed`;
    yield {
      cause: `${which} not carried: every step starts from zeros`,
      hint,
      setup: { ...setup, carry: reset(zerosLike) },
    };
    if (!started) continue;
    const carry = reset((x) => x);
    yield { cause: `${which} not carried: every step starts from the initial state`, hint, setup: { ...setup, carry } };
  }
  const [h, c] = setup.start;
  if (h && c && sameDims(h.shape, c.shape)) {
    yield {
      cause: `${state.slice(0, 2).join(" and ")} exchanged in the initial state`,
      hint: `the state is (${state.join(", ")}), in this order`,
      setup: { ...setup, start: [c, h, ...setup.start.slice(2)] },
    };
  }
}

const WEIGHTS = [
  ["weightHh", "W_hh", "h"],
  ["weightIh", "W_ih", "x"],
] as const;

function* weightMistakes(setup: Setup): Iterable<Mistake> {
  const G = setup.page(setup.weights[0]!).gates.length;
  for (const [role, name, input] of WEIGHTS) {
    const hint = `torch computes ${name}·${input}, in code ${input}.matmul(${name}.T)`;
    const change: Change = (own) => ({ [role]: transposedBlocks(own[role], G) });
    yield { cause: `${name} transposed`, hint, setup: withWeights(setup, change) };
    const reshaped: Change = ({ [role]: weight }) => ({ [role]: t(reshape(weight, weight.shape.toReversed())) });
    yield { cause: `${name} reshaped where it should be transposed`, hint, setup: withWeights(setup, reshaped) };
  }
  const fits = ({ weightIh, weightHh }: ScanWeights): boolean => sameDims(weightIh.shape, weightHh.shape);
  if (!setup.weights.every(fits)) return;
  yield {
    cause: "W_ih and W_hh exchanged",
    hint: "W_ih multiplies x, W_hh multiplies h",
    setup: withWeights(setup, ({ weightIh, weightHh }) => ({ weightIh: weightHh, weightHh: weightIh })),
  };
  yield {
    cause: "W_ih in place of W_hh",
    hint: "W_hh multiplies h",
    setup: withWeights(setup, ({ weightIh }) => ({ weightHh: weightIh })),
  };
}

/** Each gate's block of a weight (G·H, K) transposed, where blocks are square; else the weight as it is. */
function transposedBlocks(weight: Tensor, G: number): Tensor {
  const [rows, K] = [weight.shape[0]!, weight.shape[1]!];
  if (rows !== G * K) return weight;
  return cat(Array.from({ length: G }, (_, k) => t(slice(weight, 0, k * K, (k + 1) * K))));
}

/** Orders of gates that other software has. */
const KNOWN_ORDERS: Readonly<Record<string, string>> = {
  "i o f g": "ONNX",
  "i g f o": "TensorFlow 1",
  "f i g o": "the order of many papers",
  "z r n": "ONNX and Keras",
};

function* orderMistakes(setup: Setup): Iterable<Mistake> {
  const { gates } = setup.page(setup.weights[0]!);
  const orders = permutations(gates).filter((order) => order.some((gate, k) => gate !== gates[k]));
  const known = (order: readonly string[]): boolean => order.join(" ") in KNOWN_ORDERS;
  const halves = [
    [["x", "r"], ""],
    [["x"], " in W_ih and b_ih"],
    [["r"], " in W_hh and b_hh"],
  ] as const;
  for (const [half, where] of halves) {
    for (const order of [...orders.filter(known), ...orders.filter((one) => !known(one))]) {
      const text = order.join(" ");
      yield {
        cause: `gate order ${text}${known(order) ? ` (${KNOWN_ORDERS[text]})` : ""}${where}`,
        hint: `torch has the blocks in the order ${gates.join(" ")}`,
        setup: { ...setup, page: (weights) => reordered(setup.page(weights), order, half) },
      };
    }
  }
}

/** All orders of a few names; of many (a user's cell), only the exchanges of two. */
function permutations(names: readonly string[]): string[][] {
  if (names.length > 5) {
    return names.flatMap((a, i) => names.slice(i + 1).map((b, j) => names.with(i, b).with(i + 1 + j, a)));
  }
  if (names.length < 2) return [[...names]];
  return names.flatMap((name, i) => permutations(names.toSpliced(i, 1)).map((rest) => [name, ...rest]));
}

function* pageMistakes(setup: Setup): Iterable<Mistake> {
  const page: Cell = setup.page(setup.weights[0]!);
  for (const { cause, hint, page: misread } of misreadings(page)) {
    yield { cause, hint, setup: { ...setup, page: (weights) => misread(setup.page(weights), weights) } };
  }
}

function* timeMistakes(setup: Setup): Iterable<Mistake> {
  const { data } = setup.x;
  const [T, B, F] = [data.shape[0]!, data.shape[1]!, data.shape[2]!];
  const shifted = (x: Tensor, first: Tensor): Tensor => cat([first, slice(x, 0, 0, T - 1)]);
  const none = (x: Tensor): Tensor => zerosLike(slice(x, 0, 0, 1));
  if (setup.reversed.length === 1) {
    const hint = "the output of step t is h after the step, not before it";
    const first = slice(setup.start[0]!, 0, setup.weights.length - 1, setup.weights.length);
    const finish = (output: Tensor): Tensor => shifted(output, first);
    yield { cause: "off by one step: h_{t-1} is given out instead of h_t", hint, setup: { ...setup, finish } };
  }
  const late = { data: shifted(data, none(data)) };
  yield {
    cause: "off by one step: x_{t-1} is read instead of x_t",
    hint: "step t reads x_t",
    setup: { ...setup, x: late },
  };
  const backwards = { ...setup, x: { data: flip(data, 0) } };
  const timeHint = "the forward direction reads from the first step to the last";
  yield { cause: "the sequence is read from its end", hint: timeHint, setup: backwards };
  const turned = { ...backwards, finish: (output: Tensor) => flip(output, 0) };
  yield { cause: "the sequence is read from its end", hint: timeHint, setup: turned };
  if (T === 1 && B === 1) return;
  const axes = "without batchFirst the input is (T, B, F), with it (B, T, F); a state is (L·D, B, H) either way";
  if (T === B || setup.start.every((one) => isZero(one))) {
    const start = setup.start.map((one) => (T === B ? one : zerosOf(one, T)));
    const swappedAxes = { ...setup, start, x: { data: transpose(data, 0, 1) } };
    const finish = (output: Tensor): Tensor => transpose(output, 0, 1);
    yield { cause: "time and batch axes confused", hint: axes, setup: { ...swappedAxes, finish } };
    yield { cause: "time and batch axes confused", hint: axes, setup: swappedAxes };
  }
  const mixed = { ...setup, x: { data: reshape(transpose(data, 0, 1), [T, B, F]) } };
  const back = (output: Tensor): Tensor => transpose(reshape(output, [B, T, output.shape[2]!]), 0, 1);
  const hint = "view and reshape keep the order in memory; transpose(0, 1) exchanges the axes";
  yield {
    cause: "reshape instead of transpose between (B, T, F) and (T, B, F)",
    hint,
    setup: { ...mixed, finish: back },
  };
  yield { cause: "reshape instead of transpose between (B, T, F) and (T, B, F)", hint, setup: mixed };
}

const zerosOf = (state: Tensor, B: number): Tensor =>
  zerosLike(
    cat(
      Array.from({ length: B }, () => slice(state, 1, 0, 1)),
      1,
    ),
  );

function* stackMistakes(setup: Setup): Iterable<Mistake> {
  const { weights } = setup;
  const D = setup.reversed.length;
  const fitting = (own: ScanWeights, other: ScanWeights): ScanWeights =>
    sameDims(own.weightIh.shape, other.weightIh.shape) ? other : { ...other, weightIh: own.weightIh };
  if (weights.length > D) {
    const hint = "each layer has weights of its own: weight_ih_l0, weight_ih_l1, ...";
    const first = withWeights(setup, (own, index) => fitting(own, weights[index % D]!));
    yield { cause: "layer 0's weights used in every layer", hint, setup: first };
    const start = setup.start.map((one) => cat(weights.map((_, index) => slice(one, 0, index % D, (index % D) + 1))));
    yield {
      cause: "every layer starts from layer 0's state",
      hint: "the rows of a state are layer by layer, forward before reverse",
      setup: { ...setup, start },
    };
  }
  if (D === 1) return;
  const flipped = (outputs: readonly Tensor[]): readonly Tensor[] => outputs.map((x, d) => (d === 1 ? flip(x, 0) : x));
  yield {
    cause: "the reverse direction reads from the start",
    hint: "the reverse direction reads x_{T-1} first",
    setup: { ...setup, reversed: setup.reversed.map(() => false) },
  };
  yield {
    cause: "the outputs of the reverse direction are not flipped back",
    hint: "output[t] holds what both directions know at time t",
    setup: { ...setup, join: (outputs) => setup.join(flipped(outputs)) },
  };
  yield {
    cause: "the forward direction's weights used in the reverse direction",
    hint: "the reverse direction has weights of its own: weight_ih_l0_reverse, ...",
    setup: withWeights(setup, (_, index) => weights[index - (index % D)]!),
  };
  yield {
    cause: "the directions are joined in the wrong order",
    hint: "the output is forward, then reverse, along the last dimension",
    setup: { ...setup, join: (outputs) => setup.join(outputs.toReversed()) },
  };
  yield {
    cause: "the final state of the reverse direction is taken at the last time",
    hint: "the reverse direction ends at time 0",
    setup: { ...setup, close: (states, output) => [lastTime(states[0]!, output, D), ...states.slice(1)] },
  };
}

/** The final state of the last layer as it would be if every direction ended at the last time. */
function lastTime(state: Tensor, output: Tensor, D: number): Tensor {
  const [rows, T] = [state.shape[0]!, output.shape[0]!];
  const P = output.shape[2]! / D;
  const end = slice(output, 0, T - 1, T);
  return cat([slice(state, 0, 0, rows - D), ...Array.from({ length: D }, (_, d) => slice(end, 2, d * P, (d + 1) * P))]);
}

/** Mistakes in the bias of a single gate. */
function* blockMistakes(setup: Setup): Iterable<Mistake> {
  const { gates } = setup.page(setup.weights[0]!);
  if (!setup.weights[0]!.biasIh || gates.length === 1) return;
  for (const [role, half] of [
    ["biasIh", "i"],
    ["biasHh", "h"],
  ] as const) {
    for (const [k, gate] of gates.entries()) {
      const change: Change = (own) => ({ [role]: onBlock(own[role]!, k, gates.length, (x) => zerosLike(x)) });
      const hint = `every gate has a b_ih and a b_hh; gate ${gate} needs b_${half}${gate}`;
      yield { cause: `missing b_${half}${gate}`, hint, setup: withWeights(setup, change) };
    }
  }
  for (const [k, gate] of gates.entries()) {
    const change: Change = (own) => ({ biasIh: onBlock(own.biasIh!, k, gates.length, (x) => add(x, 1)) });
    const hint = "torch adds no constant to a gate (TensorFlow's forget_bias does)";
    yield { cause: `1 added to gate ${gate}`, hint, setup: withWeights(setup, change) };
  }
}

/** A vector of G blocks with the k-th changed. */
function onBlock(vector: Tensor, k: number, G: number, change: (block: Tensor) => Tensor): Tensor {
  const H = vector.shape[0]! / G;
  const blocks = Array.from({ length: G }, (_, i) => slice(vector, 0, i * H, (i + 1) * H));
  return cat(blocks.map((block, i) => (i === k ? change(block) : block)));
}

function isZero(x: Tensor): boolean {
  return elements(x.value).every((one) => one === 0);
}
