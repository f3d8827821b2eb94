import type { Cell } from "./cell.ts";

/**
 * The gated recurrent unit (Cho et al. 2014, with the reset gate after the product; torch.nn.GRU).
 *
 *     r  = σ(W_ir·x + b_ir + W_hr·h + b_hr)          reset gate
 *     z  = σ(W_iz·x + b_iz + W_hz·h + b_hz)          update gate
 *     n  = tanh(W_in·x + b_in + r·(W_hn·h + b_hn))   the new state, proposed
 *     h' = n + z·(h − n)                             which is (1 − z)·n + z·h
 */
export const gru: Cell<"r" | "z" | "n", "h", never> = {
  name: "GRU",
  gates: ["r", "z", "n"],
  state: ["h"],
  equations: {
    r: "sigmoid(W_ir·x + b_ir + W_hr·h + b_hr)",
    z: "sigmoid(W_iz·x + b_iz + W_hz·h + b_hz)",
    n: "tanh(W_in·x + b_in + r·(W_hn·h + b_hn))",
    h: "n + z·(h - n)",
  },
  step(m, x, w, s) {
    const r = m.sigmoid(m.add(x.r, w.r));
    const z = m.sigmoid(m.add(x.z, w.z));
    const n = m.tanh(m.add(x.n, m.mul(r, w.n)));
    const h = m.add(n, m.mul(z, m.sub(s.h, n)));
    return { r, z, n, h };
  },
};
