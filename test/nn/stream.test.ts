import * as torch from "unrolled";
import { nn, type Tensor } from "unrolled";
import { afterEach, describe, expect, it } from "vitest";

afterEach(() => torch.engine.use("wasm"));

type Layer = nn.RNN | nn.LSTM | nn.GRU;

const layers: Record<string, (options?: object) => Layer> = {
  RNN: (options) => new nn.RNN(7, 13, { numLayers: 2, ...options }),
  LSTM: (options) => new nn.LSTM(7, 13, { numLayers: 3, ...options }),
  "LSTM with a projection": (options) => new nn.LSTM(7, 13, { numLayers: 2, projSize: 5, ...options }),
  GRU: (options) => new nn.GRU(7, 13, options),
};
const engines = ["wasm", "plain"] as const;
const T = 11;
const F = 7;

/** The outputs of all steps as `forward` gives them, and a state that is not zero to begin with. */
function whole(layer: Layer, B: number | null): { x: Tensor; state: never; flat: Float32Array; expected: number[] } {
  const x = B === null ? torch.randn(T, F) : torch.randn(T, B, F);
  const [, state] = torch.noGrad(() => (layer as nn.GRU).forward(x));
  const [output] = torch.noGrad(() => (layer as nn.GRU).forward(x, state));
  return {
    x,
    state: state as never,
    flat: Float32Array.from(x.flatten().tolist() as number[]),
    expected: output.flatten().tolist() as number[],
  };
}

describe.each(Object.entries(layers))("a session of %s", (_, make) => {
  describe.each(engines)("on the %s engine", (engine) => {
    it.each([null, 1, 3])("has the bits of forward, in steps and in any chunks, with the batch %s", (B) => {
      torch.manualSeed(5);
      const layer = make();
      const { flat, expected, state } = whole(layer, B);
      torch.engine.use(engine, { arithmetic: torch.engine.arithmetic });
      const row = (B ?? 1) * F;
      for (const cuts of [[11], [1, 10], [5, 6], [3, 0, 4, 4], [2, 1, 1, 7]]) {
        const session = layer.stream({ batchSize: B, state });
        let at = 0;
        const got = cuts.flatMap((length) => {
          const chunk = flat.subarray(at * row, (at + length) * row);
          at += length;
          return [...(length === 1 ? session.step(chunk) : session.push(chunk))];
        });
        expect(got).toEqual(expected);
      }
    });

    it.each([null, 3])("gives tensors for tensors, with the batch %s", (B) => {
      torch.manualSeed(6);
      const layer = make({ batchFirst: true });
      const x = B === null ? torch.randn(T, F) : torch.randn(B, T, F);
      const [output] = torch.noGrad(() => (layer as nn.GRU).forward(x));
      torch.engine.use(engine, { arithmetic: torch.engine.arithmetic });
      const session = layer.stream({ batchSize: B });
      const time = B === null ? 0 : 1;
      const first = session.step(x.select(time, 0));
      expect(torch.equal(first, output.select(time, 0))).toBe(true);
      expect(torch.equal(session.push(x.narrow(time, 1, T - 1)), output.narrow(time, 1, T - 1))).toBe(true);
      expect(session.push(x.narrow(time, 0, 0)).shape).toEqual(output.narrow(time, 0, 0).shape);
      expect(first.requiresGrad).toBe(false);
    });
  });

  it("goes back to a snapshot, also by way of JSON, and on in a fork", () => {
    torch.manualSeed(7);
    const layer = make();
    const { flat } = whole(layer, null);
    const session = layer.stream();
    session.push(flat.subarray(0, 4 * F));
    const snapshot = session.snapshot();
    const text = JSON.stringify(session);
    const fork = session.fork();
    const next = [...session.step(flat.subarray(4 * F, 5 * F))];
    session.push(flat.subarray(5 * F));
    expect([...fork.step(flat.subarray(4 * F, 5 * F))]).toEqual(next);
    expect([...session.restore(snapshot).step(flat.subarray(4 * F, 5 * F))]).toEqual(next);
    const other = layer.stream().restore(JSON.parse(text));
    expect([...other.step(flat.subarray(4 * F, 5 * F))]).toEqual(next);
    const fresh = [...layer.stream().step(flat.subarray(0, F))];
    expect([...session.reset().step(flat.subarray(0, F))]).toEqual(fresh);
  });
});

