/** Python's `format(value, spec)` for numbers and strings, in two steps: write the digits, and lay them out. */
import { ValueError } from "../check.ts";
import { parseSpec, type Spec } from "./format-spec.ts";
import { fixedText, floatText, generalText, scientificText } from "./number-text.ts";
import { Float } from "./python-float.ts";
import { isPythonInt, str } from "./python-text.ts";

/** An object that knows how to format itself: Python's `__format__`. */
export interface Formattable {
  format(spec: string): string;
}

/**
 * Python's `format(value, spec)`, the part after the colon in an f-string: `format(loss, ".4f")`, `format(name, "<15")`.
 * A whole number is an int where the type leaves that open. Errors: Python's.
 */
export function format(value: unknown, spec = ""): string {
  if (isFormattable(value)) return value.format(spec);
  if (spec === "") return str(value);
  if (typeof value === "string") return formatString(value, parseSpec(spec, "str"));
  if (value instanceof Float) return formatFloat(value.valueOf(), parseSpec(spec, "float"));
  if (typeof value === "bigint") return formatInteger(value, parseSpec(spec, "int"));
  if (typeof value === "boolean") return formatInteger(value ? 1n : 0n, parseSpec(spec, "bool"));
  if (typeof value === "number") return formatNumber(value, spec);
  throw new TypeError(`unsupported format string passed to ${typeName(value)}.__format__`);
}

function isFormattable(value: unknown): value is Formattable {
  return typeof value === "object" && value !== null && "format" in value && typeof value.format === "function";
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  Array: "list",
  Function: "function",
  Map: "dict",
  Object: "dict",
  OrderedDict: "collections.OrderedDict",
  Set: "set",
  Size: "torch.Size",
  Tuple: "tuple",
};

function typeName(value: unknown): string {
  if (value === undefined || value === null) return "NoneType";
  const name = value.constructor?.name ?? "Object";
  return TYPE_NAMES[name] ?? name;
}

// ---- the values

function formatString(text: string, spec: Spec): string {
  if (spec.type !== "s") throw unknownType(spec);
  const refuse = (what: string) => new ValueError(`${what} not allowed in string format specifier`);
  if (spec.sign) throw refuse(spec.sign === " " ? "Space" : "Sign");
  if (spec.positiveZero) throw refuse("Negative zero coercion (z)");
  if (spec.alternate) throw refuse("Alternate form (#)");
  if (spec.align === "=") throw refuse("'=' alignment");
  return padded("", [...text].slice(0, spec.precision).join(""), spec);
}

/** A number that could be either: its value decides, unless the specification can only be meant for a float. */
function formatNumber(value: number, text: string): string {
  const spec = parseSpec(text, Number.isInteger(value) ? "int" : "float");
  const openType = spec.type === "" || spec.type === "n";
  const float = openType && (!isPythonInt(value) || spec.precision !== undefined || spec.positiveZero);
  return float || !Number.isInteger(value) ? formatFloat(value, spec) : formatInteger(BigInt(value), spec);
}

const RADIX: Readonly<Record<string, number>> = { "": 10, b: 2, o: 8, d: 10, n: 10, x: 16, X: 16 };

function formatInteger(value: bigint, spec: Spec): string {
  const { type, alternate } = spec;
  if (type && "eEfFgG%".includes(type)) return formatFloat(Number(value), spec);
  const radix = RADIX[type];
  if (radix === undefined && type !== "c") throw unknownType(spec);
  if (spec.precision !== undefined) throw new ValueError("Precision not allowed in integer format specifier");
  if (spec.positiveZero) throw new ValueError("Negative zero coercion (z) not allowed in integer format specifier");
  if (radix === undefined) return formatCharacter(value, spec);
  const digits = (value < 0n ? -value : value).toString(radix);
  const prefix = alternate && radix !== 10 ? `0${type}` : "";
  const text = prefix + digits;
  return numeric(value < 0n, type === "X" ? text.toUpperCase() : text, prefix.length, spec);
}

