import { describe, expect, it } from "vitest";
import { Arena } from "../../src/engine/wasm/arena.ts";
import { WebAssembly } from "./web-assembly.ts";

const PAGE_FLOATS = 2 ** 14;

describe("an arena", () => {
  it("is not replaced each time that a little more is needed", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const arena = new Arena(memory);
    const pages = 1000;
    const seen = new Set<unknown>();
    for (let page = 1; page <= pages; page += 1) {
      expect(arena.reserve(page * PAGE_FLOATS)).toBe(true);
      expect(arena.floats.length).toBeGreaterThanOrEqual(page * PAGE_FLOATS);
      expect(arena.floats.buffer).toBe(memory.buffer);
      seen.add(arena.floats);
    }
    expect(seen.size).toBeLessThan(60);
    expect(arena.floats.length).toBeLessThan(1.2 * pages * PAGE_FLOATS);
  });

  it("takes what it needs where there is no more", () => {
    const arena = new Arena(new WebAssembly.Memory({ initial: 1, maximum: 101 }));
    expect(arena.reserve(100 * PAGE_FLOATS)).toBe(true);
    expect(arena.reserve(101 * PAGE_FLOATS)).toBe(true);
    expect(arena.reserve(101 * PAGE_FLOATS + 1)).toBe(false);
    expect(arena.floats.length).toBe(101 * PAGE_FLOATS);
  });
});