describe("a session", () => {
  it("gives its one output array again in each step", () => {
    const session = new nn.GRU(2, 3).stream();
    const first = session.step(Float32Array.of(1, 2));
    expect(session.step(Float32Array.of(3, 4))).toBe(first);
  });

  it("allocates nothing in a step of numbers on the SIMD engine", () => {
    torch.engine.use("wasm");
    for (const layer of [new nn.LSTM(3, 5), new nn.GRU(3, 67, { numLayers: 2 }), new nn.LSTM(3, 11, { projSize: 2 })]) {
      const session = layer.stream();
      const x = Float32Array.of(1, 2, 3);
      const run = (): number => {
        const before = process.memoryUsage().heapUsed;
        for (let i = 0; i < 10000; i += 1) session.step(x);
        return process.memoryUsage().heapUsed - before;
      };
      // the first rounds are compiled, and a collection may fall into any: what is allocated is there in all
      const bytes = Array.from({ length: 20 }, run).filter((count) => count >= 0);
      expect(Math.min(...bytes) / 10000).toBeLessThan(8);
    }
  });

  it("hands its states to forward, and takes them from there", () => {
    torch.manualSeed(8);
    const layer = new nn.LSTM(2, 3, { numLayers: 2 });
    const x = torch.randn(6, 2);
    const [output] = torch.noGrad(() => layer.forward(x));
    const session = layer.stream();
    session.push(x.narrow(0, 0, 4));
    const [h, c] = session.states as [Tensor, Tensor];
    const [rest] = torch.noGrad(() => layer.forward(x.narrow(0, 4, 2), [h, c]));
    expect(torch.equal(rest, output.narrow(0, 4, 2))).toBe(true);
    expect(torch.equal(layer.stream({ state: [h, c] }).push(x.narrow(0, 4, 2)), rest)).toBe(true);
  });

  it("keeps NaN, infinities and the sign of zero in JSON", () => {
    const layer = new nn.RNN(1, 4, { nonlinearity: "relu" });
    const session = layer.stream({ state: torch.tensor([[NaN, Infinity, -Infinity, -0]]) });
    const again = layer.stream().restore(JSON.parse(JSON.stringify(session)));
    const [h] = again.states as [Tensor];
    expect((h.flatten().tolist() as number[]).map((x) => (Object.is(x, -0) ? "-0" : x))).toEqual([
      NaN,
      Infinity,
      -Infinity,
      "-0",
    ]);
  });

  it("does not drop out, also while the layer is training", () => {
    torch.manualSeed(9);
    const layer = new nn.LSTM(2, 9, { numLayers: 2, dropout: 0.5 });
    const x = torch.randn(5, 2);
    expect(layer.training).toBe(true);
    const got = layer.stream().push(x);
    layer.eval();
    expect(torch.equal(got, torch.noGrad(() => layer.forward(x))[0])).toBe(true);
  });

  it("computes in float64 with a layer of float64, and follows a layer that changes its dtype", () => {
    torch.manualSeed(10);
    const layer = new nn.GRU(2, 3).double();
    const x = torch.randn(4, 2, { dtype: torch.float64 });
    const [output] = torch.noGrad(() => layer.forward(x));
    const session = layer.stream();
    const got = session.step(Float64Array.from(x.select(0, 0).tolist() as number[]));
    expect(got).toBeInstanceOf(Float64Array);
    expect([...got]).toEqual(output.select(0, 0).tolist());
    expect(torch.equal(session.push(x.narrow(0, 1, 3)), output.narrow(0, 1, 3))).toBe(true);
    layer.float();
    expect(session.step(Float32Array.of(1, 2))).toBeInstanceOf(Float32Array);
  });

  it.each([nn.LSTM, nn.IndRNN, nn.PeepholeLSTM])(
    "has a state of its layer's dtype at any time, and so its fork",
    (Layer) => {
      torch.manualSeed(12);
      const layer = new Layer(2, 3, { numLayers: 2 }) as nn.LSTM;
      const x = torch.randn(4, 2);
      const session = layer.stream();
      session.push(x);
      for (const dtype of [torch.float64, torch.float32]) {
        const fork = session.fork();
        const before = session.states;
        layer.to(dtype);
        expect(session.states.map(String)).toEqual(before.map((state) => `${state.to(dtype)}`));
        expect(JSON.stringify(layer.stream().restore(fork.snapshot()))).toBe(JSON.stringify(session));
        const [h, c] = session.states;
        const [expected] = torch.noGrad(() => layer.forward(x.to(dtype), (c ? [h, c] : h) as nn.LSTMState));
        for (const one of [session.fork(), fork, session])
          expect(torch.equal(one.push(x.to(dtype)), expected)).toBe(true);
      }
    },
  );

  it.each([torch.float16, torch.bfloat16])(
    "rounds numbers and states to the 16 bits of %s, as tensors are",
    (dtype) => {
      torch.manualSeed(13);
      const layer = new nn.GRU(5, 7);
      const x = torch.randn(4, 5);
      const [session, other] = [layer.stream(), layer.stream()];
      session.push(x);
      const [before, saved] = [session.states[0]!, session.snapshot()];
      layer.to(dtype);
      for (const one of [session, other.restore(saved)])
        expect(torch.equal(one.states[0]!, before.to(dtype))).toBe(true);
      const numbers = x.numpy() as Float32Array;
      const first = [...session.step(numbers.subarray(0, 5)), ...session.push(numbers.subarray(5))];
      expect(first).toEqual(other.push(x.to(dtype)).flatten().tolist());
    },
  );

  it("refuses weights of another size as long as they are there", () => {
    const layer = new nn.GRU(2, 3);
    const session = layer.stream();
    const before = JSON.stringify(session);
    const own = new Map(layer.namedParameters());
    for (const [name, weight] of new nn.GRU(2, 4).namedParameters()) layer[name as "weight_ih_l0"] = weight;
    for (const act of [() => session.step(new Float32Array(2)), () => session.fork(), () => session.snapshot()]) {
      expect(act).toThrow("stream: expected weights of the sizes as before, got states of [1, 1, 4]");
    }
    for (const [name, weight] of own) layer[name as "weight_ih_l0"] = weight;
    expect(JSON.stringify(session)).toBe(before);
  });

  it("gives the kind of numbers that it is given, and says so to the compiler", () => {
    const [single, double] = [new nn.GRU(2, 3).stream(), new nn.GRU(2, 3, { dtype: torch.float64 }).stream()];
    const [one, some]: Float32Array[] = [single.step(new Float32Array(2)), single.push(new Float32Array(4))];
    const [other, more]: Float64Array[] = [double.step(new Float64Array(2)), double.push(new Float64Array(4))];
    for (const numbers of [one, some]) expect(numbers).toBeInstanceOf(Float32Array);
    for (const numbers of [other, more]) expect(numbers).toBeInstanceOf(Float64Array);
  });

  it("may be given its own output", () => {
    torch.manualSeed(11);
    const layer = new nn.LSTM(3, 3, { numLayers: 2 });
    const [a, b] = [layer.stream(), layer.stream()];
    let [own, copied] = [Float32Array.of(1, 2, 3), Float32Array.of(1, 2, 3)];
    for (let t = 0; t < 4; t += 1) {
      own = a.step(own) as Float32Array<ArrayBuffer>;
      copied = b.step(copied.slice()) as Float32Array<ArrayBuffer>;
      expect([...own]).toEqual([...copied]);
    }
  });

  it("refuses a bidirectional layer and says why", () => {
    const open = (): unknown => new nn.LSTM(2, 3, { bidirectional: true }).stream();
    expect(open).toThrow("stream: expected a layer of one direction, got a bidirectional LSTM");
    expect(open).toThrow(
      expect.objectContaining({
        hint: "its second direction begins with the end of the sequence, which has not come yet",
      }),
    );
  });

  it("refuses what does not fit, and stays as it was", () => {
    const layer = new nn.GRU(2, 3);
    const session = layer.stream({ batchSize: 2 });
    session.step(Float32Array.of(1, 2, 3, 4));
    const before = JSON.stringify(session);
    const snapshot = session.snapshot();
    const expected = 'expected a state of layer "GRU", numLayers 1, batchSize 2';
    const withThird = (x: unknown): nn.StreamState => ({
      ...snapshot,
      states: { h: snapshot.states.h!.map((own, i) => (i === 2 ? (x as number) : own)) },
    });
    const messages: Record<string, () => unknown> = {
      "stream.step: expected 4 numbers in a Float32Array, got 3 in a Float32Array": () =>
        session.step(new Float32Array(3)),
      "stream.step: expected 4 numbers in a Float32Array, got 4 in a Float64Array": () =>
        session.step(new Float64Array(4)),
      "stream.step: expected a tensor of [2, 2], got [2]": () => session.step(torch.ones(2)),
      "stream.step: expected torch.float32, got torch.float64": () =>
        session.step(torch.ones(2, 2, { dtype: torch.float64 })),
      "stream.push: expected a multiple of 4 numbers in a Float32Array, got 6 in a Float32Array": () =>
        session.push(new Float32Array(6)),
      "stream.push: expected a tensor of [5, 2, 2], got [5, 3, 2]": () => session.push(torch.ones(5, 3, 2)),
      "stream.step: expected 4 numbers in a Float32Array, got undefined": () => session.step(undefined as never),
      "stream.step: expected 4 numbers in a Float32Array, got [object Object]": () =>
        session.step(Object.create(null) as never),
      "stream.push: expected a multiple of 4 numbers in a Float32Array, got undefined": () =>
        session.push(undefined as never),
      "stream.push: expected a multiple of 4 numbers in a Float32Array, got [object Array]": () =>
        session.push([1, 2, 3, 4] as never),
      [`stream.restore: ${expected}, got layer "GRU", numLayers 1, batchSize null`]: () =>
        session.restore({ ...snapshot, batchSize: null }),
      [`stream.restore: ${expected}, got layer "LSTM", numLayers 1, batchSize 2`]: () =>
        session.restore({ ...snapshot, layer: "LSTM" }),
      // as many numbers, otherwise divided
      [`stream.restore: ${expected}, got layer "GRU", numLayers 3, batchSize 2`]: () =>
        session.restore(new nn.GRU(2, 1, { numLayers: 3 }).stream({ batchSize: 2 }).snapshot()),
      [`stream.restore: ${expected}, got NoneType`]: () => session.restore(null as never),
      [`stream.restore: ${expected}, got str`]: () => session.restore(before as never),
      [`stream.restore: ${expected}, got layer [object Object], numLayers "1", batchSize 2`]: () =>
        session.restore({ ...snapshot, layer: Object.create(null), numLayers: "1" } as never),
      'stream.restore: expected 6 numbers for "h", got 2': () =>
        session.restore({ ...snapshot, states: { h: [1, 2] } }),
      'stream.restore: expected numbers for "h", got "abc" at 2': () => session.restore(withThird("abc")),
      'stream.restore: expected numbers for "h", got "" at 2': () => session.restore(withThird("")),
      'stream.restore: expected numbers for "h", got "0x10" at 2': () => session.restore(withThird("0x10")),
      'stream.restore: expected numbers for "h", got null at 2': () => session.restore(withThird(null)),
      'stream.restore: expected numbers for "h", got 1 at 2': () => session.restore(withThird(1n)),
      'stream.restore: expected numbers for "h", got [object Object] at 2': () =>
        session.restore(withThird(Object.create(null))),
      'stream.restore: expected numbers for "h", got 1e+300 at 2': () => session.restore(withThird(1e300)),
      'stream.restore: expected numbers for "h", got undefined at 0': () =>
        session.restore({ ...snapshot, states: { h: new Array<number>(6) } }),
      'stream.restore: expected states h, got "z"': () =>
        session.restore({ ...snapshot, states: { ...snapshot.states, z: [] } }),
      "stream: expected a batch size of 1 or more, got 0": () => layer.stream({ batchSize: 0 }),
      'stream: expected a batch size of 1 or more, got "2"': () => layer.stream({ batchSize: "2" as never }),
      "stream: expected a batch size of 1 or more, got Symbol(2)": () =>
        layer.stream({ batchSize: Symbol("2") as never }),
      "stream() got an unexpected keyword argument 'batchsize'": () => layer.stream({ batchsize: 3 } as object),
      "stream: expected a state of torch.float32 of [1, 3], got torch.float32 of [1, 4]": () =>
        layer.stream({ state: torch.ones(1, 4) }),
    };
    for (const [message, call] of Object.entries(messages)) expect(call, message).toThrow(message);
    expect(JSON.stringify(session)).toBe(before);
    for (const [given, number] of [
      ["-0", -0],
      ["NaN", NaN],
      ["-Infinity", -Infinity],
    ] as const) {
      expect(session.restore(withThird(given)).states[0]!.flatten().tolist()).toHaveProperty("2", number);
    }
  });
});
