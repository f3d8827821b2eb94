/**
 * The known mistakes within a step, as data: biases, weights and gates. Each makes another network of the layer's own; what
 * that network gives is what a network with the mistake gives, so a diagnosis is a comparison. The order is that of
 * likelihood: the first that fits is named.
 */
import { type Cell, recurrentGates, vectors } from "../cells/cell.ts";
import { misreadings } from "./misreading.ts";
import { type Change, type Mistake, withWeights } from "./mistake.ts";
import { joined, type Matrix, type Network, type SideNumbers, type Vector } from "./replay.ts";

/** Mistakes within a step: they show in every sequence of a batch, and in the first few steps. */
export function localMistakes(network: Network): readonly Mistake[] {
  const { cell } = network;
  const biased = network.weights[0]!.biasIh !== undefined;
  const [G, R] = [cell.gates.length, recurrentGates(cell).length];
  const possible = ({ needs }: WeightMistake): boolean => !needs || (needs === SOME ? R > 0 : R === G);
  return [
    ...(biased ? BIAS_MISTAKES : []).filter(possible),
    ...WEIGHT_MISTAKES.filter(possible),
    ...misreadings(cell),
    ...vectorMistakes(cell),
    ...orderMistakes(cell),
    ...(G > 1 ? [INTERLEAVED] : []),
    ...(biased && G > 1 ? gateBiasMistakes(cell) : []),
    ...[...sharedGates(cell), ...scaleMistakes(network)].map((one) => ({ ...one, rare: true })),
  ];
}

/** Whether a mistake takes gates that read the state through W_hh: some, or all. */
const [SOME, ALL] = ["some", "all"] as const;

interface WeightMistake extends Mistake {
  readonly needs?: typeof SOME | typeof ALL;
}

/** The gates of each weight, top to bottom. */
const blocksOf = (cell: Cell, role: Role): readonly string[] =>
  role.endsWith("Hh") ? recurrentGates(cell) : cell.gates;

type Role = "weightIh" | "weightHh" | "biasIh" | "biasHh";

const times = (x: Vector | undefined, factor: number): Vector | undefined => x?.map((v) => v * factor);

function mistake(cause: string, hint: string, change: Change, needs?: WeightMistake["needs"]): WeightMistake {
  return { cause, hint, make: withWeights(change), ...(needs && { needs }) };
}

/** What can be done wrongly with two biases. */
const BIAS_MISTAKES: readonly WeightMistake[] = [
  mistake("missing bias b_ih", "add b_ih to W_ih·x", () => ({ biasIh: undefined })),
  mistake(
    "missing bias b_hh",
    "add b_hh to W_hh·h, also in the first step, where h is 0",
    () => ({ biasHh: undefined }),
    SOME,
  ),
  mistake("missing biases b_ih and b_hh", "add b_ih and b_hh", () => ({ biasIh: undefined, biasHh: undefined }), SOME),
  mistake("bias b_ih added twice", "b_ih belongs to W_ih·x only", ({ biasIh }) => ({ biasIh: times(biasIh, 2) })),
  mistake("bias b_hh added twice", "b_hh belongs to W_hh·h only", ({ biasHh }) => ({ biasHh: times(biasHh, 2) }), SOME),
  mistake(
    "both biases added twice",
    "each bias is added once in a step",
    ({ biasIh, biasHh }) => ({ biasIh: times(biasIh, 2), biasHh: times(biasHh, 2) }),
    SOME,
  ),
  mistake("bias b_ih in place of b_hh", "W_hh·h goes with b_hh", ({ biasIh }) => ({ biasHh: biasIh }), ALL),
  mistake("bias b_hh in place of b_ih", "W_ih·x goes with b_ih", ({ biasHh }) => ({ biasIh: biasHh }), ALL),
  mistake(
    "biases b_ih and b_hh exchanged",
    "b_ih goes with W_ih, b_hh with W_hh",
    (own) => ({ biasIh: own.biasHh, biasHh: own.biasIh }),
    ALL,
  ),
  mistake("bias b_ih subtracted", "biases are added", ({ biasIh }) => ({ biasIh: times(biasIh, -1) })),
  mistake("bias b_hh subtracted", "biases are added", ({ biasHh }) => ({ biasHh: times(biasHh, -1) }), SOME),
  mistake(
    "both biases subtracted",
    "biases are added",
    ({ biasIh, biasHh }) => ({ biasIh: times(biasIh, -1), biasHh: times(biasHh, -1) }),
    SOME,
  ),
];

