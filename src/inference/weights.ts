/** The numbers of a checkpoint as plain arrays, and those that belong to one direction of a recurrent layer. */
import { pythonTypeOf, RuntimeError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import type { Data } from "../dense/dtype.ts";
import type { Weights as Operand } from "../engine/plain.ts";
import { type LoadOptions, readTorch } from "../formats/torch.ts";

/** A tensor of a checkpoint: its elements in row-major order. */
export interface Weight {
  readonly data: Data;
  readonly shape: readonly number[];
}

/** A state dict. */
export type Weights = ReadonlyMap<string, Weight>;

/**
 * torch.load, for running: what `torch.save` wrote, here or in Python, with every tensor as a plain array. Half precision
 * is widened to float32. Errors: FormatError; TypeError for what is no array of bytes.
 */
export function load<T = Weights>(file: Uint8Array, options: LoadOptions = {}): T {
  if (!ArrayBuffer.isView(file)) throw new TypeError(`load: expected a Uint8Array, got ${pythonTypeOf(file)}`);
  return readTorch(file, ({ value }): Weight => ({ data: elements(value), shape: [...value.shape] }), options) as T;
}

/** The weights of one direction of one layer as the engine multiplies by them: G gates of H units, F features, P outputs. */
export interface Side {
  /** W_ih (G·H, F), b_ih (G·H) */
  readonly input: Operand;
  /** W_hh (G·H, P), b_hh (G·H) */
  readonly recurrent: Operand;
  /** W_hr (P, H): what is done to h before it is handed on. */
  readonly projection: Operand | undefined;
}

/** A matrix of float32, row by row. */
interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** All directions of all layers that `weights` has under `prefix`, bottom first. Errors: RuntimeError if they do not fit. */
export function sidesOf(weights: Weights, prefix: string, gates: number): Side[][] {
  if (!(weights instanceof Map))
    throw new RuntimeError(`inference: expected a state dict, got ${pythonTypeOf(weights)}`);
  const has = (end: string): boolean => weights.has(`${prefix}weight_ih_${end}`);
  const suffixes = has("l0_reverse") ? ["", "_reverse"] : [""];
  const layers: Side[][] = [];
  do {
    const ends = suffixes.map((suffix) => `l${layers.length}${suffix}`);
    const below = layers.at(-1)?.at(0)?.recurrent.depth;
    const features = below === undefined ? undefined : below * suffixes.length;
    layers.push(ends.map((end) => sideOf(weights, prefix, end, { gates, features })));
  } while (has(`l${layers.length}`));
  return layers;
}

/** What a side must agree with: the features are those of the layer below, unknown for the lowest. */
interface Expected {
  readonly gates: number;
  readonly features: number | undefined;
}

function sideOf(weights: Weights, prefix: string, end: string, { gates, features }: Expected): Side {
  const find = (role: string): Weight | undefined => weights.get(`${prefix}${role}_${end}`);
  const name = (role: string): string => `${prefix}${role}_${end}`;
  const matrix = (role: string, rows?: number, columns?: number): Matrix => {
    const { data, shape } = expectFloats(find(role), name(role));
    const fits = shape.length === 2 && (rows ?? shape[0]) === shape[0] && (columns ?? shape[1]) === shape[1];
    if (!fits) throw misshapen(name(role), [rows ?? "rows", columns ?? "columns"], shape);
    return { data, rows: shape[0]!, columns: shape[1]! };
  };
  const bias = (role: string, rows: number): Float32Array | undefined => {
    if (!find(role)) return undefined;
    const { data, shape } = expectFloats(find(role), name(role));
    if (shape.length !== 1 || shape[0] !== rows) throw misshapen(name(role), [rows], shape);
    return data;
  };
  const weightHh = matrix("weight_hh");
  const { rows, columns: P } = weightHh;
  const H = rows / gates;
  if (!Number.isInteger(H)) throw misshapen(name("weight_hh"), [`${gates}·H`, "P"], [rows, P]);
  const weightHr = find("weight_hr") && matrix("weight_hr", P, H);
  if (!weightHr && P !== H) throw misshapen(name("weight_hh"), [`${gates}·${P}`, P], [rows, P]);
  const weightIh = matrix("weight_ih", rows, features);
  return {
    input: operand(weightIh, gates, bias("bias_ih", rows)),
    recurrent: operand(weightHh, gates, bias("bias_hh", rows)),
    projection: weightHr && operand(weightHr, 1),
  };
}

/** A matrix of one block of rows for each gate; it never changes, so it has one version. */
function operand({ data, rows, columns }: Matrix, gates: number, bias?: Float32Array): Operand {
  const matrix = { data, offset: 0, rowStride: columns, columnStride: 1 };
  return { matrix, bias, gates, units: rows / gates, depth: columns, version: 1 };
}

function expectFloats(weight: Weight | undefined, name: string): Weight & { readonly data: Float32Array } {
  if (!weight)
    throw new RuntimeError(`inference: expected a weight ${name}`, "which `prefix` do its names begin with?");
  if (weight.data instanceof Float32Array) return weight as Weight & { readonly data: Float32Array };
  // a checkpoint may hold anything under any name
  const given = ArrayBuffer.isView(weight.data) ? weight.data.constructor.name : pythonTypeOf(weight);
  throw new RuntimeError(`inference: expected ${name} as float32, got ${given}`);
}

function misshapen(name: string, expected: readonly (number | string)[], shape: readonly number[]): RuntimeError {
  return new RuntimeError(`inference: expected ${name} of shape (${expected.join(", ")}), got (${shape.join(", ")})`);
}
