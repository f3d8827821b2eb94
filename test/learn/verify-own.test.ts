/** Pages with vectors and gates without W_hh, written by hand with one mistake each: the check names it, too. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor, verify } from "../../src/index.ts";
import { Three } from "../three.ts";

const [T, B, F, H] = [5, 3, 4, 7];

/** How the hand-written networks go wrong. */
type Mistake = "none" | "old c" | "no peephole at i" | "no b_ih" | "gates";

const layer = new nn.PeepholeLSTM(F, H);

function peepholes(mistake: Mistake) {
  const [w, u, b, d] = [layer.weight_ih_l0!, layer.weight_hh_l0!, layer.bias_ih_l0!, layer.bias_hh_l0!];
  const [ci, cf, co] = [layer.weight_ci_l0!, layer.weight_cf_l0!, layer.weight_co_l0!];
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
  it("goes through all known mistakes without one of its own", () => {
    torch.manualSeed(5);
    const three = new Three(F, H, { bidirectional: true });
    const x = torch.randn(T, B, F);
    const verdict = verify((given: Tensor) => three.forward(given)[0].add(1), three, x);
    expect(verdict.agrees).toBe(false);
    expect(verify((given: Tensor) => three.forward(given), three, x, { gradients: true }).agrees).toBe(true);
  });
});