const HINTS = {
  weightHh: "torch computes W_hh·h, in code h.matmul(W_hh.T)",
  weightIh: "torch computes W_ih·x, in code x.matmul(W_ih.T)",
} as const;

const zeros = (weight: Matrix): Matrix => weight.map((row) => row.map(() => 0));
const sameShape = (a: Matrix, b: Matrix): boolean => a.length === b.length && a[0]!.length === b[0]!.length;

/** Changes one or both of the weights that are multiplied. */
const onBoth =
  (change: (weight: Matrix, G: number) => Matrix): Change =>
  (own, _, { cell }) => ({
    weightIh: change(own.weightIh, cell.gates.length),
    weightHh: change(own.weightHh, recurrentGates(cell).length),
  });

const WEIGHT_MISTAKES: readonly WeightMistake[] = [
  ...(["weightHh", "weightIh"] as const).flatMap((role) => {
    const name = role === "weightHh" ? "W_hh" : "W_ih";
    const hint = HINTS[role];
    const needs = role === "weightHh" ? SOME : undefined;
    const on =
      (change: (weight: Matrix, G: number) => Matrix): Change =>
      (own, _, { cell }) => ({ [role]: change(own[role], blocksOf(cell, role).length) });
    return [
      mistake(`transposed weight ${name}`, hint, on(transposedBlocks), needs),
      mistake(`weight ${name} reshaped where it should be transposed`, hint, on(reshaped), needs),
    ];
  }),
  mistake("transposed weights W_ih and W_hh", "torch computes x.matmul(W_ih.T)", onBoth(transposedBlocks), SOME),
  mistake("weights W_ih and W_hh reshaped where they should be transposed", HINTS.weightIh, onBoth(reshaped), SOME),
  mistake("transposed weight W_hr", "torch computes W_hr·h, in code h.matmul(W_hr.T)", ({ weightHr }) =>
    weightHr ? { weightHr: transposedBlocks(weightHr, 1) } : {},
  ),
  mistake("projection forgotten: the first units of h as they are", "h is W_hr·h, in code h.matmul(W_hr.T)", (own) =>
    own.weightHr ? { weightHr: own.weightHr.map((row, i) => row.map((_, k) => Number(k === i))) } : {},
  ),
  mistake(
    "weights W_ih and W_hh exchanged",
    "W_ih multiplies x, W_hh multiplies h",
    (own) => (sameShape(own.weightIh, own.weightHh) ? { weightIh: own.weightHh, weightHh: own.weightIh } : {}),
    ALL,
  ),
  mistake(
    "weight W_ih in place of W_hh",
    "W_hh multiplies h",
    (own) => (sameShape(own.weightIh, own.weightHh) ? { weightHh: own.weightIh } : {}),
    ALL,
  ),
  mistake(
    "weight W_hh in place of W_ih",
    "W_ih multiplies x",
    (own) => (sameShape(own.weightIh, own.weightHh) ? { weightIh: own.weightHh } : {}),
    ALL,
  ),
  mistake(
    "W_hh·h forgotten",
    "each gate reads the state before the step",
    (own) => ({ weightHh: zeros(own.weightHh) }),
    SOME,
  ),
  mistake("W_ih·x forgotten", "each gate reads the input", (own) => ({ weightIh: zeros(own.weightIh) })),
  mistake(
    "W_hh·h subtracted",
    "the two halves of a gate are added",
    (own) => ({ weightHh: own.weightHh.map((row) => row.map((v) => -v)) }),
    SOME,
  ),
];

/** Each gate's block of a weight (G·H, K) transposed, where blocks are square; else the weight as it is. */
function transposedBlocks(weight: Matrix, G: number): Matrix {
  const K = weight[0]!.length;
  if (weight.length !== G * K) return weight;
  return weight.map((row, i) => row.map((_, k) => weight[i - (i % K) + k]![i % K]!));
}

/** The matrix M for which v·M is what comes of reshaping (G·H, K) to (K, G·H). */
function reshaped(weight: Matrix): Matrix {
  const flat = joined(weight);
  return weight.map((row, i) => row.map((_, k) => flat[k * weight.length + i]!));
}

/** Orders of gates that other software has. */
const KNOWN_ORDERS: Readonly<Record<string, string>> = {
  "i o f g": "ONNX",
  "i g f o": "TensorFlow 1",
  "f i g o": "the order of many papers",
  "i f o g": "the sigmoids first",
  "z r n": "ONNX and Keras",
};

