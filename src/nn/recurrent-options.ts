/** What a recurrent layer is made from, and torch's questions about it, in torch's order and words. */
import { expectKeywords, floatOf, pythonTypeOf, ValueError, warn } from "../check.ts";
import type { DType } from "../dense/dtype.ts";
import { floatText } from "../dense/number-text.ts";

/** The options that all recurrent layers share. */
export interface RecurrentOptions {
  /** L, layers stacked on each other. Default 1. */
  readonly numLayers?: number;
  /** Whether there are b_ih and b_hh. Default true. */
  readonly bias?: boolean;
  /** Input and output as (B, T, F); states stay (L·D, B, H), as in torch. Default false. */
  readonly batchFirst?: boolean;
  /** Probability of dropout on the output of each layer but the last, while training. Default 0. */
  readonly dropout?: number;
  /** D = 2: a second set of weights reads the sequence from its end. Default false. */
  readonly bidirectional?: boolean;
  /** The dtype of the weights. Default: the default dtype. */
  readonly dtype?: DType;
  /** For the sake of ported scripts: there is one device, "cpu". */
  readonly device?: string;
}

/** Options with every absence filled in. */
export interface SettledOptions {
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
  readonly dtype: DType | undefined;
  readonly device: string | undefined;
}

const SHARED = ["numLayers", "bias", "batchFirst", "dropout", "bidirectional", "dtype", "device"];

/** Checks everything a layer is made from. `own` names the options that only this kind of layer has. */
export function settleOptions(
  inputSize: number,
  hiddenSize: number,
  options: RecurrentOptions & { readonly projSize?: number },
  own: readonly string[] = [],
): SettledOptions {
  expectArguments("RNNBase", inputSize, hiddenSize, options, [...SHARED, ...own]);
  const {
    numLayers = 1,
    bias = true,
    batchFirst = false,
    bidirectional = false,
    projSize = 0,
    dtype,
    device,
  } = options;
  const dropout = settleDropout(options.dropout === undefined ? 0 : options.dropout);
  if (dropout > 0 && numLayers === 1) {
    warn(
      `dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater than 1, but got dropout=${floatText(dropout)} and num_layers=1`,
    );
  }
  expectBoolean("bias", bias);
  expectBoolean("batch_first", batchFirst);
  expectSize("input_size", inputSize);
  expectSize("hidden_size", hiddenSize);
  expectLayers(numLayers);
  expectOrdered("<", projSize);
  if (projSize < 0) throw new ValueError("proj_size should be a positive integer or zero to disable projections");
  if (projSize >= hiddenSize) throw new ValueError("proj_size has to be smaller than hidden_size");
  if (!Number.isInteger(numLayers)) throw new TypeError("'float' object cannot be interpreted as an integer");
  return { numLayers, bias, batchFirst, dropout, bidirectional, projSize, dtype, device };
}

/** Python's questions about a call: whether all options are known and all sizes given. */
export function expectArguments(
  className: string,
  inputSize: unknown,
  hiddenSize: unknown,
  options: object,
  known: readonly string[],
): void {
  expectKeywords(`${className}.__init__`, options, known);
  const missing = [inputSize === undefined && "'input_size'", hiddenSize === undefined && "'hidden_size'"].filter(
    Boolean,
  );
  if (missing.length === 0) return;
  const plural = missing.length > 1 ? "s" : "";
  throw new TypeError(
    `${className}.__init__() missing ${missing.length} required positional argument${plural}: ${missing.join(" and ")}`,
  );
}

/** Of a cell's hidden size torch asks nothing: it multiplies it, and then makes weights of so many rows. */
export function expectUnits(hiddenSize: unknown): void {
  const type = pythonTypeOf(hiddenSize);
  if (type === "int" || type === "bool") return;
  throw new TypeError(
    hiddenSize === null
      ? "unsupported operand type(s) for *: 'int' and 'NoneType'"
      : `empty(): argument 'size' (position 1) must be tuple of ints, but found element of type ${type} at pos 0`,
  );
}

function settleDropout(dropout: unknown): number {
  floatOf(dropout);
  if (typeof dropout !== "number" || !(dropout >= 0 && dropout <= 1)) {
    throw new ValueError(
      "dropout should be a number in range [0, 1] representing the probability of an element being zeroed",
    );
  }
  return dropout;
}

function expectBoolean(name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new TypeError(`${name} should be of type bool, got: ${pythonTypeOf(value)}`);
}

function expectSize(name: string, value: unknown): void {
  if (typeof value !== "boolean" && pythonTypeOf(value) !== "int") {
    throw new TypeError(`${name} should be of type int, got: ${pythonTypeOf(value)}`);
  }
  if (wholeNumber(value as number) <= 0) throw new ValueError(`${name} must be greater than zero`);
}

function expectLayers(numLayers: unknown): void {
  expectOrdered("<=", numLayers);
  if ((numLayers as number) <= 0) throw new ValueError("num_layers must be greater than zero");
}

/** Python compares numbers only with numbers. */
function expectOrdered(sign: string, value: unknown): void {
  if (typeof value === "number" || typeof value === "boolean") return;
  throw new TypeError(`'${sign}' not supported between instances of '${pythonTypeOf(value)}' and 'int'`);
}

/** Python's `True` counts as 1. */
export function wholeNumber(size: number): number {
  return typeof size === "boolean" ? Number(size) : size;
}
