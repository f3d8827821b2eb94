/** Python's `print` and f-strings. */
import { format } from "./format.ts";
import { str } from "./python-text.ts";

let line = ""; // console.log writes whole lines only: what `end` left open waits here

/** Python's `print`: the values with spaces between them, and a new line. */
export function print(...values: readonly unknown[]): void {
  print.with({}, ...values);
}

/** Python's `print(..., sep=sep, end=end)`. Text shows as soon as its line is complete. */
print.with = ({ sep = " ", end = "\n" }: { sep?: string; end?: string }, ...values: readonly unknown[]): void => {
  const lines = (line + values.map(str).join(sep) + end).split("\n");
  line = lines.pop()!;
  if (lines.length > 0) console.log(lines.join("\n"));
};

/**
 * Python's f-string: each value as `format(value)`, so that booleans and lists show as in Python. A format
 * specification is written as a call: f`loss ${format(loss, ".4f")}`.
 */
export function f(texts: TemplateStringsArray, ...values: readonly unknown[]): string {
  return texts.reduce((text, next, i) => text + format(values[i - 1]) + next);
}
