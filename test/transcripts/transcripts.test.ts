/**
 * Transcripts: each folder has a Python script, what it prints with torch 2.13.0, and its port. The port prints the same
 * bytes. Every script finds a fresh library: no seed, no print option and no dtype of the one before.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

const folders = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(`${import.meta.dirname}/${name}/script.ts`),
);

for (const folder of folders) {
  test(`${folder} prints what its original prints`, async () => {
    const expected = readFileSync(`${import.meta.dirname}/${folder}/stdout.txt`, "utf8");
    expect(await standardOutput(folder)).toBe(expected);
  });
}

/** What a port writes to standard output. */
async function standardOutput(folder: string): Promise<string> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(`${line}\n`));
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    vi.resetModules();
    await import(`./${folder}/script.ts`);
  } finally {
    log.mockRestore();
    error.mockRestore();
  }
  return lines.join("");
}
