import type { Cell } from "./cell.ts";

/**
 * The LSTM with peepholes (Gers, Schraudolph & Schmidhuber 2002): gates look at the cell, each unit at its own, by one weight
 * a unit. The output gate looks at the new one.
 *
 *     i  = σ(W_ii·x + b_ii + W_hi·h + b_hi + w_ci·c)
 *     f  = σ(W_if·x + b_if + W_hf·h + b_hf + w_cf·c)
 *     g  = tanh(W_ig·x + b_ig + W_hg·h + b_hg)
 *     c' = f·c + i·g
 *     o  = σ(W_io·x + b_io + W_ho·h + b_ho + w_co·c')
 *     t  = tanh(c')
 *     h' = o·t
 */
export const peepholeLSTM: Cell<"i" | "f" | "g" | "o", "h" | "c", "t", "ci" | "cf" | "co"> = {
  name: "PeepholeLSTM",
  gates: ["i", "f", "g", "o"],
  state: ["h", "c"],
  vectors: ["ci", "cf", "co"],
  equations: {
    i: "sigmoid(W_ii·x + b_ii + W_hi·h + b_hi + w_ci·c)",
    f: "sigmoid(W_if·x + b_if + W_hf·h + b_hf + w_cf·c)",
    g: "tanh(W_ig·x + b_ig + W_hg·h + b_hg)",
    c: "f·c + i·g",
    o: "sigmoid(W_io·x + b_io + W_ho·h + b_ho + w_co·c')",
    t: "tanh(c')",
    h: "o·t",
  },
  step(m, x, r, s, v) {
    const i = m.sigmoid(m.add(m.add(x.i, r.i), m.mul(v.ci, s.c)));
    const f = m.sigmoid(m.add(m.add(x.f, r.f), m.mul(v.cf, s.c)));
    const g = m.tanh(m.add(x.g, r.g));
    const c = m.add(m.mul(f, s.c), m.mul(i, g));
    const o = m.sigmoid(m.add(m.add(x.o, r.o), m.mul(v.co, c)));
    const t = m.tanh(c);
    const h = m.mul(o, t);
    return { i, f, g, c, o, t, h };
  },
};
