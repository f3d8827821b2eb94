/** The shared vectors of initial weights (shared/golden/rng/init.json), through torch.nn.init on tensors. */
import * as torch from "unrolled";
import { nn } from "unrolled";
import { describe, expect, it } from "vitest";
import type { DrawArray } from "../../src/random/element.ts";
import { base64Of, cases, expectMemory } from "./vectors.ts";

const { init } = nn;
const dtypes: Readonly<Record<string, torch.DType>> = { f32: torch.float32, f64: torch.float64 };

const initialisers: Readonly<Record<string, (x: torch.Tensor, args: readonly number[]) => torch.Tensor>> = {
  trunc_normal_: (x, args) => init.truncNormal_(x, ...args),
  trunc_normal_reject: (x, args) => init.truncNormal_(x, ...args),
  xavier_uniform_: (x) => init.xavierUniform_(x),
  "xavier_uniform_(gain=5/3)": (x) => init.xavierUniform_(x, init.calculateGain("tanh")),
  xavier_normal_: (x) => init.xavierNormal_(x),
  kaiming_uniform_: (x) => init.kaimingUniform_(x),
  "kaiming_uniform_(a=sqrt5)": (x) => init.kaimingUniform_(x, { a: Math.sqrt(5) }),
  kaiming_normal_: (x) => init.kaimingNormal_(x),
  orthogonal_: (x) => init.orthogonal_(x),
  sparse_: (x) => init.sparse_(x, 0.3),
};

describe("nn.init", () => {
  for (const [index, example] of cases("init").entries()) {
    if (example.out === undefined) continue;
    const { name, seed, out, next, args } = example;
    it(`${index}: ${name} ${out.dtype} (${out.shape}) is torch's`, () => {
      torch.manualSeed(BigInt(seed));
      const x = torch.empty(out.shape, { dtype: dtypes[out.dtype]! });
      initialisers[name]!(x, args as readonly number[]);
      expect(base64Of(torch.rand(1).item())).toBe(next);
      expectMemory(x.numpy() as DrawArray, out, units(name, out.dtype));
    });
  }
});

/** Orthogonal matrices come from another algorithm; float64 normals need the C library's own last bit. */
function units(name: string, dtype: string): number {
  if (name === "orthogonal_") return (dtype === "f64" ? 1e-14 : 2e-6) * 2 ** 52;
  return dtype === "f64" && /normal|sparse/.test(name) ? 4 : 0;
}
