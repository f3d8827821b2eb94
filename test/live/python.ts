/** Asking the Python named by the environment variable PYTHON, which must have torch 2.13.0. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs a script of this folder, whose last argument is the file it writes, and gives the lines of that file. */
export function linesFrom(script: string, ...args: readonly (string | number)[]): string[] {
  const python = process.env.PYTHON;
  if (!python) throw new Error("PYTHON is not set: it names a Python with torch 2.13.0");
  expectTorch(python);
  const folder = mkdtempSync(join(tmpdir(), "unrolled-"));
  try {
    const file = join(folder, "answers");
    run(python, [join(import.meta.dirname, script), ...args.map(String), file]);
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function expectTorch(python: string): void {
  const version = run(python, ["-c", "import torch; print(torch.__version__)"]).trim();
  if (version.split("+")[0] !== "2.13.0") throw new Error(`torch 2.13.0 is wanted, ${python} has ${version}`);
}

function run(python: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(python, args, { encoding: "utf8" });
  if (error) throw new Error(`PYTHON=${python} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${python} ${args[0]} failed:\n${stderr}`);
  return stdout;
}
