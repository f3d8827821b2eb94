import { describe, expect, expectTypeOf, it } from "vitest";
import { tensors } from "../../src/autograd/algebra.ts";
import { type Cell, recurrentGates, vectors } from "../../src/cells/cell.ts";
import * as torch from "../../src/index.ts";
import { type ExplainedStep, explain, nn, type Tensor } from "../../src/index.ts";
import { columnsOf } from "../../src/learn/page.ts";
import { PLAIN_NAMES } from "../../src/nn/node-names.ts";
import { calculate } from "./calculator.ts";

const DTYPES = { float32: torch.float32, float64: torch.float64 };
const same = (a: Tensor, b: Tensor): void => {
  expect(a.shape).toEqual(b.shape);
  expect(torch.maxUlps(a, b)).toBe(0);
};
const termOf = (step: ExplainedStep, name: string, gate?: string): Tensor =>
  step.terms.find((term) => term.name === name && (!gate || term.gate === gate))!.value;

/** A user's own cell: one gate decides how much of the state is replaced. */
const minimal: Cell<"u" | "v", "h", "kept"> = {
  name: "Minimal",
  gates: ["u", "v"],
  state: ["h"],
  equations: { u: "sigmoid(W_iu·x + W_hu·h)", v: "tanh(W_iv·x)", kept: "h - u·h", h: "kept + u·v" },
  step(m, x, r, s) {
    const u = m.sigmoid(m.add(x.u, r.u));
    const v = m.tanh(x.v);
    const kept = m.sub(s.h, m.mul(u, s.h));
    return { u, v, kept, h: m.add(kept, m.mul(u, v)) };
  },
};

class Minimal extends nn.Recurrent<Tensor> {
  constructor(inputSize: number, hiddenSize: number, options: nn.RecurrentOptions = {}) {
    const kind = { ownOptions: [], rankNote: "", checksPacked: true, names: PLAIN_NAMES };
    super(minimal as unknown as Cell, kind, inputSize, hiddenSize, options);
  }
  protected override openState(state: Tensor): readonly Tensor[] {
    return [state];
  }
  protected override closeState(states: readonly Tensor[]): Tensor {
    return states[0]!;
  }
}

const [T, B, F, H, P] = [5, 3, 7, 4, 2];

const KINDS: Readonly<Record<string, (options: nn.RecurrentOptions) => nn.Recurrent<unknown>>> = {
  "RNN with tanh": (options) => new nn.RNN(F, H, options),
  "RNN with relu": (options) => new nn.RNN(F, H, { ...options, nonlinearity: "relu" }),
  LSTM: (options) => new nn.LSTM(F, H, options),
  "LSTM with a projection": (options) => new nn.LSTM(F, H, { ...options, projSize: P }),
  GRU: (options) => new nn.GRU(F, H, options),
  "the LSTM with peepholes": (options) => new nn.PeepholeLSTM(F, H, options),
  "a layer of units that remember themselves alone": (options) => new nn.IndRNN(F, H, options),
  "a user's own layer": (options) => new Minimal(F, H, options),
};

const inputs = {
  batched: (x: Tensor) => x,
  "without a batch": (x: Tensor) => x.at(":, 1"),
  "batch first": (x: Tensor) => x.transpose(0, 1),
  packed: (x: Tensor) => nn.utils.packPaddedSequence(x, [2, 5, 4], { enforceSorted: false }),
};

const table = Object.keys(KINDS).flatMap((kind) =>
  (Object.keys(inputs) as (keyof typeof inputs)[]).flatMap((form, i) =>
    [true, false].map((bias) => {
      const dtype: keyof typeof DTYPES = bias === i < 2 ? "float32" : "float64";
      return { kind, form, dtype, bias, numLayers: bias ? 2 : 1, bidirectional: bias || form === "packed" };
    }),
  ),
);

