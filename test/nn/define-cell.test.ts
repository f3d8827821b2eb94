/** A user's own page: what it becomes, and what is said of a page that does not fit together. */
import * as torch from "unrolled";
import { type Algebra, explain, gradientFlow, nn, type Tensor } from "unrolled";
import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import { coupledLSTM } from "../../src/cells/coupled-lstm.ts";
import { elman } from "../../src/cells/elman.ts";
import { gru } from "../../src/cells/gru.ts";
import { indRNN } from "../../src/cells/indrnn.ts";
import { lstm } from "../../src/cells/lstm.ts";
import { mgu } from "../../src/cells/mgu.ts";
import { peepholeLSTM } from "../../src/cells/peephole-lstm.ts";
import { expectPage } from "../../src/nn/expect-page.ts";
import { calculate } from "../learn/calculator.ts";
import { Three } from "../three.ts";

afterEach(() => torch.engine.use("wasm"));

const same = (a: Tensor, b: Tensor): void => {
  expect(a.shape).toEqual(b.shape);
  expect(torch.maxUlps(a, b)).toBe(0);
};

/** The LSTM as a user would define it. */
const OwnLSTM = nn.defineCell({ ...lstm, name: "OwnLSTM", gates: ["i", "f", "g", "o"], state: ["h", "c"] });

/** A page of one gate and one state, with something wrong in it. */
const page = {
  name: "Wrong",
  gates: ["a"] as const,
  state: ["h"] as const,
  equations: { a: "W_ih·x + b_ih + W_hh·h + b_hh", h: "tanh(a)" },
  step<V>(m: torch.Algebra<V>, x: { a: V }, r: { a: V }): { a: V; h: V } {
    const a = m.add(x.a, r.a);
    return { a, h: m.tanh(a) };
  },
};
type Page = Parameters<typeof nn.defineCell>[0];
const defined = (change: object): unknown => nn.defineCell({ ...page, ...change } as unknown as Page);

describe("a page that equals the LSTM's", () => {
  const options = { numLayers: 2, bidirectional: true, dropout: 0.5 };
  const made = [nn.LSTM, OwnLSTM].map((Layer) => {
    torch.manualSeed(7);
    return new Layer(5, 11, options);
  }) as [nn.LSTM, nn.LSTM];

  it("has the LSTM's names and first weights", () => {
    const [theirs, own] = made.map((layer) => [...layer.stateDict()]);
    expect(own!.map(([name]) => name)).toEqual(theirs!.map(([name]) => name));
    for (const [i, [, value]] of own!.entries()) same(value, theirs![i]![1]);
  });

  it("has its outputs, states and gradients to the bit", () => {
    const runs = made.map((layer) => {
      torch.manualSeed(8);
      layer.zeroGrad();
      const x = torch.randn(7, 3, 5);
      const [output, [hn, cn]] = layer.forward(x, [torch.randn(4, 3, 11), torch.randn(4, 3, 11)]);
      output.sum().add(hn.mul(cn).sum()).backward();
      const [still] = torch.noGrad(() => layer.forward(x));
      return [output, hn, cn, still, ...[...layer.parameters()].map((weight) => weight.grad!)];
    });
    for (const [i, one] of runs[0]!.entries()) same(one, runs[1]![i]!);
  });

  it("prints as it does, under its own name", () => {
    expect(`${made[1]}`).toBe(`${made[0]}`.replace("LSTM", "OwnLSTM"));
    expect(`${new OwnLSTM.Cell(5, 11)}`).toBe("OwnLSTMCell(5, 11)");
  });
});

