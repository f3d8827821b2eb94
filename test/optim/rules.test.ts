/** The rules of the optimisers by SIMD, against the same rules read with numbers. */
import * as torch from "unrolled";
import { optim } from "unrolled";
import { afterEach, expect, it } from "vitest";

afterEach(() => torch.engine.use("wasm"));

/** An optimiser as this test sees it. */
type Stepping = Pick<optim.SGD, "step" | "state">;

const choices: readonly (readonly [string, (p: torch.Tensor[], more: object) => Stepping, object[]])[] = [
  [
    "SGD",
    (p, o) => new optim.SGD(p, { lr: 0.1, ...o }),
    [{}, { momentum: 0.9, dampening: 0.1 }, { momentum: 0.9, nesterov: true }],
  ],
  ["Adam", (p, o) => new optim.Adam(p, { lr: 0.1, ...o }), [{}, { amsgrad: true }, { betas: [0.3, 0.9] }]],
  ["AdamW", (p, o) => new optim.AdamW(p, { lr: 0.1, ...o }), [{}, { amsgrad: true }]],
  [
    "RMSprop",
    (p, o) => new optim.RMSprop(p, { lr: 0.1, ...o }),
    [{}, { momentum: 0.7 }, { centered: true }, { centered: true, momentum: 0.7, alpha: 0.4 }],
  ],
  ["Adagrad", (p, o) => new optim.Adagrad(p, { lr: 0.1, ...o }), [{}, { lrDecay: 0.3, initialAccumulatorValue: 0.2 }]],
];
const cases = choices.flatMap(([name, make, all]) =>
  all.flatMap((one) =>
    [{}, { weightDecay: 0.03 }, { maximize: true }].map((more) => [name, { ...one, ...more }, make] as const),
  ),
);

const special = [NaN, Infinity, -Infinity, 0, -0, 1e-45, 3e38, -1e-30];

it.each(cases)("%s with %o has the same bits by SIMD as with numbers, whatever the length", (_, options, make) => {
  const run = (): unknown[] => {
    torch.manualSeed(6);
    const params = [1, 31, 32, 33, 1023, 1024, 2051].map((length) => torch.randn(length).requiresGrad_());
    const rule = make(params, options);
    for (let step = 0; step < 3; step += 1) {
      for (const p of params) {
        const g = torch.randn(p.shape[0]!);
        for (const [i, value] of special.entries()) if (p.shape[0]! > 40 && step === 2) g.value.data[5 * i] = value;
        p.grad = g;
      }
      rule.step();
    }
    const state = params.flatMap((p) => Object.values(rule.state.get(p) ?? {}));
    return [...params, ...state].map((x) => [...((x as torch.Tensor).detach().numpy() as Float32Array)]);
  };
  const fast = run();
  for (const [name, arithmetic] of [
    ["plain", "fma"],
    ["wasm", "muladd"],
  ] as const) {
    torch.engine.use(name, { arithmetic });
    expect(run()).toEqual(fast);
  }
});

it("moves a parameter whose gradient is its own memory", () => {
  const p = torch.arange(100).float().requiresGrad_();
  p.grad = p.data;
  new optim.SGD([p], { lr: 0.5 }).step();
  expect(p.tolist()).toEqual(Array.from({ length: 100 }, (_, i) => i / 2));
});

it("counts what a step writes", () => {
  const p = torch.randn(50).requiresGrad_();
  const rule = new optim.Adam([p]);
  p.grad = torch.ones(50);
  const before = p.version;
  rule.step();
  rule.step();
  expect(p.version).toBe(before + 2);
});
