/** Recurrent nodes that contradict themselves or their weights: refused, never guessed. */
import { describe, expect, test } from "vitest";
import { wrap } from "../../src/dense/dense.ts";
import { float32, int32, int64 } from "../../src/dense/dtype.ts";
import { zeros } from "../../src/index.ts";
import type { WrittenNode } from "../../src/onnx/write-messages.ts";
import { loadOnnx } from "../../src/onnx.ts";
import { load, node, refusal, written } from "./broken.ts";

describe("recurrent nodes:", () => {
  const dense = (...shape: number[]) => wrap(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape, float32);
  const [F, H] = [2, 3];
  const good = new Map([
    ["W", dense(1, 4 * H, F)],
    ["R", dense(1, 4 * H, H)],
    ["B", dense(1, 8 * H)],
    ["P", dense(1, 3 * H)],
  ]);
  const lstm = (
    attributes: WrittenNode["attributes"],
    weights: Iterable<[string, ReturnType<typeof dense>]> = [],
  ): string => {
    const inputs = ["x", "W", "R", "B", "", "", "", "P"];
    return load(
      written([node("LSTM", inputs, ["y"], { attributes })], { initializers: new Map([...good, ...weights]) }),
    );
  };

  test("the node that the attacks below change is a good one", () => {
    expect(lstm({ hidden_size: H })).toContain("no error");
  });

  test.each<[WrittenNode["attributes"], string]>([
    [{ hidden_size: 4 }, "hidden_size is 4, but the weights are for 3"],
    [{ hidden_size: { float: 3 } }, "attribute hidden_size is no int"],
    [{ direction: "sideways" }, "unknown direction sideways"],
    [{ direction: "bidirectional" }, "W has shape [1, 12, 2], [2, 12, 2] expected"],
    [{ activations: ["Sigmoid", "Tanh", "Swish"] }, "unknown activation Swish"],
    [{ activations: ["Sigmoid", "tanh", "Tanh"] }, "unknown activation tanh"],
    [{ activations: ["Sigmoid", "Tanh", "constructor"] }, "unknown activation constructor"],
    [{ activations: ["Sigmoid"] }, "1 activations, 3 expected"],
    [{ activations: ["Sigmoid", "Affine", "Tanh"] }, "activation Affine has no alpha"],
    [{ clip: { float: -1 } }, "clip is -1, a positive number expected"],
    [{ layout: 2 }, "layout is 2, 0 or 1 expected"],
    [{ linear_before_reset: 1 }, "unknown attribute linear_before_reset"],
    [{ output_sequence: 1 }, "unknown attribute output_sequence"],
  ])("%j", (attributes, message) => {
    expect(lstm(attributes)).toContain(`onnx, LSTM y: ${message}`);
  });

  test.each<[string, ReturnType<typeof dense>, string]>([
    ["W", dense(1, 4 * H + 1, F), "W has shape [1, 13, 2], [1, 12, 2] expected"],
    ["W", dense(12, 2), "W and R must have 3 dimensions"],
    ["R", dense(1, 4 * H, H - 1), "W has shape [1, 12, 2], [1, 8, 2] expected"],
    ["B", dense(1, 4 * H), "B has shape [1, 12], [1, 24] expected"],
    ["P", dense(2, 3 * H), "P has shape [2, 9], [1, 9] expected"],
    ["B", wrap(new Int32Array(8 * H), [1, 8 * H], int32), "B is of torch.int32"],
  ])("%s of a wrong shape or kind", (name, value, message) => {
    expect(lstm({}, [[name, value]])).toContain(message);
  });

  test.each([[[4, 4]], [[-1, 2]], [[3]], [[3, 3, 3]]])("sequence_lens %j for two sequences of 3 steps", (lengths) => {
    const lens = wrap(Int32Array.from(lengths), [lengths.length], int32);
    const bytes = written([node("LSTM", ["x", "W", "R", "", "lens"], ["y"])], {
      initializers: new Map([...good, ["lens", lens]]),
    });
    expect(refusal(() => loadOnnx(bytes).run(zeros(3, 2, F)))).toContain("expected 2 lengths between 0 and 3");
  });

  test("an initial state of a wrong shape", () => {
    const bytes = written([node("LSTM", ["x", "W", "R", "", "", "h"], ["y"])], {
      initializers: new Map([...good, ["h", dense(1, 3, H)]]),
    });
    expect(refusal(() => loadOnnx(bytes).run(zeros(3, 2, F)))).toContain("has shape [1, 3, 3], [1, 2, 3] expected");
  });
});

describe("a few bytes do not make much of nothing:", () => {
  const whole = (...values: number[]) => wrap(BigInt64Array.from(values, BigInt), [values.length], int64);
  const long = [
    node("ConstantOfShape", ["n"], ["zeros"]),
    node("Cast", ["zeros"], ["long"], { attributes: { to: 7 } }),
  ];

  test.each([
    ["Reshape", ["x", "long"]],
    ["Expand", ["x", "long"]],
    ["Tile", ["x", "long"]],
    ["ConstantOfShape", ["long"]],
    ["Slice", ["x", "long", "long"]],
    ["Unsqueeze", ["x", "long"]],
    ["Split", ["x", "long"]],
    ["Pad", ["x", "long"]],
  ])("%s takes no list of 2^17 numbers", (opType, inputs) => {
    const bytes = written([...long, node(opType, inputs, ["y"])], { initializers: new Map([["n", whole(2 ** 17)]]) });
    expect(refusal(() => loadOnnx(bytes).run(zeros(3, 2, 2)))).toContain("a list of 131072 numbers, 65536 are allowed");
  });

  test("Split makes no more parts than it has outputs", () => {
    const split = node("Split", ["zeros"], ["y"], { attributes: { num_outputs: 1000 } });
    const bytes = written([long[0]!, split], { initializers: new Map([["n", whole(0)]]), opset: 18 });
    expect(refusal(() => loadOnnx(bytes).run(zeros(3, 2, 2)))).toContain(
      "num_outputs is 1000, but there are 1 outputs",
    );
  });
});
