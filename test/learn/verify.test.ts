/** Networks written by hand, each with one mistake: the check has to name it. Nothing here uses the machinery it tests. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor, verify } from "../../src/index.ts";

const [T, B, H] = [5, 3, 4];
const F = H; // square weights, so that they can be transposed or exchanged by mistake

interface Weights {
  readonly wi: Tensor;
  readonly wh: Tensor;
  readonly bi: Tensor;
  readonly bh: Tensor;
}

const weightsOf = (layer: nn.Recurrent<unknown>, end = "l0"): Weights => ({
  wi: layer[`weight_ih_${end}`]!,
  wh: layer[`weight_hh_${end}`]!,
  bi: layer[`bias_ih_${end}`]!,
  bh: layer[`bias_hh_${end}`]!,
});

/** A step by hand: from x_t, the state and the weights to the new state; h comes first. */
type Step = (x: Tensor, state: Tensor[], weights: Weights, start: Tensor[]) => Tensor[];

/** A loop over time by hand. */
function loop(step: Step, weights: Weights, x: Tensor, start: Tensor[]): [output: Tensor, state: Tensor[]] {
  let state = start;
  const outputs: Tensor[] = [];
  for (const xt of x) {
    state = step(xt, state, weights, start);
    outputs.push(state[0]!);
  }
  return [torch.stack(outputs), state];
}

const sig = (x: Tensor): Tensor => x.sigmoid();
const tanh = (x: Tensor): Tensor => x.tanh();
const gates = (x: Tensor, w: Tensor, b: Tensor | 0, count: number): Tensor[] => [
  ...x
    .matmul(w.T)
    .add(b === 0 ? torch.zeros(1) : b)
    .chunk(count, -1),
];

interface Case {
  readonly cause: string;
  readonly step?: Step;
  readonly before?: (x: Tensor) => Tensor;
  readonly after?: (output: Tensor, start: Tensor) => Tensor;
  /** Whether a state is given; default yes. */
  readonly state?: boolean;
}

const shiftedBy = (output: Tensor, start: Tensor): Tensor => torch.cat([start.unsqueeze(0), output.at(":-1")]);

/** Mistakes with time and state that are the same for every cell. */
const around = (step: Step): Case[] => [
  {
    cause: "initial state ignored",
    step: (x, state, w, start) => step(x, state === start ? state.map((s) => s.mul(0)) : state, w, start),
  },
  {
    cause: "state not carried: every step starts from the initial state",
    step: (x, _, w, start) => step(x, start, w, start),
  },
  {
    cause: "state not carried: every step starts from zeros",
    step: (x, state, w, start) => step(x, state === start ? state : state.map((s) => s.mul(0)), w, start),
  },
  { cause: "off by one step: h_{t-1} is given out instead of h_t", step, after: shiftedBy },
  {
    cause: "time and batch axes confused (batchFirst)",
    step,
    state: false,
    before: (x) => x.transpose(0, 1),
    after: (output) => output.transpose(0, 1),
  },
  {
    cause: "reshape instead of transpose between (B, T, F) and (T, B, F)",
    step,
    state: false,
    before: (x) => x.transpose(0, 1).reshape(T, B, F),
  },
  { cause: "the sequence is read from its end", step, before: (x) => x.flip(0) },
  { cause: "bias b_ih added twice", step: (x, s, w, start) => step(x, s, { ...w, bi: w.bi.add(w.bi) }, start) },
  {
    cause: "weights W_ih and W_hh exchanged",
    step: (x, s, w, start) => step(x, s, { ...w, wi: w.wh, wh: w.wi }, start),
  },
  { cause: "missing bias b_ih", step: (x, s, w, start) => step(x, s, { ...w, bi: w.bi.mul(0) }, start) },
  { cause: "missing bias b_hh", step: (x, s, w, start) => step(x, s, { ...w, bh: w.bh.mul(0) }, start) },
];

const elman: Step = (x, [h], { wi, wh, bi, bh }) => [tanh(x.matmul(wi.T).add(bi).add(h!.matmul(wh.T)).add(bh))];

