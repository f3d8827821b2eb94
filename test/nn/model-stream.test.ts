import * as torch from "unrolled";
import { nn, type Tensor } from "unrolled";
import { afterEach, describe, expect, it } from "vitest";
import { Begun, Last, LayerNorm, Leaky, Said, Tagger, Twice } from "./streamed-models.ts";

afterEach(() => torch.engine.use("wasm"));

const T = 11;
const floats = (lengths: readonly number[], dtype: torch.DType): Tensor => torch.randn(...lengths, 7, { dtype });
const tokens = (lengths: readonly number[]): Tensor => torch.randint(0, 11, [...lengths]);

/** A model, its input, and where time is in the tensors of its output; undefined where it is not. */
interface Case {
  make(): nn.Module;
  readonly input?: typeof floats;
  readonly batchFirst?: boolean;
  readonly dtype?: torch.DType;
  readonly timeless?: readonly number[];
}

const cases: Record<string, Case> = {
  "a tagger of two layers": { make: () => new Tagger(), input: tokens },
  "a model of float64": { make: () => new Twice().double(), dtype: torch.float64, timeless: [2] },
  "a layer that is called twice": { make: () => new Twice(), timeless: [2] },
  "what the last step says": { make: () => new Last(), batchFirst: true, timeless: [0] },
  "states that forward hands over": { make: () => new Begun() },
  "a row of modules, with a projection, own cells and a shared layer": {
    make: () => {
      const shared = new Said(new nn.LSTM(5, 11, { projSize: 5, batchFirst: true }));
      const own = new Said(new Leaky(5, 3, { numLayers: 2, batchFirst: true }));
      const first = new nn.Linear(7, 5);
      return new nn.Sequential(first, shared, new LayerNorm(5), new nn.Tanh(), shared, own, new nn.Identity());
    },
    batchFirst: true,
  },
  "a model without recurrent layers": { make: () => new nn.Sequential(new nn.Linear(7, 3), new nn.ReLU()) },
};

/** The tensors of an output, in order. */
function leaves(output: unknown): Tensor[] {
  if (output instanceof torch.Tensor) return [output];
  return Object.values(output as object).flatMap(leaves);
}

/** What forward gives over the whole sequence, in evaluation mode. */
function forward(model: nn.Module, x: Tensor): Tensor[] {
  model.eval();
  const output = torch.noGrad(() => (model as nn.Sequential).forward(x));
  model.train();
  return leaves(output);
}

