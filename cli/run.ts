/** `unrolled run`: a model's outputs for a sequence of any length. */
import { writeFile } from "node:fs/promises";
import { Argument, Option } from "commander";
import * as torch from "unrolled";
import { CommandError, type Register, type Terminal } from "./command.ts";
import { tensorIn } from "./files.ts";
import { type AnyLayer, layerFromFile } from "./layer.ts";

interface Options {
  readonly input: string;
  readonly output?: string;
  readonly finalState?: string;
  readonly prefix?: string;
  readonly nonlinearity?: "tanh" | "relu";
  readonly batchFirst?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ unrolled run model.pt --input x.npy --output y.npy
  $ unrolled run model.safetensors --input x.csv > y.csv
  $ unrolled run checkpoint.pt --prefix encoder --input x.json --json
  $ unrolled run model.pt --input x.json --output y.csv --final-state h.json

Inputs and outputs are [time][feature] or [time][batch][feature]; with --batch-first
[batch][time][feature]. A .csv file has a line for each step; outputs without --output
are lines of CSV, or JSON with --json. The network begins with a state of zeros.`;

/** Adds `run`. */
export const run: Register = (program, terminal) => {
  program
    .command("run")
    .summary("compute a model's outputs for an input")
    .description("Runs the recurrent layer of a file of weights over an input.")
    .addArgument(new Argument("<model>", "a file of weights of any format"))
    .requiredOption("--input <file>", "the input: .npy, .csv or .json")
    .option("--output <file>", "where the outputs go: .npy, .csv or .json")
    .option("--final-state <file>", "where the last state goes: .npy, .csv or .json; of an LSTM the h")
    .option("--prefix <name>", "which layer of the model file, if there are several")
    .addOption(new Option("--nonlinearity <f>", "of an rnn (tanh)").choices(["tanh", "relu"]))
    .option("--batch-first", "input and output are [batch][time][feature]")
    .option("--json", "outputs as JSON instead of CSV")
    .addHelpText("after", EXAMPLES)
    .action((model: string, options: Options) => compute(model, options, terminal));
};

async function compute(model: string, options: Options, terminal: Terminal): Promise<void> {
  // what cannot be written should not be computed
  const [write, writeState] = [options.output, options.finalState].map((path) =>
    path === undefined ? undefined : writerFor(path),
  );
  const layer = await layerFromFile(model, options);
  const given = await tensorIn(options.input, layer.weight_ih_l0.dtype);
  expectInput(options, given, layer);
  const input = options.batchFirst ? given.transpose(0, 1) : given;
  const [output, hn] = torch.noGrad(() => inParts(layer, input, terminal));
  const y = options.batchFirst ? output.transpose(0, 1) : output;
  await writeState?.(hn);
  if (write) return await write(y);
  terminal.print(options.json ? jsonOf(y) : csvOf("the outputs", y));
}

/** The outputs and the last h, in parts that a progress bar can count; whoever reads from the end needs all at once. */
function inParts(layer: AnyLayer, input: torch.Tensor, terminal: Terminal): [torch.Tensor, torch.Tensor] {
  // the union of layers runs like each of them
  const any = layer as torch.nn.Recurrent<unknown>;
  const [T] = input.shape as readonly number[];
  const part = layer.bidirectional || T! <= STEPS ? T! : STEPS;
  const outputs: torch.Tensor[] = [];
  let state: unknown = null;
  const progress = part < T! ? terminal.progress?.(T!, "steps") : undefined;
  for (let at = 0; at < T!; at += part) {
    const [output, next] = any.forward(input.narrow(0, at, Math.min(part, T! - at)), state);
    outputs.push(output);
    state = next;
    progress?.advance(Math.min(part, T! - at));
  }
  progress?.stop();
  return [torch.cat(outputs), torch.isTensor(state) ? (state as torch.Tensor) : (state as readonly torch.Tensor[])[0]!];
}

/** Steps between two moves of the bar; results do not depend on it. */
const STEPS = 256;

function expectInput({ input, batchFirst }: Options, x: torch.Tensor, layer: AnyLayer): void {
  const rank = x.shape.length;
  if (batchFirst && rank !== 3) throw new CommandError(`${input}: --batch-first needs three dimensions, not ${rank}`);
  if (rank < 2 || rank > 3 || x.shape.at(-1) !== layer.inputSize || x.shape.includes(0)) {
    throw new CommandError(
      `${input}: expected steps of ${layer.inputSize} features, got the shape (${x.shape.join(", ")})`,
    );
  }
}

function writerFor(path: string): (x: torch.Tensor) => Promise<void> {
  const contents: ((x: torch.Tensor) => string | Uint8Array) | undefined = path.endsWith(".npy")
    ? (x) => torch.saveNpy(x.dtype === torch.bfloat16 ? x.to(torch.float32) : x)
    : path.endsWith(".csv")
      ? (x) => `${csvOf(path, x)}\n`
      : path.endsWith(".json")
        ? (x) => `${jsonOf(x)}\n`
        : undefined;
  if (!contents) throw new CommandError(`${path}: the suffix says no format; known are .npy, .csv, .json`);
  return async (x) => {
    await writeFile(path, contents(x)).catch((error: Error) => {
      throw new CommandError(error.message);
    });
  };
}

/** JSON has neither NaN nor infinities: they become null. */
function jsonOf(x: torch.Tensor): string {
  return JSON.stringify(x.tolist());
}

function csvOf(what: string, x: torch.Tensor): string {
  const single = x.shape.length === 3 && (x.shape[0] === 1 || x.shape[1] === 1);
  const flat = single ? x.reshape(-1, x.shape[2]!) : x;
  if (flat.shape.length !== 2) throw new CommandError(`${what}: CSV has no batches; choose .npy or .json`);
  return (flat.tolist() as number[][]).map((row) => row.join(",")).join("\n");
}
