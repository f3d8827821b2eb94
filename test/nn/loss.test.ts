import { readFileSync } from "node:fs";
import * as torch from "unrolled";
import { F, nn } from "unrolled";
import { describe, expect, it, vi } from "vitest";

interface Case {
  readonly loss: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly x: readonly number[];
  readonly t: readonly number[];
  readonly shapes: readonly [readonly number[], readonly number[]];
  readonly integer: boolean;
  readonly value: readonly number[];
  readonly shape: readonly number[];
  readonly node: string;
  readonly forX: readonly number[];
  readonly forT: readonly number[] | null;
}

interface Failure {
  readonly loss: string;
  readonly x: readonly number[];
  readonly t: readonly (number | string | readonly number[])[];
  readonly dtype: "float32" | "float64" | "int32" | "int64";
  readonly options: Readonly<Record<string, unknown>>;
  readonly error: string;
  readonly message: string;
}

const dtypes = { float32: torch.float32, float64: torch.float64, int32: torch.int32, int64: torch.int64 };

const golden = JSON.parse(readFileSync(new URL("../golden/losses.json", import.meta.url), "utf8")) as {
  cases: readonly Case[];
  failures: readonly Failure[];
};

type Loss = (x: torch.Tensor, t: torch.Tensor, options: object) => torch.Tensor;
const losses = F as unknown as Readonly<Record<string, Loss>>;
const { float64, int64 } = torch;

/** Lists among the options are tensors. */
function withTensors(options: Case["options"], make: (list: readonly number[]) => torch.Tensor): object {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, Array.isArray(value) ? make(value) : value]),
  );
}

function inputs(example: Case): readonly [torch.Tensor, torch.Tensor] {
  const x = torch.tensor(example.x, { dtype: float64 }).reshape(example.shapes[0]).detach();
  const t = torch
    .tensor(example.t, { dtype: example.integer ? int64 : float64 })
    .reshape(example.shapes[1])
    .detach();
  x.requiresGrad = true;
  t.requiresGrad = example.forT !== null;
  return [x, t];
}

function compute(example: Case, x: torch.Tensor, t: torch.Tensor): torch.Tensor {
  const options = withTensors(example.options, (list) => torch.tensor(list, { dtype: float64 }));
  return losses[example.loss]!(x, t, options);
}

/** The weights of the elements, so that each has a gradient of its own. */
function weighted(y: torch.Tensor): torch.Tensor {
  const each = torch.arange(y.numel(), { dtype: float64 }).add(1.5).reshape(y.shape);
  return y.mul(each).sum();
}

function expectClose(actual: torch.Tensor, expected: readonly number[]): void {
  const numbers = Array.from(actual.detach().reshape(-1).numpy(), Number);
  expect(numbers.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(numbers[i]! - value)).toBeLessThanOrEqual(2e-11 * Math.max(1, Math.abs(value)));
  }
}

