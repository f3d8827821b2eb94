/** `unrolled explain`: every term of every step of a layer, with its numbers. */
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import type { Direction, Explanation } from "unrolled";
import * as torch from "unrolled";
import { CommandError, type Register, type Terminal } from "./command.ts";
import { tensorIn } from "./files.ts";
import { type AnyLayer, KINDS, layerFromFile } from "./layer.ts";

interface Options {
  readonly kind: string;
  /** A number of features, or the path of a file with a sequence. */
  readonly input?: number | string;
  readonly hidden: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly bias: boolean;
  readonly proj: number;
  readonly nonlinearity?: "tanh" | "relu";
  readonly prefix?: string;
  readonly seed: number;
  readonly steps: number;
  readonly step?: number;
  readonly layer?: number;
  readonly direction?: Direction;
  readonly unit?: number;
  readonly batch: number;
  readonly lang: "en" | "zh";
  readonly precision: number;
  readonly json?: boolean;
  readonly latex?: boolean;
}

const EXAMPLES = `
Examples:
  $ unrolled explain --kind lstm --input 3 --hidden 2 --seed 0 --steps 4 --step 0
  $ unrolled explain --kind gru --layers 2 --bidirectional --direction reverse
  $ unrolled explain --kind lstm --step 2 --unit 1 --lang zh
  $ unrolled explain model.pt --step 0 --unit 0
  $ unrolled explain model.pt --input x.json --json > x-explained.json
  $ unrolled explain --kind gru --latex

Without a model file, weights and input are those that PyTorch draws from the seed;
the three lines that draw them there are printed first. A model file may have any
format that "unrolled inspect" reads; an input file is .npy, .csv or .json.

Exit codes: 0 all is well, 2 wrong usage or a file that cannot be read.`;

/** Adds `explain`. */
export const explain: Register = (program, terminal) => {
  program
    .command("explain")
    .summary("show every term of every step of a layer, with its numbers")
    .description("Shows every term of every step of a recurrent layer, to be followed with a pocket calculator.")
    .addArgument(
      new Argument("[model]", "a file of weights of any format; without it a layer is made from sizes and seed"),
    )
    .addOption(new Option("--kind <kind>", "the layer to make").choices(Object.keys(KINDS)).default("lstm"))
    .option(
      "--input <size|file>",
      "features of the input (3), or a file with it: [time][feature] or [time][batch][feature]",
      sizeOrFile,
    )
    .option("--hidden <n>", "units", positive, 2)
    .option("--layers <n>", "layers", positive, 1)
    .option("--bidirectional", "read the sequence from its end, too", false)
    .option("--no-bias", "without b_ih and b_hh")
    .option("--proj <n>", "size of the projection, 0 for none", count, 0)
    .addOption(new Option("--nonlinearity <f>", "of an rnn (tanh)").choices(["tanh", "relu"]))
    .option("--prefix <name>", "which layer of the model file, if there are several")
    .option("--seed <n>", "seed of weights and input", count, 0)
    .option("--steps <n>", "steps of an input that is drawn", positive, 4)
    .option("--step <t>", "only this step, counted from 0", count)
    .option("--layer <n>", "only this layer, counted from 0", count)
    .addOption(new Option("--direction <d>", "only this direction").choices(["forward", "reverse"]))
    .option("--unit <n>", "only this unit, counted from 0", count)
    .option("--batch <n>", "which sequence of the batch, counted from 0", count, 0)
    .addOption(new Option("--lang <lang>", "language").choices(["en", "zh"]).default("en"))
    .option("--precision <n>", "digits after the point, at most 17", digits, 4)
    .option("--json", "plain data: names, axes, numbers, equations")
    .option("--latex", "only the formula, in LaTeX")
    .addHelpText("after", EXAMPLES)
    .action((model: string | undefined, options: Options, command: Command) => run(model, options, command, terminal));
};

