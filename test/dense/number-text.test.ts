import fc from "fast-check";
import { expect, test } from "vitest";
import { fixedText, floatText, generalText, scientificText } from "../../src/dense/number-text.ts";
import golden from "../golden/formatting.json" with { type: "json" };

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

test("a float's text is Python's repr", () => {
  for (const [x, text] of golden.representations) expect(floatText(x as number)).toBe(text);
});

test("numbers that are not finite have Python's names in every notation", () => {
  for (const write of [floatText, fixedText, scientificText, generalText]) {
    expect([NaN, Infinity, -Infinity].map((x) => write(x, 2))).toEqual(["nan", "inf", "-inf"]);
  }
});

test("a float's text reads back as the same float", () => {
  fc.assert(fc.property(finite, (x) => Object.is(Number(floatText(x)), x)));
});

test("17 significant digits read back as the same float", () => {
  fc.assert(fc.property(finite, (x) => Object.is(Number(scientificText(x, 16)), x)));
  fc.assert(fc.property(finite, (x) => Object.is(Number(generalText(x, 17)), x)));
});

test("a fixed text is within half a unit of its last place", () => {
  const moderate = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(moderate, fc.integer({ min: 0, max: 8 }), (x, places) => {
      return Math.abs(Number(fixedText(x, places)) - x) <= 0.5000001 * 10 ** -places;
    }),
  );
});

test("exact ties go to the even digit", () => {
  fc.assert(fc.property(fc.integer({ min: -1e6, max: 1e6 }), (n) => Math.abs(Number(fixedText(n + 0.5, 0)) % 2) === 0));
  expect([0.5, 1.5, 2.5, -0.5, -2.5].map((x) => fixedText(x, 0))).toEqual(["0", "2", "2", "-0", "-2"]);
  expect([0.03125, 0.09375].map((x) => fixedText(x, 4))).toEqual(["0.0312", "0.0938"]);
  expect([2.5, 35].map((x) => scientificText(x, 0))).toEqual(["2e+00", "4e+01"]);
});

test("the double below 10^23 shows its own digits, not those of 10^23", () => {
  expect(floatText(1e23)).toBe("1e+23");
  expect(fixedText(1e23, 0)).toBe("99999999999999991611392");
  expect(scientificText(1e23, 16)).toBe("9.9999999999999992e+22");
  expect(scientificText(1e23, 4)).toBe("1.0000e+23");
});
