/** `unrolled verify`: whether outputs that were computed elsewhere are those of a model, and if not, why. */
import { Argument, InvalidArgumentError, Option } from "commander";
import * as torch from "unrolled";
import { CommandError, EXIT, type Register, type Terminal } from "./command.ts";
import { numbersIn, tensorFrom, tensorIn } from "./files.ts";
import { type AnyLayer, layerFromFile } from "./layer.ts";

interface Options {
  readonly input: string;
  readonly output: string;
  readonly state?: string;
  readonly finalState?: string;
  readonly prefix?: string;
  readonly nonlinearity?: "tanh" | "relu";
  readonly batchFirst: boolean;
  readonly tolerance: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ unrolled verify model.pt --input x.json --output y.json
  $ unrolled verify model.pt --input x.json --output y.json --batch-first --json
  $ unrolled verify model.pt --input x.json --output y.json --state h.json --tolerance 0
  $ unrolled verify checkpoint.pt --prefix encoder --input x.json --output y.json && echo the same

The model file may have any format that "unrolled inspect" reads. The others are .npy,
.csv with a line for each step, or nested lists of numbers in .json:
  --input         [time][batch][feature], or [time][feature] without a batch
  --output        [time][batch][unit], the outputs that somebody else has computed
  --state         [layer and direction][batch][unit]; for an LSTM a .json list of h and c
With --batch-first, input and output are [batch][time][...].

Compared are the outputs and, with --final-state, the states after the last step.
The model computes in the precision of its weights, from zeros or from --state.

Exit codes: 0 they agree, 1 they differ, 2 wrong usage or a file that cannot be read.`;

/** Adds `verify`. */
export const verify: Register = (program, terminal) => {
  program
    .command("verify")
    .summary("compare a model's outputs with those computed elsewhere")
    .description(
      "Runs a model on an input and compares with outputs that were computed elsewhere: where they part, by how much, and the likely cause.",
    )
    .addArgument(new Argument("<model>", "a file of weights of any format"))
    .requiredOption("--input <file>", "the input: .npy, .csv or .json")
    .requiredOption("--output <file>", "the outputs to be checked: .npy, .csv or .json")
    .option("--state <file>", "the initial state (zeros): .npy, .csv or .json")
    .option("--final-state <file>", "the final state to be checked as well")
    .option("--prefix <name>", "which layer of the model file, if there are several")
    .addOption(new Option("--nonlinearity <f>", "of an rnn (tanh)").choices(["tanh", "relu"]))
    .option("--batch-first", "input and output are [batch][time][...]", false)
    .option("--tolerance <ulps>", "how far apart equal numbers may be, in ulp of the largest", ulps, 64)
    .option("--json", "the verdict as data")
    .addHelpText("after", EXAMPLES)
    .action((model: string, options: Options) => run(model, options, terminal));
};

async function run(model: string, options: Options, terminal: Terminal): Promise<void> {
  const layer = withBatchFirst(await layerFromFile(model, options), options.batchFirst);
  const { dtype } = layer.weight_ih_l0;
  const input = await tensorIn(options.input, dtype);
  const output = await tensorIn(options.output, dtype);
  const state = options.state === undefined ? null : await stateIn(options.state, layer, dtype);
  const final = options.finalState === undefined ? undefined : await stateIn(options.finalState, layer, dtype);
  const told = { output, ...(final && { state: final }) };
  const { tolerance } = options;
  // the union of layers is verified like each of them
  const official = layer as torch.nn.Recurrent<torch.Tensor | readonly torch.Tensor[]>;
  const verdict = torch.verify(() => told, official, input, { tolerance, state });
  terminal.print(options.json ? JSON.stringify(verdict) : coloured(verdict, terminal));
  if (!verdict.agrees) throw new CommandError(`${options.output} differs from what ${model} gives`, EXIT.failedCheck);
}

/** The first line says what is so, the others why. */
function coloured(verdict: torch.Verdict, { paint }: Terminal): string {
  const [first, ...others] = verdict.toString().split("\n");
  return [paint(first!, verdict.agrees ? "result" : "heading"), ...others].join("\n");
}

/** The flag stands in no file: a layer is the same with it and without. */
function withBatchFirst(layer: AnyLayer, batchFirst: boolean): AnyLayer {
  Object.defineProperty(layer, "batchFirst", { value: batchFirst, enumerable: true });
  return layer;
}

async function stateIn(
  path: string,
  layer: AnyLayer,
  dtype: torch.DType,
): Promise<torch.Tensor | readonly torch.Tensor[]> {
  const { length } = layer.cell.state;
  if (length === 1) return tensorIn(path, dtype);
  // h and c may have different sizes, and only lists can
  const numbers = await numbersIn(path);
  if (!Array.isArray(numbers) || numbers.length !== length) {
    throw new CommandError(`${path}: expected a list of ${length} states, ${layer.cell.state.join(" and ")}`);
  }
  return numbers.map((one) => tensorFrom(path, one, dtype));
}

function ulps(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0)) throw new InvalidArgumentError("It must be a number, 0 or more.");
  return value;
}
