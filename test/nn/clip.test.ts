import type { Tensor } from "unrolled";
import * as torch from "unrolled";
import { nn, str } from "unrolled";
import { describe, expect, test } from "vitest";
import golden from "../golden/packing.json" with { type: "json" };

const { clipGradNorm_, clipGradValue_, clipGradsWithNorm_, getTotalNorm, parametersToVector, vectorToParameters } =
  nn.utils;

function parametersWith(gradients: readonly (readonly number[] | null)[], dtype = "float32"): nn.Parameter[] {
  const type = dtype === "float64" ? torch.float64 : torch.float32;
  return gradients.map((gradient) => {
    const parameter = new nn.Parameter(torch.zeros(2, { dtype: type }));
    parameter.grad = gradient && torch.tensor(gradient, { dtype: type });
    return parameter;
  });
}

describe("clipping", () => {
  test.each(golden.clipping)("gives torch's gradients and torch's norm: $function $arguments", (row) => {
    const parameters = parametersWith(row.gradients, row.dtype);
    const [limit, normType = 2] = row.arguments.map((text) => (text === "inf" ? Infinity : Number(text)));
    const result =
      row.function === "clip_grad_norm_"
        ? clipGradNorm_(parameters, limit!, { normType })
        : clipGradValue_(parameters, limit!);
    expect(str(result)).toBe(row.result);
    expect(str(parameters.map(({ grad }) => grad))).toBe(row.after);
  });

  test("rounds as torch does: the number times the reciprocal of the norm", () => {
    const [parameter] = parametersWith([[3, 4]]);
    clipGradNorm_(parameter!, 0.3);
    const factor = Math.fround(Math.fround(1 / Math.fround(5 + Math.fround(1e-6))) * Math.fround(0.3));
    expect(parameter!.grad!.tolist()).toEqual([Math.fround(3 * factor), Math.fround(4 * factor)]);
  });

  test("keeps the memory of the gradients and records nothing", () => {
    const [parameter] = parametersWith([[3, 4]]);
    const before = parameter!.grad;
    expect(clipGradNorm_([parameter!], 1).requiresGrad).toBe(false);
    expect(parameter!.grad).toBe(before);
  });

  test("of a norm that is no number is refused on demand, with every gradient as it was", () => {
    const parameters = parametersWith([
      [Number.NaN, 1],
      [2, 3],
    ]);
    expect(() => clipGradNorm_(parameters, 1, { errorIfNonfinite: true })).toThrow(
      "The total norm of order 2.0 for gradients from `parameters` is non-finite, so it cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`",
    );
    expect(parameters[1]!.grad!.tolist()).toEqual([2, 3]);
    const infinite = { errorIfNonfinite: true, normType: Infinity };
    expect(() => clipGradNorm_(parameters, 1, infinite)).toThrow("of order inf for");
    expect(str(clipGradNorm_(parameters, 1))).toBe("tensor(nan)");
    expect(parameters[1]!.grad!.isnan().all().item<boolean>()).toBe(true);
  });

  test("takes the parameters of a module as they come, and does nothing where there is nothing", () => {
    const model = new nn.Linear(3, 2);
    model.forward(torch.ones(1, 3)).sum().backward();
    expect(str(clipGradNorm_(model.parameters(), 1))).toBe("tensor(2.8284)");
    expect(getTotalNorm([...model.parameters()].map(({ grad }) => grad!)).item()).toBeCloseTo(1, 5);
    expect(str(clipGradNorm_([], 1))).toBe("tensor(0.)");
  });

  test("in two steps is clipping in one", () => {
    const [once, twice] = [
      parametersWith([
        [3, 0.5],
        [1, 7],
      ]),
      parametersWith([
        [3, 0.5],
        [1, 7],
      ]),
    ];
    clipGradNorm_(once, 0.7);
    clipGradsWithNorm_(twice, 0.7, getTotalNorm(twice.map(({ grad }) => grad!)));
    expect(twice.map(({ grad }) => grad!.tolist())).toEqual(once.map(({ grad }) => grad!.tolist()));
  });
});

describe("parameters as one vector", () => {
  const model = (): nn.Linear => new nn.Linear(3, 2);

  test("come back from it as they were", () => {
    const [from, to] = [model(), model()];
    vectorToParameters(parametersToVector(from.parameters()), to.parameters());
    expect(to.weight.equal(from.weight)).toBe(true);
    expect(to.bias!.equal(from.bias!)).toBe(true);
    expect(to.weight).toBeInstanceOf(nn.Parameter);
  });

  test("let gradients through, and share the memory of the vector they came from", () => {
    const layer = model();
    const vector = parametersToVector(layer.parameters());
    expect(str(vector.gradFn)).toBe("<CatBackward0>");
    const numbers: Tensor = torch.arange(8).float();
    vectorToParameters(numbers, layer.parameters());
    numbers.set(0, 9);
    expect(layer.weight.at(0, 0).item()).toBe(9);
    expect(layer.bias!.tolist()).toEqual([6, 7]);
  });

  test("fit the vector", () => {
    const layer = model();
    expect(() => vectorToParameters(torch.zeros(7), layer.parameters())).toThrow(
      "shape '[2]' is invalid for input of size 1",
    );
    expect(() => vectorToParameters([1] as never, layer.parameters())).toThrow("expected torch.Tensor, but got: list");
    expect(() => parametersToVector([])).toThrow("torch.cat(): expected a non-empty list of Tensors");
  });
});

// measured with torch 2.13.0
describe("a limit that is no number", () => {
  const cases = [
    ["a", "could not convert string to float: 'a'"],
    [null, "float() argument must be a string or a real number, not 'NoneType'"],
    [[1], "float() argument must be a string or a real number, not 'list'"],
  ] as const;

  test.each(cases)("is refused in Python's words, and nothing is changed: %j", (limit, text) => {
    const parameter = new nn.Parameter(torch.zeros(2));
    parameter.grad = torch.ones(2);
    expect(() => clipGradNorm_([parameter], limit as unknown as number)).toThrow(text);
    expect(() => clipGradValue_([parameter], limit as unknown as number)).toThrow(text);
    expect(() => clipGradNorm_([parameter], 1, { normType: limit as unknown as number })).toThrow(text);
    expect(parameter.grad.tolist()).toEqual([1, 1]);
  });

  test("is read where Python reads a text as a number", () => {
    const parameter = new nn.Parameter(torch.zeros(2));
    parameter.grad = torch.ones(2);
    expect(clipGradNorm_([parameter], 5, { normType: "inf" as unknown as number }).item()).toBe(1);
    clipGradValue_([parameter], "0.5" as unknown as number);
    expect(parameter.grad.tolist()).toEqual([0.5, 0.5]);
  });
});