const PARTS = [
  [["weightIh", "biasIh", "weightHh", "biasHh"], ""],
  [["weightIh", "biasIh"], " in W_ih and b_ih"],
  [["weightHh", "biasHh"], " in W_hh and b_hh"],
  [["biasIh", "biasHh"], " in the biases"],
  [["weightIh", "weightHh"], " in the weights, not in the biases"],
] as const;

function orderMistakes(cell: Cell): Mistake[] {
  const { gates } = cell;
  const known = (order: readonly string[]): boolean => order.join(" ") in KNOWN_ORDERS;
  const orders = permutations(gates);
  const sorted = [...orders.filter(known), ...orders.filter((one) => !known(one))];
  return PARTS.flatMap(([roles, place]) =>
    sorted
      .filter((order) => roles.some((role) => isOther(sourcesOf(blocksOf(cell, role), order), blocksOf(cell, role))))
      .map((order) => {
        const text = order.join(" ");
        const change: Change = (own) =>
          Object.fromEntries(
            roles.map((role) => {
              const blocks = blocksOf(cell, role);
              return [role, taken(own[role], blocks, sourcesOf(blocks, order))];
            }),
          );
        const cause = `wrong gate order ${text}${known(order) ? ` (${KNOWN_ORDERS[text]})` : ""}${place}`;
        const hint = `torch has the blocks in the order ${gates.join(" ")}`;
        return { ...mistake(cause, hint, change), rare: place !== "" || !known(order) };
      }),
  );
}

/** For each gate of the blocks the one whose rows it finds, if the blocks are read in this order. */
function sourcesOf(blocks: readonly string[], order: readonly string[]): string[] {
  const own = order.filter((gate) => blocks.includes(gate));
  return blocks.map((gate) => blocks[own.indexOf(gate)]!);
}

const isOther = (a: readonly string[], b: readonly string[]): boolean => a.some((name, k) => name !== b[k]);

/** All orders of a few names; of many (a user's cell), only the exchanges of two. */
function permutations(names: readonly string[]): string[][] {
  if (names.length > 4) {
    return names.flatMap((a, i) => names.slice(i + 1).map((b, j) => names.with(i, b).with(i + 1 + j, a)));
  }
  if (names.length < 2) return [[...names]];
  return names.flatMap((name, i) => permutations(names.toSpliced(i, 1)).map((rest) => [name, ...rest]));
}

/** Mistakes in the bias of a single gate. */
function gateBiasMistakes(cell: Cell): Mistake[] {
  const { gates } = cell;
  const recurrent = recurrentGates(cell);
  const block = (bias: Vector | undefined, k: number, G: number, change: (v: number) => number): Vector | undefined =>
    bias?.map((v, i) => (Math.floor((i * G) / bias.length) === k ? change(v) : v));
  return gates.flatMap((gate, k) => {
    const both = recurrent.includes(gate);
    const hint = both
      ? `every gate has a b_ih and a b_hh; gate ${gate} needs b_i${gate} and b_h${gate}`
      : `gate ${gate} needs b_i${gate}`;
    const none = (): number => 0;
    const withoutIh: Change = ({ biasIh }) => ({ biasIh: block(biasIh, k, gates.length, none) });
    const withoutHh: Change = ({ biasHh }) => ({
      biasHh: block(biasHh, recurrent.indexOf(gate), recurrent.length, none),
    });
    return [
      mistake(`missing bias b_i${gate}`, hint, withoutIh),
      ...(both
        ? [
            mistake(`missing bias b_h${gate}`, hint, withoutHh),
            mistake(`missing biases b_i${gate} and b_h${gate}`, hint, (...own) => ({
              ...withoutIh(...own),
              ...withoutHh(...own),
            })),
          ]
        : []),
      mistake(
        `1 added to gate ${gate}`,
        "torch adds no constant to a gate (TensorFlow's forget_bias does)",
        ({ biasIh }) => ({ biasIh: block(biasIh, k, gates.length, (v) => v + 1) }),
      ),
    ];
  });
}

/** Vectors taken for one another, or forgotten wherever they are read. */
function vectorMistakes(cell: Cell): Mistake[] {
  const names = vectors(cell);
  return names.flatMap((name, k) => [
    mistake(`w_${name} forgotten`, `w_${name} has one weight for each unit`, ({ v }) => ({
      v: { ...v, [name]: v[name]!.map(() => 0) },
    })),
    ...names
      .slice(k + 1)
      .map((other) =>
        mistake(
          `vectors w_${name} and w_${other} exchanged`,
          `the page says which is which: ${names.map((one) => `w_${one}`).join(", ")}`,
          ({ v }) => ({ v: { ...v, [name]: v[other]!, [other]: v[name]! } }),
        ),
      ),
  ]);
}

