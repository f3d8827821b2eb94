/** The files that commands read: what is wrong with one is said with its path. */
import { readFile } from "node:fs/promises";
import * as torch from "unrolled";
import { CommandError } from "./command.ts";

/** What torch.save wrote. */
export async function loaded(path: string): Promise<unknown> {
  const bytes = await contents(path);
  return named(path, () => torch.load(bytes));
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

async function contents(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    // Node names the file that is missing, but not the directory that is no file
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandError(code === "EISDIR" ? `${path} is a directory` : message);
  }
}

/** Does something with a file's contents; errors begin with the file. */
function named<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new CommandError(`${path}: ${(error as Error).message}`);
  }
}
