import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  calculateFans,
  calculateGain,
  type FanMode,
  kaimingStd,
  type Nonlinearity,
  uniformBound,
  xavierStd,
} from "../../src/random/gain.ts";

const { gains, errors } = JSON.parse(readFileSync(new URL("../golden/draws.json", import.meta.url), "utf8"));

describe("the mathematics of initial weights", () => {
  it("has torch's gains, to the bit", () => {
    for (const [name, gain] of Object.entries(gains.calculateGain)) {
      expect(calculateGain(name as Nonlinearity)).toBe(gain);
    }
    expect(calculateGain("leaky_relu", Math.sqrt(5))).toBe(gains.slope);
  });

  for (const { shape, fans, kaimingUniform, kaimingNormal, xavierUniform, xavierNormal } of gains.shapes) {
    it(`has torch's fans and bounds for (${shape}), to the bit`, () => {
      expect(calculateFans(shape)).toEqual(fans);
      expect(uniformBound(kaimingStd(shape, Math.sqrt(5)))).toBe(kaimingUniform);
      expect(kaimingStd(shape, 0, "fan_out", "relu")).toBe(kaimingNormal);
      expect(uniformBound(xavierStd(shape, 5 / 3))).toBe(xavierUniform);
      expect(xavierStd(shape)).toBe(xavierNormal);
    });
  }

  it("refuses what torch refuses, in its words", () => {
    const refused: [() => unknown, string][] = [
      [() => calculateGain("softsign" as Nonlinearity), "gain"],
      [() => xavierStd([3]), "fans"],
      [() => kaimingStd([3, 2], 0, "both" as FanMode), "mode"],
    ];
    for (const [call, name] of refused) {
      expect(call).toThrow(expect.objectContaining({ name: errors[name].error, message: errors[name].message }));
    }
  });
});