function formatCharacter(value: bigint, spec: Spec): string {
  const refuse = (what: string) => new ValueError(`${what} not allowed with integer format specifier 'c'`);
  if (spec.sign) throw refuse("Sign");
  if (spec.alternate) throw refuse("Alternate form (#)");
  if (value < 0n || value > 0x10ffffn) throw new RangeError("%c arg not in range(0x110000)");
  return padded("", String.fromCodePoint(Number(value)), spec);
}

function formatFloat(value: number, spec: Spec): string {
  const text = floatDigits(value, spec);
  const unsigned = text.startsWith("-") ? text.slice(1) : text;
  const zero = /^[0.]+(e|%|$)/.test(unsigned);
  const negative = text !== unsigned && !(spec.positiveZero && zero);
  return numeric(negative, /[EFG]/.test(spec.type) ? unsigned.toUpperCase() : unsigned, 0, spec);
}

function floatDigits(value: number, spec: Spec): string {
  const { precision = 6, alternate } = spec;
  switch (spec.type) {
    case "e":
    case "E":
      return withPoint(scientificText(value, precision), alternate);
    case "f":
    case "F":
      return withPoint(fixedText(value, precision), alternate);
    case "%":
      return `${withPoint(fixedText(value * 100, precision), alternate)}%`;
    case "g":
    case "G":
    case "n":
      return withPoint(generalText(value, Math.max(precision, 1), alternate), alternate);
    case "":
      return withPoint(
        spec.precision === undefined ? floatText(value) : shortText(value, spec.precision, alternate),
        alternate,
      );
    default:
      throw unknownType(spec);
  }
}

/** A float with a precision but no type: like `g`, but a whole number keeps `.0` and so has a digit less. */
function shortText(value: number, precision: number, alternate: boolean): string {
  const digits = Math.max(precision, 1);
  const text = generalText(value, digits, alternate, digits - 1);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The flag `#`: a point even where no digit follows it. */
function withPoint(text: string, alternate: boolean): string {
  return alternate && !text.includes(".") ? text.replace(/^-?\d+/, "$&.") : text;
}

function unknownType({ type, of }: Spec): ValueError {
  return new ValueError(`Unknown format code '${type}' for object of type '${of}'`);
}

// ---- the layout

/** Sign, prefix, grouped digits: padded to the width. The first `prefixLength` characters of `text` are no digits. */
function numeric(negative: boolean, text: string, prefixLength: number, spec: Spec): string {
  const sign = negative ? "-" : spec.sign === "-" ? "" : spec.sign;
  const lead = sign + text.slice(0, prefixLength);
  const body = text.slice(prefixLength);
  const digits = spec.type === "x" || spec.type === "X" ? body : (/^\d*/.exec(body)?.[0] ?? "");
  if (!spec.grouping || digits === "") return padded(lead, body, spec);
  const rest = body.slice(digits.length);
  const zeroFilled = spec.fill === "0" && spec.align === "=";
  const width = zeroFilled ? spec.width - lead.length - rest.length : 0;
  return padded(lead, grouped(digits, width, spec) + rest, spec);
}

/** Digits in groups; zeros are put before them, and grouped too, until they are `width` long. */
function grouped(digits: string, width: number, { grouping, type }: Spec): string {
  const groups = /[boxX]/.test(type) ? /\B(?=(.{4})+$)/g : /\B(?=(.{3})+$)/g;
  let zeros = "";
  for (;;) {
    const text = (zeros + digits).replace(groups, grouping);
    if (text.length >= width) return text;
    zeros += "0";
  }
}

function padded(lead: string, body: string, { fill, align, width }: Spec): string {
  const missing = Math.max(0, width - [...lead, ...body].length);
  if (align === "=") return lead + fill.repeat(missing) + body;
  const before = align === "<" ? 0 : align === "^" ? Math.floor(missing / 2) : missing;
  return fill.repeat(before) + lead + body + fill.repeat(missing - before);
}
