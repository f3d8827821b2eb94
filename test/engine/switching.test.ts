/** The engine is changed while work is under way: what it keeps for one arithmetic never reaches the other. */

import * as torch from "unrolled";
import { F, nn, optim } from "unrolled";
import { afterEach, describe, expect, it } from "vitest";
import type { Arithmetic } from "../../src/engine/algebra.ts";
import { arithmetics, inBoth } from "./arithmetics.ts";

afterEach(() => torch.engine.use("wasm"));

type Name = "plain" | "wasm";
type Turn = readonly [name: Name, arithmetic: Arithmetic];

const use = ([name, arithmetic]: Turn): void => torch.engine.use(name, { arithmetic });

const turns: Record<string, (step: number) => Arithmetic> = {
  "only fma": () => "fma",
  "only muladd": () => "muladd",
  "one after the other": (step) => arithmetics[step % 2]!,
  "fma, later muladd, later fma": (step) => (step >= 4 && step < 8 ? "muladd" : "fma"),
};

/** Twelve steps of a session, each in the arithmetic of its turn; the weights change after the sixth. */
function session(name: Name, turn: (step: number) => Arithmetic): number[] {
  torch.manualSeed(31);
  const layer = new nn.LSTM(7, 13, { numLayers: 2, projSize: 5 });
  const x = torch.randn(12, 1, 7).numpy() as Float32Array;
  const stream = layer.stream({ batchSize: 1 });
  return Array.from({ length: 12 }, (_, step) => {
    use([name, turn(step)]);
    if (step === 6) torch.noGrad(() => layer.weight_hh_l0!.mul_(0.75));
    return [...stream.step(x.slice(7 * step, 7 * step + 7))];
  }).flat();
}

/** Six steps of training, each in the arithmetic of its turn. */
function training(name: Name, turn: (step: number) => Arithmetic): number[] {
  torch.manualSeed(32);
  const layer = new nn.GRU(3, 11, { bidirectional: true });
  const x = torch.randn(5, 2, 3);
  const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
  for (let step = 0; step < 6; step += 1) {
    use([name, turn(2 * step)]);
    optimizer.zeroGrad();
    layer.forward(x)[0].pow(2).sum().backward();
    optimizer.step();
  }
  const [output] = torch.noGrad(() => layer.forward(x));
  return output.flatten().tolist() as number[];
}

describe.each(Object.entries(turns))("%s", (_, turn) => {
  it("a session has the bits of the plain engine", () => {
    expect(session("wasm", turn)).toEqual(session("plain", turn));
  });

  it("training has the bits of the plain engine", () => {
    expect(training("wasm", turn)).toEqual(training("plain", turn));
  });
});

describe("the two arithmetics", () => {
  it("give other bits and the same numbers", () => {
    for (const run of [session, training]) {
      const [fused, unfused] = [run("wasm", turns["only fma"]!), run("wasm", turns["only muladd"]!)];
      expect(fused).not.toEqual(unfused);
      // numbers below 1, after twelve steps of some dozens of roundings each
      for (const [i, value] of fused.entries()) expect(Math.abs(value - unfused[i]!)).toBeLessThan(1e-5);
    }
  });

  it("pack changed weights anew for each", () => {
    torch.manualSeed(33);
    const layer = new nn.RNN(6, 9);
    const x = torch.randn(4, 2, 6);
    const run = (): number[] => torch.noGrad(() => layer.forward(x)[0].flatten().tolist()) as number[];
    const before = inBoth("wasm", run);
    torch.noGrad(() => layer.weight_ih_l0!.add_(0.125));
    const after = inBoth("wasm", run);
    expect(after).toEqual(inBoth("plain", run));
    expect(after[0]).not.toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });

  it("may be changed between the way there and the way back", () => {
    const gradient = (there: Turn, back: Turn): number[] => {
      torch.manualSeed(34);
      const layer = new nn.LSTM(5, 8);
      const x = torch.randn(6, 3, 5);
      use(there);
      const loss = layer.forward(x)[0].pow(2).sum();
      use(back);
      loss.backward();
      return layer.weight_hh_l0!.grad!.flatten().tolist() as number[];
    };
    const expected = gradient(["plain", "fma"], ["plain", "fma"]);
    const all = (["plain", "wasm"] as const).flatMap((name) => arithmetics.map((own): Turn => [name, own]));
    for (const there of all) {
      for (const back of all) {
        for (const [i, value] of gradient(there, back).entries()) {
          // a gradient of size 1 at most, from sums of about 100 float32
          expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5);
        }
      }
    }
  });

  it("round alike whatever the layout of a tensor", () => {
    torch.manualSeed(35);
    const x = torch.randn(40, 50);
    for (const f of [torch.tanh, torch.sigmoid, torch.exp]) {
      const [rows, columns] = [() => f(x), () => f(x.t()).t()].map((run) =>
        inBoth("wasm", () => run().flatten().tolist() as number[]),
      );
      expect(columns).toEqual(rows);
    }
  });

  it("round alike in functions that are made of others", () => {
    const x = torch.linspace(-6, -0.01, 500);
    const alike = (made: () => torch.Tensor, parts: () => torch.Tensor): void => {
      const [one, other] = [made, parts].map((run) => inBoth("wasm", () => run().tolist()));
      expect(one).toEqual(other);
    };
    alike(
      () => F.silu(x),
      () => x.mul(torch.sigmoid(x)),
    );
    alike(
      () => torch.softmax(torch.stack([x, torch.zeros(500)]), 0).select(0, 0),
      () => torch.exp(x).div(torch.exp(x).add(1)),
    );
  });
});
