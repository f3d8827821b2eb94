/**
 * Python's tuples: arrays that print with parentheses. Operations with several results return one whose elements also
 * have names.
 */
import { containerText, repr } from "./python-text.ts";

/** An array that prints as a tuple: `(1, 2)`, `(1,)`, `()`. Plain arrays come out of `map`, `filter` and `slice`. */
export class Tuple<T = unknown> extends Array<T> {
  static override readonly name: string = "Tuple";

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  override toString(): string {
    return containerText(this, "(...)", () => `(${Array.from(this, repr).join(", ")}${this.length === 1 ? "," : ""})`);
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/**
 * `tuple(a, b, c)` is Python's `(a, b, c)`; `tuple(list)`, with one array (a Size, say), is its `tuple(list)`.
 *
 *     const [name, weight] = tuple("weight", parameter);
 */
export function tuple<T>(list: readonly T[]): Tuple<T>;
export function tuple<T extends readonly unknown[]>(...values: T): Tuple<T[number]> & Readonly<T>;
export function tuple(...values: readonly unknown[]): Tuple {
  const [first] = values;
  return fill(
    Reflect.construct(Array, [], Tuple) as Tuple,
    values.length === 1 && Array.isArray(first) ? first : values,
  );
}

/** A tuple whose elements also have the names `Fields`, all of type `V`. */
export type ReturnTuple<Fields extends readonly string[], V> = Omit<Elements<Fields, V>, Fields[number]> & {
  readonly [Name in Fields[number]]: V;
} & Iterable<V>;

type Elements<Fields extends readonly string[], V> = { readonly [Index in keyof Fields]: V };

/**
 * The maker of a torch.return_types tuple.
 *
 *     const maxResult = returnType("max", ["values", "indices"]);
 *     const { values, indices } = maxResult(a, b);      // or: const [values, indices] = ...
 */
export function returnType<const Fields extends readonly string[]>(
  name: string,
  fields: Fields,
): <V>(...values: Elements<Fields, V>) => ReturnTuple<Fields, V> {
  class Result extends Tuple {
    override toString(): string {
      return `torch.return_types.${name}(\n${fields.map((field, i) => `${field}=${repr(this[i])}`).join(",\n")})`;
    }
  }
  for (const [i, field] of fields.entries()) {
    Object.defineProperty(Result.prototype, field, {
      get(this: Result) {
        return this[i];
      },
    });
  }
  return <V>(...values: Elements<Fields, V>) => fill(new Result(), values) as unknown as ReturnTuple<Fields, V>;
}

/** One by one: the constructor of an array takes a single number for a length. */
function fill<T extends Tuple>(result: T, values: readonly unknown[]): T {
  for (let i = 0; i < values.length; i += 1) result[i] = values[i] as never;
  return result;
}
