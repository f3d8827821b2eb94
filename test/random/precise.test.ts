import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { log32, sinCos32 } from "../../src/random/elementary.ts";
import { log1p } from "../../src/random/log1p.ts";
import { exp, log, sinCos, tan } from "../../src/random/precise.ts";

const { functions } = JSON.parse(readFileSync(new URL("../golden/draws.json", import.meta.url), "utf8")) as {
  functions: Readonly<Record<string, readonly (readonly [x: number, value: number])[]>>;
};

const OURS: Readonly<Record<string, (x: number) => number>> = {
  log1p,
  log,
  exp,
  tan,
  sin: (x) => sinCos(x)[0],
  cos: (x) => sinCos(x)[1],
};

describe("the elementary functions of float64 draws", () => {
  for (const [name, pairs] of Object.entries(functions)) {
    const rule = name === "log1p" ? "has the C library's bits" : "is rounded correctly";
    it(`${name} ${rule}`, () => {
      for (const [x, value] of pairs) expect([x, OURS[name](x)]).toEqual([x, value]);
    });
  }
});

describe("the elementary functions of float32 draws", () => {
  it("stay within two float32 units of the truth", () => {
    for (let i = 1; i < 4096; i++) {
      const u = Math.fround(i / 4096 + 2 ** -20);
      const angle = Math.fround(2 * Math.PI * u);
      const [sin, cos] = sinCos32(angle);
      expect(Math.abs(log32(u) / Math.log(u) - 1)).toBeLessThan(2 ** -22);
      expect(Math.abs(sin - Math.sin(angle))).toBeLessThan(2 ** -22);
      expect(Math.abs(cos - Math.cos(angle))).toBeLessThan(2 ** -22);
    }
  });
});
