import { readFileSync } from "node:fs";
import * as torch from "unrolled";
import { nn } from "unrolled";
import { describe, expect, it, vi } from "vitest";

interface Case {
  readonly name: string;
  readonly dtype: "float32" | "float64";
  readonly layout: keyof typeof layouts;
  readonly arguments: readonly number[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly values: readonly number[];
  readonly next: number;
}

const dtypes = { float32: torch.float32, float64: torch.float64 };

const golden = JSON.parse(readFileSync(new URL("../golden/initialisers.json", import.meta.url), "utf8")) as {
  cases: readonly Case[];
};

const layouts = {
  rows: (dtype: torch.DType) => torch.empty(7, 5, { dtype }),
  columns: (dtype: torch.DType) => torch.empty(5, 7, { dtype }).t(),
  small: (dtype: torch.DType) => torch.empty(2, 3, { dtype }),
  cube: (dtype: torch.DType) => torch.empty(3, 2, 5, { dtype }),
};

type Initialiser = (x: torch.Tensor, ...rest: unknown[]) => torch.Tensor;
const initialisers = nn.init as unknown as Readonly<Record<string, Initialiser>>;

describe("nn.init", () => {
  for (const [index, example] of golden.cases.entries()) {
    const { name, dtype, layout } = example;
    it(`${index}: ${name}(${example.arguments}) fills ${layout} of ${dtype} as torch does`, () => {
      torch.manualSeed(29);
      const x = layouts[layout](dtypes[dtype]);
      x.requiresGrad = true;
      const options = Object.keys(example.options).length > 0 ? [example.options] : [];
      expect(initialisers[name]!(x, ...example.arguments, ...options)).toBe(x);
      expect(torch.rand(1).item()).toBe(example.next);
      expect(x.isLeaf && x.requiresGrad).toBe(true);
      const actual = Array.from(x.detach().reshape(-1).numpy(), Number);
      if (exact(example)) expect(actual).toEqual(example.values);
      else {
        const unit = dtype === "float64" ? 1e-14 : 2e-6;
        for (const [i, value] of example.values.entries()) {
          expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(unit * Math.max(1, Math.abs(value)));
        }
      }
    });
  }

  it("draws from the generator that it is given", () => {
    const draw = () => nn.init.xavierUniform_(torch.empty(3, 4), 1, { generator: new torch.Generator().manualSeed(3) });
    torch.manualSeed(0);
    const first = draw().tolist();
    torch.manualSeed(1);
    expect(draw().tolist()).toEqual(first);
  });

  it("refuses with torch's words", () => {
    const vector = torch.empty(3);
    const failures: [() => unknown, string, string][] = [
      [
        () => nn.init.xavierUniform_(vector),
        "ValueError",
        "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions",
      ],
      [() => nn.init.orthogonal_(vector), "ValueError", "Only tensors with 2 or more dimensions are supported"],
      [() => nn.init.eye_(vector), "ValueError", "Only tensors with 2 dimensions are supported"],
      [() => nn.init.sparse_(vector, 0.1), "ValueError", "Only tensors with 2 dimensions are supported"],
      [() => nn.init.normal_(vector, 0, -1), "RuntimeError", "normal expects std >= 0.0, but found std -1"],
      [
        () => nn.init.uniform_(vector, 1, 0),
        "RuntimeError",
        "uniform_ expects to return a [from, to) range, but found from=1 > to=0",
      ],
      [
        () => nn.init.orthogonal_(torch.empty(2, 3, { dtype: torch.half })),
        "NotImplementedError",
        "\"geqrf_cpu\" not implemented for 'Half'",
      ],
    ];
    for (const [call, name, message] of failures) expect(call).toThrow(expect.objectContaining({ name, message }));
  });

  it("gives a Linear without inputs weights without elements, and a bias of zeros", () => {
    const { weight, bias } = new nn.Linear(0, 2);
    expect([...weight.shape]).toEqual([2, 0]);
    expect(bias!.tolist()).toEqual([0, 0]);
  });

  it("warns as torch does where there is nothing to do, or little to gain", () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => {});
    nn.init.kaimingUniform_(torch.empty(0, 3));
    nn.init.truncNormal_(torch.empty(3), 5);
    expect(written.mock.calls.flat()).toEqual([
      "UserWarning: Initializing zero-element tensors is a no-op",
      "UserWarning: mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.",
    ]);
    written.mockRestore();
  });
});

/** Orthogonal matrices come from another algorithm; float64 normals need the C library's own last bit. */
function exact({ name, dtype }: Case): boolean {
  return name !== "orthogonal_" && (dtype === "float32" || !/ormal|sparse/.test(name));
}
