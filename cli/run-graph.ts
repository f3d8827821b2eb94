/** Running a network that an ONNX file holds whole: its inputs by name, its outputs by name. */
import * as torch from "unrolled";
import type { OnnxModel } from "unrolled/onnx";
import { CommandError } from "./command.ts";
import { tensorIn } from "./files.ts";

/** A file on the command line: the value that it is for, and its path. */
export interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/** `x.npy` for the first of the values that have no file yet, or `h0=h.npy` for one by its name. */
export function filesFor(texts: readonly string[], names: readonly string[], what: string): NamedFile[] {
  const files: NamedFile[] = [];
  for (const text of texts) {
    const named = names.find((name) => text.startsWith(`${name}=`));
    const name = named ?? names.find((one) => !files.some((file) => file.name === one));
    if (name === undefined) throw new CommandError(`${text}: the graph has the ${what} ${names.join(", ")}`);
    if (files.some((file) => file.name === name))
      throw new CommandError(`${text}: there is a file for ${name} already`);
    files.push({ name, path: named === undefined ? text : text.slice(name.length + 1) });
  }
  return files;
}

/** The outputs of a graph for inputs in files. */
export async function runGraph(model: OnnxModel, texts: readonly string[]): Promise<ReadonlyMap<string, torch.Tensor>> {
  const names = model.inputs.map(({ name }) => name);
  const given = new Map<string, torch.Tensor>();
  for (const { name, path } of filesFor(texts, names, "inputs")) {
    const input = model.inputs.find((one) => one.name === name)!;
    given.set(name, inBatch(input, await tensorIn(path, input.dtype ?? torch.float32)));
  }
  const missing = model.inputs.filter(({ name, optional }) => !optional && !given.has(name));
  if (missing.length > 0) {
    const list = missing.map(({ name }) => name).join(", ");
    throw new CommandError(`the graph also takes ${list}: give each with --input NAME=FILE`);
  }
  try {
    return torch.noGrad(() => model.forward(given));
  } catch (error) {
    // what the graph refuses is said in its words
    throw new CommandError((error as Error).message);
  }
}

/** A sequence without a batch as a batch of one, where the graph says which dimension that is. */
function inBatch({ shape }: OnnxModel["inputs"][number], x: torch.Tensor): torch.Tensor {
  if (shape?.length !== x.shape.length + 1) return x;
  const at = shape.findIndex((length) => length === 1 || /batch/i.test(String(length)));
  return at < 0 ? x : x.unsqueeze(at);
}
