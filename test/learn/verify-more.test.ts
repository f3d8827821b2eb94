/** What verify says of packed sequences, of two mistakes at once, of numbers that are none, and of other shapes. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor, verify } from "../../src/index.ts";
import { type AnyLayer, byHand, type Kind, packedByHand } from "./by-hand.ts";

const KINDS: Readonly<Record<Exclude<Kind, "relu RNN">, (options: object) => unknown>> = {
  RNN: (options) => new nn.RNN(3, 4, options),
  LSTM: (options) => new nn.LSTM(3, 4, options),
  GRU: (options) => new nn.GRU(3, 4, options),
};

describe.each(Object.keys(KINDS) as (keyof typeof KINDS)[])("packed sequences through a hand-written %s", (kind) => {
  torch.manualSeed(21);
  const layer = KINDS[kind]({ bidirectional: true, numLayers: 2 }) as AnyLayer;
  const packed = nn.utils.packPaddedSequence(torch.randn(5, 3, 3), [2, 5, 4], { enforceSorted: false });

  it("agree, packed, padded or as rows", () => {
    const right = packedByHand(kind, layer, "");
    expect(verify(right, layer, packed).agrees).toBe(true);
    expect(verify((x) => nn.utils.padPackedSequence(right(x))[0] as Tensor, layer, packed).agrees).toBe(true);
    expect(verify((x) => layer.forward(x)[0].data, layer, packed)).toMatchObject({ agrees: true, ulps: 0 });
    expect(verify((x) => layer.forward(x), layer, packed, { gradients: true })).toMatchObject({
      agrees: true,
      ulps: 0,
    });
  });

  it.each([
    ["no b_hh", /missing bias b_hh/],
    ["W_hh transposed", /transposed weight W_hh/],
    ["state not carried", /state not carried/],
    ["not flipped back", /not flipped back/],
    ["padding read", /padding is read/],
  ] as const)("have the mistake named: %s", (bug, named) => {
    const verdict = verify(packedByHand(kind, layer, bug), layer, packed);
    expect(verdict.cause).toMatch(named);
    expect(verdict.batch).not.toBeNull();
  });

  it("whose final states stay sorted are told so", () => {
    const mine = (x: nn.utils.PackedSequence) => {
      const [output, state] = layer.forward(x);
      const sorted = ([state].flat() as Tensor[]).map((one) => one.indexSelect(1, x.sortedIndices!));
      return [output, sorted.length === 1 ? sorted[0]! : sorted] as const;
    };
    expect(verify(mine, layer, packed).cause).toBe("the final states are in the order of the sorted sequences");
  });

  it("that lose their past are found out by their gradients", () => {
    const mine = (x: nn.utils.PackedSequence) => {
      const input = new nn.utils.PackedSequence(x.data.detach(), x.batchSizes, x.sortedIndices, x.unsortedIndices);
      return layer.forward(input)[0];
    };
    expect(verify(mine, layer, packed, { gradients: true }).cause).toBe("input detached");
  });
});

it("counts the largest difference as the tolerance is counted", () => {
  torch.manualSeed(14);
  const rnn = new nn.RNN(40, 60);
  const x = torch.randn(20, 3, 40);
  const weights = torch.cat([rnn.weight_ih_l0, rnn.weight_hh_l0], 1).T;
  const mine = (x: Tensor) => {
    let h = torch.zeros(3, 60);
    const steps = [...x].map((xt) => {
      h = torch.cat([xt, h], 1).matmul(weights).add(rnn.bias_ih_l0.add(rnn.bias_hh_l0)).tanh();
      return h;
    });
    return torch.stack(steps);
  };
  const { agrees, ulps } = verify(mine, rnn, x);
  expect(agrees).toBe(true);
  expect(ulps).toBeGreaterThan(0);
  expect(Number.isInteger(ulps)).toBe(true);
  expect(ulps).toBeLessThanOrEqual(64);
  expect(torch.maxUlps(mine(x), rnn.forward(x)[0])).toBeGreaterThan(64);
});

describe("two mistakes at once", () => {
  torch.manualSeed(22);
  const x = torch.randn(4, 2, 3);
  it.each([
    ["LSTM", "order iofg", "no b_hh", ["wrong gate order i o f g", "missing bias b_hh"]],
    ["LSTM", "no tanh on g", "c not carried", ["tanh forgotten in g", "c not carried"]],
    ["GRU", "reset before", "z and 1-z", ["reset gate before", "z and 1 - z exchanged"]],
    ["GRU", "no b_ih", "W_hh transposed", ["missing bias b_ih", "transposed weight W_hh"]],
    ["RNN", "relu for tanh", "W_hh transposed", ["relu instead of tanh", "transposed weight W_hh"]],
  ] as const)("in a %s are both named: %s, %s", (kind, first, second, causes) => {
    const layer = KINDS[kind]({}) as AnyLayer;
    const state = torch.randn(1, 2, 4);
    const start = kind === "LSTM" ? [state, torch.randn(1, 2, 4)] : state;
    const verdict = verify(byHand(kind, layer, `${first}; ${second}`), layer, x, { state: start });
    expect(verdict.cause).toMatch(/^two mistakes: /);
    for (const cause of causes) expect(verdict.cause).toContain(cause);
  });
});

describe("a mistake in one place only", () => {
  torch.manualSeed(23);
  const layer = new nn.GRU(3, 4, { numLayers: 2, bidirectional: true });
  it("is named with its place", () => {
    const mine = (x: Tensor): Tensor => {
      const other = nn.deepcopy(layer);
      torch.noGrad(() => other.bias_hh_l1_reverse.zero_());
      return other.forward(x)[0];
    };
    const { cause } = verify(mine, layer, torch.randn(4, 2, 3));
    expect(cause).toBe("missing bias b_hh (only in layer 1, reverse)");
  });
});

describe("mistakes written in tensors", () => {
  torch.manualSeed(25);
  const x = torch.randn(5, 2, 4);
  type Step = (x: Tensor, h: Tensor) => Tensor;
  const over = (x: Tensor, step: Step): [output: Tensor, h: Tensor] => {
    const outputs: Tensor[] = [];
    let h = torch.zeros(2, 4);
    for (const one of x.unbind(0)) {
      h = step(one, h);
      outputs.push(h);
    }
    return [torch.stack(outputs, 0), h];
  };
  const rnn = new nn.RNN(4, 4);
  const read: Step = (x) => x.matmul(rnn.weight_ih_l0.T).add(rnn.bias_ih_l0);
  const recall: Step = (_, h) => h.matmul(rnn.weight_hh_l0.T).add(rnn.bias_hh_l0);
  const right: Step = (x, h) => torch.tanh(read(x, h).add(recall(x, h)));

  it.each<[cause: string, step: Step]>([
    [
      "tanh of (W_ia·x + b_ia) alone: (W_ha·h + b_ha) is added outside in h",
      (x, h) => torch.tanh(read(x, h)).add(recall(x, h)),
    ],
    [
      "tanh of (W_ha·h + b_ha) alone: (W_ia·x + b_ia) is added outside in h",
      (x, h) => torch.tanh(recall(x, h)).add(read(x, h)),
    ],
    [
      "tanh of (W_ia·x + b_ia) and of (W_ha·h + b_ha) each, not of their sum, in h",
      (x, h) => torch.tanh(read(x, h)).add(torch.tanh(recall(x, h))),
    ],
    ["the old h added to the new one", (x, h) => right(x, h).add(h)],
  ])("%s", (cause, step) => {
    expect(verify((x) => over(x, right)[0], rnn, x).agrees).toBe(true);
    expect(verify((x) => over(x, step)[0], rnn, x).cause).toBe(cause);
  });

  it("reverse before forward, in output and state at once", () => {
    const both = new nn.GRU(4, 3, { numLayers: 2, bidirectional: true });
    const mine = (x: Tensor) => {
      const [output, hn] = both.forward(x);
      const [forward, reverse] = output.chunk(2, -1) as [Tensor, Tensor];
      return [torch.cat([reverse, forward], -1), hn.indexSelect(0, torch.tensor([1n, 0n, 3n, 2n]))] as const;
    };
    expect(verify(mine, both, x).cause).toBe("reverse comes before forward, in the output and in the final states");
  });

  it("gates cut out unit by unit, and a projection that only cuts", () => {
    const lstm = new nn.LSTM(4, 5, { projSize: 3 });
    const wrong = (change: (one: nn.LSTM) => void) => (x: Tensor) => {
      const other = nn.deepcopy(lstm);
      torch.noGrad(() => change(other));
      return other.forward(x)[0];
    };
    const interleaved = wrong((one) => {
      for (const name of ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"] as const) {
        const rows = one[name].detach().clone();
        one[name].copy_(rows.view(5, 4, -1).transpose(0, 1).reshape(rows.shape));
      }
    });
    expect(verify(interleaved, lstm, x).cause).toMatch(/^the rows of the gates are read interleaved/);
    const cut = wrong((one) => one.weight_hr_l0.copy_(torch.eye(3, 5)));
    expect(verify(cut, lstm, x).cause).toBe("projection forgotten: the first units of h as they are");
  });
});

describe("NaN and infinity", () => {
  torch.manualSeed(24);
  const layer = new nn.RNN(3, 4);
  const x = torch.randn(5, 2, 3);
  const broken = (value: number, at: number) => (input: Tensor) => {
    const numbers = layer.forward(input)[0].tolist() as number[][][];
    numbers[at]![1]![2] = value;
    return torch.tensor(numbers);
  };

  it("are reported with the step in which they first appear", () => {
    for (const [value, text] of [
      [Number.NaN, "NaN"],
      [Number.NEGATIVE_INFINITY, "-Infinity"],
    ] as const) {
      const verdict = verify(broken(value, 3), layer, x);
      expect(verdict.cause).toBe(`${text} first appears in output at step 3`);
      expect(verdict).toMatchObject({ step: 3, batch: 1, unit: 2 });
    }
  });

  it("are reported with the term, if the terms are told", () => {
    const mine = (input: Tensor) => {
      let h = torch.zeros(2, 4);
      const terms = [...input].map((xt, t) => {
        const a = torch.F.linear(xt, layer.weight_ih_l0, layer.bias_ih_l0).add(
          torch.F.linear(h, layer.weight_hh_l0, layer.bias_hh_l0),
        );
        const big = t === 2 ? a.mul(1e6) : a;
        h = big.exp().sub(big.neg().exp()).div(big.exp().add(big.neg().exp()));
        return { a, h };
      });
      return { output: torch.stack(terms.map((one) => one.h)), terms };
    };
    const verdict = verify(mine, layer, x);
    expect(verdict.cause).toBe("NaN first appears in h at step 2");
    expect(verdict.hint).toContain("look at h = tanh(a)");
  });
});

describe("other shapes", () => {
  torch.manualSeed(25);
  const x = torch.randn(5, 2, 3);
  it.each([
    ["only one step is given out: stack all h_t: expected 5×2×4, got 2×4", new nn.RNN(3, 4), (y: Tensor) => y.at(-1)],
    [
      "time and batch axes of the output exchanged: expected 5×2×4, got 2×5×4",
      new nn.RNN(3, 4),
      (y: Tensor) => y.transpose(0, 1),
    ],
    ["4 steps where the input has 5: expected 5×2×4, got 4×2×4", new nn.RNN(3, 4), (y: Tensor) => y.at("1:")],
    [
      "one direction only, or the directions added: join them along the last dimension: expected 5×2×8, got 5×2×4",
      new nn.GRU(3, 4, { bidirectional: true }),
      (y: Tensor) => y.at("..., :4"),
    ],
  ])("are told: %s", (cause, layer, change) => {
    const verdict = verify((y) => change((layer as AnyLayer).forward(y)[0]), layer as AnyLayer, x);
    expect(verdict).toMatchObject({ agrees: false, cause });
  });
});

describe("precision", () => {
  torch.manualSeed(26);
  it("float32 by hand agrees with a float64 layer but for rounding, and its mistakes are still found", () => {
    const wide = new nn.GRU(3, 4, { dtype: torch.float64 });
    const x = torch.randn(5, 2, 3, { dtype: torch.float64 });
    const narrow = (w: nn.GRU): nn.GRU => nn.deepcopy(w).float();
    expect(verify((y) => narrow(wide).forward(y.float())[0], wide, x)).toMatchObject({
      agrees: true,
      cause: "rounding",
    });
    const wrong = narrow(wide);
    torch.noGrad(() => wrong.bias_hh_l0.zero_());
    expect(verify((y) => wrong.forward(y.float())[0], wide, x).cause).toBe("missing bias b_hh");
  });
});
