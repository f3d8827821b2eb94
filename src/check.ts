/**
 * Errors. Each class is Python's and torch's own, so that a message here can be looked up there: `message` is torch's
 * text, exactly; `hint` is at most one line of our own with the caller's shapes. An uncaught error shows both.
 * What Python calls a `TypeError` is JavaScript's own `TypeError`.
 */

/** The common ancestor of the errors that have no JavaScript class of their own. */
export class TorchError extends Error {
  readonly #hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.#hint = hint;
    if (hint !== undefined) this.stack = this.stack?.replace(message, `${message}\n  hint: ${hint}`);
  }

  /** One line on what to do, where torch's own text leaves that open. */
  get hint(): string | undefined {
    return this.#hint;
  }
}

/** Python's `RuntimeError`: shapes, sizes, dtypes and graphs that do not fit. */
export class RuntimeError extends TorchError {
  static {
    RuntimeError.prototype.name = "RuntimeError";
  }
}

/** Python's `ValueError`: an argument of the right type with an impossible value. */
export class ValueError extends TorchError {
  static {
    ValueError.prototype.name = "ValueError";
  }
}

/** Python's `IndexError`: a dimension or an index out of range. */
export class IndexError extends TorchError {
  static {
    IndexError.prototype.name = "IndexError";
  }
}

/** Python's `KeyError`: an unknown or impossible name. */
export class KeyError extends TorchError {
  static {
    KeyError.prototype.name = "KeyError";
  }
}

/** Python's `AttributeError`: a parameter or a module that is not there. */
export class AttributeError extends TorchError {
  static {
    AttributeError.prototype.name = "AttributeError";
  }
}

/** Python's `NotImplementedError`: the operation does not exist for this dtype or module. */
export class NotImplementedError extends TorchError {
  static {
    NotImplementedError.prototype.name = "NotImplementedError";
  }
}

/** Python's `AssertionError`. */
export class AssertionError extends TorchError {
  static {
    AssertionError.prototype.name = "AssertionError";
  }
}

/** Python's `ZeroDivisionError`. */
export class ZeroDivisionError extends TorchError {
  static {
    ZeroDivisionError.prototype.name = "ZeroDivisionError";
  }
}

/** Python's text of a tuple of integers: `(2, 3)`, `(2,)`, `()`. */
export function tupleText(values: readonly (number | bigint)[]): string {
  return values.length === 1 ? `(${values[0]},)` : `(${values.join(", ")})`;
}

/** Python's text of a list of integers: `[2, 3]`. */
export function listText(values: readonly (number | bigint)[]): string {
  return `[${values.join(", ")}]`;
}

/** What Python would call the type of a value, for messages that name it. */
export function pythonTypeOf(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  // a whole number that was marked as a float
  if (value instanceof Number) return "float";
  if (Array.isArray(value)) return value.constructor === Array ? "list" : value.constructor.name.toLowerCase();
  if (typeof value === "object")
    // an object may have no prototype
    return !value.constructor || value.constructor === Object || value instanceof Map ? "dict" : value.constructor.name;
  return (
    { string: "str", boolean: "bool", bigint: "int", function: "function" }[typeof value as string] ?? typeof value
  );
}

/** Any value as a short text. An object is not asked for its own, which may fail. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return Object(value) === value ? Object.prototype.toString.call(value) : String(value);
}

/** Python's `float(value)`. Errors: TypeError, ValueError, in its words. */
export function floatOf(value: unknown): number {
  const isText = typeof value === "string";
  if (!isText && typeof value !== "number" && typeof value !== "boolean") {
    throw new TypeError(`float() argument must be a string or a real number, not '${pythonTypeOf(value)}'`);
  }
  const text = isText ? value.trim().toLowerCase() : value;
  const number = text === "inf" || text === "-inf" ? Number(`${text}inity`.replace("inf", "Inf")) : Number(text);
  if (isText && text !== "nan" && (text === "" || Number.isNaN(number))) {
    throw new ValueError(`could not convert string to float: '${value}'`);
  }
  return number;
}

/** Refuses options that nobody knows, in Python's words. */
export function expectKeywords(who: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`${who}() got an unexpected keyword argument '${unknown}'`);
}

/** Demands something that `for ... of` goes through, in Python's words. */
export function expectIterable(value: unknown): asserts value is Iterable<unknown> {
  if (typeof Object(value)[Symbol.iterator] === "function") return;
  throw new TypeError(`'${pythonTypeOf(value)}' object is not iterable`);
}

const warned = new Set<string>();

/** Python's `warnings.warn`: says it once on standard error and goes on. */
export function warn(text: string): void {
  if (warned.has(text)) return;
  warned.add(text);
  console.error(`UserWarning: ${text}`);
}
