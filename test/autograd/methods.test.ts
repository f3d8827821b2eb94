import * as torch from "unrolled";
import { F, Tensor } from "unrolled";
import { expect, test } from "vitest";

test.each([
  ..."cat dstack hstack meshgrid rsub stack vstack".split(" "),
  ..."elu gelu hardtanh leakyRelu linear logsigmoid silu softplus".split(" "),
])("%s is a function and no method, as in torch", (name) => {
  expect({ ...torch, ...F }).toHaveProperty(name);
  expect(name in Tensor.prototype).toBe(false);
});
