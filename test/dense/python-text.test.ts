import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { KeyError, RuntimeError, ValueError } from "../../src/check.ts";
import { float32 } from "../../src/dense/dtype.ts";
import { OrderedDict } from "../../src/dense/ordered-dict.ts";
import { f, print } from "../../src/dense/print.ts";
import { float, markFloats } from "../../src/dense/python-float.ts";
import { repr, str } from "../../src/dense/python-text.ts";
import { size } from "../../src/dense/size.ts";
import { returnType, tuple } from "../../src/dense/tuple.ts";
import golden from "../golden/printing.json" with { type: "json" };
import { denseOf, Printable, type Tagged, untagged } from "./case.ts";

describe("repr", () => {
  test("of nested containers is Python's", () => {
    for (const { value, repr: text } of golden.containers as { value: Tagged; repr: string }[]) {
      expect(repr(untagged(value))).toBe(text);
    }
  });

  test("of numbers tells ints from floats by value", () => {
    expect([3, -0, 1.5, NaN, 2 ** 53 - 1, 2 ** 53, 1e22, -7].map(repr)).toEqual([
      ..."3 -0.0 1.5 nan 9007199254740991 9007199254740992.0 1e+22 -7".split(" "),
    ]);
  });

  test("of bytes is Python's", () => {
    const codes = [0, 9, 10, 13, 0x1f, 0x20, 0x41, 0x7e, 0x7f, 0x80, 0xa0, 0xad, 0xe9, 0xff];
    expect(repr(Uint8Array.from(codes))).toBe(String.raw`b'\x00\t\n\r\x1f A~\x7f\x80\xa0\xad\xe9\xff'`);
    const texts = ["", "it's", `it's "x"`, "\\"].map((text) => repr(new TextEncoder().encode(text)));
    expect(texts).toEqual(["b''", `b"it's"`, `b'it\\'s "x"'`, "b'\\\\'"]);
  });

  test("of what contains itself ends", () => {
    const list: unknown[] = [1];
    list.push(list, tuple(list, 2));
    expect(repr(list)).toBe("[1, [...], ([...], 2)]");
    const inner: unknown[] = [];
    const outer = tuple(inner, 1);
    inner.push(outer);
    expect(repr(outer)).toBe("([(...)], 1)");
    const dict = new Map<string, unknown>();
    dict.set("x", dict);
    expect(repr(dict)).toBe("{'x': {...}}");
    const ordered = new OrderedDict<string, unknown>([["a", 1]]);
    ordered.set("b", ordered);
    expect(repr(ordered)).toBe("OrderedDict([('a', 1), ('b', ...)])");
    expect(repr([[2], [2]])).toBe("[[2], [2]]");
  });

  test("of other things is their own text or name", () => {
    class Thing {}
    expect([new Set(), new Set([1, "a"]), Thing, new Thing(), size([2, 3]), float32].map(repr)).toEqual([
      "set()",
      "{1, 'a'}",
      "Thing",
      "<Thing object>",
      "torch.Size([2, 3])",
      "torch.float32",
    ]);
  });

  test("of errors is a call, and their str the message", () => {
    expect(str(new RuntimeError("it's"))).toBe("it's");
    expect([new RuntimeError("it's"), new ValueError("")].map(repr)).toEqual(['RuntimeError("it\'s")', "ValueError()"]);
    expect(str(new KeyError("x"))).toBe("'x'");
  });
});

describe("floats", () => {
  test("that are whole print as floats once marked, and still calculate", () => {
    expect(str(float(2))).toBe("2.0");
    expect(float(2) * 3 + 1).toBe(7);
    expect([float(0.5), float(Infinity)]).toEqual([0.5, Infinity]);
    expect(repr([float(2), 2, 2.5])).toBe("[2.0, 2, 2.5]");
  });

  test("in a marked list print as floats, at every depth, and nothing else does", () => {
    const list = markFloats([[1, 0.5], [[-0]], []]);
    expect(repr(list)).toBe("[[1.0, 0.5], [[-0.0]], []]");
    expect(list).toEqual([[1, 0.5], [[-0]], []]);
    expect(repr(float([1, "1", true]))).toBe("[1.0, '1', True]");
    expect(repr([1, 0.5])).toBe("[1, 0.5]");
  });
});

describe("a tuple", () => {
  test("is made of its arguments or of one array", () => {
    expect(String(tuple())).toBe("()");
    expect(String(tuple(1))).toBe("(1,)");
    expect(String(tuple("a", 2))).toBe("('a', 2)");
    expect(String(tuple(size([2, 3])))).toBe("(2, 3)");
    expect(String(tuple([7]))).toBe("(7,)");
    expect(tuple([1, 2]).map((x) => x).constructor).toBe(Array);
  });

  test("keeps the types of its elements", () => {
    const [name, values] = tuple("a", [1]);
    expectTypeOf(name).toEqualTypeOf<string>();
    expectTypeOf(values).toEqualTypeOf<number[]>();
    expect([name, values]).toEqual(["a", [1]]);
  });

  test("of a torch.return_types prints its names, which read its elements", () => {
    const max = returnType("max", ["values", "indices"]);
    const [value, index] = golden.returned.max.split("\n").slice(1);
    const result = max({ toString: () => value!.slice(7, -1) }, { toString: () => index!.slice(8, -1) });
    expect(str(result)).toBe(golden.returned.max);
    expect(repr(tuple(result, 1))).toBe(golden.returned.inTuple.replace(",)", ", 1)"));
    expect(result.values).toBe([...result][0]);
    const { indices } = result;
    const [, second] = result;
    expect(indices).toBe(second);
  });
});

describe("an OrderedDict", () => {
  test("prints its pairs, and pops them", () => {
    const dict = new OrderedDict([["a", new Printable(denseOf(float32, [1], [1]))]]);
    expect(String(dict)).toBe("OrderedDict([('a', tensor([1.]))])");
    dict.pop("a");
    expect(String(dict)).toBe("OrderedDict()");
    expect(() => dict.pop("a")).toThrow(new KeyError("a"));
    expect(new OrderedDict([["a", 0]]).pop("b", 7)).toBe(7);
  });
});

describe("print", () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const printed = () => log.mock.calls.map(([text]) => text as string);
  afterEach(() => log.mockClear());

  test("joins the str of its values with spaces", () => {
    print("a", 1, true, null, ["b"], 0.1);
    print();
    print("50% %s", "two\nlines");
    expect(printed()).toEqual(["a 1 True None ['b'] 0.1", "", "50% %s two\nlines"]);
  });

  test("holds a line back until it ends", () => {
    print.with({ end: "" }, "a");
    print.with({ sep: ", ", end: ";" }, 1, 2);
    expect(printed()).toEqual([]);
    print("b");
    print.with({ end: "\n\n" }, "c");
    expect(printed()).toEqual(["a1, 2;b", "c\n"]);
  });

  test("f-strings format every value", () => {
    expect(f`${true} and ${[1, "a"]}: ${{ format: () => "1.5" }}\n`).toBe("True and [1, 'a']: 1.5\n");
    expect(f``).toBe("");
  });
});
