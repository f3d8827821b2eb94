/** Mistakes of all kinds, seeded into hand-written networks of random sizes: each has to be named for what it is. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, verify } from "../../src/index.ts";
import { type AnyLayer, byHand, type Kind } from "./by-hand.ts";

/** What every cell can get wrong: the mistake, and what its name has to say. */
const COMMON: readonly (readonly [bug: string, named: RegExp])[] = [
  ["W_hh transposed", /transposed weight W_hh/],
  ["no b_ih", /missing bias b_ih/],
  ["no b_hh", /missing bias b_hh/],
  ["no biases", /missing biases b_ih and b_hh/],
  ["b_ih twice", /b_ih added twice/],
  ["b_hh twice", /b_hh added twice/],
  ["b_hh is b_ih", /b_ih in place of b_hh/],
  ["h scaled by sqrt H", /W_hh·h divided by √H/],
  ["initial state ignored", /initial state ignored/],
  ["state not carried", /state not carried: every step starts from zeros/],
  ["start again", /state not carried: every step starts from the initial state/],
];
const SQUARE = [
  ["W_ih transposed", /transposed weight W_ih/],
  ["W_ih and W_hh swapped", /W_ih and W_hh exchanged/],
  ["residual", /residual/],
] as const;
const LAYERS = [
  ["one layer's weights", /layer 0's weights used in every layer/],
  ["layer starts where the one below ends", /starts from the final state of the layer below/],
] as const;
const DIRECTIONS = [
  ["reverse reads from the start", /reverse direction reads from the start/],
  ["not flipped back", /not flipped back/],
  ["directions swapped", /directions are joined in the wrong order/],
  ["forward weights twice", /forward direction's weights used in the reverse/],
] as const;
const OWN: Readonly<Record<Kind, readonly (readonly [bug: string, named: RegExp])[]>> = {
  RNN: [
    ["sigmoid for tanh", /sigmoid instead of tanh in h/],
    ["relu for tanh", /relu instead of tanh in h/],
    ["no function", /tanh forgotten in h/],
    ["carried before the function", /h carried before tanh/],
    ["a given out", /a given out in place of h/],
    ["b_hh subtracted", /b_hh subtracted/],
  ],
  "relu RNN": [
    ["tanh for relu", /tanh instead of relu in h/],
    ["leaky relu", /leaky relu instead of relu in h/],
    ["no function", /relu forgotten in h/],
    ["carried before the function", /h carried before relu/],
  ],
  LSTM: [
    ["order iofg", /wrong gate order i o f g \(ONNX\)/],
    ["order igfo", /wrong gate order i g f o/],
    ["order fiog", /wrong gate order f i o g/],
    ["order ifog", /wrong gate order i f o g/],
    ["no tanh on g", /tanh forgotten in g/],
    ["sigmoid on g", /sigmoid instead of tanh in g/],
    ["relu on g", /relu instead of tanh in g/],
    ["no tanh on c", /tanh forgotten in t/],
    ["sigmoid on c", /sigmoid instead of tanh in t/],
    ["tanh on i", /tanh instead of sigmoid in i/],
    ["no f", /f forgotten in c/],
    ["no i", /i forgotten in c/],
    ["no o", /o forgotten in h/],
    ["coupled", /coupled gates: f = 1 - i/],
    ["forget bias 1", /1 added to gate f/],
    ["i and f swapped in c", /wrong gate order f i g o/],
    ["old c shown", /old c instead of the new one/],
    ["c given out", /c given out in place of h/],
    ["tanh c carried", /t carried in place of c/],
    ["c is h", /h carried in place of c/],
    ["h not carried", /h not carried/],
    ["c not carried", /c not carried/],
    ["h and c swapped at the start", /h and c exchanged in the initial state/],
    ["hard sigmoid", /hard sigmoid instead of sigmoid everywhere/],
    ["Keras hard sigmoid", /Keras's hard sigmoid .* everywhere/],
  ],
  GRU: [
    ["order zrn", /wrong gate order z r n/],
    ["order nzr", /wrong gate order n z r/],
    ["reset before", /reset gate before the product/],
    ["reset over all", /reset gate after the sum/],
    ["reset on the input", /reset gate on the input's half/],
    ["reset forgotten", /reset gate forgotten/],
    ["b_hn outside", /b_hn outside the product/],
    ["no b_hn", /missing bias b_hn/],
    ["z and 1-z", /z and 1 - z exchanged/],
    ["no z h", /z·.*forgotten in h/],
    ["no 1-z", /\(1 - z\) forgotten in h/],
    ["no tanh on n", /tanh forgotten in n/],
    ["sigmoid on n", /sigmoid instead of tanh in n/],
    ["relu on n", /relu instead of tanh in n/],
    ["tanh on z", /tanh instead of sigmoid in z/],
    ["coupled", /coupled gates: z = 1 - r/],
    ["n carried", /n carried in place of h/],
    ["n given out", /n given out in place of h/],
    ["z for r", /gate r computed with the weights of gate z/],
    ["hard sigmoid", /hard sigmoid instead of sigmoid everywhere/],
  ],
};
const ONE_WAY = [
  ["old h given out", /h_\{t-1\} is given out instead of h_t/],
  ["read from the end", /read from its end/],
] as const;

const KINDS: Readonly<Record<Kind, (F: number, H: number, options: object) => unknown>> = {
  RNN: (F, H, options) => new nn.RNN(F, H, options),
  "relu RNN": (F, H, options) => new nn.RNN(F, H, { ...options, nonlinearity: "relu" }),
  LSTM: (F, H, options) => new nn.LSTM(F, H, options),
  GRU: (F, H, options) => new nn.GRU(F, H, options),
};

const SHAPES = [
  { F: 3, H: 5, T: 4, B: 2, options: {} },
  { F: 4, H: 4, T: 5, B: 3, options: { batchFirst: true, dtype: torch.float64 } },
  { F: 2, H: 3, T: 3, B: 2, options: { numLayers: 2 } },
  { F: 5, H: 3, T: 4, B: 1, options: { bidirectional: true } },
  { F: 3, H: 2, T: 3, B: 2, options: { numLayers: 2, bidirectional: true } },
];

const table = (Object.keys(KINDS) as Kind[]).flatMap((kind) =>
  SHAPES.map((shape, at) => ({ kind, at, seed: 100 + at, ...shape })),
);

describe.each(table)("$kind($F, $H) $options with seed $seed", ({ kind, at, seed, F, H, T, B, options }) => {
  torch.manualSeed(seed);
  const layer = KINDS[kind](F, H, options) as AnyLayer;
  const { dtype } = layer.weight_ih_l0;
  const [L, D] = [layer.numLayers, layer.bidirectional ? 2 : 1];
  const x = torch.randn(...(layer.batchFirst ? [B, T, F] : [T, B, F]), { dtype });
  const states = Array.from({ length: kind === "LSTM" ? 2 : 1 }, () => torch.randn(L * D, B, H, { dtype }));
  const state = states.length === 1 ? states[0]! : states;

  it("is right without a mistake", () => {
    expect(verify(byHand(kind, layer, ""), layer, x, { state }).agrees).toBe(true);
  });

  // every mistake once in the first shape, and in turns in one of the others
  const turn = (_: unknown, i: number): boolean => at === 0 || i % (SHAPES.length - 1) === at - 1;
  const bugs: (readonly [string, RegExp])[] = [
    ...[...COMMON, ...OWN[kind]].filter(turn),
    ...(F === H ? SQUARE : []),
    ...(L > 1 ? LAYERS : []),
    ...(D > 1 ? DIRECTIONS : []),
    ...(L * D === 1 ? ONE_WAY : []),
  ];

  it.each(bugs)("names the mistake: %s", (bug, named) => {
    const mine = byHand(kind, layer, bug);
    // the output alone says as much as output and states
    const verdict = verify(at === 0 ? mine : (y, s) => mine(y, s)[0], layer, x, { state });
    expect(verdict.agrees).toBe(false);
    expect(verdict.cause).toMatch(named);
    expect(verdict.cause).not.toMatch(/^two mistakes|only in/);
  });
});
