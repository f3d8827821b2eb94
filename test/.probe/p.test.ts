import { writeFileSync } from "node:fs";
import { test, vi } from "vitest";
test("probe", async () => {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(`${line}\n`));
  await import("./p.ts");
  log.mockRestore();
  writeFileSync(`${import.meta.dirname}/ts.txt`, lines.join(""));
});
