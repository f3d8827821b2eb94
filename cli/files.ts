/** The files that commands read: what is wrong with one is said with its path. */
import { readFile } from "node:fs/promises";
import * as torch from "unrolled";
import { CommandError } from "./command.ts";
import type { Contents } from "./contents.ts";
import { type Format, formatOf } from "./formats.ts";

/** A file of weights, of any format. */
export async function contentsIn(path: string): Promise<Contents & { readonly format: Format; readonly size: number }> {
  const bytes = await contents(path);
  const format = formatOf(bytes, path);
  return later(path, async () => ({ ...(await format.read(bytes, path)), format, size: bytes.length }));
}

/** A tensor from a file of numbers: .npy, .csv with a line for each step, or nested lists in JSON. */
export async function tensorIn(path: string, dtype: torch.DType): Promise<torch.Tensor> {
  if (path.endsWith(".npy")) {
    const bytes = await contents(path);
    return named(path, () => torch.loadNpy(bytes).to(dtype));
  }
  if (path.endsWith(".csv")) {
    const text = new TextDecoder().decode(await contents(path));
    return tensorFrom(path, rowsOf(path, text), dtype);
  }
  return tensorFrom(path, await numbersIn(path), dtype);
}

/** The numbers in a JSON file. */
export async function numbersIn(path: string): Promise<torch.TensorData> {
  const text = new TextDecoder().decode(await contents(path));
  return named(`${path} is no JSON`, () => JSON.parse(text));
}

/** Numbers of a file as a tensor. */
export function tensorFrom(path: string, numbers: torch.TensorData, dtype: torch.DType): torch.Tensor {
  return named(path, () => torch.tensor(numbers, { dtype }));
}

export async function contents(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    // Node names the file that is missing, but not the directory that is no file
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandError(code === "EISDIR" ? `${path} is a directory` : message);
  }
}

/** The numbers of a CSV file; a first line of words names the columns. */
function rowsOf(path: string, text: string): number[][] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const cells = lines.map((line) => line.split(/[,;\t]/).map((cell) => cell.trim()));
  const isNumber = (cell: string): boolean =>
    cell !== "" && (/^[-+]?(nan|inf)$/i.test(cell) || !Number.isNaN(Number(cell)));
  const start = cells[0]?.every((cell) => !isNumber(cell)) ? 1 : 0;
  return cells.slice(start).map((row, at) => {
    const wrong = row.find((cell) => !isNumber(cell));
    if (wrong !== undefined) throw new CommandError(`${path}: line ${at + start + 1}: '${wrong}' is no number`);
    return row.map((cell) =>
      /nan$/i.test(cell)
        ? Number.NaN
        : /inf$/i.test(cell)
          ? Number(`${cell.replace(/inf/i, "Infinity")}`)
          : Number(cell),
    );
  });
}

/** Does something with a file's contents; errors begin with the file. */
export function named<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw complaint(path, error);
  }
}

/** The same for what takes its time. */
export async function later<T>(path: string, work: () => Promise<T>): Promise<T> {
  return work().catch((error) => {
    throw complaint(path, error);
  });
}

function complaint(path: string, error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const { message, hint } = error as torch.TorchError;
  return new CommandError(`${path}: ${message}${hint ? ` (${hint})` : ""}`);
}
