/**
 * How Python shows a value, so that a port prints what its original prints. An object with a `toString` of its own is
 * shown by that; the rest is numbers, strings and the built-in containers.
 */
import { KeyError } from "../check.ts";
import { floatText } from "./number-text.ts";
import { isFloatList } from "./python-float.ts";

/** Python's `str(value)`: as `repr`, but a string is itself and an error is its message. */
export function str(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value instanceof KeyError ? repr(value.message) : value.message;
  return repr(value);
}

/**
 * Python's `repr(value)`: `True`, `None`, `'text'`, `[1, 2]`, `{'a': 1}`, `{1, 2}`. A whole number is an int as long as it
 * is a safe integer. Plain objects and Maps are dicts, a Uint8Array is bytes, functions and classes show their name.
 */
export function repr(value: unknown): string {
  switch (typeof value) {
    case "number":
      return isPythonInt(value) ? String(value) : floatText(value);
    case "string":
      return quoted(value);
    case "boolean":
      return value ? "True" : "False";
    case "function":
      return value.name;
    case "object":
      return value === null ? "None" : objectText(value);
    default:
      return value === undefined ? "None" : String(value);
  }
}

/** Whether a number shows as a Python int; beyond the safe integers, and for -0, only a float can be meant. */
export function isPythonInt(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

const open = new Set<object>();

/** The text of a container, or `nested` when it is inside itself. */
export function containerText(container: object, nested: string, text: () => string): string {
  if (open.has(container)) return nested;
  open.add(container);
  try {
    return text();
  } finally {
    open.delete(container);
  }
}

function objectText(value: object): string {
  if (value instanceof Error) return `${value.name}(${value.message && quoted(value.message)})`;
  if (value instanceof Uint8Array) return bytesText(value);
  if (hasOwnText(value)) return value.toString();
  if (Array.isArray(value)) return containerText(value, "[...]", () => `[${listItems(value).join(", ")}]`);
  if (value instanceof Set) return value.size === 0 ? "set()" : `{${[...value].map(repr).join(", ")}}`;
  if (value instanceof Map) return dictText(value, [...value]);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return dictText(value, Object.entries(value));
  return `<${value.constructor.name} object>`;
}

function hasOwnText(value: object): boolean {
  const inherited: unknown[] = [undefined, Object.prototype.toString, Array.prototype.toString];
  return !inherited.includes(value.toString);
}

function listItems(list: readonly unknown[]): string[] {
  if (!isFloatList(list)) return list.map(repr);
  return list.map((item) => (typeof item === "number" ? floatText(item) : repr(item)));
}

function dictText(dict: object, entries: readonly (readonly [unknown, unknown])[]): string {
  return containerText(dict, "{...}", () => {
    return `{${entries.map(([key, value]) => `${repr(key)}: ${repr(value)}`).join(", ")}}`;
  });
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A string literal: in double quotes only where that saves escaping; what cannot be seen is escaped. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll(quote, `\\${quote}`)
    .replace(/(?! )[\p{C}\p{Z}]/gu, (character) => NAMED_ESCAPES[character] ?? codeEscape(character.codePointAt(0)!));
  return quote + escaped + quote;
}

/** A bytes literal: as that of a string of one character for each byte, with nothing beyond ASCII. */
function bytesText(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return `b${quoted(text).replace(/[^ -~]/g, (character) => codeEscape(character.charCodeAt(0)))}`;
}

function codeEscape(code: number): string {
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