/** One gate computed with the rows of another. */
function sharedGates(cell: Cell): Mistake[] {
  const { gates } = cell;
  const recurrent = recurrentGates(cell);
  return gates.flatMap((gate) =>
    gates
      .filter((other) => other !== gate && (recurrent.includes(other) || !recurrent.includes(gate)))
      .map((other) => {
        const copied = (role: Role, rows: Matrix | Vector | undefined) => {
          const blocks = blocksOf(cell, role);
          return taken(
            rows,
            blocks,
            blocks.map((one) => (one === gate ? other : one)),
          );
        };
        return mistake(
          `gate ${gate} computed with the weights of gate ${other}`,
          `each gate has rows of its own, in the order ${gates.join(" ")}`,
          ({ weightIh, weightHh, biasIh, biasHh }) =>
            ({
              weightIh: copied("weightIh", weightIh),
              weightHh: copied("weightHh", weightHh),
              biasIh: copied("biasIh", biasIh),
              biasHh: copied("biasHh", biasHh),
            }) as Partial<SideNumbers>,
        );
      }),
  );
}

/** Rows in which the block of `gates[k]` is that of `sources[k]`. */
function taken(
  rows: Matrix | Vector | undefined,
  gates: readonly string[],
  sources: readonly string[],
): Matrix | Vector | undefined {
  if (!rows) return undefined;
  const H = rows.length / gates.length;
  const from = (i: number): number => gates.indexOf(sources[Math.floor(i / H)]!) * H + (i % H);
  return rows instanceof Float64Array ? rows.map((_, i) => rows[from(i)]!) : rows.map((_, i) => rows[from(i)]!);
}

/** Rows read as (H, G) where they lie as (G, H). */
const INTERLEAVED: Mistake = mistake(
  "the rows of the gates are read interleaved: unit by unit instead of gate by gate",
  "each gate has H rows one after the other: in code chunk(G, -1), or view(B, G, H)",
  ({ weightIh, weightHh, biasIh, biasHh }, _, { cell }) => {
    const from = (i: number, G: number, rows: number): number => ((i * G) % rows) + Math.floor((i * G) / rows);
    const matrix = (all: Matrix, G: number): Matrix => all.map((_, i) => all[from(i, G, all.length)]!);
    const vector = (all: Vector | undefined, G: number) => all?.map((_, i) => all[from(i, G, all.length)]!);
    const [G, R] = [cell.gates.length, recurrentGates(cell).length];
    return {
      weightIh: matrix(weightIh, G),
      weightHh: matrix(weightHh, R),
      biasIh: vector(biasIh, G),
      biasHh: vector(biasHh, R),
    };
  },
);

/** Products scaled, as attention scales its own. */
function scaleMistakes({ weights, cell }: Network): Mistake[] {
  const H = weights[0]!.weightHh[0]?.length ?? weights[0]!.weightIh.length / cell.gates.length;
  const F = weights[0]!.weightIh[0]!.length;
  const factors: [text: string, factor: number][] = [
    ["divided by √H", 1 / Math.sqrt(H)],
    ["divided by H", 1 / H],
    ["divided by √F", 1 / Math.sqrt(F)],
    ["divided by F", 1 / F],
    ["multiplied by √H", Math.sqrt(H)],
    ["halved", 0.5],
    ["doubled", 2],
  ];
  const hint = "recurrent products are not scaled";
  const recurrent = recurrentGates(cell).length > 0;
  const scaled = (weight: Matrix, factor: number): Matrix => weight.map((row) => row.map((v) => v * factor));
  return factors.flatMap(([text, factor]) => [
    mistake(`W_ih·x ${text}`, hint, (own) => ({ weightIh: scaled(own.weightIh, factor) })),
    ...(recurrent
      ? [
          mistake(`W_hh·h ${text}`, hint, (own) => ({ weightHh: scaled(own.weightHh, factor) })),
          mistake(`W_ih·x and W_hh·h ${text}`, hint, (own) => ({
            weightIh: scaled(own.weightIh, factor),
            weightHh: scaled(own.weightHh, factor),
          })),
        ]
      : []),
    mistake(`W_ih·x + b_ih${recurrent ? " + W_hh·h + b_hh" : ""} ${text}`, hint, (own) => ({
      weightIh: scaled(own.weightIh, factor),
      weightHh: scaled(own.weightHh, factor),
      biasIh: times(own.biasIh, factor),
      biasHh: times(own.biasHh, factor),
    })),
  ]);
}
