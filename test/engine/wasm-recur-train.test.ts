import * as torch from "unrolled";
import { nn, type Tensor } from "unrolled";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Three } from "../three.ts";
import { inBoth } from "./arithmetics.ts";

const { PackedSequence, packPaddedSequence } = nn.utils;

/** A layer as these tests see it. */
interface Layer {
  forward(x: unknown, state?: unknown): readonly [output: unknown, state: unknown];
  parameters(): Iterable<Tensor>;
  namedParameters(): Iterable<readonly [string, Tensor]>;
  zeroGrad(): void;
}

beforeEach(() => torch.engine.use("wasm"));
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

const OWN = [nn.PeepholeLSTM, nn.CoupledLSTM, nn.MGU, nn.IndRNN, Three];
const layers: Record<string, (I: number, H: number, options: object) => Layer> = {
  "RNN of tanh": (I, H, options) => new nn.RNN(I, H, options) as unknown as Layer,
  "RNN of relu": (I, H, options) => new nn.RNN(I, H, { ...options, nonlinearity: "relu" }) as unknown as Layer,
  LSTM: (I, H, options) => new nn.LSTM(I, H, options) as unknown as Layer,
  GRU: (I, H, options) => new nn.GRU(I, H, options) as unknown as Layer,
  "LSTM of projections": (I, H, options) => new nn.LSTM(I, H + 2, { ...options, projSize: H }) as unknown as Layer,
  "LSTM of narrow projections": (I, H, options) =>
    new nn.LSTM(I, 3 * H + 1, { ...options, projSize: H }) as unknown as Layer,
  ...Object.fromEntries(
    OWN.map((Own) => [
      Own.cell.name,
      (I: number, H: number, options: object) => new Own(I, H, options) as unknown as Layer,
    ]),
  ),
};

const sizes = [1, 3, 5, 8, 13, 17];
const settings = [
  { T: 4, options: {} },
  { T: 3, options: { bias: false, bidirectional: true } },
  { T: 1, options: { numLayers: 2, bidirectional: true } },
];
const looks: readonly Seen[] = ["all", "output", "states", "last state"];

/** A layer, and states that it may begin with. */
function makeRun(
  name: string,
  H: number,
  B: number,
  T: number,
  options: object,
  given: "none" | "constant" | "wanted",
) {
  torch.manualSeed(7);
  const layer = layers[name]!(3, H, options);
  const D = "bidirectional" in options ? 2 : 1;
  const L = "numLayers" in options ? 2 : 1;
  const x = torch.randn(T, B, 3).requiresGrad_();
  const count =
    given === "none"
      ? 0
      : (OWN.find(({ cell }) => cell.name === name)?.cell.state.length ?? (name.startsWith("LSTM") ? 2 : 1));
  // beside a projection c is wider than h
  const width = (i: number): number => (i === 0 ? H : ((layer as { hiddenSize?: number }).hiddenSize ?? H));
  const states = Array.from({ length: count }, (_, i) =>
    torch.randn(L * D, B, width(i)).requiresGrad_(given === "wanted"),
  );
  return { layer, x, states };
}

/** What each engine gives in both arithmetics. */
const bothEngines = <T>(run: () => T): [fast: [fma: T, muladd: T], slow: [fma: T, muladd: T]] => [
  inBoth("wasm", run),
  inBoth("plain", run),
];