describe("a cell of five gates, three states and two vectors", () => {
  torch.manualSeed(9);
  const layer = new Three(3, 6, { bidirectional: true, numLayers: 2 });
  const x = torch.randn(4, 2, 3);

  it("has torch's names for its weights, and its vectors behind them", () => {
    const shapes = [...layer.namedParameters()].map(([name, weight]) => `${name} ${weight.shape.join("x")}`);
    expect(shapes.slice(0, 6)).toEqual([
      "weight_ih_l0 30x3",
      "weight_hh_l0 24x6",
      "bias_ih_l0 30",
      "bias_hh_l0 24",
      "weight_p_l0 6",
      "weight_q_l0 6",
    ]);
    expect(shapes.slice(-2)).toEqual(["weight_p_l1_reverse 6", "weight_q_l1_reverse 6"]);
    expect(`${layer}`).toBe("Three(3, 6, num_layers=2, bidirectional=True)");
  });

  it("has its states as a tuple, by type and by value", () => {
    const [output, state] = layer.forward(x);
    expectTypeOf(output).toEqualTypeOf<Tensor>();
    expectTypeOf(state).toEqualTypeOf<readonly [Tensor, Tensor, Tensor]>();
    expect(state.map((one) => [...one.shape])).toEqual([
      [4, 2, 6],
      [4, 2, 6],
      [4, 2, 6],
    ]);
    expectTypeOf(new nn.MGU(3, 2).forward(x)[1]).toEqualTypeOf<Tensor>();
  });

  it("has the same bits on either engine, in one call and step by step, packed and padded", () => {
    const packed = nn.utils.packPaddedSequence(x, [2, 4], { enforceSorted: false });
    const run = (): Tensor[] => [layer.forward(x)[0], ...layer.forward(x)[1], layer.forward(packed)[0].data];
    const fast = torch.noGrad(run);
    const recorded = run();
    torch.engine.use("plain");
    const plain = torch.noGrad(run);
    for (const [i, one] of fast.entries()) {
      same(one, recorded[i]!);
      same(one, plain[i]!);
    }
  });

  it("starts packed sequences from the states that are given", () => {
    const state = [1, 2, 3].map(() => torch.randn(4, 2, 6)) as unknown as [Tensor, Tensor, Tensor];
    const packed = nn.utils.packPaddedSequence(x, [4, 4]);
    const [output, ends] = layer.forward(x, state);
    const [rows, theirs] = layer.forward(packed, state);
    same(rows.data, output.reshape(8, 12));
    for (const [i, one] of ends.entries()) same(theirs[i]!, one);
  });

  it("refuses a state that is no tensor, as a layer and as a cell", () => {
    const one = torch.zeros(4, 2, 6);
    const wrong = [one, one, 3] as unknown as [Tensor, Tensor, Tensor];
    expect(() => layer.forward(x, wrong)).toThrow("'int' object has no attribute 'dim'");
    const cell = new Three.Cell(3, 6);
    expect(() => cell.forward(torch.zeros(2, 3), wrong)).toThrow("Expected hx[0] to be 1D or 2D, got 3D instead");
  });

  it("survives a copy, and a file", () => {
    const copy = nn.deepcopy(layer);
    same(copy.forward(x)[0], layer.forward(x)[0]);
    const other = new Three(3, 6, { bidirectional: true, numLayers: 2 });
    other.loadStateDict(torch.load(torch.save(layer.stateDict())) as nn.StateDict);
    same(other.forward(x)[0], layer.forward(x)[0]);
  });

  it("is explained by name, with equations that are right", () => {
    const explanation = explain(layer, x);
    same(explanation.output as Tensor, layer.forward(x)[0]);
    same(explanation.term("v.q", { layer: 1 }), layer.weight_q_l1!);
    for (const lang of ["en", "zh"] as const) {
      const names = calculate(explanation.toText({ step: 1, precision: 6, lang }), 1e-4);
      expect(new Set(names)).toEqual(
        new Set([..."ifgdo"].flatMap((gate) => [`x.${gate}`, gate]).concat("r.i r.f r.g r.o c' e' mix h'".split(" "))),
      );
    }
    expect(explanation.toText()).toContain("There is no r.d: this part reads the input alone.");
    expect(explanation.toLatex()).toContain(
      "f_t &= \\sigma(W_{if} x_t + b_{if} + W_{hf} h_{t-1} + b_{hf} - w_{q} \\odot e_{t-1})",
    );
    expect(explanation.toJSON().formulas.o).toBe("relu(x.o + r.o)");
  });

  it("has its gradient taken apart by steps, vectors too", () => {
    const flow = gradientFlow(layer, x, (output) => output.pow(2).sum());
    layer.zeroGrad();
    layer.forward(x)[0].pow(2).sum().backward();
    const names = flow.sides.flatMap(({ weights }) => weights.map(({ name }) => name));
    expect(names).toEqual([...layer.namedParameters()].map(([name]) => `${name}`));
    for (const { weights, direction } of flow.sides) {
      for (const weight of weights) {
        same(torch.addShares(weight, direction), layer[weight.name as "weight_p_l0"]!.grad!);
        if (/_[pq]_/.test(weight.name)) expect(weight.rounding).toEqual([]);
      }
    }
  });

  it("refuses another number of states", () => {
    const one = torch.zeros(4, 2, 6);
    expect(() => layer.forward(x, [one, one] as unknown as [Tensor, Tensor, Tensor])).toThrow(
      "Three: expected a state of 3 tensors, (h, c, e), got 2",
    );
    expect(() => layer.forward(x, one as unknown as [Tensor, Tensor, Tensor])).toThrow("got a Tensor");
    expect(() => layer.forward(x, [one, one, torch.zeros(4, 2)] as [Tensor, Tensor, Tensor])).toThrow(
      "For batched 3-D input, hx and cx and ex should also be 3-D but got (3-D, 3-D, 2-D) tensors",
    );
  });
});

