/** Pages with vectors and gates without W_hh, written by hand with one mistake each: the check names it, too. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor, verify } from "../../src/index.ts";
import { Three } from "../three.ts";

const [T, B, F, H] = [5, 3, 4, 7];

/** How the hand-written networks go wrong. */
type Mistake = "none" | "old c" | "no peephole at i" | "no b_ih" | "gates" | "peepholes exchanged";

const layer = new nn.PeepholeLSTM(F, H);

function peepholes(mistake: Mistake) {
  const [w, u, b, d] = [layer.weight_ih_l0!, layer.weight_hh_l0!, layer.bias_ih_l0!, layer.bias_hh_l0!];
  const [one, other, co] = [layer.weight_ci_l0!, layer.weight_cf_l0!, layer.weight_co_l0!];
  const [ci, cf] = mistake === "peepholes exchanged" ? [other, one] : [one, other];
  return (x: Tensor): readonly [Tensor, readonly [Tensor, Tensor]] => {
    let [h, c] = [torch.zeros(B, H), torch.zeros(B, H)];
    const outputs = [...x].map((xt) => {
      const xs = mistake === "no b_ih" ? xt.matmul(w.T) : xt.matmul(w.T).add(b);
      const parts = xs.add(h.matmul(u.T).add(d)).chunk(4, -1);
      const [xi, xf, xg, xo] = (mistake === "gates" ? parts.with(2, parts[3]!).with(3, parts[2]!) : parts) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const i = (mistake === "no peephole at i" ? xi : xi.add(ci.mul(c))).sigmoid();
      const f = xf.add(cf.mul(c)).sigmoid();
      const before = c;
      c = f.mul(c).add(i.mul(xg.tanh()));
      const o = xo.add(co.mul(mistake === "old c" ? before : c)).sigmoid();
      h = o.mul(c.tanh());
      return h;
    });
    return [torch.stack(outputs), [h.unsqueeze(0), c.unsqueeze(0)]];
  };
}

describe("verify of a layer with peepholes", () => {
  torch.manualSeed(3);
  const x = torch.randn(T, B, F);

  it("agrees with one that is right", () => {
    expect(verify(peepholes("none"), layer as unknown as nn.Recurrent<readonly [Tensor, Tensor]>, x).agrees).toBe(true);
  });

  it.each([
    ["old c", "the old c instead of the new one in o"],
    ["no peephole at i", "w_ci·c_{t-1} forgotten in i"],
    ["no b_ih", "missing bias b_ih"],
    ["gates", "gate order i f o g"],
    ["peepholes exchanged", "vectors w_ci and w_cf exchanged"],
  ] as const)("names the mistake: %s", (mistake, cause) => {
    const verdict = verify(peepholes(mistake), layer as unknown as nn.Recurrent<readonly [Tensor, Tensor]>, x);
    expect(verdict.cause).toContain(cause);
  });
});

describe("verify of a layer without recurrent gates", () => {
  torch.manualSeed(4);
  const independent = new nn.IndRNN(F, H);
  const x = torch.randn(T, B, F);
  const by = (bias: boolean, carried: boolean) => (x: Tensor) => {
    let h = torch.zeros(B, H);
    const outputs = [...x].map((xt) => {
      const a = xt.matmul(independent.weight_ih_l0!.T).add(bias ? independent.bias_ih_l0! : 0);
      h = (carried ? a.add(independent.weight_u_l0!.mul(h)) : a).relu();
      return h;
    });
    return [torch.stack(outputs), h.unsqueeze(0)] as const;
  };

  it("agrees with one that is right, and names what is missing in others", () => {
    expect(verify(by(true, true), independent, x).agrees).toBe(true);
    expect(verify(by(false, true), independent, x).cause).toBe("missing bias b_ih");
    expect(verify(by(true, false), independent, x).cause).toContain("state not carried");
  });
});

