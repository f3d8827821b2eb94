/**
 * The documentation is run: every block of TypeScript on its pages, and what it prints is compared with the next block of
 * `text`. A block without imports has those of a port.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test, vi } from "vitest";

const ROOT = `${import.meta.dirname}/../..`;

const IMPORTS = `import * as torch from "unrolled";
import { F, f, format, nn, print, pyFloat, repr, str, type Tensor, tuple } from "unrolled";
`;

/** A block of TypeScript on a page. */
interface Block {
  readonly line: number;
  readonly code: string;
  /** What stands below it, if anything. */
  readonly output: string | undefined;
}

const pages = [...markdownIn(""), ...markdownIn("docs/")];

for (const page of pages) {
  for (const { line, code, output } of blocksOf(readFileSync(`${ROOT}/${page}`, "utf8"))) {
    test(`the block in line ${line} of ${page} runs and prints what stands below it`, async () => {
      const printed = await run(code);
      if (output !== undefined) expect(printed).toBe(output);
    });
  }
}

function markdownIn(folder: string): string[] {
  const names = readdirSync(`${ROOT}/${folder}`).filter((name) => name.endsWith(".md"));
  return names.map((name) => folder + name);
}

function blocksOf(page: string): Block[] {
  const fences = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return fences.flatMap((fence, i) => {
    if (fence[1] !== "ts") return [];
    const following = fences.slice(i + 1);
    const until = following.findIndex((next) => next[1] === "ts");
    const output = following.slice(0, until < 0 ? undefined : until).find((next) => next[1] === "text");
    const line = page.slice(0, fence.index).split("\n").length;
    return [{ line, code: fence[2], output: output?.[2] }];
  });
}

async function run(code: string): Promise<string> {
  const folder = mkdtempSync(`${tmpdir()}/unrolled-`);
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(`${line}\n`));
  try {
    writeFileSync(`${folder}/block.ts`, code.includes("import ") ? code : IMPORTS + code);
    vi.resetModules();
    await import(`${folder}/block.ts`);
  } finally {
    log.mockRestore();
    rmSync(folder, { recursive: true });
  }
  return lines.join("");
}
