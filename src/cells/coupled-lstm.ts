import type { Cell } from "./cell.ts";

/**
 * The LSTM with one gate for keeping and writing (the CIFG of Greff et al. 2017): what is not kept is written.
 *
 *     f  = σ(W_if·x + b_if + W_hf·h + b_hf)
 *     g  = tanh(W_ig·x + b_ig + W_hg·h + b_hg)
 *     o  = σ(W_io·x + b_io + W_ho·h + b_ho)
 *     c' = g + f·(c − g)                         which is f·c + (1 − f)·g
 *     t  = tanh(c')
 *     h' = o·t
 */
export const coupledLSTM: Cell<"f" | "g" | "o", "h" | "c", "t", never> = {
  name: "CoupledLSTM",
  gates: ["f", "g", "o"],
  state: ["h", "c"],
  equations: {
    f: "sigmoid(W_if·x + b_if + W_hf·h + b_hf)",
    g: "tanh(W_ig·x + b_ig + W_hg·h + b_hg)",
    o: "sigmoid(W_io·x + b_io + W_ho·h + b_ho)",
    c: "g + f·(c - g)",
    t: "tanh(c')",
    h: "o·t",
  },
  step(m, x, r, s) {
    const f = m.sigmoid(m.add(x.f, r.f));
    const g = m.tanh(m.add(x.g, r.g));
    const o = m.sigmoid(m.add(x.o, r.o));
    const c = m.add(g, m.mul(f, m.sub(s.c, g)));
    const t = m.tanh(c);
    const h = m.mul(o, t);
    return { f, g, o, c, t, h };
  },
};