const RNN_CASES: Case[] = [
  ...around(elman),
  { cause: "missing biases b_ih and b_hh", step: (x, [h], { wi, wh }) => [tanh(x.matmul(wi.T).add(h!.matmul(wh.T)))] },
  {
    cause: "transposed weight W_hh",
    step: (x, [h], { wi, wh, bi, bh }) => [tanh(x.matmul(wi.T).add(bi).add(h!.matmul(wh)).add(bh))],
  },
  {
    cause: "transposed weight W_ih",
    step: (x, [h], { wi, wh, bi, bh }) => [tanh(x.matmul(wi).add(bi).add(h!.matmul(wh.T)).add(bh))],
  },
  {
    cause: "relu instead of tanh in h",
    step: (x, [h], { wi, wh, bi, bh }) => [x.matmul(wi.T).add(bi).add(h!.matmul(wh.T)).add(bh).relu()],
  },
  {
    cause: "sigmoid instead of tanh in h",
    step: (x, [h], { wi, wh, bi, bh }) => [sig(x.matmul(wi.T).add(bi).add(h!.matmul(wh.T)).add(bh))],
  },
  {
    cause: "tanh forgotten in h",
    step: (x, [h], { wi, wh, bi, bh }) => [x.matmul(wi.T).add(bi).add(h!.matmul(wh.T)).add(bh)],
  },
  { cause: "(W_ha·h + b_ha) forgotten in a", step: (x, _, { wi, bi }) => [tanh(x.matmul(wi.T).add(bi))] },
  {
    cause: "weight W_ih in place of W_hh",
    step: (x, [h], { wi, bi, bh }) => [tanh(x.matmul(wi.T).add(bi).add(h!.matmul(wi.T)).add(bh))],
  },
];

/** An LSTM by hand, with holes for mistakes. */
const lstmWith =
  (part: {
    order?: string;
    g?: (x: Tensor) => Tensor;
    o?: (x: Tensor) => Tensor;
    shown?: (c: Tensor, old: Tensor) => Tensor;
    c?: (f: Tensor, c: Tensor, i: Tensor, g: Tensor) => Tensor;
    wh?: (w: Tensor) => Tensor;
  }): Step =>
  (x, [h, c], { wi, wh, bi, bh }) => {
    const fromX = gates(x, wi, bi, 4);
    const fromH = gates(h!, part.wh ? part.wh(wh) : wh, bh, 4);
    const order = part.order ?? "ifgo";
    const a = (gate: string): Tensor => fromX[order.indexOf(gate)]!.add(fromH[order.indexOf(gate)]!);
    const [i, f, g, o] = [sig(a("i")), sig(a("f")), (part.g ?? tanh)(a("g")), (part.o ?? sig)(a("o"))];
    const next = part.c ? part.c(f, c!, i, g) : f.mul(c!).add(i.mul(g));
    const shown = part.shown ? part.shown(next, c!) : tanh(next);
    return [o.mul(shown), next];
  };

const transposeEach =
  (count: number) =>
  (w: Tensor): Tensor =>
    torch.cat(w.chunk(count).map((block) => block.T));

