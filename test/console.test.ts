import { inspect } from "node:util";
import * as torch from "unrolled";
import { nn } from "unrolled";
import { expect, test } from "vitest";

test.each([
  ["a tensor", torch.ones(2), "tensor([1., 1.])"],
  ["a tensor in an object", { x: torch.ones(2) }, "{ x: tensor([1., 1.]) }"],
  ["a shape", torch.ones(2, 3).shape, "torch.Size([2, 3])"],
  ["a tuple", torch.tuple(1, "a"), "(1, 'a')"],
  ["a dtype", torch.float32, "torch.float32"],
  ["a module", new nn.Linear(2, 3), "Linear(in_features=2, out_features=3, bias=True)"],
])("console.log shows %s as torch prints it", (_, value, text) => {
  expect(inspect(value)).toBe(text);
});

test("an uncaught error shows torch's line, the hint below it, and nothing else of its own", () => {
  const rnn = new nn.RNN(3, 5);
  let caught: unknown;
  try {
    rnn.forward(torch.ones(2, 1, 4));
  } catch (error) {
    caught = error;
  }
  const lines = inspect(caught).split("\n");
  expect(lines.slice(0, 2)).toEqual([
    "RuntimeError: input.size(-1) must be equal to input_size. Expected 3, got 4",
    "  hint: the input has shape [2, 1, 4]; its last dimension is the features",
  ]);
  expect(lines.slice(2).every((line) => line.startsWith("    at "))).toBe(true);
  expect((caught as torch.TorchError).hint).toBe("the input has shape [2, 1, 4]; its last dimension is the features");
});
