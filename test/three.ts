/** A user's own cell: five gates, of which four are recurrent, three states and two vectors. */
import { nn } from "../src/index.ts";

/** Two memories, a fast and a slow one, the slow one fed by the fast one, and peepholes at each. */
export const Three = nn.defineCell({
  name: "Three",
  gates: ["i", "f", "g", "d", "o"],
  recurrentGates: ["i", "f", "g", "o"],
  state: ["h", "c", "e"],
  vectors: ["p", "q"],
  equations: {
    i: "sigmoid(W_ii·x + b_ii + W_hi·h + b_hi + w_p·c)",
    f: "sigmoid(W_if·x + b_if + W_hf·h + b_hf - w_q·e)",
    g: "tanh(W_ig·x + b_ig + i·(W_hg·h + b_hg))",
    c: "g + f·(c - g)",
    d: "sigmoid(W_id·x + b_id)",
    e: "e + d·(c' - e)",
    o: "relu(W_io·x + b_io + W_ho·h + b_ho)",
    mix: "tanh(c' + w_q·e')",
    h: "o·mix",
  },
  step(m, x, r, s, v) {
    const i = m.sigmoid(m.add(m.add(x.i, r.i), m.mul(v.p, s.c)));
    const f = m.sigmoid(m.sub(m.add(x.f, r.f), m.mul(v.q, s.e)));
    const g = m.tanh(m.add(x.g, m.mul(i, r.g)));
    const c = m.add(g, m.mul(f, m.sub(s.c, g)));
    const d = m.sigmoid(x.d);
    const e = m.add(s.e, m.mul(d, m.sub(c, s.e)));
    const o = m.relu(m.add(x.o, r.o));
    const mix = m.tanh(m.add(c, m.mul(v.q, e)));
    return { i, f, g, c, d, e, o, mix, h: m.mul(o, mix) };
  },
});