const LSTM_CASES: Case[] = [
  ...around(lstmWith({})),
  { cause: "wrong gate order i o f g (ONNX)", step: lstmWith({ order: "iofg" }) },
  { cause: "wrong gate order i g f o (TensorFlow 1)", step: lstmWith({ order: "igfo" }) },
  { cause: "wrong gate order f i g o (the order of many papers)", step: lstmWith({ order: "figo" }) },
  { cause: "wrong gate order o g f i", step: lstmWith({ order: "ogfi" }) },
  { cause: "transposed weight W_hh", step: lstmWith({ wh: transposeEach(4) }) },
  {
    cause: "c not carried: every step starts from zeros",
    state: false,
    step: lstmWith({ c: (_, __, i, g) => i.mul(g) }),
  },
  {
    cause: "h not carried: every step starts from the initial state",
    step: (x, [, c], w, start) => lstmWith({})(x, [start[0]!, c!], w, start),
  },
  { cause: "tanh forgotten in t", step: lstmWith({ shown: (c) => c }) },
  { cause: "sigmoid instead of tanh in g", step: lstmWith({ g: sig }) },
  { cause: "tanh instead of sigmoid in o", step: lstmWith({ o: tanh }) },
  { cause: "f forgotten in c", step: lstmWith({ c: (_, c, i, g) => c.add(i.mul(g)) }) },
  { cause: "i forgotten in c", step: lstmWith({ c: (f, c, _, g) => f.mul(c).add(g) }) },
  { cause: "f and 1 - f exchanged", step: lstmWith({ c: (f, c, i, g) => torch.rsub(f, 1).mul(c).add(i.mul(g)) }) },
  { cause: "the old c instead of the new one in t", step: lstmWith({ shown: (_, old) => tanh(old) }) },
  {
    cause: "h and c exchanged in the initial state",
    step: (x, s, w, start) => lstmWith({})(x, s === start ? [s[1]!, s[0]!] : s, w, start),
  },
  {
    cause: "1 added to gate f",
    step: (x, s, w, start) =>
      lstmWith({})(x, s, { ...w, bi: w.bi.add(torch.cat([torch.zeros(H), torch.ones(H), torch.zeros(2 * H)])) }, start),
  },
];

/** A GRU by hand, with holes for mistakes. */
const gruWith =
  (part: {
    order?: string;
    n?: (xn: Tensor, r: Tensor, h: Tensor, w: Tensor, b: Tensor) => Tensor;
    h?: (z: Tensor, h: Tensor, n: Tensor) => Tensor;
    wh?: (w: Tensor) => Tensor;
    squash?: (x: Tensor) => Tensor;
  }): Step =>
  (x, [h], { wi, wh: recurrent, bi, bh }) => {
    const wh = part.wh ? part.wh(recurrent) : recurrent;
    const order = part.order ?? "rzn";
    const fromX = gates(x, wi, bi, 3);
    const fromH = gates(h!, wh, bh, 3);
    const at = (gate: string): number => order.indexOf(gate);
    const r = sig(fromX[at("r")]!.add(fromH[at("r")]!));
    const z = (part.squash ?? sig)(fromX[at("z")]!.add(fromH[at("z")]!));
    const n = part.n
      ? part.n(fromX[at("n")]!, r, h!, wh.chunk(3)[at("n")]!, bh.chunk(3)[at("n")]!)
      : tanh(fromX[at("n")]!.add(r.mul(fromH[at("n")]!)));
    return [part.h ? part.h(z, h!, n) : torch.rsub(z, 1).mul(n).add(z.mul(h!))];
  };

const GRU_CASES: Case[] = [
  ...around(gruWith({})),
  { cause: "wrong gate order z r n (ONNX and Keras)", step: gruWith({ order: "zrn" }) },
  { cause: "wrong gate order n z r", step: gruWith({ order: "nzr" }) },
  {
    cause: "reset gate before the product: r multiplies h instead of (W_hn·h + b_hn)",
    step: gruWith({ n: (xn, r, h, w, b) => tanh(xn.add(r.mul(h).matmul(w.T)).add(b)) }),
  },
  {
    cause: "b_hn outside the product with the reset gate: it must be inside, r·(W_hn·h + b_hn)",
    step: gruWith({ n: (xn, r, h, w, b) => tanh(xn.add(r.mul(h.matmul(w.T))).add(b)) }),
  },
  {
    cause: "reset gate forgotten: r does not multiply (W_hn·h + b_hn) in n",
    step: gruWith({ n: (xn, _, h, w, b) => tanh(xn.add(h.matmul(w.T)).add(b)) }),
  },
  { cause: "z and 1 - z exchanged", step: gruWith({ h: (z, h, n) => z.mul(n).add(torch.rsub(z, 1).mul(h)) }) },
  {
    cause: "sigmoid instead of tanh in n",
    step: gruWith({ n: (xn, r, h, w, b) => sig(xn.add(r.mul(h.matmul(w.T).add(b)))) }),
  },
  { cause: "tanh forgotten in n", step: gruWith({ n: (xn, r, h, w, b) => xn.add(r.mul(h.matmul(w.T).add(b))) }) },
  { cause: "tanh instead of sigmoid in z", step: gruWith({ squash: tanh }) },
  { cause: "transposed weight W_hh", step: gruWith({ wh: transposeEach(3) }) },
  { cause: "missing bias b_hn", step: gruWith({ n: (xn, r, h, w) => tanh(xn.add(r.mul(h.matmul(w.T)))) }) },
  {
    cause: "biases b_ih and b_hh exchanged",
    step: (x, s, w, start) => gruWith({})(x, s, { ...w, bi: w.bh, bh: w.bi }, start),
  },
];

