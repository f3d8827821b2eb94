import type { Cell } from "./cell.ts";

/**
 * The Elman network (Elman 1990; torch.nn.RNN).
 *
 *     a  = W_ih·x + b_ih + W_hh·h + b_hh
 *     h' = φ(a)                                  φ is tanh or relu
 */
export const elman = (phi: "tanh" | "relu" = "tanh"): Cell<"a", "h", never> => PAGES[phi];

const page = (phi: "tanh" | "relu"): Cell<"a", "h", never> => ({
  name: "RNN",
  gates: ["a"],
  state: ["h"],
  equations: { a: "W_ih·x + b_ih + W_hh·h + b_hh", h: `${phi}(a)` },
  step(m, x, r) {
    const a = m.add(x.a, r.a);
    const h = m[phi](a);
    return { a, h };
  },
});

// One page for each φ: engines know a page that they have read before.
const PAGES = { tanh: page("tanh"), relu: page("relu") };
