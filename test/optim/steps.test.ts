import { readFileSync } from "node:fs";
import * as torch from "unrolled";
import { optim } from "unrolled";
import { describe, expect, it } from "vitest";

interface Case {
  readonly name: "SGD" | "Adam" | "AdamW" | "RMSprop" | "Adagrad";
  readonly options: Readonly<Record<string, unknown>>;
  readonly dtype: "float32" | "float64";
  readonly steps: readonly (readonly [readonly number[], readonly number[]])[];
  /** The last step with torch's own square root. */
  readonly plain: readonly [readonly number[], readonly number[]];
  readonly text: string;
  readonly groups: string;
  readonly state: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

const dtypes = { float32: torch.float32, float64: torch.float64 };
const optimizers = {
  SGD: optim.SGD,
  Adam: optim.Adam,
  AdamW: optim.AdamW,
  RMSprop: optim.RMSprop,
  Adagrad: optim.Adagrad,
};

const golden = JSON.parse(readFileSync(new URL("../golden/optimizers.json", import.meta.url), "utf8")) as {
  cases: readonly Case[];
  failures: readonly { readonly call: string; readonly error: string; readonly message: string }[];
};

/** Two parameters, one transposed, and a way to give them their next gradients. */
function problem(dtype: torch.DType): { params: torch.Tensor[]; renew: () => void } {
  torch.manualSeed(5);
  const draw = (...shape: number[]): torch.Tensor => torch.rand(shape, { dtype }).sub(0.5);
  const params = [draw(3), draw(5, 13).t()];
  for (const parameter of params) parameter.requiresGrad = true;
  const renew = (): void => {
    for (const parameter of params) parameter.grad = draw(...parameter.shape);
  };
  return { params, renew };
}

const numbers = (x: torch.Tensor): number[] => Array.from(x.detach().reshape(-1).numpy(), Number);
const everySeventh = (x: torch.Tensor): number[] => numbers(x).filter((_, i) => i % 7 === 0);

function expectClose(actual: readonly number[], expected: readonly number[], unit: number): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(4 * unit * Math.max(1, Math.abs(value)));
  }
}

describe("five steps", () => {
  for (const [index, example] of golden.cases.entries()) {
    const { name, options, dtype } = example;
    it(`${index}: of ${name} with ${JSON.stringify(options)} in ${dtype} are torch's`, () => {
      const { params, renew } = problem(dtypes[dtype]);
      const optimizer = new optimizers[name](params, options);
      for (const [first, second] of example.steps) {
        renew();
        expect(optimizer.step()).toBeNull();
        expect(numbers(params[0]!)).toEqual(first);
        expect(everySeventh(params[1]!)).toEqual(second);
      }
      // Torch's own square root is not rounded correctly; SGD has none.
      const unit = name === "SGD" ? 0 : dtype === "float64" ? 2 ** -52 : 2 ** -23;
      expectClose(numbers(params[0]!), example.plain[0], unit);
      expectClose(everySeventh(params[1]!), example.plain[1], unit);
      expect(String(optimizer)).toBe(example.text);
      const saved = optimizer.stateDict();
      expect(torch.repr(saved.param_groups)).toBe(example.groups);
      expect([...saved.state.keys()].map(String)).toEqual(Object.keys(example.state));
      for (const [number, memory] of saved.state) {
        const expected = example.state[number]!;
        expect(Object.keys(memory)).toEqual(Object.keys(expected));
        for (const [key, value] of Object.entries(memory)) expect(everySeventh(value)).toEqual(expected[key]!);
      }
    });

    it(`${index}: of ${name} with ${JSON.stringify(options)} in ${dtype} can be cut anywhere by a state dict`, () => {
      const whole = problem(dtypes[dtype]);
      const parts = problem(dtypes[dtype]);
      torch.manualSeed(6);
      const optimizer = new optimizers[name](whole.params, options);
      let part = new optimizers[name](parts.params, options);
      for (let step = 0; step < 5; step += 1) {
        whole.renew();
        for (const [at, parameter] of whole.params.entries()) parts.params[at]!.grad = parameter.grad;
        optimizer.step();
        const next = new optimizers[name](parts.params);
        next.loadStateDict(part.stateDict());
        next.step();
        part = next;
      }
      expect(parts.params.map(numbers)).toEqual(whole.params.map(numbers));
    });
  }
});