describe("a layer without recurrent gates", () => {
  it("has no weight_hh and no bias_hh, as a layer and as a cell", () => {
    const names = (module: nn.Module): string[] => [...module.namedParameters()].map(([name]) => `${name}`);
    expect(names(new nn.IndRNN(2, 3))).toEqual(["weight_ih_l0", "bias_ih_l0", "weight_u_l0"]);
    expect(names(new nn.IndRNN.Cell(2, 3, { bias: false }))).toEqual(["weight_ih", "weight_u"]);
  });

  it("says in its explanation that its gates read the input alone", () => {
    const text = explain(new nn.IndRNN(2, 3), torch.randn(2, 2)).toText();
    expect(text).toContain("A gate reads the input alone.");
    expect(text).not.toContain("W_hh");
  });
});

describe("the shipped pages", () => {
  it("takes a class with static members for a page", () => {
    // biome-ignore lint/complexity/noStaticOnlyClass: this is what somebody may write
    class Static {
      static readonly gates = ["a"] as const;
      static readonly state = ["h"] as const;
      static readonly equations = { a: "W_ia·x + b_ia + W_ha·h + b_ha", h: "tanh(a)" };
      static step<V>(m: Algebra<V>, x: { a: V }, r: { a: V }) {
        const a = m.add(x.a, r.a);
        return { a, h: m.tanh(a) };
      }
    }
    expect(new (nn.defineCell(Static))(2, 3).toString()).toBe("Static(2, 3)");
  });

  it("keeps a page as it was, whatever is done to it later", () => {
    const { step } = page;
    const own = { ...page, gates: ["a"], state: ["h"], equations: { ...page.equations } };
    const Layer = defined(own) as nn.CellLayerClass<Tensor>;
    const make = () => {
      torch.manualSeed(1);
      return new Layer(2, 3);
    };
    const before = explain(make(), torch.ones(2, 2)).toText();
    own.gates.push("b");
    own.state.push("c");
    own.equations.h = "a";
    own.step = (m, x, r) => ({ ...step(m, x, r), h: x.a });
    expect(explain(make(), torch.ones(2, 2)).toText()).toBe(before);
  });

  it("asks for a page", () => {
    for (const page of [undefined, null, 3]) {
      expect(() => nn.defineCell(page as never)).toThrow(`defineCell: expected a page, got ${page}`);
    }
  });

  it.each([elman(), elman("relu"), lstm, gru, peepholeLSTM, coupledLSTM, mgu, indRNN])(
    "$name is a right page",
    (cell) => {
      expect(() => expectPage("test", cell as unknown as torch.Cell)).not.toThrow();
    },
  );
});

describe("a page that SIMD cannot read", () => {
  it("runs step by step, with the same result", () => {
    torch.manualSeed(3);
    const layer = new nn.MGU(3, 8);
    const x = torch.randn(5, 2, 3);
    const { cell } = layer;
    const [wanted] = torch.noGrad(() => layer.forward(x));
    // reads with tensors only
    const strange: torch.Cell = {
      ...cell,
      step(m, ...given) {
        if (!torch.isTensor(given[0].f)) throw new Error("this page wants tensors");
        return cell.step(m, ...given);
      },
    };
    Object.assign(layer, { cell: strange });
    same(torch.noGrad(() => layer.forward(x))[0], wanted);
    same(torch.noGrad(() => layer.forward(x))[0], wanted);
  });
});

