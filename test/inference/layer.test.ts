import * as torch from "unrolled";
import { nn, noGrad, type Tensor } from "unrolled";
import { GRU, LSTM, load, RNN, type Weight, type Weights } from "unrolled/inference";
import { afterEach, describe, expect, test } from "vitest";

const [T, B, F, H] = [5, 3, 7, 11];

const kinds = {
  RNN: { trained: RNN, layer: nn.RNN },
  LSTM: { trained: LSTM, layer: nn.LSTM },
  GRU: { trained: GRU, layer: nn.GRU },
};

const cases = Object.entries(kinds).flatMap(([name, kind]) =>
  [
    {},
    { bias: false },
    { numLayers: 3 },
    { bidirectional: true, numLayers: 2 },
    ...(name === "LSTM" ? [{ projSize: 5 }, { projSize: 2, numLayers: 2, bidirectional: true }] : []),
  ].map((options) => ({ name, options, ...kind })),
);

/** A checkpoint as the file has it. */
const saved = (module: nn.Module): Weights => load(torch.save(module.stateDict()));

const numbers = (x: Tensor): Float32Array => x.numpy() as Float32Array;

type Run = (x: Tensor, state?: unknown) => readonly [output: Tensor, state: Tensor | readonly Tensor[]];

function runOfficial(layer: nn.Module, x: Tensor, state?: readonly Tensor[]) {
  const forward = layer.forward.bind(layer) as unknown as Run;
  return noGrad(() => {
    const [output, last] = forward(x, state?.length === 1 ? state[0] : state);
    return { output: numbers(output), state: [last].flat().map((value) => numbers(value as Tensor)) };
  });
}

describe("a trained layer", () => {
  test.each(cases)(
    "$name $options computes what the layer of nn computes, to the bit",
    ({ trained, layer, options }) => {
      torch.manualSeed(3);
      const official = new layer(F, H, options);
      const x = torch.randn(T, B, F);
      const mine = new trained(saved(official));
      expect(mine.run(numbers(x), { batch: B })).toEqual(runOfficial(official, x));
    },
  );

  test.each(cases)(
    "$name $options goes on from a state, which it leaves alone",
    ({ name, trained, layer, options }) => {
      torch.manualSeed(5);
      const official = new layer(F, H, options);
      const sides = ("numLayers" in options ? options.numLayers! : 1) * ("bidirectional" in options ? 2 : 1);
      const P = "projSize" in options ? options.projSize! : H;
      const state = (name === "LSTM" ? [P, H] : [H]).map((size) => torch.randn(sides, B, size));
      const x = torch.randn(T, B, F);
      const given = state.map((value) => numbers(value).slice());
      const result = new trained(saved(official)).run(numbers(x), { batch: B, state: given });
      expect(result).toEqual(runOfficial(official, x, state));
      expect(given).toEqual(state.map(numbers));
    },
  );

  test("with relu computes what nn.RNN with relu computes", () => {
    const official = new nn.RNN(F, H, { nonlinearity: "relu" });
    const x = torch.randn(T, 1, F);
    const mine = new RNN(saved(official), { nonlinearity: "relu" });
    expect(mine.run(numbers(x))).toEqual(runOfficial(official, x));
  });

  test("is found in a larger network by its prefix, beside the numbers of the rest", () => {
    class Net extends nn.Module {
      encoder = new nn.GRU(F, H);
      head = new nn.Linear(H, 2);
    }
    const net = new Net();
    const weights = saved(net);
    const x = torch.randn(T, B, F);
    expect(new GRU(weights, { prefix: "encoder." }).run(numbers(x), { batch: B })).toEqual(runOfficial(net.encoder, x));
    expect(weights.get("head.weight")).toEqual({ data: numbers(net.head.weight.detach()), shape: [2, H] });
  });

  test("knows its sizes", () => {
    const mine = new LSTM(saved(new nn.LSTM(F, H, { bidirectional: true, projSize: 5 })));
    expect([mine.inputSize, mine.outputSize]).toEqual([F, 10]);
  });
});