const CELLS = [
  { name: "RNN", make: () => new nn.RNN(F, H), right: elman, states: 1, cases: RNN_CASES },
  { name: "LSTM", make: () => new nn.LSTM(F, H), right: lstmWith({}), states: 2, cases: LSTM_CASES },
  { name: "GRU", make: () => new nn.GRU(F, H), right: gruWith({}), states: 1, cases: GRU_CASES },
];

describe.each(CELLS)("a hand-written $name", ({ make, right, states, cases }) => {
  torch.manualSeed(7);
  const layer = make() as nn.Recurrent<Tensor | readonly Tensor[]>;
  const weights = weightsOf(layer);
  const x = torch.randn(T, B, F);
  const start = Array.from({ length: states }, () => torch.randn(1, B, H));
  const given = states === 1 ? start[0]! : start;
  const byHand =
    ({ step = right, before = (y) => y, after = (y) => y }: Partial<Case>) =>
    (input: Tensor, state?: Tensor | readonly Tensor[]): [Tensor, Tensor | readonly Tensor[]] => {
      const seen = before(input);
      const none = Array.from({ length: states }, () => torch.zeros(seen.shape[1]!, H));
      const from = state ? [state].flat().map((one) => (one as Tensor).squeeze(0)) : none;
      const [output, end] = loop(step, weights, seen, from);
      const given = end.map((one) => one.unsqueeze(0));
      const final = given.length === 1 ? given[0]! : given;
      return [after(output, from[0]!), final];
    };
  const answer = (one: Partial<Case>) => (input: Tensor, state?: Tensor | readonly Tensor[]) =>
    byHand(one)(input, state)[0];

  it("that is right agrees, with its state and its gradients", () => {
    const verdict = verify(byHand({}), layer, x, { state: given, gradients: true });
    expect(verdict.toString()).toMatch(/^agrees: largest difference \d+ ulp/);
    expect(verdict.agrees).toBe(true);
    expect(verify(byHand({}), layer, x).agrees).toBe(true);
  });

  it.each(cases)("has the mistake named: $cause", (one) => {
    const verdict = verify(answer(one), layer, x, one.state === false ? {} : { state: given });
    expect(verdict.agrees).toBe(false);
    expect(verdict.cause).toBe(one.cause);
    expect(verdict.hint).toBeTruthy();
  });

  it("has at least ten mistakes to be named", () => expect(cases.length).toBeGreaterThanOrEqual(10));

  it("that cuts the gradient through time is found out by its gradients only", () => {
    const cut: Step = (xt, state, w, from) =>
      right(
        xt,
        state.map((one) => one.detach()),
        w,
        from,
      );
    expect(verify(answer({ step: cut }), layer, x).agrees).toBe(true);
    for (const state of [null, given]) {
      const verdict = verify(answer({ step: cut }), layer, x, { state, gradients: true });
      expect(verdict.cause).toBe("state detached between steps: no gradient flows through time");
    }
  });

  it("that lets gradients into the last piece's state is told that a detach is missing", () => {
    const verdict = verify(answer({}), layer, x, { state: given, gradients: true, truncated: true });
    expect(verdict.cause).toMatch(/^missing detach/);
    const cut = (input: Tensor, state?: Tensor | readonly Tensor[]): Tensor =>
      answer({})(input, Array.isArray(state) ? state.map((one) => one.detach()) : (state as Tensor).detach());
    expect(verify(cut, layer, x, { state: given, gradients: true, truncated: true }).agrees).toBe(true);
  });

  it("that leaves dropout on is not the same twice", () => {
    const noisy = (input: Tensor, state?: Tensor | readonly Tensor[]): Tensor =>
      torch.F.dropout(answer({})(input, state), 0.5);
    expect(verify(noisy, layer, x).cause).toMatch(/dropout left on/);
  });

  it("in float64 agrees up to rounding", () => {
    const wide = make().double();
    for (const [name, value] of layer.stateDict()) Reflect.set(wide, name, new nn.Parameter(value.double()));
    const mine = (input: Tensor): Tensor => (wide as nn.Recurrent<unknown>).forward(input.double())[0];
    const verdict = verify(mine, layer, x);
    expect(verdict.agrees).toBe(true);
    expect(verdict.cause).toBe("rounding");
    expect(verdict.hint).toContain("float64");
  });

  it("that is wrong in a way nobody knows is told where to look", () => {
    const odd = (input: Tensor): Tensor => answer({})(input).mul(0.9).add(0.2);
    const verdict = verify(odd, layer, x);
    expect(verdict).toMatchObject({ agrees: false, step: 0, term: "output", batch: 0, unit: 0 });
    expect(verdict.cause).toMatch(/^unknown/);
    expect(verdict.hint).toContain("the first step differs already");
  });
});

