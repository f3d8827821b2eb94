/** Functions that are loops or SIMD kernels of their own, against the definition for one number at a time. */
import * as torch from "unrolled";
import { afterEach, describe, expect, it } from "vitest";

afterEach(() => torch.engine.use("wasm"));

const special = [NaN, Infinity, -Infinity, 0, -0, 1e-45, -1e-45, 3e38, -3e38, 1, -1, 0.1, -0.7, 2 ** -126];
/** All special values against each other, more than a kernel takes at a time. */
const [left, right] = [0, 1].map((side) =>
  torch.tensor(Array.from({ length: 1100 }, (_, i) => special[side ? Math.floor(i / 14) % 14 : i % 14]!)),
) as [torch.Tensor, torch.Tensor];

const ofOne: Readonly<Record<string, [(x: torch.Tensor) => torch.Tensor, (x: number) => number]>> = {
  relu: [(x) => x.relu(), (x) => (x < 0 ? 0 : x)],
  abs: [(x) => x.abs(), Math.abs],
  sqrt: [(x) => x.sqrt(), (x) => Math.fround(Math.sqrt(x))],
  neg: [(x) => x.neg(), (x) => -x],
  reciprocal: [(x) => x.reciprocal(), (x) => Math.fround(1 / x)],
  square: [(x) => x.square(), (x) => Math.fround(x * x)],
  "first power": [(x) => x.pow(1), (x) => x],
  double: [(x) => x.double(), (x) => x],
  clamp: [(x) => x.clamp(-0.5, 2), (x) => Math.fround(x < -0.5 ? -0.5 : x > 2 ? 2 : x)],
};

const ofTwo: Readonly<
  Record<string, [(a: torch.Tensor, b: torch.Tensor) => torch.Tensor, (a: number, b: number) => boolean]>
> = {
  eq: [(a, b) => a.eq(b), (a, b) => a === b],
  ne: [(a, b) => a.ne(b), (a, b) => a !== b],
  gt: [(a, b) => a.gt(b), (a, b) => a > b],
  ge: [(a, b) => a.ge(b), (a, b) => a >= b],
  lt: [(a, b) => a.lt(b), (a, b) => a < b],
  le: [(a, b) => a.le(b), (a, b) => a <= b],
};

const numbers = (x: torch.Tensor): number[] => Array.from(x.numpy() as Float32Array);

describe.each([
  ["wasm", "fma"],
  ["wasm", "muladd"],
  ["plain", "fma"],
] as const)("on the %s engine with %s", (name, arithmetic) => {
  it.each(Object.entries(ofOne))("%s is what it says of every number", (_, [whole, one]) => {
    torch.engine.use(name, { arithmetic });
    for (const x of [left, left.view(20, 55).t(), left.narrow(0, 0, 5)]) {
      expect(numbers(whole(x).contiguous())).toEqual(numbers(x.contiguous()).map(one));
    }
  });

  it.each(Object.entries(ofTwo))("%s answers for every pair", (_, [whole, one]) => {
    torch.engine.use(name, { arithmetic });
    const [a, b] = [left, right].map(numbers) as [number[], number[]];
    expect(whole(left, right).tolist()).toEqual(a.map((x, i) => one(x, b[i]!)));
    expect(whole(left, torch.tensor(0)).tolist()).toEqual(a.map((x) => one(x, 0)));
    expect(whole(torch.tensor(1), right).tolist()).toEqual(b.map((x) => one(1, x)));
  });

  it("where takes the bits of one or the other", () => {
    torch.engine.use(name, { arithmetic });
    const mask = left.gt(right);
    const [a, b, chosen] = [left, right, mask].map(numbers) as [number[], number[], number[]];
    expect(numbers(torch.where(mask, left, right))).toEqual(chosen.map((is, i) => (is ? a[i]! : b[i]!)));
    expect(numbers(torch.where(mask, left, -0))).toEqual(chosen.map((is, i) => (is ? a[i]! : -0)));
  });

  it("softmax is a power over the sum", () => {
    torch.engine.use(name, { arithmetic });
    const x = torch.randn(7, 101).mul(20);
    const shifted = x.sub(x.max(1, true).values);
    const powers = shifted.exp();
    expect(numbers(torch.softmax(x, 1))).toEqual(numbers(powers.div(powers.sum(1, true))));
  });
});