async function run(model: string | undefined, options: Options, command: Command, terminal: Terminal): Promise<void> {
  if (options.json && options.latex) throw new CommandError("choose --json or --latex, not both");
  if (options.json && options.unit !== undefined) throw new CommandError("--json holds all units: leave out --unit");
  if (model !== undefined) refuseSizes(options, command);
  torch.manualSeed(options.seed);
  const given = await givenInput(options);
  const layer = model === undefined ? layerFromSizes(options, given) : await layerFromFile(model, options);
  const x = given
    ? given.to(layer.weight_ih_l0.dtype)
    : torch.randn(options.steps, layer.inputSize).to(layer.weight_ih_l0.dtype);
  const explanation = explained(layer, x);
  if (options.latex) return terminal.print(explanation.toLatex());
  if (options.json) return terminal.print(JSON.stringify(chosen(explanation, options)));
  const { lang, layer: at, direction, step, unit, batch, precision } = options;
  const text = explanation.toText({ lang, layer: at, direction, step, unit, batch, precision, color: terminal.paint });
  if (model === undefined && !given) terminal.print(`${terminal.paint(inPython(layer, options), "note")}\n`);
  terminal.print(text);
}

/** The union of layers is explained like each of them. */
function explained(layer: AnyLayer, x: torch.Tensor): Explanation {
  return torch.explain(layer as torch.nn.Recurrent<unknown>, x);
}

function layerFromSizes(options: Options, given: torch.Tensor | undefined): AnyLayer {
  const { hidden, layers, bidirectional, bias, proj, nonlinearity } = options;
  const inputSize = given ? given.shape.at(-1)! : typeof options.input === "number" ? options.input : 3;
  return KINDS[options.kind]!.make({
    inputSize,
    hiddenSize: hidden,
    numLayers: layers,
    bidirectional,
    bias,
    projSize: proj,
    nonlinearity,
  });
}

/** The options that say what a layer is made from make no sense beside one that exists. */
function refuseSizes({ input }: Options, command: Command): void {
  const sizes = ["kind", "hidden", "layers", "bidirectional", "bias", "proj"];
  const wrong =
    typeof input === "number" ? "input" : sizes.find((name) => command.getOptionValueSource(name) === "cli");
  if (wrong)
    throw new CommandError(`a model file has its own sizes: leave out --${wrong === "bias" ? "no-bias" : wrong}`);
}

async function givenInput({ input }: Options): Promise<torch.Tensor | undefined> {
  if (typeof input !== "string") return undefined;
  const x = await tensorIn(input, torch.float64);
  const rank = x.shape.length;
  if (rank === 2 || rank === 3) return x;
  throw new CommandError(`${input}: expected steps of features, got the shape (${x.shape.join(", ")})`);
}

/** The same lines in Python. */
function inPython(layer: AnyLayer, { seed, steps, nonlinearity, kind }: Options): string {
  const relu = kind === "rnn" && nonlinearity === "relu" ? `, nonlinearity='${nonlinearity}'` : "";
  const made = `${layer}`.replace(/\)$/, `${relu})`);
  return `torch.manual_seed(${seed})\nlayer = torch.nn.${made}\nx = torch.randn(${steps}, ${layer.inputSize})`;
}

/** The data of the chosen steps. */
function chosen(explanation: Explanation, { layer, direction, step }: Options): object {
  const data = explanation.toJSON();
  const steps = data.steps.filter((one) => {
    return (
      (layer ?? one.layer) === one.layer && (direction ?? one.direction) === one.direction && (step ?? one.t) === one.t
    );
  });
  if (steps.length === 0) throw new CommandError("explain: there is no such step");
  return { ...data, steps };
}

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function digits(text: string): number {
  if (count(text) > 17) throw new InvalidArgumentError("It must be at most 17.");
  return Number(text);
}

function sizeOrFile(text: string): number | string {
  return /^\d+$/.test(text) ? positive(text) : text;
}

function positive(text: string): number {
  if (count(text) === 0) throw new InvalidArgumentError("It must be greater than 0.");
  return Number(text);
}