describe.each(Object.keys(layers))("the gradients of an %s", (name) => {
  it.each(sizes)("have the same bits in one call and step by step: %i units", (H) => {
    let turn = H;
    for (const B of [1, 2, 5]) {
      for (const { T, options } of settings) {
        for (const given of ["none", "constant", "wanted"] as const) {
          const uneven = Array.from({ length: B }, (_, i) => (i === B - 1 ? T : 1 + ((i * 3 + 1) % T)));
          for (const lengths of [undefined, uneven]) {
            torch.engine.use("wasm");
            const { layer, x, states } = makeRun(name, H, B, T, options, given);
            const seen = looks[turn % looks.length]!;
            turn += 1;
            const [fast, slow] = bothEngines(() => train(layer, x, states, lengths, seen));
            expect([B, T, options, given, lengths, seen, fast]).toEqual([B, T, options, given, lengths, seen, slow]);
          }
        }
      }
    }
  });

  it("have the same bits for whatever part of the results the loss looks at", () => {
    for (const seen of looks) {
      for (const lengths of [undefined, [2, 7, 4, 7, 1]]) {
        const { layer, x, states } = makeRun(name, 6, 5, 7, { bidirectional: true }, "wanted");
        const [fast, slow] = bothEngines(() => train(layer, x, states, lengths, seen));
        expect([seen, lengths, fast]).toEqual([seen, lengths, slow]);
      }
    }
  });

  it("have the same bits when only some of the inputs want one", () => {
    const names = Array.from(makeRun(name, 6, 2, 4, {}, "constant").layer.namedParameters(), ([key]) => key);
    for (const wanted of names) {
      const { layer, x, states } = makeRun(name, 6, 2, 4, {}, "constant");
      for (const [key, parameter] of layer.namedParameters()) parameter.requiresGrad_(key === wanted);
      x.requiresGrad_(false);
      const [fast, slow] = bothEngines(() => train(layer, x, states, undefined, "all"));
      expect([wanted, fast]).toEqual([wanted, slow]);
    }
  });

  it("have the same bits where long sequences are walked in pieces", () => {
    torch.manualSeed(9);
    const layer = layers[name]!(2, 12, {});
    const x = torch.randn(700, 3, 2).requiresGrad_();
    const [fast, slow] = bothEngines(() => train(layer, x, [], undefined, "output"));
    expect(fast).toEqual(slow);
  });

  it("can be differentiated again, and alike on both engines", () => {
    const { layer, x, states } = makeRun(name, 5, 2, 3, { bidirectional: true }, "wanted");
    const leaves = [x, ...states, ...layer.parameters()];
    const [fast, slow] = bothEngines(() => {
      const [output] = tensorsOf(layer.forward(x, states.length === 1 ? states[0] : states));
      const first = torch.autograd.grad(output!.mul(output!).sum(), leaves, { createGraph: true });
      const sums = [...first].map((g) => g.mul(g).sum());
      const second = torch.autograd.grad(
        sums.reduce((a, b) => a.add(b)),
        leaves,
      );
      return [...first, ...second].flatMap((g) => g.flatten().tolist() as number[]);
    });
    // the second walk meets the first graph and the replayed one, whose sums are rounded apart
    const expected = slow.flat();
    for (const [i, value] of fast.flat().entries())
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4 * (1 + Math.abs(value)));
  });
});

