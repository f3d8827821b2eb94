import { afterEach, expect, test } from "vitest";
import { float32 } from "../../src/dense/dtype.ts";
import { getPrintOptions, setPrintOptions, withPrintOptions } from "../../src/dense/print-options.ts";
import { tensorText } from "../../src/dense/tensor-text.ts";
import { denseOf } from "./case.ts";

afterEach(() => setPrintOptions({ profile: "default" }));

const DEFAULT = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sciMode: null };

test("options stay until they are set again, but the scientific mode does not", () => {
  setPrintOptions({ precision: 2, sciMode: true });
  expect(getPrintOptions()).toEqual({ ...DEFAULT, precision: 2, sciMode: true });
  setPrintOptions({ linewidth: 40 });
  expect(getPrintOptions()).toEqual({ ...DEFAULT, precision: 2, linewidth: 40 });
  setPrintOptions({});
  expect(getPrintOptions()).toEqual({ ...DEFAULT, precision: 2, linewidth: 40 });
});

test("a profile sets everything, and single options go before it", () => {
  setPrintOptions({ linewidth: 40, edgeitems: 9 });
  setPrintOptions({ profile: "short" });
  expect(getPrintOptions()).toEqual({ ...DEFAULT, precision: 2, edgeitems: 2 });
  setPrintOptions({ profile: "full", precision: 6 });
  expect(getPrintOptions()).toEqual({ ...DEFAULT, precision: 6, threshold: Infinity });
  setPrintOptions({ profile: "default" });
  expect(getPrintOptions()).toEqual(DEFAULT);
});

test("options given back are the options that were", () => {
  setPrintOptions({ precision: 7, sciMode: false });
  const before = getPrintOptions();
  setPrintOptions({ profile: "full" });
  setPrintOptions(before);
  expect(getPrintOptions()).toEqual(before);
});

test("options hold for a body only, even when it throws", () => {
  const dense = denseOf(float32, [2], [0.25, 1.5]);
  expect(withPrintOptions({ precision: 1 }, () => tensorText(dense))).toBe("tensor([0.2, 1.5])");
  expect(tensorText(dense)).toBe("tensor([0.2500, 1.5000])");
  expect(() =>
    withPrintOptions({ edgeitems: 1 }, () => {
      throw new Error("body");
    }),
  ).toThrow("body");
  expect(getPrintOptions()).toEqual(DEFAULT);
});