describe("a session of a trained layer", () => {
  const oneWay = cases.filter(({ options }) => !("bidirectional" in options));

  describe.each(["wasm", "plain"] as const)("on the %s engine", (engine) => {
    afterEach(() => torch.engine.use("wasm"));

    test.each(oneWay)("of $name $options has the bits of run, step by step", ({ trained, layer, options }) => {
      torch.manualSeed(7);
      const mine = new trained(saved(new layer(F, H, options)));
      const x = numbers(torch.randn(T, B, F));
      const before = mine.run(numbers(torch.randn(2, B, F)), { batch: B });
      const whole = mine.run(x, { batch: B, state: before.state });
      torch.engine.use(engine, { arithmetic: torch.engine.arithmetic });
      const session = mine.stream({ batch: B, state: before.state });
      const rows = Array.from({ length: T }, (_, t) => x.subarray(t * B * F, (t + 1) * B * F));
      expect(rows.flatMap((row) => [...session.step(row)])).toEqual([...whole.output]);
      expect(session.state).toEqual(whole.state);
    });
  });

  test("is saved, forked and reset", () => {
    torch.manualSeed(11);
    const mine = new LSTM(saved(new nn.LSTM(F, H, { numLayers: 2 })));
    const x = numbers(torch.randn(F));
    const session = mine.stream();
    const first = [...session.step(x)];
    const fork = mine.stream({ state: session.state });
    const second = [...session.step(x)];
    expect(second).not.toEqual(first);
    expect([...fork.step(x)]).toEqual(second);
    expect([...session.reset().step(x)]).toEqual(first);
  });

  test("gives its one output array again, and takes it as the next input", () => {
    torch.manualSeed(13);
    const mine = new GRU(saved(new nn.GRU(H, H, { numLayers: 2 })));
    const [one, other] = [mine.stream(), mine.stream()];
    const x = numbers(torch.randn(H));
    const y = one.step(x);
    const copied = other.step(x).slice();
    expect(one.step(y)).toBe(y);
    expect([...y]).toEqual([...other.step(copied)]);
  });

  test("refuses two directions and a step of another length", () => {
    const both = new GRU(saved(new nn.GRU(F, H, { bidirectional: true })));
    expect(() => both.stream()).toThrow("stream: expected a layer of one direction, got a bidirectional GRU");
    const mine = new GRU(saved(new nn.GRU(F, H)));
    expect(() => mine.stream({ batch: 2 }).step(new Float32Array(F))).toThrow(
      "GRU: expected 14 numbers in a step, got 7",
    );
    expect(() => mine.stream({ state: [new Float32Array(H + 1)] })).toThrow(
      "GRU: expected a state of 11 numbers, got 12",
    );
  });
});

describe("what does not fit is refused:", () => {
  const weights = saved(new nn.LSTM(F, H));
  const changed = (name: string, weight: Weight | undefined): Weights => {
    const copy = new Map(weights);
    if (weight) copy.set(name, weight);
    else copy.delete(name);
    return copy;
  };

  test("a prefix that no weight has", () => {
    expect(() => new LSTM(weights, { prefix: "rnn." })).toThrow("inference: expected a weight rnn.weight_hh_l0");
  });

  test("the weights of another kind", () => {
    const ofRnn = saved(new nn.RNN(F, H));
    expect(() => new LSTM(ofRnn)).toThrow("inference: expected weight_hh_l0 of shape (4·H, P), got (11, 11)");
    expect(() => new RNN(weights)).toThrow("inference: expected weight_hh_l0 of shape (1·11, 11), got (44, 11)");
  });

  test("a weight of another shape, and a bias", () => {
    const flat = { data: new Float32Array(6), shape: [2, 3] };
    expect(() => new LSTM(changed("weight_ih_l0", flat))).toThrow(
      "inference: expected weight_ih_l0 of shape (44, columns), got (2, 3)",
    );
    expect(() => new LSTM(changed("bias_ih_l0", flat))).toThrow(
      "inference: expected bias_ih_l0 of shape (44), got (2, 3)",
    );
  });

  test("float64", () => {
    const double = { data: new Float64Array(44 * F), shape: [44, F] };
    expect(() => new LSTM(changed("weight_ih_l0", double))).toThrow(
      "inference: expected weight_ih_l0 as float32, got Float64Array",
    );
  });

  test("what is no tensor, whatever the checkpoint holds under the name", () => {
    for (const [value, type] of [
      [1, "int"],
      ["x", "str"],
      [[1], "list"],
      [true, "bool"],
      [{}, "dict"],
    ] as const) {
      const file = torch.save(new Map<string, unknown>([...new nn.LSTM(F, H).stateDict(), ["bias_hh_l0", value]]));
      expect(() => new LSTM(load(file))).toThrow(`inference: expected bias_hh_l0 as float32, got ${type}`);
    }
  });

  test("what is no state dict, and no bytes of one", () => {
    expect(() => new LSTM(load(torch.save([1])))).toThrow("inference: expected a state dict, got list");
    expect(() => new LSTM(load(torch.save(null)))).toThrow("inference: expected a state dict, got NoneType");
    const { buffer } = torch.save(new nn.LSTM(F, H).stateDict());
    expect(() => load(buffer as never)).toThrow("load: expected a Uint8Array, got ArrayBuffer");
  });

  test.each([0, -1, 1.5, Number.NaN])("a batch of %s", (batch) => {
    const mine = new LSTM(weights);
    const message = `LSTM: expected a batch of 1 or more, got ${batch}`;
    expect(() => mine.run(new Float32Array(2 * F), { batch })).toThrow(message);
    expect(() => mine.stream({ batch })).toThrow(message);
  });

  test("an input that is no whole number of steps, and a state of another length", () => {
    const mine = new LSTM(weights);
    expect(() => mine.run(new Float32Array(10))).toThrow("LSTM: expected T·1·7 numbers, got 10");
    expect(() => mine.run(new Float32Array(7), { state: [new Float32Array(3)] })).toThrow(
      "LSTM: expected a state of 11 numbers, got 3",
    );
  });
});