describe.each(table)("explain of $kind, $form, $dtype, bias $bias", (options) => {
  const { kind, form, bias, numLayers, bidirectional } = options;
  const dtype = DTYPES[options.dtype];
  torch.manualSeed(5);
  const batchFirst = form === "batch first";
  const dropout = numLayers > 1 ? 0.5 : 0;
  const layer = KINDS[kind]!({ bias, numLayers, bidirectional, batchFirst, dropout, dtype });
  const x = inputs[form](torch.randn(T, B, F, { dtype }));
  const D = bidirectional ? 2 : 1;
  const starts = layer.cell.state.map((_, i) => {
    const size = i === 0 && layer.projSize > 0 ? P : H;
    const shape = form === "without a batch" ? [numLayers * D, size] : [numLayers * D, B, size];
    return torch.randn(shape, { dtype });
  });
  const start = starts.length === 1 ? starts[0]! : torch.tuple(...starts);
  const before = torch.getRngState();
  const explanation = explain(layer, x, start);
  const drew = !torch.equal(torch.getRngState(), before);

  it("gives the layer's own output and states to the bit, and draws and records nothing", () => {
    expect(drew).toBe(false);
    expect(layer.training).toBe(true);
    const run = layer.eval() as typeof layer;
    const [output, state] = torch.isTensor(x)
      ? run.forward(x, start)
      : run.forward(x as nn.utils.PackedSequence, start);
    layer.train();
    const rows = (value: unknown): Tensor =>
      (torch.isTensor(value) ? value : (value as { data: Tensor }).data) as Tensor;
    same(rows(explanation.output), rows(output));
    const states = (value: unknown): Tensor[] =>
      (torch.isTensor(value) ? [value] : [...(value as Tensor[])]) as Tensor[];
    for (const [i, value] of states(explanation.state).entries()) same(value, states(state)[i]!);
    for (const { terms } of explanation.steps) expect(terms.some(({ value }) => value.requiresGrad)).toBe(false);
  });

  it("has terms that recombine to every sum, every result and the output, to the bit", () => {
    const { cell } = layer;
    const output = cell.state[0]!;
    expect(explanation.steps.length).toBe(numLayers * D * T);
    for (const step of explanation.steps) {
      const halves = (side: "x" | "r", product: string, biasName: string) =>
        Object.fromEntries(
          (side === "x" ? cell.gates : recurrentGates(cell)).map((gate) => {
            const share = termOf(step, product, gate);
            const sum = bias ? share.add(termOf(step, biasName, gate)) : share;
            same(sum, termOf(step, `${side}.${gate}`));
            return [gate, sum];
          }),
        );
      const r = halves("r", `W_hh·${output}`, "b_hh");
      const state = Object.fromEntries(cell.state.map((name) => [name, termOf(step, name)]));
      const own = Object.fromEntries(vectors(cell).map((name) => [name, termOf(step, `v.${name}`)]));
      const computed = cell.step(tensors, halves("x", "W_ih·x", "b_ih"), r, state, own);
      for (const [name, value] of Object.entries(computed)) {
        same(value, termOf(step, cell.state.includes(name) ? `${name}'` : name));
      }
    }
  });

  it("hands each step's state to the next, and each layer's outputs to the next layer", () => {
    const output = layer.cell.state[0]!;
    const handedOn = (step: ExplainedStep): Tensor => step.terms.at(-1)!.value;
    const reverse = (step: ExplainedStep): boolean => step.direction === "reverse";
    for (const step of explanation.steps) {
      const next = explanation.steps.find((one) => {
        return (
          one.layer === step.layer && one.direction === step.direction && one.t === step.t + (reverse(step) ? -1 : 1)
        );
      });
      if (next) {
        const [now, then] = [handedOn(step), termOf(next, output)];
        const b = Math.min(now.shape[0]!, then.shape[0]!);
        same(form === "packed" ? then.narrow(0, 0, b) : then, form === "packed" ? now.narrow(0, 0, b) : now);
      }
      if (step.layer === 0) continue;
      const below = explanation.steps.filter((one) => one.layer === step.layer - 1 && one.t === step.t);
      same(termOf(step, "x"), torch.cat(below.map(handedOn), -1));
    }
  });

  it("names the axes of every term", () => {
    for (const { terms, sequences } of explanation.steps) {
      for (const { axes, value } of terms) {
        expect(axes.length).toBe(value.shape.length);
        for (const [i, axis] of axes.entries()) {
          if (axis === "unit") expect(value.shape[i]).toBe(H);
          if (axis === "projection") expect(value.shape[i]).toBe(P);
          if (axis === "batch") expect(value.shape[i]).toBe(sequences.length);
        }
      }
    }
  });

  it("survives JSON", () => {
    const json = JSON.parse(JSON.stringify(explanation));
    expect(json).toEqual(explanation.toJSON());
    expect(json.steps[2].terms[0].values).toEqual(
      Array.from(explanation.steps[2]!.terms[0]!.value.tolist() as number[]),
    );
  });

  it.each(["en", "zh"] as const)("is a text (%s) of at most 80 columns in which every equation is right", (lang) => {
    const text = explanation.toText({ lang, step: 1, precision: 6, batch: form === "packed" ? 2 : 0 });
    for (const line of text.split("\n")) expect(columnsOf(line), line).toBeLessThanOrEqual(80);
    const names = new Set(calculate(text, 5e-5));
    for (const gate of layer.cell.gates) expect(names).toContain(gate);
  });
});