describe("defineCell says what is wrong with a page", () => {
  const { step } = page;
  it.each([
    [{ name: "my cell" }, 'expected a name that a class can have, got "my cell"'],
    [{ name: 1n }, "expected a name that a class can have, got 1"],
    [{ gates: [1n] }, "1 is no name for one of the gates"],
    [{ gates: [{}] }, "[object Object] is no name for one of the gates"],
    [{ gates: [] }, "expected gates to be a list of names"],
    [{ state: "h" }, "expected state to be a list of names"],
    [{ gates: ["a_b"] }, '"a_b" is no name for one of the gates'],
    [{ gates: ["x"] }, '"x" is no name for one of the gates'],
    [{ gates: ["a", "h"] }, "the name h is there twice"],
    [{ vectors: ["a"] }, "the name a is there twice"],
    [{ vectors: ["hh"] }, "a vector cannot be called hh"],
    [{ recurrentGates: ["b"] }, "recurrentGates are some of the gates, in the order of gates"],
    [{ equations: undefined }, "expected equations by name"],
    [{ step: undefined }, "expected a function step(m, x, r, s, v)"],
    [{ equations: { h: "tanh(a)" } }, "there is no equation of a"],
    [{ equations: { ...page.equations, b: "1" } }, "step does not return b, which has an equation"],
    [{ step: (...given: Parameters<typeof step>) => ({ h: step(...given).h }) }, "step does not return a"],
    [{ step: (m: Any, x: Any) => ({ a: x.a, h: m.tanh(x.a) }) }, "the new state does not depend on r.a"],
    [{ step: (m: Any, _: Any, r: Any) => ({ a: r.a, h: m.tanh(r.a) }) }, "the new state does not depend on x.a"],
    [{ vectors: ["p"] }, "the new state does not depend on v.p"],
    [{ step: (m: Any, x: Any, r: Any) => ({ a: x.a, h: m.add(x.a, r.b) }) }, "step reads r.b, which is not there"],
    [{ recurrentGates: [] }, "step reads r.a, which is not there"],
    [{ step: (m: Any, x: Any) => ({ a: m.exp(x.a), h: x.a }) }, "step asks for m.exp, which is not there"],
    [{ step: (m: Any, x: Any) => ({ a: m.sub(1, x.a), h: x.a }) }, "step asks for m.sub(1, ...)"],
    [{ step: (m: Any, x: Any) => ({ a: m.tanh(x.a, x.a), h: x.a }) }, "step asks for m.tanh(..., ...)"],
    [{ step: (m: Any, x: Any, r: Any) => ({ a: m.add(x.a, r.a), h: 0 }) }, "step returns 0 as h"],
    [{ step: () => 3 }, "step returns no results by name"],
    [
      { step: (m: Any, x: Any, r: Any) => ({ a: m.add([x.a], r.a), h: x.a }) },
      "step asks for m.add([object Array], ...)",
    ],
    [{ step: (_: Any, x: Any) => ({ a: x.a, h: [x.a] }) }, "step returns [object Array] as h"],
    [
      {
        step: (m: Any, x: Any, r: Any) => step(m as never, Object.assign(x, { a: m.tanh!(x.a) }) as never, r as never),
      },
      "step fails: Cannot assign to read only property 'a'",
    ],
    [{ step: async () => Promise.reject(new Error("late")) }, "step returns a promise"],
    [
      { step: (m: Any, x: Any, r: Any) => ({ a: x.a, h: Number(x.a) > 0 ? r.a : m.tanh(x.a) }) },
      "step takes a value for a number",
    ],
    [{ step: (m: Any, x: Any, r: Any) => ({ a: m.tanh(`${x.a}${r.a}`), h: x.a }) }, "step takes a value for a number"],
    [{ step: () => ({}) }, "step does not return a"],
    [
      {
        step: () => {
          throw new Error("not today");
        },
      },
      "step fails: not today",
    ],
    [
      {
        step: () => {
          throw Object.create(null);
        },
      },
      "step fails: [object Object]",
    ],
    [{ step: fickle() }, "step does not do the same every time"],
  ])("%o: %s", (change, message) => {
    expect(() => defined(change)).toThrow(torch.ValueError);
    expect(() => defined(change)).toThrow(message);
  });

  it("by name, and with a hint", () => {
    try {
      defined({ gates: ["a", "b"], step, equations: page.equations });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(torch.ValueError);
      expect((error as torch.ValueError).message).toBe("defineCell: Wrong: step does not return b");
      expect((error as torch.ValueError).hint).toBe("it returns all gates and all states");
    }
  });
});

/** The arguments of a step that is wrong on purpose. */
type Any = Readonly<Record<string, (...operands: unknown[]) => unknown>>;

/** A step that changes its mind from one reading to the next. */
function fickle(): typeof page.step {
  let count = 0;
  return (m, x, r) => {
    count += 1;
    const a = m.add(x.a, r.a);
    return { a, h: count % 2 === 0 ? m.tanh(a) : m.relu(a) };
  };
}
