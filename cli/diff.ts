/** `unrolled diff`: where two files of weights differ, and what that looks like. */
import { Argument } from "commander";
import * as torch from "unrolled";
import { CommandError, EXIT, type Register, type Terminal } from "./command.ts";
import { shown } from "./contents.ts";
import { diagnose } from "./diagnosis.ts";
import { contentsIn } from "./files.ts";
import { gatesOf, type Matrix, matrixOf } from "./gates.ts";

const EXAMPLES = `
Examples:
  $ unrolled diff model.pt model.safetensors
  $ unrolled diff before.pt after.pt --json
  $ unrolled diff torch.pt converted.npz && echo the same

Names, shapes and dtypes first; then, for each tensor that differs, the gate, row and
column where it does so most. A diagnosis follows where the difference looks like a
known mistake: another order of gates, a transposed matrix, merged biases.

Exit codes: 0 the same, 1 they differ, 2 wrong usage or a file that cannot be read.`;

/** Adds `diff`. */
export const diff: Register = (program, terminal) => {
  program
    .command("diff")
    .summary("show where two files of weights differ, and why")
    .description("Compares two files of weights, of any formats: where they differ, by how much, and the likely cause.")
    .addArgument(new Argument("<a>", "a file of weights"))
    .addArgument(new Argument("<b>", "another one"))
    .option("--json", "the same as data")
    .addHelpText("after", EXAMPLES)
    .action((a: string, b: string, options: { readonly json?: boolean }) => run(a, b, options.json === true, terminal));
};

type Tensors = ReadonlyMap<string, torch.Tensor>;

/** One thing that differs. */
interface Difference {
  readonly name: string;
  readonly what: string;
  /** How many numbers differ, and where they do so most; only for tensors of one shape. */
  readonly count?: number;
  readonly largest?: number;
  readonly gate?: string | undefined;
  readonly row?: number | undefined;
  readonly column?: number | undefined;
}

async function run(pathA: string, pathB: string, json: boolean, { print, paint }: Terminal): Promise<void> {
  const [a, b] = [(await contentsIn(pathA)).tensors, (await contentsIn(pathB)).tensors];
  const differences = [
    ...only(a, b, `only in ${pathA}`),
    ...only(b, a, `only in ${pathB}`),
    ...[...a].flatMap(([name, tensor]) => (b.has(name) ? compare(name, tensor, b.get(name)!, a) : [])),
  ];
  const diagnosis = differences.length > 0 ? diagnose(a, b) : [];
  if (json) print(JSON.stringify({ a: pathA, b: pathB, same: differences.length === 0, differences, diagnosis }));
  else if (differences.length === 0) print(paint(`the same: ${a.size} tensors, every number`, "result"));
  else {
    for (const { name, what } of differences) print(`${paint(shown(name) || '""', "name")}: ${what}`);
    for (const line of diagnosis) print(paint(`looks like: ${line}`, "result"));
  }
  if (differences.length > 0) throw new CommandError(`${pathB} differs from ${pathA}`, EXIT.failedCheck);
}

function only(here: Tensors, there: Tensors, what: string): Difference[] {
  return [...here.keys()].filter((name) => !there.has(name)).map((name) => ({ name, what }));
}

function compare(name: string, a: torch.Tensor, b: torch.Tensor, tensors: Tensors): Difference[] {
  const [shapeA, shapeB] = [a, b].map(({ shape }) => `(${shape.join(", ")})`);
  if (shapeA !== shapeB) return [{ name, what: `shape ${shapeA} and ${shapeB}` }];
  const dtype = a.dtype === b.dtype ? "" : `dtype ${a.dtype.name} and ${b.dtype.name}`;
  const { count, total, largest, index, here, there } = largestDifference(a, b);
  if (count === 0) {
    const wide = a.dtype === torch.int64 && b.dtype === torch.int64 && !torch.equal(a, b);
    const what = wide ? "integers beyond 2^53 differ" : dtype && `${dtype}, the same numbers`;
    return what ? [{ name, what }] : [];
  }
  const place = placeOf(name, a, index, tensors);
  const most = `most by ${largest.toPrecision(3)} ${place.text}: ${here} and ${there}`;
  const what = [`${count} of ${total} numbers differ, ${most}`, dtype].filter(Boolean).join("; ");
  const [row, column] = index;
  return [{ name, what, count, largest, gate: place.gate, row, column }];
}

/** A place in a weight: the row of a gate where there are gates. */
function placeOf(
  name: string,
  { shape }: torch.Tensor,
  index: readonly number[],
  tensors: Tensors,
): { readonly gate?: string; readonly text: string } {
  const gates = gatesOf(name, tensors);
  const [row, column] = index;
  if (!gates || row === undefined) return { text: `at [${index.join(", ")}]` };
  const size = shape[0]! / gates.length;
  const gate = gates[Math.floor(row / size)]!;
  const text = `in gate ${gate}, row ${row % size}${column === undefined ? "" : `, column ${column}`}`;
  return { gate, text };
}

interface Found {
  readonly count: number;
  readonly total: number;
  readonly largest: number;
  readonly index: readonly number[];
  readonly here: number;
  readonly there: number;
}

/** The numbers that differ; a NaN is as far as can be from any number, and equal to another. */
function largestDifference(a: torch.Tensor, b: torch.Tensor): Found {
  const [x, y] = [a, b].map((tensor) => matrixOf(tensor) ?? matrixOf(tensor.reshape(-1))) as [Matrix, Matrix];
  let found: Found = { count: 0, total: x.rows * x.columns, largest: -1, index: [], here: 0, there: 0 };
  let count = 0;
  for (let row = 0; row < x.rows; row += 1) {
    for (let column = 0; column < x.columns; column += 1) {
      const [here, there] = [x.at(row, column), y.at(row, column)];
      if (here === there || (Number.isNaN(here) && Number.isNaN(there))) continue;
      count += 1;
      const distance = Number.isNaN(here - there) ? Number.POSITIVE_INFINITY : Math.abs(here - there);
      if (distance > found.largest) {
        const index = a.shape.length === 2 ? [row, column] : [row];
        found = { ...found, largest: distance, index, here, there };
      }
    }
  }
  return { ...found, count };
}
