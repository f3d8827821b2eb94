/** `unrolled inspect`: what is in a file of weights. */
import { Argument } from "commander";
import * as torch from "unrolled";
import type { Register, Terminal } from "./command.ts";
import { shown } from "./contents.ts";
import { contentsIn } from "./files.ts";
import { networksIn } from "./networks.ts";
import { type GraphSummary, summaryOf } from "./onnx.ts";

const EXAMPLES = `
Examples:
  $ unrolled inspect model.pt
  $ unrolled inspect model.safetensors --json
  $ unrolled inspect model.onnx
  $ unrolled inspect weights.npz | grep NaN

Files of torch.save (new and old), safetensors, .npy, .npz and .onnx, of which the graph
is shown as well: inputs, outputs, operators. Nothing in a file is run.`;

/** Adds `inspect`. */
export const inspect: Register = (program, terminal) => {
  program
    .command("inspect")
    .summary("show what is in a file of weights")
    .description("Shows the tensors of a file, the networks that their names describe, and all else that it holds.")
    .addArgument(new Argument("<file>", "a file of weights of any format"))
    .option("--json", "the same as data")
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: { readonly json?: boolean }) => run(path, options.json === true, terminal));
};

/** A tensor as the table shows it. */
interface Row {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly bytes: number;
  /** How many numbers are none, or are infinite. */
  readonly nan: number;
  readonly infinite: number;
}

async function run(path: string, json: boolean, terminal: Terminal): Promise<void> {
  const { format, size, tensors, metadata, others, model } = await contentsIn(path);
  const graph = model && summaryOf(model);
  const rows = Array.from(tensors, ([name, tensor]) => rowOf(name, tensor));
  const networks = networksIn(tensors);
  if (json) {
    const [texts, values, found] = [metadata, others, networks].map((map) => Object.fromEntries(map));
    terminal.print(
      JSON.stringify({
        file: path,
        format: format.name,
        size,
        tensors: rows,
        networks: found,
        ...(graph && { graph }),
        metadata: texts,
        values,
      }),
    );
    return;
  }
  const { print, paint } = terminal;
  const total = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  print(
    paint(`${path}: ${format.name}, ${size} bytes; ${counted(rows.length, "tensor")} of ${total} bytes`, "heading"),
  );
  if (rows.length > 0) print(`\n${table(rows)}`);
  for (const [title, entries] of [
    ["graph", graph ? linesOf(graph) : new Map<string, string>()],
    ["networks", networks],
    ["metadata", metadata],
    ["other values", others],
  ] as const) {
    if (entries.size === 0) continue;
    print(`\n${paint(`${title}:`, "heading")}`);
    for (const [name, text] of entries) print(`  ${shown(name) || '""'}: ${shown(text)}`);
  }
}

function linesOf({ opset, producer, inputs, outputs, nodes }: GraphSummary): ReadonlyMap<string, string> {
  const operators = Object.entries(nodes).map(([name, count]) => (count === 1 ? name : `${name} x${count}`));
  return new Map([
    ["inputs", inputs.join("; ")],
    ["outputs", outputs.join("; ")],
    ["nodes", operators.join(", ")],
    ["opset", String(opset)],
    ...(producer ? [["producer", producer] as const] : []),
  ]);
}

function rowOf(name: string, tensor: torch.Tensor): Row {
  const { dtype, shape } = tensor;
  const [nan, infinite] = [torch.isnan, torch.isinf].map((is) => {
    return dtype.kind === "float" ? Number(torch.countNonzero(is(tensor)).item()) : 0;
  }) as [number, number];
  return { name, shape: [...shape], dtype: dtype.name, bytes: tensor.value.count * dtype.itemsize, nan, infinite };
}

function table(rows: readonly Row[]): string {
  const cells = rows.map(({ name, shape, dtype, bytes, nan, infinite }) => {
    const wrong = [nan > 0 ? `${nan} NaN` : "", infinite > 0 ? `${infinite} Inf` : ""].filter(Boolean).join(", ");
    return [shown(name) || '""', `(${shape.join(", ")})`, dtype, String(bytes), wrong || "finite"];
  });
  const all = [["name", "shape", "dtype", "bytes", "numbers"], ...cells];
  const widths = all[0]!.map((_, column) => all.reduce((widest, row) => Math.max(widest, row[column]!.length), 0));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 3 ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join("  ")
      .trimEnd();
  return all.map((row) => `  ${line(row)}`).join("\n");
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
