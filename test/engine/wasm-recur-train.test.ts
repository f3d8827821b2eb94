import * as torch from "unrolled";
import { nn, type Tensor } from "unrolled";
import { afterEach, describe, expect, it } from "vitest";

const { PackedSequence, packPaddedSequence } = nn.utils;

/** A layer as these tests see it. */
interface Layer {
  forward(x: unknown, state?: unknown): readonly [output: unknown, state: unknown];
  parameters(): Iterable<Tensor>;
  zeroGrad(): void;
}

afterEach(() => torch.engine.use("wasm"));

function tensorsOf(value: unknown): Tensor[] {
  if (torch.isTensor(value)) return [value as Tensor];
  if (value instanceof PackedSequence) return [value.data];
  return [...(value as Iterable<unknown>)].flatMap(tensorsOf);
}

const bitsOf = (x: Tensor | null): number[] | null => x && ((x.flatten().tolist() as number[]) ?? null);

/** Which results the loss looks at. */
type Seen = "all" | "output" | "states" | "last state";

/** Runs a layer on an engine and gives the bits of all results and of all gradients. */
function train(layer: Layer, x: Tensor, states: readonly Tensor[], lengths: number[] | undefined, seen: Seen) {
  layer.zeroGrad();
  for (const leaf of [x, ...states]) leaf.grad = null;
  const input = lengths ? packPaddedSequence(x, lengths, { enforceSorted: false }) : x;
  const state = states.length === 0 ? undefined : states.length === 1 ? states[0] : states;
  const results = tensorsOf(layer.forward(input, state));
  const looked = {
    all: results,
    output: results.slice(0, 1),
    states: results.slice(1),
    "last state": results.slice(-1),
  };
  torch.manualSeed(11);
  const losses = looked[seen].map((y) => y.mul(torch.randn(y.shape)).sum());
  losses.reduce((a, b) => a.add(b)).backward();
  return [...results, x.grad, ...states.map((s) => s.grad), ...[...layer.parameters()].map((p) => p.grad)].map(bitsOf);
}

const layers: Record<string, (I: number, H: number, options: object) => Layer> = {
  "RNN of tanh": (I, H, options) => new nn.RNN(I, H, options) as unknown as Layer,
  "RNN of relu": (I, H, options) => new nn.RNN(I, H, { ...options, nonlinearity: "relu" }) as unknown as Layer,
  LSTM: (I, H, options) => new nn.LSTM(I, H, options) as unknown as Layer,
  GRU: (I, H, options) => new nn.GRU(I, H, options) as unknown as Layer,
};

const sizes = [1, 3, 5, 8, 13, 17].flatMap((H) => [1, 2, 5].map((B) => [H, B] as const));
const settings = [
  { T: 4, options: {} },
  { T: 3, options: { bias: false, bidirectional: true } },
  { T: 1, options: { numLayers: 2, bidirectional: true } },
];

describe.each(Object.entries(layers))("the gradients of an %s", (name, make) => {
  const count = name === "LSTM" ? 2 : 1;

  it.each(sizes)("have the same bits in one call and step by step: %i units, %i rows", (H, B) => {
    for (const { T, options } of settings) {
      for (const given of ["none", "constant", "wanted"] as const) {
        for (const lengths of [undefined, Array.from({ length: B }, (_, i) => 1 + ((i * 3 + 1) % T))]) {
          if (lengths && Math.max(...lengths) < T) lengths[0] = T;
          torch.engine.use("wasm");
          torch.manualSeed(7);
          const layer = make(3, H, options);
          const D = "bidirectional" in options ? 2 : 1;
          const L = "numLayers" in options ? 2 : 1;
          const x = torch.randn(T, B, 3).requiresGrad_();
          const state = (): Tensor => torch.randn(L * D, B, H).requiresGrad_(given === "wanted");
          const states = given === "none" ? [] : Array.from({ length: count }, state);
          for (const seen of ["all", "output", "states", "last state"] as const) {
            torch.engine.use("wasm");
            const fast = train(layer, x, states, lengths, seen);
            torch.engine.use("plain");
            const slow = train(layer, x, states, lengths, seen);
            expect([T, options, given, lengths, seen, fast]).toEqual([T, options, given, lengths, seen, slow]);
          }
        }
      }
    }
  });
});