describe("a loss", () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  for (const [index, example] of golden.cases.entries()) {
    const title = `${example.loss} of (${example.shapes[0]}) with ${JSON.stringify(example.options)}`;
    it(`${index}: ${title} has torch's value, node and gradients`, () => {
      const [x, t] = inputs(example);
      const y = compute(example, x, t);
      expect([...y.shape]).toEqual(example.shape);
      expect(y.gradFn?.name()).toBe(example.node);
      expectClose(y, example.value);
      weighted(y).backward();
      expectClose(x.grad!, example.forX);
      if (example.forT) expectClose(t.grad!, example.forT);
      else expect(t.grad).toBeNull();
    });
    it(`${index}: ${title} has a second derivative that differences confirm`, () => {
      const [x, target] = inputs(example);
      const t = target.detach();
      const direction = torch.sin(torch.arange(x.numel(), { dtype: float64 })).reshape(x.shape);
      // The gradient along one direction, as a function of x.
      const slope = (at: torch.Tensor): torch.Tensor => {
        const [g] = torch.autograd.grad(weighted(compute(example, at, t)), [at], { createGraph: true });
        return g!.mul(g!).mul(direction).sum();
      };
      const first = slope(x);
      if (!first.requiresGrad) return; // a gradient that does not depend on x has no derivative
      const [second] = torch.autograd.grad(first, [x]);
      const at = (step: number): number => {
        const moved = x.detach().add(direction.mul(step));
        moved.requiresGrad = true;
        return slope(moved).item();
      };
      const expected = (at(1e-6) - at(-1e-6)) / 2e-6;
      const actual = second!.mul(direction).sum().item();
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected)));
    });
  }

  for (const [index, failure] of golden.failures.entries()) {
    const { loss, dtype, options, error, message } = failure;
    it(`${index}: ${loss} of (${failure.x}) and (${failure.t}) fails with: ${message}`, () => {
      const x = torch.full(failure.x, 0.5);
      const type = { dtype: dtypes[dtype] };
      const t =
        failure.t[0] === "values"
          ? torch.tensor(failure.t[1] as readonly number[], type)
          : torch.zeros(failure.t as readonly number[], type);
      const call = () =>
        losses[loss]!(
          x,
          t,
          withTensors(options, (shape) => torch.ones(shape)),
        );
      expect(call).toThrow(expect.objectContaining({ name: error, message }));
    });
  }

  it("whose targets are all ignored is not a number and has no gradient", () => {
    const x = torch.ones(2, 3, { requiresGrad: true });
    const y = F.crossEntropy(x, torch.tensor([-100n, -100n]));
    y.backward();
    expect(y.item()).toBeNaN();
    expect(x.grad!.tolist()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("warns once when the target has another size", () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => {});
    written.mockClear();
    for (let i = 0; i < 2; i += 1) F.mseLoss(torch.ones(2, 1), torch.ones(2));
    expect(written.mock.calls).toEqual([
      [
        "UserWarning: Using a target size (torch.Size([2])) that is different to the input size (torch.Size([2, 1])). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
      ],
    ]);
  });

  it("of squares in float32 has the gradient torch has, to the bit", () => {
    const x = torch.tensor([0.1, 0.7, -2.3], { requiresGrad: true });
    F.mseLoss(x, torch.zeros(3)).backward();
    expect(x.grad!.tolist()).toEqual([0.1, 0.7, -2.3].map((v) => Math.fround(Math.fround(v) * Math.fround(2 / 3))));
  });
});

describe("a loss module", () => {
  const x = torch.tensor([[0.3, -0.5, 0.2]]);
  const t = torch.tensor([[0.1, 0.9, 0.4]]);
  const label = torch.tensor([2n]);
  const weight = torch.tensor([0.5, 2, 1.5]);

  it("is its function with the options kept", () => {
    const pairs: [torch.Tensor, torch.Tensor][] = [
      [new nn.MSELoss().forward(x, t), F.mseLoss(x, t)],
      [new nn.L1Loss({ reduction: "sum" }).forward(x, t), F.l1Loss(x, t, { reduction: "sum" })],
      [new nn.SmoothL1Loss({ beta: 0.5 }).forward(x, t), F.smoothL1Loss(x, t, { beta: 0.5 })],
      [new nn.HuberLoss({ delta: 0.5 }).forward(x, t), F.huberLoss(x, t, { delta: 0.5 })],
      [new nn.BCELoss({ weight }).forward(t, t), F.binaryCrossEntropy(t, t, { weight })],
      [
        new nn.BCEWithLogitsLoss({ posWeight: weight }).forward(x, t),
        F.binaryCrossEntropyWithLogits(x, t, { posWeight: weight }),
      ],
      [new nn.NLLLoss({ weight }).forward(x, label), F.nllLoss(x, label, { weight })],
      [
        new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }).forward(x, label),
        F.crossEntropy(x, label, { labelSmoothing: 0.1 }),
      ],
      [new nn.KLDivLoss({ reduction: "batchmean" }).forward(x, t), F.klDiv(x, t, { reduction: "batchmean" })],
    ];
    for (const [actual, expected] of pairs) expect(actual.item()).toBe(expected.item());
  });

  it("keeps its weights as buffers under torch's names and prints without options", () => {
    const loss = new nn.BCEWithLogitsLoss({ posWeight: weight });
    expect([...loss.stateDict().keys()]).toEqual(["pos_weight"]);
    expect(String(new nn.CrossEntropyLoss({ weight }))).toBe("CrossEntropyLoss()");
    expect(String(loss)).toBe("BCEWithLogitsLoss()");
    expect([...new nn.CrossEntropyLoss().stateDict().keys()]).toEqual([]);
  });

  it("takes its weight along to another dtype", () => {
    const loss = new nn.CrossEntropyLoss({ weight }).double();
    expect(loss.forward(x.double(), label).dtype).toBe(float64);
  });
});
