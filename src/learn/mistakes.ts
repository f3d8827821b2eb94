/**
 * The known mistakes, as data. Each is a variation of a setup: other weights, another page, another way with the state or
 * with time. What a variation gives when it is run on the official weights is what a network with that mistake gives, so a
 * diagnosis is a comparison. The order is that of likelihood: the first that fits is named.
 */
import { add, mul } from "../autograd/arithmetic.ts";
import { zerosLike } from "../autograd/create.ts";
import { cat } from "../autograd/join.ts";
import { t } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { reshape, slice } from "../autograd/views.ts";
import { type Cell, recurrentGates } from "../cells/cell.ts";
import { sameDims } from "../dense/shape.ts";
import type { ScanWeights } from "../nn/scan.ts";
import { misreadings, reordered } from "./misreading.ts";
import { type Change, type Mistake, type Role, withWeights } from "./mistake.ts";
import { stackMistakes, stateMistakes, timeMistakes } from "./mistakes-in-time.ts";
import type { Setup } from "./run.ts";

/** Mistakes with what is carried from step to step and from layer to layer. */
export function* carriedMistakes(setup: Setup): Iterable<Mistake> {
  yield* stateMistakes(setup);
  yield* timeMistakes(setup);
  yield* stackMistakes(setup);
}

/** Mistakes within a step: they show in every row of a batch, and in the first few steps. */
export function* localMistakes(setup: Setup): Iterable<Mistake> {
  yield* biasMistakes(setup);
  yield* weightMistakes(setup);
  yield* pageMistakes(setup);
  yield* orderMistakes(setup);
  yield* blockMistakes(setup);
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
  const own = setup.weights[0]!;
  if (!own.biasIh) return;
  for (const [cause, hint, change] of BIAS_MISTAKES) {
    // where not all gates are recurrent, b_hh is shorter than b_ih or not there
    const changed = Object.entries(change(own, 0)) as [Role, Tensor | undefined][];
    const fits = changed.every(([role, bias]) => !bias || (own[role] && sameDims(bias.shape, own[role].shape)));
    if (fits) yield { cause, hint, setup: withWeights(setup, change) };
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
  const whole = recurrentGates(setup.page(setup.weights[0]!)).length === gates.length;
  for (const [half, where] of halves) {
    if (!whole && (half as readonly string[]).includes("r")) continue;
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

/** Mistakes in the bias of a single gate. */
function* blockMistakes(setup: Setup): Iterable<Mistake> {
  const page = setup.page(setup.weights[0]!);
  const { gates } = page;
  if (!setup.weights[0]!.biasIh || gates.length === 1) return;
  for (const [role, half, blocks] of [
    ["biasIh", "i", gates],
    ["biasHh", "h", recurrentGates(page)],
  ] as const) {
    for (const [k, gate] of blocks.entries()) {
      const change: Change = (own) => ({ [role]: onBlock(own[role]!, k, blocks.length, (x) => zerosLike(x)) });
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