describe.each(Object.entries(cases))("a session of %s", (_, { make, input = floats, batchFirst, dtype, timeless }) => {
  describe.each(["wasm", "plain"] as const)("on the %s engine", (engine) => {
    it.each([null, 1, 3])("has the bits of forward, however the sequence is cut, with the batch %s", (B) => {
      torch.manualSeed(3);
      const model = make();
      const time = B !== null && batchFirst ? 1 : 0;
      const x = input(B === null ? [T] : batchFirst ? [B, T] : [T, B], dtype ?? torch.float32);
      torch.engine.use(engine, { arithmetic: torch.engine.arithmetic });
      for (let round = 0; round < 4; round += 1) {
        const session = model.stream({ batchSize: B }) as nn.ModelStream;
        let at = 0;
        while (at < T) {
          // a step, or a chunk of some steps, also of none where the model allows it
          const length = torch.randint(timeless ? 1 : 0, Math.min(5, T - at) + 1, [1]).item() as number;
          const asStep = length === 1 && round % 2 === 0;
          const got = leaves(asStep ? session.step(x.select(time, at)) : session.push(x.narrow(time, at, length)));
          const expected = forward(model, x.narrow(time, 0, at + length || 1)).map((whole, i) => {
            if (timeless?.includes(i)) return whole;
            return asStep ? whole.select(time, at) : whole.narrow(time, at, length);
          });
          expect(got.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
          for (const [i, one] of got.entries()) expect(torch.maxUlps(one, expected[i]!)).toBe(0);
          expect(got.some(({ requiresGrad }) => requiresGrad)).toBe(false);
          at += length;
        }
      }
    });
  });

  it("goes back to a snapshot, also by way of JSON, on in a fork, and back to the beginning", () => {
    torch.manualSeed(4);
    const model = make();
    const x = input([T], dtype ?? torch.float32);
    const steps = (session: nn.ModelStream, from: number, to: number): unknown[] =>
      Array.from({ length: to - from }, (_, i) => leaves(session.step(x.at(from + i))).map((one) => one.tolist()));
    const session = model.stream() as nn.ModelStream;
    const empty = session.snapshot();
    const first = steps(session, 0, 4);
    const snapshot = session.snapshot();
    const text = JSON.stringify(session);
    const fork = session.fork();
    const next = steps(session, 4, 9);
    expect(steps(fork, 4, 9)).toEqual(next);
    expect(steps(session.restore(snapshot), 4, 9)).toEqual(next);
    const other = model.stream() as nn.ModelStream;
    expect(steps(other.restore(JSON.parse(text)), 4, 9)).toEqual(next);
    expect(steps(session.reset(), 0, 4)).toEqual(first);
    expect(steps(other.restore(empty), 0, 4)).toEqual(first);
    expect(JSON.stringify(other)).toBe(text);
  });
});

describe("a session of a model", () => {
  it("names its states by the paths of the layers, a second call with its number", () => {
    torch.manualSeed(5);
    const model = new nn.ModuleDict({ tagger: new Tagger(), twice: new Twice() });
    const [tagger, twice] = [new Tagger().stream(), new Twice().stream()];
    tagger.step(torch.tensor(3n));
    twice.step(torch.randn(7));
    expect(tagger.snapshot()).toEqual({
      batchSize: null,
      layers: {
        lower: { layer: "LSTM", numLayers: 2, batchSize: null, states: { h: expect.any(Array), c: expect.any(Array) } },
        upper: {
          layer: "GRU",
          numLayers: 1,
          batchSize: null,
          states: { h: tagger.states.upper![0]!.flatten().tolist() },
        },
      },
    });
    expect(Object.keys(twice.states)).toEqual(["rnn", "rnn#2"]);
    expect(tagger.states.lower!.map(({ shape }) => [...shape])).toEqual([
      [2, 7],
      [2, 7],
    ]);
    expect(Object.keys(model.stream().snapshot().layers)).toEqual([]);
  });

  it("takes numbers for numbers", () => {
    torch.manualSeed(6);
    const model = new Twice();
    const [x, y] = [torch.randn(3, 7), torch.randn(3, 7)];
    const [numbers, tensors] = [model.stream({ batchSize: 3 }), model.stream({ batchSize: 3 })];
    for (const one of [x, y]) {
      const { low, rest } = numbers.step(one.numpy() as Float32Array);
      const expected = tensors.step(one);
      expect(low).toBeInstanceOf(Float32Array);
      expect([low, ...rest].map((list) => [...list])).toEqual(
        [expected.low, ...expected.rest].map((list) => list.flatten().tolist()),
      );
    }
    const double = new nn.Sequential(new nn.Linear(2, 3)).double().stream();
    expect(double.step(Float64Array.of(1, 2))).toBeInstanceOf(Float64Array);
  });

  it("gives numbers of its own, whatever forward gives", () => {
    class Open extends nn.Module {
      rnn = new nn.RNN(2, 3);
      override forward(x: Tensor): readonly [Tensor, Tensor, Tensor] {
        return [this.rnn.forward(x)[0], this.rnn.bias_ih_l0.detach(), x];
      }
    }
    const open = new Open();
    const before = String(open.rnn.bias_ih_l0);
    const input = Float32Array.of(1, 2);
    const [, bias, same] = open.stream().step(input);
    bias.fill(7);
    input.fill(9);
    expect([String(open.rnn.bias_ih_l0), ...same]).toEqual([before, 1, 2]);
  });

  it("gives a tuple for a tuple", () => {
    class Pair extends nn.Module {
      rnn = new nn.GRU(2, 3);
      override forward(x: Tensor): readonly [Tensor, Tensor] {
        return this.rnn.forward(x);
      }
    }
    expect(String(new Pair().stream().step(torch.ones(2)))).toMatch(/^\(tensor\(\[/);
  });

  it("does not drop out, and leaves the model in training, also after an error", () => {
    torch.manualSeed(7);
    const model = new Tagger();
    model.dropout.eval();
    const session = model.stream();
    const x = tokens([5]);
    const got = session.push(x);
    const flags = (): boolean[] => [...model.modules()].map(({ training }) => training);
    const before = flags();
    expect(new Set(before)).toEqual(new Set([true, false]));
    expect(() => session.push(torch.tensor([1n, 11n]))).toThrow("index out of range in self");
    expect(flags()).toEqual(before);
    expect(torch.isGradEnabled()).toBe(true);
    expect(torch.equal(got, forward(model, x)[0]!)).toBe(true);
    // and a layer that is called outside of the session begins at zero
    expect(model.forward(x).requiresGrad).toBe(true);
    expect(torch.equal(forward(model, x)[0]!, got)).toBe(true);
  });

  it("sees new weights, and another dtype, in the next step", () => {
    torch.manualSeed(8);
    const model = new Twice();
    const session = model.stream();
    const x = torch.randn(4, 7);
    session.push(x);
    const snapshot = session.snapshot();
    torch.noGrad(() => void model.rnn.weight_hh_l0.mul_(0.5));
    const changed = session.step(x.at(0)).low;
    expect(torch.equal(changed, model.stream().restore(snapshot).step(x.at(0)).low)).toBe(true);
    model.double();
    expect(session.step(x.at(0).double()).low.dtype).toBe(torch.float64);
  });

  it("does not disturb a session in another's forward", () => {
    torch.manualSeed(9);
    const inner = new Last();
    class Outer extends nn.Module {
      rnn = new nn.GRU(7, 3);
      readonly asked: number[] = [];
      override forward(x: Tensor): Tensor {
        this.asked.push(inner.stream().push(x).item() as number);
        return this.rnn.forward(x)[0];
      }
    }
    const model = new Outer();
    const x = torch.randn(6, 7);
    const session = model.stream();
    const got = torch.cat([session.push(x.narrow(0, 0, 4)), session.push(x.narrow(0, 4, 2))]);
    expect(torch.equal(got, forward(model, x)[0]!)).toBe(true);
    expect(model.asked.at(-1)).toBe(forward(inner, x)[0]!.item());
  });

  it("is all or nothing: after an error in the upper layer the lower one is as before", () => {
    torch.manualSeed(10);
    class Odd extends nn.Module {
      lower = new nn.GRU(2, 3);
      upper = new nn.LSTM(3, 5);
      isBroken = false;
      override forward(x: Tensor): Tensor {
        const [low] = this.lower.forward(x);
        return this.upper.forward(this.isBroken ? low.narrow(-1, 0, 2) : low)[0];
      }
    }
    const model = new Odd();
    const [session, undisturbed] = [model.stream(), model.stream()];
    const x = torch.randn(4, 2);
    model.isBroken = true;
    expect(() => session.push(x)).toThrow("input.size(-1) must be equal to input_size. Expected 3, got 2");
    expect(session.snapshot().layers).toEqual({});
    model.isBroken = false;
    expect(torch.equal(session.push(x), undisturbed.push(x))).toBe(true);
    const before = JSON.stringify(session);
    model.isBroken = true;
    for (const act of [() => session.push(x), () => session.step(x.at(0)), () => session.step(new Float32Array(2))]) {
      expect(act).toThrow("input.size(-1) must be equal to input_size. Expected 3, got 2");
      expect(JSON.stringify(session)).toBe(before);
    }
    model.isBroken = false;
    expect(torch.equal(session.step(x.at(0)), undisturbed.step(x.at(0)))).toBe(true);
    // also when the lower layer has been given other weights for this step
    const settled = JSON.stringify(session);
    model.lower.weight_hh_l0 = new nn.Parameter(torch.ones(9, 3));
    model.isBroken = true;
    expect(() => session.push(x)).toThrow("Expected 3, got 2");
    expect(JSON.stringify(session)).toBe(settled);
  });

  it("has the types of forward", () => {
    const step: Tensor = new Tagger().stream().step(torch.tensor(3n));
    const { rest }: { readonly rest: readonly [Tensor, Tensor] } = new Twice().stream().step(torch.ones(7));
    const layer: nn.Stream = new nn.GRU(2, 3).stream();
    const any: nn.Module[] = [new Tagger(), new nn.GRU(2, 3)];
    expect([step.shape[0], rest.length, layer.batchSize, any.length]).toEqual([2, 2, null, 2]);
  });
});
