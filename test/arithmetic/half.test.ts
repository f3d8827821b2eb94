import { describe, expect, it } from "vitest";
import { roundToBfloat16, roundToHalf } from "../../src/arithmetic/half.ts";
import { Generator } from "../../src/random/generator.ts";
import { BFLOAT16, exact, FLOAT16, type Format, roundExact } from "./exact.ts";

const FORMATS: readonly [string, (x: number) => number, Format][] = [
  ["roundToHalf", roundToHalf, FLOAT16],
  ["roundToBfloat16", roundToBfloat16, BFLOAT16],
];

/** All finite magnitudes of a 16-bit format, ascending: 2^15 patterns less the infinities and NaNs. */
function magnitudes({ bits, finest, end }: Format): number[] {
  const fractions = 2 ** (bits - 1);
  const binades = end - finest - bits + 1;
  const values: number[] = [];
  for (let binade = 0; binade <= binades; binade++) {
    const step = 2 ** (finest + Math.max(binade - 1, 0));
    for (let fraction = 0; fraction < fractions; fraction++) values.push((fraction + (binade && fractions)) * step);
  }
  return values;
}

for (const [name, round, format] of FORMATS) {
  describe(name, () => {
    const values = magnitudes(format);
    const wrong = (test: (x: number) => boolean, xs: Iterable<number>): number[] =>
      [...xs].filter((x) => !test(x)).slice(0, 5);
    const judged = (x: number): boolean =>
      round(x) === roundExact(exact(x), format) && round(-x) === -roundExact(exact(x), format);

    it("leaves every value of the format as it is", () => {
      expect(values.length).toBe(2 ** 15 - 2 ** (format.bits - 1));
      expect(wrong((x) => Object.is(round(x), x) && Object.is(round(-x), -x), values)).toEqual([]);
    });

    it("sends every midpoint to its even neighbour, and what lies beside it to the nearer one", () => {
      const neighbours = values.slice(1).map((above, i) => [values[i], above, i] as const);
      const bad = neighbours.filter(([below, above, i]) => {
        const middle = (below + above) / 2;
        const nudge = (above - below) * 2 ** -20;
        return (
          round(middle) !== (i % 2 === 0 ? below : above) ||
          round(-middle) !== -(i % 2 === 0 ? below : above) ||
          round(middle - nudge) !== below ||
          round(middle + nudge) !== above
        );
      });
      expect(bad.slice(0, 5)).toEqual([]);
    });

    it("agrees with exact rounding for random numbers of every size", () => {
      const generator = new Generator().manualSeed(5);
      const random = Array.from({ length: 20000 }, () => {
        const exponent = Math.floor(generator.u53() * (format.end - format.finest + 4)) + format.finest - 2;
        return (1 + generator.u53()) * 2 ** exponent;
      });
      expect(wrong(judged, random)).toEqual([]);
    });

    it("overflows from half a step beyond the greatest value on", () => {
      const greatest = values[values.length - 1];
      const edge = greatest + 2 ** (format.end - format.bits - 1);
      expect(round(edge)).toBe(Infinity);
      expect(round(-edge)).toBe(-Infinity);
      expect(round(edge * (1 - 2 ** -50))).toBe(greatest);
      expect(round(Infinity)).toBe(Infinity);
      expect(round(NaN)).toBeNaN();
    });
  });
}
