import type { Cell } from "./cell.ts";

/**
 * The minimal gated unit (Zhou, Wu, Zhang & Zhou 2016): a GRU whose one gate forgets twice. The paper forgets before the
 * product, W_hn·(f·h); here the gate comes after it, as in torch's GRU, so that one product a step serves all gates.
 *
 *     f  = σ(W_if·x + b_if + W_hf·h + b_hf)
 *     n  = tanh(W_in·x + b_in + f·(W_hn·h + b_hn))
 *     h' = h + f·(n − h)                             which is (1 − f)·h + f·n
 */
export const mgu: Cell<"f" | "n", "h", never, never> = {
  name: "MGU",
  gates: ["f", "n"],
  state: ["h"],
  equations: {
    f: "sigmoid(W_if·x + b_if + W_hf·h + b_hf)",
    n: "tanh(W_in·x + b_in + f·(W_hn·h + b_hn))",
    h: "h + f·(n - h)",
  },
  step(m, x, r, s) {
    const f = m.sigmoid(m.add(x.f, r.f));
    const n = m.tanh(m.add(x.n, m.mul(f, r.n)));
    const h = m.add(s.h, m.mul(f, m.sub(n, s.h)));
    return { f, n, h };
  },
};
