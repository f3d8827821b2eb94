import { afterEach, describe, expect, it, vi } from "vitest";
import { warn } from "../src/check.ts";

describe("warn", () => {
  afterEach(() => vi.restoreAllMocks());

  it("writes a text once to the standard error stream", () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => {});
    warn("a text of this test");
    warn("a text of this test");
    expect(written.mock.calls).toEqual([["UserWarning: a text of this test"]]);
  });
});
