/** ONNX files that are broken or attack: each is refused with a FormatError, in bounded time and memory. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wrap } from "../../src/dense/dense.ts";
import { float32, int64 } from "../../src/dense/dtype.ts";
import { manualSeed, nn, tensor, zeros } from "../../src/index.ts";
import type { WrittenNode } from "../../src/onnx/write-messages.ts";
import { exportOnnx, loadOnnx, type OnnxModel, onnxTensors } from "../../src/onnx.ts";
import { type Field, fields, load, model, node, OPSET, refusal, withTensor, written } from "./broken.ts";

describe("protobuf:", () => {
  test.each<[string, number[], string]>([
    ["an empty file", [], "there is no graph in the file, which is empty"],
    ["a zip archive", [0x50, 0x4b, 3, 4], "the model is broken"],
    ["a length past the end", [0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0], "byte 0: the model is broken: premature EOF"],
    ["a varint of eleven bytes", [0x08, ...new Array<number>(11).fill(0x80), 1], "the model is broken: invalid varint"],
    ["an unfinished varint", [0x08, 0x80], "the model is broken"],
    ["a group", [0x3b, 0x3c], "groups are not ONNX"],
    ["a lonely end of a group", [0x3c], "groups are not ONNX"],
    ["field 0", [0x02, 0], "illegal tag"],
    ["wire type 7", [0x0f, 0], "illegal tag"],
    ["a graph that is a number", [0x38, 1], "a value of wire type 2 expected, got 0"],
    ["text that is not UTF-8", [0x12, 2, 0xff, 0xfe], "the model is broken"],
    ["an unknown field that is too long", [0xfa, 0x07, 0x7f], "the model is broken"],
  ])("%s", (_, bytes, message) => {
    expect(load(Uint8Array.from(bytes))).toContain(message);
  });

  test("an HTML page is no model", () => {
    expect(load(new TextEncoder().encode("<!DOCTYPE html><html></html>"))).toContain("onnx");
  });

  test("graphs nested 3000 deep end at a limit", () => {
    let graph = fields([2, "innermost"]);
    for (let depth = 0; depth < 3000; depth += 1) {
      graph = fields([1, fields([4, "If"], [5, fields([1, "then_branch"], [6, graph], [20, 5])])]);
    }
    expect(load(model(graph))).toContain("graphs are nested more than 64 deep");
    expect(refusal(() => onnxTensors(model(graph)))).toContain("graphs are nested more than 64 deep");
  });
});

describe("tensors:", () => {
  test.each<[string, Field[], string]>([
    [
      "more numbers than bytes",
      [
        [1, 1000],
        [1, 1000],
        [2, 1],
        [8, "w"],
        [9, new Uint8Array(8)],
      ],
      "onnx, w: 8 bytes for 1000000 numbers",
    ],
    [
      "fewer numbers than bytes",
      [
        [1, 1],
        [2, 1],
        [8, "w"],
        [9, new Uint8Array(8)],
      ],
      "8 bytes for 1 numbers",
    ],
    [
      "10^12 numbers",
      [
        [1, 1e6],
        [1, 1e6],
        [2, 1],
        [8, "w"],
        [9, new Uint8Array(8)],
      ],
      "8 bytes for 1000000000000 numbers",
    ],
    [
      "lengths beyond 2^53",
      [
        [1, 2 ** 40],
        [1, 2 ** 40],
        [2, 1],
        [8, "w"],
      ],
      "more than 2^53 numbers",
    ],
    [
      "a negative length",
      [
        [1, -1],
        [2, 1],
        [8, "w"],
      ],
      "a dimension of length -1",
    ],
    [
      "no numbers",
      [
        [1, 3],
        [2, 1],
        [8, "w"],
      ],
      "0 numbers, its shape wants 3",
    ],
    [
      "an unknown type",
      [
        [1, 1],
        [2, 99],
        [8, "w"],
        [9, new Uint8Array(8)],
      ],
      "data type 99 is not supported",
    ],
    [
      "texts",
      [
        [1, 1],
        [2, 8],
        [6, "a"],
        [8, "w"],
      ],
      "data type 8 is not supported",
    ],
    ["65 dimensions", [...Array.from({ length: 65 }, (): Field => [1, 1]), [2, 1], [8, "w"]], "65 dimensions"],
  ])("%s", (_, entries, message) => {
    expect(load(withTensor(...entries))).toContain(message);
  });

  const outside = (...entries: readonly (readonly [string, string])[]): Uint8Array =>
    withTensor(
      [1, 2],
      [2, 1],
      [8, "w"],
      ...entries.map(([key, value]): Field => [13, fields([1, key], [2, value])]),
      [14, 1],
    );

  test.each([
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../b",
    "C:\\weights",
    "https://example.org/w",
    "file:w",
    "..\\w",
    "",
    "a//b",
    "./w",
    "w\0",
  ])("data in the file %j are not asked for", (location) => {
    const asked: unknown[] = [];
    const external = (place: unknown): Uint8Array => {
      asked.push(place);
      return new Uint8Array(8);
    };
    expect(refusal(() => loadOnnx(outside(["location", location]), { external }))).toContain(
      "a name that leaves the folder",
    );
    expect(asked).toEqual([]);
  });

  test.each<[string, [string, string]]>([
    ["at a negative place", ["offset", "-1"]],
    ["of 10^18 bytes", ["length", "1000000000000000000"]],
    ["of another length than the shape wants", ["length", "9"]],
    ["under keys that nobody knows", ["__class__", "x"]],
  ])("data outside %s are refused", (_, entry) => {
    const external = (): Uint8Array => new Uint8Array(8);
    const bytes = outside(["location", "weights.bin"], entry);
    expect(refusal(() => loadOnnx(bytes, { external }))).toContain("onnx, w: its data lie outside");
  });

  test("data outside are read by the caller or not at all", () => {
    const bytes = outside(["location", "weights.bin"], ["offset", "4"], ["length", "8"]);
    expect(load(bytes)).toContain("its data lie in another file, weights.bin: give a function");
    const places: unknown[] = [];
    const read = (place: unknown): Uint8Array => {
      places.push(place);
      return new Uint8Array(Float32Array.of(3, 5).buffer);
    };
    expect(onnxTensors(bytes, { external: read }).get("w")!.tolist()).toEqual([3, 5]);
    expect(places).toEqual([{ location: "weights.bin", offset: 4, length: 8 }]);
    expect(refusal(() => loadOnnx(bytes, { external: () => new Uint8Array(7) }))).toContain("7 bytes for 2 numbers");
  });

  test("names are data, and no prototype is touched", () => {
    const bytes = written([node("Identity", ["x"], ["y"])], {
      initializers: new Map(
        ["__proto__", "constructor", "toString"].map((name) => [name, wrap(Float32Array.of(1, 2), [2], float32)]),
      ),
    });
    expect([...onnxTensors(bytes).keys()]).toEqual(["__proto__", "constructor", "toString"]);
    expect([...loadOnnx(bytes).parameters()]).toHaveLength(3);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe("graphs:", () => {
  test.each<[string, WrittenNode[], string]>([
    [
      "an unknown operator",
      [node("Frobnicate", ["x"], ["y"])],
      "onnx, Frobnicate y: the operator Frobnicate is not supported",
    ],
    [
      "an operator called like a property",
      [node("constructor", ["x"], ["y"])],
      "the operator constructor is not supported",
    ],
    [
      "an unknown attribute",
      [node("Relu", ["x"], ["y"], { attributes: { slope: 1 } })],
      "onnx, Relu y: unknown attribute slope",
    ],
    ["a missing input", [node("Add", ["x"], ["y"])], "onnx, Add y: input 1 is missing"],
    ["too many inputs", [node("Relu", ["x", "x"], ["y"])], "2 inputs, at most 1 expected"],
    ["a value that nobody makes", [node("Relu", ["z"], ["y"])], "onnx, Relu y: the value z is not made"],
    [
      "a circle",
      [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])],
      "the value b is made only later",
    ],
    ["a node that reads itself", [node("Add", ["x", "y"], ["y"])], "the value y is made only later"],
    [
      "a value made twice",
      [node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])],
      "onnx, Tanh y: the value y is made twice",
    ],
    [
      "an input that is made again",
      [node("Relu", ["x"], ["x"]), node("Relu", ["x"], ["y"])],
      "the value x is made twice",
    ],
    ["an output that nobody makes", [node("Relu", ["x"], ["z"])], "nothing makes the output y"],
  ])("%s", (_, nodes, message) => {
    expect(load(written(nodes))).toContain(message);
  });

  test("operators of a foreign domain, of an unknown version, of none", () => {
    const graph = fields([1, fields([2, "y"], [4, "Gelu"], [7, "com.microsoft"])], [12, fields([1, "y"])]);
    expect(load(model(graph))).toContain("operators of the domain com.microsoft are not supported");
    expect(load(model(graph, fields([1, ""], [2, 6])))).toContain("operators of version 6; 7 to 28 are known");
    expect(load(model(graph, fields([1, ""], [2, 1000])))).toContain("operators of version 1000");
    expect(load(model(graph, fields([1, "ai.onnx.ml"], [2, 3])))).toContain("does not name the version");
  });

  test("functions and sparse initialisers", () => {
    expect(load(fields([7, fields([2, "g"])], [8, OPSET], [25, fields([1, "mine"])]))).toContain(
      "functions are not supported: mine",
    );
    expect(load(model(fields([15, fields()])))).toContain("sparse initialisers are not supported");
  });

  test("initialisers and outputs of one name", () => {
    const w = fields([2, 1], [8, "w"], [9, new Uint8Array(4)]);
    expect(load(model(fields([5, w], [5, w])))).toContain("onnx, graph: the value w is made twice");
    const y = fields([1, "y"]);
    expect(load(model(fields([5, fields([2, 1], [8, "y"], [9, new Uint8Array(4)])], [12, y], [12, y])))).toContain(
      "an output is there twice",
    );
  });

  test.each<[string, WrittenNode[], number[]]>([
    ["ConstantOfShape", [node("ConstantOfShape", ["n"], ["y"])], [2 ** 20, 2 ** 20]],
    ["Expand", [node("Expand", ["x", "n"], ["y"])], [2 ** 20, 1, 1, 2]],
    ["Tile", [node("Tile", ["x", "n"], ["y"])], [2 ** 20, 2 ** 20, 1]],
    ["Pad", [node("Pad", ["x", "n"], ["y"])], [2 ** 20, 2 ** 20, 2 ** 20, 0, 0, 0]],
  ])("%s does not make what the file asks for beyond a limit", (_, nodes, shape) => {
    const n = wrap(BigInt64Array.from(shape, BigInt), [shape.length], int64);
    const loaded = loadOnnx(written(nodes, { initializers: new Map([["n", n]]) }));
    expect(refusal(() => loaded.run(zeros(256, 3, 2)))).toMatch(/a result of \d+ numbers, 268435456 are allowed/);
  });

  test("constants that are joined to themselves thirty times are not followed", () => {
    const double = Array.from({ length: 30 }, (_, i) =>
      node("Concat", [`w${i}`, `w${i}`], [`w${i + 1}`], { attributes: { axis: 1 } }),
    );
    const w = wrap(new Float32Array(4), [1, 2, 2], float32);
    const bytes = written([...double, node("RNN", ["x", "w30", "w0"], ["y"])], { initializers: new Map([["w0", w]]) });
    expect(load(bytes)).toMatch(/onnx, Concat w\d: a result of \d+ numbers/);
  });

  test("what goes wrong in a node is told with its name", () => {
    const loaded = loadOnnx(written([node("MatMul", ["x", "x"], ["y"], { name: "product" })]));
    expect(refusal(() => loaded.run(zeros(3, 5, 2)))).toContain("onnx, MatMul product: ");
  });
});

describe("a real file", () => {
  manualSeed(5);
  const bytes = exportOnnx({ rnn: new nn.LSTM(2, 3, { numLayers: 2, bidirectional: true }), fc: new nn.Linear(6, 2) });

  test("that is cut anywhere is refused, or is a smaller file", () => {
    for (let length = 0; length < bytes.length; length += 1) refusal(() => loadOnnx(bytes.subarray(0, length)));
  });

  test("with any bytes changed gives a model or a FormatError, and nothing else", () => {
    const input = tensor([[[1, 2]], [[3, 4]]]);
    const change = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(change, (changes) => {
        const changed = bytes.slice();
        for (const [at, value] of changes) changed[at] = value;
        let loaded: OnnxModel | undefined;
        refusal(() => {
          loaded = loadOnnx(changed);
        });
        // A file with other inputs may be a good one: that the input does not fit is said as what it is.
        const [first] = loaded?.inputs ?? [];
        if (loaded?.inputs.length === 1 && first!.shape?.[2] === 2 && first!.dtype === float32) {
          refusal(() => loaded!.run(input));
        }
      }),
      { numRuns: 600, seed: 1 },
    );
  });
});

describe("small files that ask for much work:", () => {
  const seconds = (body: () => unknown): number => {
    const start = performance.now();
    refusal(body);
    return (performance.now() - start) / 1000;
  };

  const weights = new Map([
    ["W", wrap(new Float32Array(300 * 2), [1, 300, 2], float32)],
    ["R", wrap(new Float32Array(300 * 300), [1, 300, 300], float32)],
  ]);

  test("weights that thousands of nodes share are not copied thousands of times", () => {
    const biases = Array.from(
      { length: 3000 },
      (_, i) => [`B${i}`, wrap(new Float32Array(600), [1, 600], float32)] as const,
    );
    const nodes = biases.map(([name]) => node("RNN", ["x", "W", "R", name], [`y${name}`]));
    const bytes = written([...nodes, node("Relu", ["x"], ["y"])], { initializers: new Map([...weights, ...biases]) });
    expect([...loadOnnx(bytes).recurrent.values()].length).toBeLessThan(100);
  });

  test("a layer that runs three thousand times is there once", () => {
    const nodes = Array.from({ length: 3000 }, (_, i) => node("RNN", ["x", "W", "R"], [`y${i}`]));
    const bytes = written([...nodes, node("Relu", ["x"], ["y"])], { initializers: weights });
    expect([...loadOnnx(bytes).recurrent.values()]).toHaveLength(1);
  });

  test("thousands of graphs in thousands of nodes are looked at once each", () => {
    const inner = fields([12, fields([1, "x"])]);
    const branches: Field[] = ["then_branch", "else_branch"].map((name) => [5, fields([1, name], [6, inner], [20, 5])]);
    const nodes = Array.from(
      { length: 10_000 },
      (_, i): Field => [1, fields([1, "x"], [2, `y${i}`], [4, "If"], ...branches)],
    );
    expect(seconds(() => loadOnnx(model(fields([11, fields([1, "x"])], ...nodes))))).toBeLessThan(10);
  });

  test("thousands of names that are the same when they are simplified", () => {
    const tensors = Array.from(
      { length: 10_000 },
      (_, i): Field => [5, fields([1, 1], [2, 1], [8, String.fromCharCode(0x4e00 + i)], [9, new Uint8Array(4)])],
    );
    expect(seconds(() => loadOnnx(model(fields(...tensors))))).toBeLessThan(10);
  });
});
