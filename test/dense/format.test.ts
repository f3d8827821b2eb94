import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { format } from "../../src/dense/format.ts";
import { OrderedDict } from "../../src/dense/ordered-dict.ts";
import { float } from "../../src/dense/python-float.ts";
import { Size, size } from "../../src/dense/size.ts";
import { tuple } from "../../src/dense/tuple.ts";
import golden from "../golden/formatting.json" with { type: "json" };
import { type Coded, numberOf } from "./case.ts";

type Row = [kind: string, value: Coded, spec: string, expected: string | { error: string }];

function attempt(value: unknown, spec: string): string | { error: string } {
  try {
    return format(value, spec);
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function markedValue(kind: string, value: Coded): unknown {
  if (kind === "bigint") return BigInt(value as string);
  return kind === "float" ? float(numberOf(value)) : value;
}

describe.each(["float", "int", "bigint", "bool", "str"])("format of %s", (kind) => {
  const rows = (golden.formats as Row[]).filter(([of]) => of === kind);

  test("is Python's, errors included", () => {
    expect(rows.length).toBeGreaterThanOrEqual(100);
    for (const [, value, spec, expected] of rows) {
      // A JavaScript number cannot be told from a float where only a float makes sense: no error, then.
      if (kind === "int" && typeof expected === "object" && /Precision|coercion/.test(expected.error)) continue;
      expect([value, spec, attempt(markedValue(kind, value), spec)]).toEqual([value, spec, expected]);
    }
  });
});

test("a number with a fraction formats as a float without being marked", () => {
  for (const [kind, value, spec, expected] of golden.formats as Row[]) {
    if (kind !== "float" || Number.isInteger(value)) continue;
    expect([value, spec, attempt(numberOf(value), spec)]).toEqual([value, spec, expected]);
  }
});

test("a whole number is an int unless its specification is a float's", () => {
  expect(format(3, "5")).toBe("    3");
  expect(format(3, "n")).toBe("3");
  expect(format(3, ".2f")).toBe("3.00");
  expect(format(3, ".2")).toBe("3.0");
  expect(format(-0, "5")).toBe(" -0.0");
  expect(format(1e22, "30")).toBe("                         1e+22");
  expect(format(1e22, "d")).toBe("10000000000000000000000");
});

test("an int is as wide as asked and reads back as itself", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 30 }), (n, width) => {
      const text = format(n, `0${width},`);
      return text.length >= width && Number(text.replaceAll(",", "")) === n;
    }),
  );
});

test("without a specification every value formats as its str", () => {
  expect([null, true, "a", [1], float(2), undefined].map((value) => format(value))).toEqual([
    "None",
    "True",
    "a",
    "[1]",
    "2.0",
    "None",
  ]);
});

test("values that know how to format themselves do", () => {
  expect(format({ format: (spec: string) => `<${spec}>` }, ".4f")).toBe("<.4f>");
});

test("a value that cannot be formatted is named as in Python", () => {
  const named: [unknown, string][] = [
    [null, "NoneType"],
    [undefined, "NoneType"],
    [[1], "list"],
    [tuple(1, 2), "tuple"],
    [{}, "dict"],
    [new Map(), "dict"],
    [new Set(), "set"],
    [new OrderedDict(), "collections.OrderedDict"],
    [size([1]), "torch.Size"],
  ];
  for (const [value, name] of named) {
    expect(() => format(value, "5")).toThrow(new TypeError(`unsupported format string passed to ${name}.__format__`));
  }
  expect(size([1])).toBeInstanceOf(Size);
});
