/** `unrolled convert`: a file of weights in another format, with a proof that it is the same. */
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { Argument, Option } from "commander";
import * as torch from "unrolled";
import { CommandError, EXIT, type Register, type Terminal } from "./command.ts";
import { below, type Contents, onlyTensors } from "./contents.ts";
import { contentsIn, later } from "./files.ts";
import { formatFor } from "./formats.ts";
import { type AnyLayer, layerOf } from "./layer.ts";
import { knownLayersIn } from "./networks.ts";
import { proveGraph } from "./onnx-row.ts";

const { float64, float32, float16, bfloat16 } = torch;
const FLOATS = { float64, float32, float16, bfloat16 };

interface Options {
  readonly prefix?: string;
  readonly dtype?: keyof typeof FLOATS;
  readonly force?: boolean;
  readonly seed: number;
  readonly nonlinearity?: "tanh" | "relu";
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ unrolled convert model.pt model.safetensors
  $ unrolled convert checkpoint.pt encoder.npz --prefix model.encoder
  $ unrolled convert model.safetensors half.pt --dtype float16 --force
  $ unrolled convert model.pt model.onnx

The suffix of the new file says its format: .pt, .pth, .safetensors, .npz, .npy, .onnx.
An .onnx holds a network, not only weights: the layers that the names describe, one
after another. No name tells of activations or a last step between them; --prefix
chooses one layer.
What is to be written is read again first: tensors are compared bit by bit, and every
RNN, LSTM and GRU is run on random input before and after. Only then is the file there.

Exit codes: 0 converted, 1 the outputs differ and nothing was written, 2 wrong usage
or a file that cannot be read.`;

/** Adds `convert`. */
export const convert: Register = (program, terminal) => {
  program
    .command("convert")
    .summary("write a file of weights in another format, with a proof")
    .description("Writes a file of weights in another format and proves that it holds the same networks.")
    .addArgument(new Argument("<in>", "a file of weights of any format"))
    .addArgument(new Argument("<out>", "the file to write; its suffix says the format"))
    .option("--prefix <name>", "only the tensors below this name, without it")
    .addOption(new Option("--dtype <dtype>", "round all floating-point tensors to it").choices(Object.keys(FLOATS)))
    .addOption(new Option("--nonlinearity <f>", "of an rnn that goes to .onnx (tanh)").choices(["tanh", "relu"]))
    .option("--force", "write over a file that is there")
    .option("--seed <n>", "seed of the random input", Number, 0)
    .option("--json", "the proof as data")
    .addHelpText("after", EXAMPLES)
    .action((source: string, target: string, options: Options) => run(source, target, options, terminal));
};

async function run(source: string, target: string, options: Options, terminal: Terminal): Promise<void> {
  const format = formatFor(target);
  if (!options.force && (await exists(target))) throw new CommandError(`${target} is there already: use --force`);
  const before = await contentsIn(source);
  const chosen =
    options.prefix === undefined ? before : onlyTensors(below(before.tensors, options.prefix), before.metadata);
  if (chosen.tensors.size === 0)
    throw new CommandError(
      `${source} holds no tensors${options.prefix === undefined ? "" : ` below ${options.prefix}`}`,
    );
  const contents = options.dtype
    ? onlyTensors(rounded(chosen.tensors, FLOATS[options.dtype]), chosen.metadata)
    : chosen;
  const bytes = await later(target, async () => format.write(contents, options));
  const after = await later(target, async () => format.read(bytes, target));
  const { layers, ...proven } = prove(chosen, after, options.seed);
  const network = after.model && proveGraph(contents.tensors, after.model, options.nonlinearity);
  const proof = { ...proven, layers: network ? [...layers, network] : layers };
  const differing = proof.layers.filter(({ ulps }) => ulps > 0);
  const broken = options.dtype === undefined && (differing.length > 0 || proof.changed.length > 0);
  if (!broken) await writeWhole(target, bytes);
  const lost = [...before.others.keys()].filter((path) => !after.others.has(path));
  terminal.print(
    options.json ? JSON.stringify({ in: source, out: target, ...proof, lost }) : report(source, target, proof, lost),
  );
  if (broken) throw new CommandError(`${target} would not be the same: nothing was written`, EXIT.failedCheck);
}

/** What was compared. */
interface Proof {
  readonly tensors: number;
  /** The tensors whose bits are not what they were. */
  readonly changed: readonly string[];
  /** The layers that were run before and after, and how far their outputs are apart. */
  readonly layers: readonly { readonly name: string; readonly layer: string; readonly ulps: number }[];
}

function prove(before: Contents, after: Contents, seed: number): Proof {
  const names = [...before.tensors.keys()];
  const changed = names.filter((name) => {
    const now = nameIn(after, name);
    return !now || !same(before.tensors.get(name)!, now);
  });
  torch.manualSeed(seed);
  const again = knownLayersIn(after.tensors);
  const layers = knownLayersIn(before.tensors).map((layer, at) => {
    const [one, other] = [layer, again[at]].map((found) => found && layerOf(found.kind, found.sizes, found.weights));
    if (!one || !other) return { name: layer.prefix, layer: layer.text, ulps: Number.POSITIVE_INFINITY };
    const x = torch.randn(STEPS, BATCH, layer.sizes.inputSize);
    const outputs = torch.noGrad(() => [one, other].map((each) => outputOf(each, x)));
    const [a, b] = outputs.map((output) => output.to(layer.sizes.dtype ?? torch.float32)) as [
      torch.Tensor,
      torch.Tensor,
    ];
    return { name: layer.prefix, layer: layer.text, ulps: torch.maxUlps(a, b) };
  });
  return { tensors: names.length, changed, layers };
}

/** The union of layers runs like each of them. */
function outputOf(layer: AnyLayer, x: torch.Tensor): torch.Tensor {
  return (layer as torch.nn.Recurrent<unknown>).forward(x.to(layer.weight_ih_l0.dtype))[0];
}

/** The size of the random input. */
const [STEPS, BATCH] = [7, 3];

/** A .npy file knows no names. */
function nameIn({ tensors }: Contents, name: string): torch.Tensor | undefined {
  return tensors.get(name) ?? (tensors.size === 1 ? tensors.get("") : undefined);
}

function same(a: torch.Tensor, b: torch.Tensor): boolean {
  return (
    a.dtype === b.dtype &&
    String(a.shape) === String(b.shape) &&
    Buffer.compare(torch.saveNpy(plain(a)), torch.saveNpy(plain(b))) === 0
  );
}

/** numpy has no bfloat16, but every one of them is a float32. */
function plain(x: torch.Tensor): torch.Tensor {
  return x.dtype === torch.bfloat16 ? x.detach().to(torch.float32) : x;
}

function rounded(tensors: ReadonlyMap<string, torch.Tensor>, dtype: torch.DType): ReadonlyMap<string, torch.Tensor> {
  const round = (x: torch.Tensor): torch.Tensor => (x.dtype.kind === "float" ? x.detach().to(dtype) : x);
  return new Map(Array.from(tensors, ([name, tensor]) => [name, round(tensor)]));
}

function report(source: string, target: string, { tensors, changed, layers }: Proof, lost: readonly string[]): string {
  const bits = changed.length === 0 ? "every bit the same" : `${changed.length} with other bits`;
  const lines = [`${source} -> ${target}: ${tensors} tensor${tensors === 1 ? "" : "s"}, ${bits}`];
  for (const { name, layer, ulps } of layers) {
    const outputs = `outputs on random input ${ulps === 0 ? "the same to the bit" : `up to ${ulps} ulp apart`}`;
    const row = layer.split(" -> ");
    if (row.length === 1) lines.push(`  ${name}${name && " "}${layer}: ${outputs}`);
    else lines.push(`  ${name}: ${outputs}`, ...row.map((part) => `    ${part}`));
  }
  if (lost.length > 0)
    lines.push(
      `  left behind, as they are no tensors: ${lost.slice(0, 5).join(", ")}${lost.length > 5 ? `, and ${lost.length - 5} more` : ""}`,
    );
  return lines.join("\n");
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A file is there whole or not at all. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.${process.pid}.part`;
  try {
    await writeFile(unfinished, bytes);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw new CommandError((error as Error).message);
  }
}
