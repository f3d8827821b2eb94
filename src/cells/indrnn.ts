import type { Cell } from "./cell.ts";

/**
 * The independently recurrent network (Li, Li, Cook, Zhu & Gao 2018): each unit remembers itself alone, by one weight.
 *
 *     a  = W_ih·x + b_ih + w_u·h
 *     h' = relu(a)
 */
export const indRNN: Cell<"a", "h", never, "u", never> = {
  name: "IndRNN",
  gates: ["a"],
  recurrentGates: [],
  state: ["h"],
  vectors: ["u"],
  equations: { a: "W_ih·x + b_ih + w_u·h", h: "relu(a)" },
  step(m, x, _, s, v) {
    const a = m.add(x.a, m.mul(v.u, s.h));
    const h = m.relu(a);
    return { a, h };
  },
};
