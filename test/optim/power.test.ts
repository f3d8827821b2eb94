import { describe, expect, it } from "vitest";
import { power } from "../../src/optim/power.ts";

/** base^exponent as an exact fraction, rounded to the nearest float64 by way of a long decimal. */
function exactPower(base: number, exponent: number): number {
  const scale = 2n ** 60n; // 0.5 <= base < 1 is a whole multiple of 2^-60
  const numerator = BigInt(base * 2 ** 60) ** BigInt(exponent);
  const digits = 60n;
  return Number(`${(numerator * 10n ** digits) / scale ** BigInt(exponent)}e-${digits}`);
}

describe("power", () => {
  it("is the exact power rounded once", () => {
    for (const base of [0.9, 0.999, 0.75, 0.98]) {
      for (let exponent = 0; exponent < 120; exponent += 1) {
        expect(power(base, exponent)).toBe(exactPower(base, exponent));
      }
    }
  });

  it("goes down to zero without becoming something else", () => {
    expect(power(0.9, 1e6)).toBe(0);
    expect(power(0, 3)).toBe(0);
    expect(power(0, 0)).toBe(1);
  });
});
