import { afterEach, describe, expect, test } from "vitest";
import { Dense } from "../../src/dense/dense.ts";
import { bool, float32, float64, int64, setDefaultDtype } from "../../src/dense/dtype.ts";
import { withPrintOptions } from "../../src/dense/print-options.ts";
import { formatElement, tensorText } from "../../src/dense/tensor-text.ts";
import golden from "../golden/printing.json" with { type: "json" };
import { denseOf, dtypeNamed, optionsOf, type TensorCase } from "./case.ts";

afterEach(() => setDefaultDtype(float32));

const cases = golden.tensors as unknown as TensorCase[];

function textOf({ dtype, shape, values, options = {}, gradFn, requiresGrad, defaultDtype }: TensorCase): string {
  setDefaultDtype(dtypeNamed(defaultDtype ?? "float32"));
  const dense = denseOf(dtypeNamed(dtype), shape, values);
  return withPrintOptions(optionsOf(options), () => tensorText(dense, { gradFn, requiresGrad }));
}

describe.each([...new Set(cases.map(({ dtype }) => dtype))])("a %s tensor", (dtype) => {
  test("prints torch's bytes", () => {
    for (const each of cases.filter((one) => one.dtype === dtype)) expect(textOf(each)).toBe(each.text);
  });
});

test("a window on memory prints what it shows", () => {
  const base = denseOf(float32, [3, 4], { step: 1 });
  expect(tensorText(base.window([4, 2], [1, 4], 4))).toBe(
    "tensor([[ 4.,  8.],\n        [ 5.,  9.],\n        [ 6., 10.],\n        [ 7., 11.]])",
  );
  expect(tensorText(base.window([2, 2], [0, 0], 3))).toBe("tensor([[3., 3.],\n        [3., 3.]])");
});

test("a summary reads only what it shows", () => {
  const data = new Proxy(new Float64Array(100), {
    get(target, name) {
      if (name === "500000") throw new Error("the middle was read");
      return Number(name) % 1 === 0 ? 1 : Reflect.get(target, name);
    },
  });
  const dense = new Dense({ data, version: 0 }, float64, [1000, 1000]);
  expect(tensorText(dense)).toContain("[1., 1., 1.,  ..., 1., 1., 1.],\n        ...,\n");
});

test("one element formats as Python's number", () => {
  expect(formatElement(denseOf(float32, [], [2]), "")).toBe("2.0");
  expect(formatElement(denseOf(float32, [], [0.1]), "")).toBe("0.10000000149011612");
  expect(formatElement(denseOf(float32, [], [1.23456789]), ".3f")).toBe("1.235");
  expect(formatElement(denseOf(int64, [], [7]), "03d")).toBe("007");
  expect(formatElement(denseOf(int64, [], [7]), ".1f")).toBe("7.0");
  expect(formatElement(denseOf(bool, [], [true]), "")).toBe("True");
});