describe("the place of a difference", () => {
  torch.manualSeed(8);
  const lstm = new nn.LSTM(3, 2);
  const x = torch.randn(4, 2, 3);

  it("is the first term that differs, in the order of the page", () => {
    const w = weightsOf(lstm);
    const mine = (input: Tensor) => {
      let [h, c] = [torch.zeros(2, 2), torch.zeros(2, 2)];
      const terms = [...input].map((xt, t) => {
        const a = gates(xt, w.wi, w.bi, 4).map((part, k) => part.add(gates(h, w.wh, w.bh, 4)[k]!));
        const [i, f, g, o] = [sig(a[0]!), t < 2 ? sig(a[1]!) : tanh(a[1]!), tanh(a[2]!), sig(a[3]!)];
        c = f.mul(c).add(i.mul(g));
        h = o.mul(c.tanh());
        return { i, f, g, o, c, h };
      });
      return { output: torch.stack(terms.map((step) => step.h)), terms };
    };
    expect(verify(mine, lstm, x)).toMatchObject({
      agrees: false,
      step: 2,
      term: "f",
      layer: 0,
      direction: 0,
      batch: 0,
      unit: 0,
    });
    expect(verify(mine, lstm, x).hint).toContain("sigmoid(W_if·x + b_if + W_hf·h + b_hf)");
  });

  it("prints as text with values, distance, cause and hint", () => {
    const mine = (input: Tensor): Tensor => {
      const other = new nn.LSTM(3, 2, { bias: false });
      other.weight_ih_l0 = lstm.weight_ih_l0;
      other.weight_hh_l0 = lstm.weight_hh_l0;
      return other.forward(input)[0];
    };
    const lines = verify(mine, lstm, x).toString().split("\n");
    expect(lines[0]).toMatch(
      /^differs at layer 0, forward, step 0, output, batch 0, unit 0: -?[\d.e-]+ instead of -?[\d.e-]+$/,
    );
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^ {2}largest difference: \d+ ulp$/),
      "  likely cause: missing biases b_ih and b_hh",
      "  hint: add b_ih and b_hh",
    ]);
  });

  it("is the shape, if that is another one", () => {
    const gru = new nn.GRU(3, 2, { batchFirst: true });
    const verdict = verify((input) => gru.forward(input)[0].transpose(0, 1), gru, torch.randn(5, 4, 3));
    expect(verdict.cause).toBe("time and batch axes of the output exchanged: expected 5×4×2, got 4×5×2");
  });
});
