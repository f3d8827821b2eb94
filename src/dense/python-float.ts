/**
 * Which whole numbers are floats. Python prints 2.0 and 2 differently; JavaScript has one number for both, and ours print
 * as `2`. Where the original has a float, it is marked; any number with a fraction prints as one by itself.
 */
import { floatText } from "./number-text.ts";

/** A whole number that prints as a float. Arithmetic takes it for its number. */
export class Float extends Number {
  override toString(): string {
    return floatText(this.valueOf());
  }
}

const floatLists = new WeakSet<object>();

/**
 * Python's `float`, for printing: `print(float(2))` prints `2.0`, `print(float([1, 0]))` prints `[1.0, 0.0]`.
 * A list is marked in place, with the lists in it. A whole number becomes an object: calculate with it (`float(2) * 3` is
 * 6), print it, format it, but compare and store plain numbers.
 */
export function float<T extends readonly unknown[]>(list: T): T;
export function float(value: number | bigint | boolean): number;
export function float(value: number | bigint | boolean | readonly unknown[]): unknown {
  if (typeof value === "object") return markFloats(value);
  const number = Number(value);
  return Number.isInteger(number) ? new Float(number) : number;
}

/** Marks a list, and the lists in it: the numbers it holds print as floats. `tolist` of a float tensor does this. */
export function markFloats<T extends readonly unknown[]>(list: T): T {
  floatLists.add(list);
  for (const item of list) if (Array.isArray(item)) markFloats(item);
  return list;
}

/** Whether the numbers in `list` are floats. */
export function isFloatList(list: readonly unknown[]): boolean {
  return floatLists.has(list);
}