describe("the recurrence as one node", () => {
  const layer = (): InstanceType<typeof nn.LSTM> => {
    torch.manualSeed(2);
    return new nn.LSTM(3, 4);
  };

  it("is one node, whatever the length, under the name that the steps are joined by", () => {
    const [output] = layer().forward(torch.ones(1000, 2, 3)) as [Tensor, unknown];
    expect(output.gradFn!.name()).toBe("MkldnnRnnLayerBackward0");
    expect(output.gradFn!.nextFunctions.map(([node]) => node?.name())).toEqual([
      "ViewBackward0",
      "AliasBackward0",
      "AliasBackward0",
      undefined,
      undefined,
    ]);
  });

  it("is steps where the gradient of a vector or a state could be absent, which is not zero", () => {
    const Late = nn.defineCell({
      name: "Late",
      gates: ["a"],
      recurrentGates: [],
      state: ["h", "c"],
      vectors: ["p"],
      equations: { a: "W_ih·x + b_ih", h: "tanh(a + c)", c: "w_p·c" },
      step: (m, x, _, s, v) => ({ a: x.a, h: m.tanh(m.add(x.a, s.c)), c: m.mul(v.p, s.c) }),
    });
    for (const T of [1, 3]) {
      const layer = new Late(3, 5);
      const x = torch.randn(T, 2, 3);
      const [h, c] = [torch.randn(1, 2, 5), torch.randn(1, 2, 5).requiresGrad_()];
      const [fast, slow] = bothEngines(() => train(layer as unknown as Layer, x, [h, c], undefined, "output"));
      expect(fast).toEqual(slow);
      expect(layer.weight_p_l0!.grad === null).toBe(T === 1);
    }
  });

  it("refuses to walk back over vectors that have changed", () => {
    const layer = new nn.PeepholeLSTM(3, 5);
    const [output] = layer.forward(torch.randn(4, 2, 3));
    torch.noGrad(() => layer.weight_co_l0!.mul_(2));
    expect(() => output.sum().backward()).toThrow("modified by an inplace operation");
  });

  it("frees what it keeps after the first walk, unless told to retain it", () => {
    const own = layer();
    const [output] = own.forward(torch.ones(3, 2, 3)) as [Tensor, unknown];
    const loss = output.sum();
    loss.backward(null, { retainGraph: true });
    const once = bitsOf(own.weight_hh_l0!.grad)!;
    own.zeroGrad();
    loss.backward();
    expect(bitsOf(own.weight_hh_l0!.grad)).toEqual(once);
    expect(() => loss.backward()).toThrow("Trying to backward through the graph a second time");
  });

  it("refuses to walk back over weights that have changed", () => {
    const own = layer();
    const [output] = own.forward(torch.ones(3, 2, 3)) as [Tensor, unknown];
    torch.noGrad(() => own.weight_hh_l0!.mul_(2));
    expect(() => output.sum().backward()).toThrow("modified by an inplace operation");
  });

  it("lets its output be overwritten, and its hooks change the gradient", () => {
    const [fast, slow] = bothEngines(() => {
      const own = layer();
      const [output] = own.forward(torch.ones(3, 2, 3)) as [Tensor, unknown];
      output.registerHook((g: Tensor) => g.mul(3));
      output.mul(2).sum().backward();
      const first = bitsOf(own.weight_hh_l0!.grad)!;
      own.zeroGrad();
      const [other] = own.forward(torch.ones(3, 2, 3)) as [Tensor, unknown];
      other.mul_(2).sum().backward();
      return [first, bitsOf(own.weight_hh_l0!.grad)];
    });
    expect(fast).toEqual(slow);
    for (const [hooked, overwritten] of fast) expect(hooked).not.toEqual(overwritten);
  });

  it("gives no history to a state that depends on nothing that wants a gradient", () => {
    const { MGU, PeepholeLSTM } = nn;
    // c keeps to itself: it depends on x alone, or on nothing
    const apart = (name: string, fromInput: boolean) =>
      nn.defineCell({
        name,
        gates: ["a", "b"],
        recurrentGates: ["a"],
        state: ["h", "c"],
        equations: {
          a: "tanh(W_ia·x + b_ia + W_ha·h + b_ha)",
          b: "W_ib·x + b_ib",
          c: fromInput ? "sigmoid(c + b)" : "sigmoid(c)",
          h: "a·c' + b",
        },
        step(m, x, r, s) {
          const a = m.tanh(m.add(x.a, r.a));
          const c = m.sigmoid(fromInput ? m.add(s.c, x.b) : s.c);
          return { a, b: x.b, c, h: m.add(m.mul(a, c), x.b) };
        },
      });
    const kinds = [apart("Apart", false), apart("FromInput", true), Three, MGU, PeepholeLSTM, nn.LSTM, nn.IndRNN];
    for (const Kind of kinds) {
      for (const frozen of ["nothing", "_ih", "_hh", "weight", "all"]) {
        for (const lengths of [undefined, [4, 2, 3], [2, 2, 2]]) {
          const [fast, slow] = bothEngines(() => {
            torch.manualSeed(12);
            const layer = new Kind(2, 3) as unknown as Layer & { forward(...args: unknown[]): [Tensor, unknown] };
            for (const [name, parameter] of layer.namedParameters()) {
              if (frozen === "all" || name.includes(frozen)) parameter.requiresGrad_(false);
            }
            const x = torch.randn(4, 3, 2);
            const results = tensorsOf(layer.forward(x, null, { lengths }));
            const wanted = results.filter((y) => y.requiresGrad);
            const leaves = [...layer.parameters()].filter((p) => p.requiresGrad);
            const loss = wanted.map((y) => y.sum()).reduce((a, b) => a.add(b), torch.zeros([]));
            const grads = wanted.length === 0 ? [] : torch.autograd.grad(loss, leaves, { allowUnused: true });
            return [results.map((y) => y.requiresGrad), ...grads.map((g) => g && bitsOf(g))];
          });
          expect(fast, `${Kind.name} ${frozen} ${lengths}`).toEqual(slow);
        }
      }
    }
  });

  it("differentiates again what has a state without history beside it", () => {
    const Two = nn.defineCell({
      name: "Two",
      gates: ["a"],
      state: ["h", "c"],
      equations: { a: "tanh(W_ia·x + b_ia + W_ha·h + b_ha)", h: "a·c'", c: "sigmoid(c)" },
      step(m, x, r, s) {
        const a = m.tanh(m.add(x.a, r.a));
        const c = m.sigmoid(s.c);
        return { a, c, h: m.mul(a, c) };
      },
    });
    const [fast, slow] = bothEngines(() => {
      torch.manualSeed(13);
      const layer = new Two(2, 3);
      const [, state] = layer.forward(torch.randn(4, 1, 2));
      const [h, c] = state as unknown as readonly [Tensor, Tensor];
      const loss = h.sum().add(c.sum());
      const [grad] = torch.autograd.grad(loss, [layer.weight_hh_l0 as Tensor], { createGraph: true });
      return [bitsOf(grad!.detach()), c.requiresGrad, c.numpy().length];
    });
    expect(fast).toEqual(slow);
  });

  it("carries NaN and infinities into the gradients as the steps do", () => {
    for (const name of Object.keys(layers)) {
      const [fast, slow] = bothEngines(() => {
        const { layer: own, x } = makeRun(name, 5, 3, 4, {}, "none");
        x.value.data[7] = NaN;
        x.value.data[20] = Infinity;
        return train(own, x, [], undefined, "all");
      });
      expect(fast).toEqual(slow);
    }
  });
});