it("an explanation of a tensor has a tensor as output, and bytes that are written may go into a Blob", () => {
  const explanation = explain(new nn.GRU(3, 2), torch.ones(5, 2, 3));
  expectTypeOf(explanation.output).toEqualTypeOf<Tensor>();
  expect(torch.equal(explanation.output, explanation.output)).toBe(true);
  const bytes = torch.saveSafetensors({ a: torch.ones(2) });
  expectTypeOf(bytes).toEqualTypeOf<Uint8Array<ArrayBuffer>>();
  expectTypeOf(torch.saveTorch).returns.toEqualTypeOf<Uint8Array<ArrayBuffer>>();
  expectTypeOf(torch.saveNpz).returns.toEqualTypeOf<Uint8Array<ArrayBuffer>>();
  expect(new Blob([bytes]).size).toBe(bytes.length);
});

describe("an explanation", () => {
  const small = (): nn.RNN => {
    const rnn = new nn.RNN(1, 1);
    rnn.loadStateDict({
      weight_ih_l0: torch.tensor([[0.5]]),
      weight_hh_l0: torch.tensor([[-0.25]]),
      bias_ih_l0: torch.tensor([0.125]),
      bias_hh_l0: torch.tensor([-1]),
    });
    return rnn;
  };

  it("reads like a worked exercise", () => {
    const text = explain(small(), torch.tensor([[2], [4]]), torch.tensor([[1]])).toText({ step: 1, precision: 3 });
    expect(text).toMatchInlineSnapshot(`
      "RNN(1, 1)
      ═════════

      The formula
        a   = W_ih·x + b_ih + W_hh·h + b_hh
        h'  = tanh(a)

        tanh(v) = (e^v - e^-v)/(e^v + e^-v)

        h': the state after the step. Without the prime: the state before it.
        The products with a W mix all units; everything else happens unit by unit,
        with plain numbers.
        Each gate reads two halves. Below, x.a and r.a are one name each, not a
        product:
          x.a = W_ih·x + b_ih  what it makes of the input
          r.a = W_hh·h + b_hh  what it makes of the state before
        Numbers are shown with 3 digits after the point; the layer computes with more.
        Where a calculator that is given the shown numbers comes out at other last
        digits, the sign is ≈ instead of =.

      Layer 0 · step 1 of 0..1
      ────────────────────────
        W_ih = weight_ih_l0, b_ih = bias_ih_l0
        W_hh = weight_hh_l0, b_hh = bias_hh_l0

        Given
          x   = [4.000]  the input at step 1
          h   = [-0.124]  from step 0

        Unit 0
          x.a = W_ih[0]·x + b_ih[0] = 0.500·4.000 + 0.125 = 2.000 + 0.125 = 2.125
          r.a = W_hh[0]·h + b_hh[0]
              = -0.250·(-0.124) + (-1.000)
              = 0.031 + (-1.000)
              = -0.969
          a   = x.a + r.a = 2.125 + (-0.969) = 1.156

          h'  = tanh(a) = tanh(1.156) = 0.820

        Result
          h'  = [0.820]  the final state
                and out, as output[1, 0]"
    `);
  });

  it.each([torch.float16, torch.bfloat16])(
    "recombines in %s, where products are float32 until the bias is added",
    (dtype) => {
      torch.manualSeed(6);
      const lstm = new nn.LSTM(17, 5, { dtype, bidirectional: true });
      const { steps, output } = explain(lstm, torch.randn(4, 3, 17, { dtype }));
      expect((output as Tensor).dtype).toBe(dtype);
      for (const step of steps) {
        for (const gate of lstm.cell.gates) {
          const x = termOf(step, "W_ih·x", gate)
            .add(termOf(step, "b_ih", gate))
            .to(dtype);
          const r = termOf(step, "W_hh·h", gate)
            .add(termOf(step, "b_hh", gate))
            .to(dtype);
          expect(torch.equal(x, termOf(step, `x.${gate}`))).toBe(true);
          expect(torch.equal(r, termOf(step, `r.${gate}`))).toBe(true);
        }
      }
    },
  );

  it("stays as it was when the weights change", () => {
    const rnn = small();
    const explanation = explain(rnn, torch.tensor([[2], [4]]));
    const text = explanation.toText();
    torch.noGrad(() => rnn.weight_ih_l0.fill_(9));
    expect(explanation.toText()).toBe(text);
    expect(explain(rnn, torch.tensor([[2], [4]])).toText()).not.toBe(text);
  });

  it("gives a term by its name, and says which names there are", () => {
    const explanation = explain(small(), torch.tensor([[2], [4]]));
    expect(explanation.term("W_ih·x", { gate: "a", step: 1 }).item()).toBe(2);
    expect(explanation.term("x.a").item()).toBe(1.125);
    expect(() => explanation.term("c")).toThrow("explain: there is no term c");
    expect(() => explanation.at({ layer: 1 })).toThrow("explain: there is no layer 1, direction forward, step 0");
    expect(() => explanation.toText({ step: 2 })).toThrow("explain: there is no step 2");
    expect(() => explanation.toText({ unit: 1 })).toThrow("explain: there is no unit 1");
    expect(() => explanation.toText({ precision: 18 })).toThrow(
      "explain: precision must be a whole number from 0 to 17",
    );
    expect(() => explanation.toText({ batch: 1 })).toThrow("explain: there is no sequence 1");
    expect(() => explanation.toText({ lang: "fr" as "en" })).toThrow(
      "explain: there is no language fr; there are en and zh",
    );
  });

  it("writes NaN and infinity as words in JSON", () => {
    const [first] = explain(small(), torch.tensor([[Number.NaN], [Number.POSITIVE_INFINITY]])).toJSON().steps;
    expect(first!.terms[0]!.values).toEqual(["nan"]);
  });

  it("refuses what the layer refuses, in the layer's words", () => {
    expect(() => explain(new nn.GRU(3, 2), torch.zeros(4, 2))).toThrow("input.size(-1) must be equal to input_size");
  });

  it("says of a shorter sequence that it has ended", () => {
    const packed = nn.utils.packPaddedSequence(torch.zeros(3, 2, 1), [3, 1]);
    expect(explain(small(), packed).toText({ step: 2, batch: 1 })).toContain("it is shorter");
  });

  it("has the formula in LaTeX, from the page", () => {
    expect(explain(new nn.LSTM(2, 3, { projSize: 1 }), torch.zeros(1, 2)).toLatex()).toBe(
      [
        "\\begin{aligned}",
        "i_t &= \\sigma(W_{ii} x_t + b_{ii} + W_{hi} h_{t-1} + b_{hi}) \\\\",
        "f_t &= \\sigma(W_{if} x_t + b_{if} + W_{hf} h_{t-1} + b_{hf}) \\\\",
        "g_t &= \\tanh(W_{ig} x_t + b_{ig} + W_{hg} h_{t-1} + b_{hg}) \\\\",
        "o_t &= \\sigma(W_{io} x_t + b_{io} + W_{ho} h_{t-1} + b_{ho}) \\\\",
        "c_t &= f_t \\odot c_{t-1} + i_t \\odot g_t \\\\",
        "h_t &= o_t \\odot \\tanh(c_t) \\\\",
        "h_t &\\leftarrow W_{hr} h_t",
        "\\end{aligned}",
      ].join("\n"),
    );
    expect(explain(new nn.GRU(2, 3, { bias: false }), torch.zeros(1, 2)).toLatex()).toContain(
      "n_t &= \\tanh(W_{in} x_t + r_t \\odot (W_{hn} h_{t-1}))",
    );
    expect(explain(new nn.RNN(2, 3, { nonlinearity: "relu" }), torch.zeros(1, 2)).toLatex()).toContain(
      "a_t &= W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh} \\\\\nh_t &= \\mathrm{ReLU}(a_t)",
    );
  });
});

it.each(["explain", "verify", "gradientFlow", "mergeBiases", "splitBiases"] as const)("%s asks for a layer", (who) => {
  const cell = new nn.GRUCell(2, 3) as never;
  const calls = {
    explain: () => explain(cell, torch.ones(2)),
    verify: () => torch.verify((x) => x, cell, torch.ones(2)),
    gradientFlow: () => torch.gradientFlow(cell, torch.ones(2), (output) => output.sum()),
    mergeBiases: () => torch.mergeBiases(cell),
    splitBiases: () => torch.splitBiases(cell),
  };
  expect(calls[who]).toThrow(`${who}: expected a recurrent layer, got GRUCell`);
});
