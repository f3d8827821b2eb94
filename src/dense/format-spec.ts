/**
 * The format specification of Python, the part after the colon in an f-string:
 *
 *     [[fill]align][sign][z][#][0][width][, or _][.precision][type]
 */
import { ValueError } from "../check.ts";

/** What a specification says, with Python's defaults where it says nothing. */
export interface Spec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly positiveZero: boolean;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | undefined;
  readonly type: string;
  /** Python's name of the value's type, for errors. */
  readonly of: string;
}

const SPEC =
  /^(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<z>z)?(?<hash>#)?(?<zero>0)?(?<width>\d+)?(?<grouping>,_|_,|[,_])?(?<point>\.(?<precision>\d+)?)?(?<type>.)?$/su;

/** Reads a specification for a value of the Python type `of`. Errors: Python's ValueError. */
export function parseSpec(text: string, of: string): Spec {
  const { groups } = SPEC.exec(text) ?? {};
  if (!groups) throw new ValueError(`Invalid format specifier '${text}' for object of type '${of}'`);
  const {
    fill,
    align,
    sign = "",
    z,
    hash,
    zero,
    width,
    grouping = "",
    point,
    precision,
    type = of === "str" ? "s" : "",
  } = groups;
  if (point === ".") throw new ValueError("Format specifier missing precision");
  checkGrouping(grouping, type);
  const zeroFilled = zero !== undefined && fill === undefined;
  return {
    fill: fill ?? (zeroFilled ? "0" : " "),
    align: align ?? (of === "str" ? "<" : zeroFilled ? "=" : ">"),
    sign,
    positiveZero: z !== undefined,
    alternate: hash !== undefined,
    width: count(width) ?? 0,
    grouping,
    precision: count(precision),
    type,
    of,
  };
}

function count(digits: string | undefined): number | undefined {
  if (digits === undefined) return undefined;
  if (!Number.isSafeInteger(Number(digits))) throw new ValueError("Too many decimal digits in format string");
  return Number(digits);
}

function checkGrouping(grouping: string, type: string): void {
  if (grouping.length > 1) throw new ValueError("Cannot specify both ',' and '_'.");
  const allowed = grouping === "_" ? "deEfFgG%boxX" : "deEfFgG%";
  if (grouping && !allowed.includes(type)) throw new ValueError(`Cannot specify '${grouping}' with '${type}'.`);
}