describe("verify of a layer of which some gates are recurrent", () => {
  torch.manualSeed(5);
  const three = new Three(F, H);
  const x = torch.randn(T, B, F);
  const changed = (change: (other: InstanceType<typeof Three>) => void) => (given: Tensor) => {
    const other = nn.deepcopy(three);
    torch.noGrad(() => change(other));
    return other.forward(given);
  };
  const block = (rows: Tensor, k: number): Tensor => rows.narrow(0, k * H, H);

  it("goes through all known mistakes without one of its own", () => {
    const verdict = verify((given: Tensor) => three.forward(given)[0].add(1), three, x);
    expect(verdict.agrees).toBe(false);
    expect(verify((given: Tensor) => three.forward(given), three, x, { gradients: true }).agrees).toBe(true);
  });

  it.each<[string, (other: InstanceType<typeof Three>) => void]>([
    ["missing bias b_hh", (other) => other.bias_hh_l0!.zero_()],
    // o is the fifth gate, and the fourth that is recurrent
    ["missing bias b_ho", (other) => block(other.bias_hh_l0!, 3).zero_()],
    ["missing bias b_id", (other) => block(other.bias_ih_l0!, 3).zero_()],
    [
      "transposed weight W_hh",
      (other) => {
        for (const k of [0, 1, 2, 3]) {
          const rows = block(other.weight_hh_l0!, k);
          rows.copy_(rows.clone().T);
        }
      },
    ],
    [
      "wrong gate order i f o d g in W_hh and b_hh",
      (other) => {
        for (const rows of [other.weight_hh_l0!, other.bias_hh_l0!]) {
          const g = block(rows, 2).clone();
          block(rows, 2).copy_(block(rows, 3));
          block(rows, 3).copy_(g);
        }
      },
    ],
    [
      "vectors w_p and w_q exchanged",
      (other) => {
        const p = other.weight_p_l0!.clone();
        other.weight_p_l0!.copy_(other.weight_q_l0!);
        other.weight_q_l0!.copy_(p);
      },
    ],
    ["w_q forgotten", (other) => other.weight_q_l0!.zero_()],
  ])("names the mistake: %s", (cause, change) => {
    expect(verify(changed(change), three, x).cause).toBe(cause);
  });

  it("names a vector that no gradient reaches", () => {
    const mine = (given: Tensor) => {
      const { cell } = three;
      const other: typeof three = Object.create(three, {
        cell: {
          value: {
            ...cell,
            watched: true,
            step: ((m, x, r, s, v) =>
              cell.step(m, x, r, s, { ...v, p: (v.p as Tensor).detach() } as unknown as typeof v)) as typeof cell.step,
          },
        },
      });
      return other.forward(given);
    };
    expect(verify(mine, three, x, { gradients: true }).cause).toBe("w_p detached");
  });
});

describe("verify of a page that mixes by a vector", () => {
  it("names what is missing in the mixture", () => {
    const Leaky = nn.defineCell({
      name: "Leaky",
      gates: ["n"],
      state: ["h"],
      vectors: ["p"],
      equations: { n: "tanh(W_in·x + b_in + W_hn·h + b_hn)", h: "h + w_p·(n - h)" },
      step(m, x, r, s, v) {
        const n = m.tanh(m.add(x.n, r.n));
        return { n, h: m.add(s.h, m.mul(v.p, m.sub(n, s.h))) };
      },
    });
    torch.manualSeed(6);
    const leaky = new Leaky(F, H);
    const { weight_ih_l0: w, weight_hh_l0: u, bias_ih_l0: b, bias_hh_l0: d, weight_p_l0: p } = leaky;
    const mine = (x: Tensor) => {
      let h = torch.zeros(B, H);
      const outputs = [...x].map((xt) => {
        const n = xt.matmul(w!.T).add(b!).add(h.matmul(u!.T)).add(d!).tanh();
        h = h.add(p!.mul(n));
        return h;
      });
      return torch.stack(outputs);
    };
    expect(verify(mine, leaky, torch.randn(T, B, F)).cause).toContain("(1 - w_p) forgotten in h");
  });
});