describe("an optimiser", () => {
  for (const { call, error, message } of golden.failures) {
    it(`refuses ${call} with: ${message}`, () => {
      const p = torch.ones(2, { requiresGrad: true });
      const attempt = new Function("torch", "optim", "p", call) as (...scope: unknown[]) => unknown;
      expect(() => attempt(torch, optim, p)).toThrow(
        expect.toSatisfy((thrown: Error) => thrown.name === error && torch.str(thrown) === message),
      );
    });
  }

  it("takes groups with options of their own, and pairs of names and parameters", () => {
    const [a, b] = [torch.ones(1, { requiresGrad: true }), torch.ones(1, { requiresGrad: true })];
    const optimizer = new optim.SGD([{ params: [["a", a]], lr: 0.5 }, { params: [["b", b]] }], { lr: 0.25 });
    a.grad = torch.ones(1);
    b.grad = torch.ones(1);
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.5, 0.75]);
    expect(torch.repr(optimizer.stateDict().param_groups[1])).toBe(
      "{'param_names': ['b'], 'lr': 0.25, 'momentum': 0, 'dampening': 0, 'weight_decay': 0, 'nesterov': False, 'maximize': False, 'foreach': None, 'differentiable': False, 'fused': None, 'params': [1]}",
    );
  });

  it("keeps the betas of a group as a tuple", () => {
    const p = torch.ones(1, { requiresGrad: true });
    const optimizer = new optim.Adam([{ params: [p], betas: [0.5, 0.75] }]);
    expect(torch.repr(optimizer.stateDict().param_groups[0])).toContain("'betas': (0.5, 0.75)");
  });

  it("starts Adagrad's sums where its own options say, not its groups'", () => {
    const p = torch.ones(1, { requiresGrad: true });
    const groups = [{ params: [p], initialAccumulatorValue: 0.5 }];
    const optimizer = new optim.Adagrad(groups, { initialAccumulatorValue: 0.25 });
    expect(optimizer.state.get(p)!.sum!.tolist()).toEqual([0.25]);
  });

  it("leaves parameters without a gradient alone and remembers nothing of them", () => {
    const [a, b] = [torch.ones(1, { requiresGrad: true }), torch.ones(1, { requiresGrad: true })];
    const optimizer = new optim.Adam([a, b]);
    a.grad = torch.ones(1);
    optimizer.step();
    expect(b.item()).toBe(1);
    expect([...optimizer.stateDict().state.keys()]).toEqual([0]);
  });

  it("is noticed by the graph: a parameter that was moved cannot be walked back to", () => {
    const w = torch.ones(2, 2, { requiresGrad: true });
    const loss = torch.mm(w, w).sum();
    w.grad = torch.ones(2, 2);
    new optim.SGD([w]).step();
    expect(w.version).toBe(1);
    expect(() => loss.backward()).toThrow(/modified by an inplace operation/);
  });

  it("computes the closure with gradients, also inside noGrad, and gives its loss back", () => {
    const w = torch.tensor([2], { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.25 });
    const loss = torch.noGrad(() =>
      optimizer.step(() => {
        optimizer.zeroGrad();
        const value = w.mul(w).sum();
        value.backward();
        return value;
      }),
    );
    expect(loss?.item()).toBe(4);
    expect(w.item()).toBe(1);
  });

  it("forgets gradients, or makes them zero", () => {
    const w = torch.ones(2, { requiresGrad: true });
    const optimizer = new optim.SGD([w]);
    w.grad = torch.ones(2);
    optimizer.zeroGrad(false);
    expect(w.grad?.tolist()).toEqual([0, 0]);
    optimizer.zeroGrad();
    expect(w.grad).toBeNull();
  });

  it("sets the learning rate of all groups at once", () => {
    const [a, b] = [torch.ones(1), torch.ones(1)];
    const optimizer = new optim.SGD([{ params: a, lr: 0.5 }, { params: b }]);
    optimizer.lr = 0.1;
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.1, 0.1]);
  });

  it("keeps copies of what it loads, and takes a state dict whose numbers are written as text", () => {
    const w = torch.ones(1, { requiresGrad: true });
    const buffer = torch.tensor([2]);
    const optimizer = new optim.SGD([w], { lr: 1, momentum: 0.5 });
    optimizer.loadStateDict({
      state: { "0": { momentum_buffer: buffer } },
      param_groups: [{ lr: 1, momentum: 0.5, params: [0] }],
    });
    w.grad = torch.zeros(1);
    optimizer.step();
    expect(w.item()).toBe(0);
    expect(buffer.item()).toBe(2);
  });
});
