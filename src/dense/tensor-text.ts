/**
 * A tensor as torch prints it: choose the elements to show, write each, then fold the texts into nested brackets.
 * All of a tensor's elements have one width and one notation, decided by the finite, non-zero ones that are shown.
 */
import { tupleText } from "../check.ts";
import type { Dense } from "./dense.ts";
import { bool, type DType, getDefaultDtype, int64 } from "./dtype.ts";
import { format } from "./format.ts";
import { fixedText, scientificText } from "./number-text.ts";
import { getPrintOptions, type PrintOptions } from "./print-options.ts";
import { float } from "./python-float.ts";

/** What autograd adds to the text. */
export interface TextSuffixes {
  /** The name of the node that made the tensor: `AddBackward0`. */
  readonly gradFn?: string | undefined;
  readonly requiresGrad?: boolean | undefined;
}

const PREFIX = "tensor(";

/** The text of a tensor: `tensor([[1., 2.]], grad_fn=<AddBackward0>)`. */
export function tensorText(dense: Dense, { gradFn, requiresGrad }: TextSuffixes = {}): string {
  const options = getPrintOptions();
  const { count, dtype, shape } = dense;
  const suffixes: string[] = [];
  if (count === 0 ? shape.length !== 1 : options.edgeitems === 0) suffixes.push(`size=${tupleText(shape)}`);
  const obvious = dtype === getDefaultDtype() || (count > 0 && (dtype === int64 || dtype === bool));
  if (!obvious) suffixes.push(`dtype=${dtype}`);
  if (gradFn !== undefined) suffixes.push(`grad_fn=<${gradFn}>`);
  else if (requiresGrad) suffixes.push("requires_grad=True");
  const body = count === 0 ? "[]" : valuesText(dense, options);
  return appendSuffixes(PREFIX + body, suffixes, options.linewidth);
}

/** One element as Python's number, formatted: what an f-string makes of a tensor of rank 0. */
export function formatElement(dense: Dense, spec: string): string {
  const value = dense.data[dense.offset]!;
  if (dense.dtype === bool) return format(Boolean(value), spec);
  return format(dense.dtype.kind === "float" ? float(Number(value)) : BigInt(value), spec);
}

// ---- the elements

function valuesText(dense: Dense, options: PrintOptions): string {
  const { edgeitems, threshold } = options;
  const { data, shape, strides, dtype } = dense;
  const summarised = dense.count > threshold;
  const cuts = shape.map((length) => summarised && length > 2 * edgeitems);
  let offsets = [dense.offset];
  for (const [d, length] of shape.entries()) {
    const shown = cuts[d] ? edges(length, edgeitems) : Array.from({ length }, (_, i) => i);
    offsets = offsets.flatMap((offset) => shown.map((i) => offset + i * strides[d]!));
  }
  const values = offsets.map((offset) => data[offset]!);
  const { texts, width } = elementTexts(values, dtype, options);
  if (shape.length === 0) return texts[0]!;
  const dimensions = shape.map((length, d) => ({ length: cuts[d] ? 2 * edgeitems : length, cut: cuts[d]! }));
  return bracketed(texts, dimensions, PREFIX.length, width, options.linewidth);
}

/** The first and the last `edgeitems` indices. */
function edges(length: number, edgeitems: number): number[] {
  return Array.from({ length: 2 * edgeitems }, (_, i) => (i < edgeitems ? i : length - 2 * edgeitems + i));
}

interface Elements {
  readonly texts: readonly string[];
  /** What they are padded to; `inf`, `nan` and -0 may be wider. */
  readonly width: number;
}

function elementTexts(values: readonly (number | bigint)[], dtype: DType, options: PrintOptions): Elements {
  if (dtype.kind === "float") return floatTexts(values.map(Number), options);
  const texts = values.map((value) => (dtype === bool ? (value ? "True" : "False") : String(value)));
  return padStarts(texts, longest(texts));
}

function floatTexts(values: readonly number[], { precision, sciMode }: PrintOptions): Elements {
  const significant = values.map((x) => x !== 0 && Number.isFinite(x));
  const magnitudes = values.filter((_, i) => significant[i]).map(Math.abs);
  const whole = magnitudes.every(Number.isInteger);
  const scientific = magnitudes.length > 0 && (sciMode ?? spreadsWide(magnitudes));
  const write = (x: number): string => {
    if (scientific) return scientificText(x, precision);
    return whole ? fixedText(x, 0) + (Number.isFinite(x) ? "." : "") : fixedText(x, precision);
  };
  const texts = values.map(write);
  return padStarts(texts, longest(texts.filter((_, i) => significant[i])));
}

/** Whether fixed notation would hide digits: torch's three limits. */
function spreadsWide(magnitudes: readonly number[]): boolean {
  const largest = magnitudes.reduce((a, b) => Math.max(a, b));
  const smallest = magnitudes.reduce((a, b) => Math.min(a, b));
  return largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4;
}

function longest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, text.length), 1);
}

function padStarts(texts: readonly string[], width: number): Elements {
  return { texts: texts.map((text) => text.padStart(width)), width };
}

// ---- the layout

interface Dimension {
  /** How many of its elements are shown. */
  readonly length: number;
  /** Whether dots stand in the middle. */
  readonly cut: boolean;
}

/** The texts, in logical order, in nested brackets; the first bracket stands in `column`. */
function bracketed(
  texts: readonly string[],
  [outer, ...inner]: readonly Dimension[],
  column: number,
  width: number,
  linewidth: number,
): string {
  const { length, cut } = outer!;
  const newLine = `${"\n".repeat(Math.max(inner.length, 1))}${" ".repeat(column + 1)}`;
  if (inner.length === 0) {
    const entries = cut
      ? [...texts.slice(0, length / 2), length === 0 ? "..." : " ...", ...texts.slice(length / 2)]
      : texts;
    const perLine = Math.max(1, Math.floor((linewidth - column) / (width + 2)));
    const lines: string[] = [];
    for (let at = 0; at < entries.length; at += perLine) lines.push(entries.slice(at, at + perLine).join(", "));
    return `[${lines.join(`,${newLine}`)}]`;
  }
  const size = texts.length / length;
  const blocks: string[] = [];
  for (let at = 0; at < texts.length; at += size) {
    blocks.push(bracketed(texts.slice(at, at + size), inner, column + 1, width, linewidth));
  }
  if (cut) blocks.splice(length / 2, 0, "...");
  return `[${blocks.join(`,${newLine}`)}]`;
}

/** Each suffix goes on the last line if it fits, else on a new one. torch starts counting two columns too far. */
function appendSuffixes(text: string, suffixes: readonly string[], linewidth: number): string {
  const indent = " ".repeat(PREFIX.length);
  let result = text;
  let used = text.length - (text.lastIndexOf("\n") + 1) + 2;
  for (const suffix of suffixes) {
    const fits = used + suffix.length + 2 <= linewidth;
    result += fits ? `, ${suffix}` : `,\n${indent}${suffix}`;
    used = fits ? used + suffix.length + 2 : indent.length + suffix.length;
  }
  return `${result})`;
}
