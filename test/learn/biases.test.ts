/** One bias or two: which gates can do with one follows from the page, and the result is the same but for rounding. */
import { describe, expect, it } from "vitest";
import type { Cell } from "../../src/cells/cell.ts";
import { elman } from "../../src/cells/elman.ts";
import { gru } from "../../src/cells/gru.ts";
import { lstm } from "../../src/cells/lstm.ts";
import * as torch from "../../src/index.ts";
import { mergeBiases, nn, splitBiases } from "../../src/index.ts";
import { summedGates } from "../../src/learn/operations.ts";
import { Three } from "../three.ts";

describe("the gates that use only the sum of their halves", () => {
  it("are all of the Elman network and the LSTM, and r and z of the GRU", () => {
    expect(summedGates(elman())).toEqual(["a"]);
    expect(summedGates(lstm)).toEqual(["i", "f", "g", "o"]);
    expect(summedGates(gru)).toEqual(["r", "z"]);
  });

  it("are found in a page that nobody has seen before", () => {
    const minimal: Cell<"f" | "n", "h", never> = {
      name: "MGU",
      gates: ["f", "n"],
      state: ["h"],
      equations: { f: "", n: "", h: "" },
      step(m, x, r, s) {
        const f = m.sigmoid(m.add(r.f, x.f));
        const n = m.tanh(m.add(m.mul(f, r.n), x.n));
        return { f, n, h: m.add(s.h, m.mul(f, m.sub(n, s.h))) };
      },
    };
    expect(summedGates(minimal)).toEqual(["f"]);
  });
});

const layers = [
  { name: "RNN", make: (options: object) => new nn.RNN(5, 4, options), apart: [] },
  {
    name: "RNN with relu",
    make: (options: object) => new nn.RNN(5, 4, { nonlinearity: "relu", ...options }),
    apart: [],
  },
  { name: "LSTM", make: (options: object) => new nn.LSTM(5, 4, options), apart: [] },
  {
    name: "LSTM with projection",
    make: (options: object) => new nn.LSTM(5, 4, { projSize: 3, ...options }),
    apart: [],
  },
  { name: "GRU", make: (options: object) => new nn.GRU(5, 4, options), apart: ["n"] },
  { name: "PeepholeLSTM", make: (options: object) => new nn.PeepholeLSTM(5, 4, options), apart: [] },
  { name: "MGU", make: (options: object) => new nn.MGU(5, 4, options), apart: ["n"] },
];

describe.each(layers)("$name", ({ make, apart }) => {
  const shapes = [{}, { numLayers: 2, bidirectional: true }, { batchFirst: true, dtype: torch.float64 }];

  it.each(shapes)("with merged biases is the same within the bound: %o", (options) => {
    torch.manualSeed(3);
    const layer = make(options);
    const before = layer.bias_hh_l0.clone();
    const merged = mergeBiases(layer);
    expect(merged.apart).toEqual(apart);
    expect(merged.ulps).toBeLessThanOrEqual(16);
    expect(merged.ulps).toBeLessThanOrEqual(merged.bound);
    expect(Number.isFinite(merged.bound)).toBe(true);
    expect(torch.equal(layer.bias_hh_l0, before)).toBe(true);
    const [ih, hh] = [merged.layer.bias_ih_l0, merged.layer.bias_hh_l0];
    const kept = 4 * apart.length;
    const end = hh.shape[0]! - kept;
    expect(hh.at(`:${end}`).abs().sum().item()).toBe(0);
    expect(torch.equal(ih.at(`:${end}`), layer.bias_ih_l0.add(layer.bias_hh_l0).at(`:${end}`))).toBe(true);
    expect(torch.equal(hh.at(`${end}:`), before.at(`${end}:`))).toBe(true);
  });

  it("merged and split again adds up to the merged bias, to the bit", () => {
    const merged = mergeBiases(make({})).layer;
    const { layer: halves, ulps, bound } = splitBiases(merged);
    expect(ulps).toBeLessThanOrEqual(bound);
    const end = halves.bias_ih_l0.shape[0]! - 4 * apart.length;
    const sum = halves.bias_ih_l0.add(halves.bias_hh_l0);
    expect(torch.equal(sum.at(`:${end}`), merged.bias_ih_l0.at(`:${end}`))).toBe(true);
    expect(halves.bias_hh_l0.at(`:${end}`).abs().min().item()).toBeGreaterThan(0);
  });
});

it("a GRU with n's biases merged all the same is another network, which is why they stay apart", () => {
  torch.manualSeed(4);
  const layer = new nn.GRU(5, 4);
  const wrong = nn.deepcopy(layer);
  torch.noGrad(() => {
    wrong.bias_ih_l0.copy_(layer.bias_ih_l0.add(layer.bias_hh_l0));
    wrong.bias_hh_l0.zero_();
  });
  const x = torch.randn(8, 2, 5);
  expect(torch.maxUlps(wrong.forward(x)[0], layer.forward(x)[0])).toBeGreaterThan(1000);
});

it("of a cell whose gates are not all recurrent, each bias stays with its own gate", () => {
  torch.manualSeed(5);
  const layer = new Three(5, 4);
  const { layer: merged, apart, ulps, bound } = mergeBiases(layer);
  expect(apart).toEqual(["g", "d"]);
  expect(ulps).toBeLessThanOrEqual(bound);
  const rows = (bias: torch.Tensor, k: number): torch.Tensor => bias.at(`${4 * k}:${4 * k + 4}`);
  const sum = rows(layer.bias_ih_l0, 4).add(rows(layer.bias_hh_l0, 3));
  expect(torch.equal(rows(merged.bias_ih_l0, 4), sum)).toBe(true);
  expect(rows(merged.bias_hh_l0, 3).abs().sum().item()).toBe(0);
  expect(torch.equal(rows(merged.bias_ih_l0, 3), rows(layer.bias_ih_l0, 3))).toBe(true);
  expect(torch.equal(rows(merged.bias_hh_l0, 2), rows(layer.bias_hh_l0, 2))).toBe(true);
});

it("a layer without recurrent gates has no second bias to merge", () => {
  const { apart, ulps } = mergeBiases(new nn.IndRNN(2, 3));
  expect(apart).toEqual(["a"]);
  expect(ulps).toBe(0);
});

it("a layer without biases has none to merge", () => {
  expect(() => mergeBiases(new nn.GRU(2, 3, { bias: false }))).toThrow("the layer has no biases");
});
