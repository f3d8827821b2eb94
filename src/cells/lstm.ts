import type { Cell } from "./cell.ts";

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000; torch.nn.LSTM).
 *
 *     i  = σ(W_ii·x + b_ii + W_hi·h + b_hi)      input gate: what is written
 *     f  = σ(W_if·x + b_if + W_hf·h + b_hf)      forget gate: what is kept
 *     g  = tanh(W_ig·x + b_ig + W_hg·h + b_hg)   what would be written
 *     o  = σ(W_io·x + b_io + W_ho·h + b_ho)      output gate: what is shown
 *     c' = f·c + i·g
 *     t  = tanh(c')
 *     h' = o·t
 */
export const lstm: Cell<"i" | "f" | "g" | "o", "h" | "c", "t"> = {
  name: "LSTM",
  gates: ["i", "f", "g", "o"],
  state: ["h", "c"],
  equations: {
    i: "sigmoid(W_ii·x + b_ii + W_hi·h + b_hi)",
    f: "sigmoid(W_if·x + b_if + W_hf·h + b_hf)",
    g: "tanh(W_ig·x + b_ig + W_hg·h + b_hg)",
    o: "sigmoid(W_io·x + b_io + W_ho·h + b_ho)",
    c: "f·c + i·g",
    t: "tanh(c')",
    h: "o·t",
  },
  step(m, x, r, s) {
    const i = m.sigmoid(m.add(x.i, r.i));
    const f = m.sigmoid(m.add(x.f, r.f));
    const g = m.tanh(m.add(x.g, r.g));
    const o = m.sigmoid(m.add(x.o, r.o));
    const c = m.add(m.mul(f, s.c), m.mul(i, g));
    const t = m.tanh(c);
    const h = m.mul(o, t);
    return { i, f, g, o, c, t, h };
  },
};
