/** Operators that make tensors from nothing, let them pass, or choose between graphs. */

import { where } from "../../autograd/arithmetic.ts";
import { toDtype } from "../../autograd/broadcast.ts";
import { arange, full, ones, zeros } from "../../autograd/create.ts";
import { oneHot } from "../../autograd/embedding.ts";
import { movedim } from "../../autograd/shape.ts";
import { Tensor } from "../../autograd/tensor.ts";
import { reshape } from "../../autograd/views.ts";
import { elements, wrap } from "../../dense/dense.ts";
import { bool, float32, int64 } from "../../dense/dtype.ts";
import type { Call, Inputs } from "../call.ts";
import { denseFrom } from "../tensors.ts";
import {
  axisOf,
  expectCount,
  type Operators,
  oneNumber,
  type Surroundings,
  shortList,
  wholeNumbers,
} from "./operator.ts";

const VALUES = ["value", "value_float", "value_floats", "value_int", "value_ints"];

/** The tensor of a Constant node. */
export function constant(call: Call): Tensor {
  const given = call.attributeNames;
  if (given.length !== 1) throw call.error(`${given.length} values, one expected`);
  const tensor = call.tensor("value");
  if (tensor) return new Tensor(denseFrom(tensor));
  const floats = call.floats("value_floats");
  if (floats) return new Tensor(wrap(Float32Array.from(floats), [floats.length], float32));
  const ints = call.bigInts("value_ints");
  if (ints) return new Tensor(wrap(BigInt64Array.from(ints), [ints.length], int64));
  const whole = call.bigInt("value_int");
  if (whole !== undefined) return new Tensor(wrap(BigInt64Array.of(whole), [], int64));
  return new Tensor(wrap(Float32Array.of(call.float("value_float", 0)), [], float32));
}

function constantOfShape(call: Call, [shape]: Inputs, surroundings: Surroundings): Tensor {
  const lengths = shortList(call, shape!);
  expectCount(call, lengths, surroundings);
  const message = call.tensor("value");
  if (!message) return zeros(lengths, { dtype: float32 });
  const value = denseFrom(message);
  if (value.count !== 1) throw call.error("its value must be one number");
  const { dtype } = value;
  return full(lengths, elements(value)[0]!, { dtype });
}

function range(call: Call, [start, limit, delta]: Inputs, surroundings: Surroundings): Tensor {
  const [from, to, step] = [oneNumber(call, start!), oneNumber(call, limit!), oneNumber(call, delta!)];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isFinite(count)) throw call.error(`a step of ${step}`);
  expectCount(call, [count], surroundings);
  if (count === 0) return zeros([0], { dtype: start!.dtype });
  return arange(from, to, step, { dtype: start!.dtype });
}

/** Rows of `off` with one `on` each; negative indices count from the end, others that are out of range have no `on`. */
function oneHotRows(call: Call, [indices, depth, values]: Inputs, surroundings: Surroundings): Tensor {
  const classes = oneNumber(call, depth!);
  expectCount(call, [...indices!.shape, classes], surroundings);
  if (values!.value.count !== 2) throw call.error("its values must be two numbers");
  const given = wholeNumbers(call, toDtype(indices!, int64));
  const spare = given.map((value) =>
    value < -classes || value >= classes ? classes : value < 0 ? value + classes : value,
  );
  const index = new Tensor(wrap(BigInt64Array.from(spare, BigInt), indices!.shape, int64));
  const wide = oneHot(index, classes + 1);
  const hot = toDtype(new Tensor(wide.value.window([...indices!.shape, classes], wide.value.strides)), bool);
  const [off, on] = [0, 1].map((i) =>
    reshape(new Tensor(wrap(elements(values!.value).slice(i, i + 1), [1], values!.dtype)), []),
  );
  const rank = indices!.shape.length + 1;
  return movedim(where(hot, on!, off!), -1, axisOf(call, call.int("axis", -1), rank));
}

/** Nothing drops out when a model runs; the mask says that all is kept. */
function kept(call: Call, [x, , training]: Inputs): readonly Tensor[] {
  if (training && oneNumber(call, training) !== 0) throw call.error("training_mode is not supported");
  return [x!, ...(call.node.outputs.length > 1 ? [ones(x!.shape, { dtype: bool })] : [])];
}

function chosen(call: Call, [condition]: Inputs, { runGraph }: Surroundings): readonly Tensor[] {
  const branch = oneNumber(call, condition!) !== 0 ? "then_branch" : "else_branch";
  return runGraph(call.graph(branch));
}

/** The operators by name. */
export const MAKING: Operators = {
  Constant: { attributes: VALUES, inputs: [0, 0], run: constant },
  ConstantOfShape: { attributes: ["value"], inputs: [1, 1], run: constantOfShape },
  Range: { attributes: [], inputs: [3, 3], run: range },
  OneHot: { attributes: ["axis"], inputs: [3, 3], run: oneHotRows },
  Dropout: { attributes: ["ratio", "seed"], inputs: [1, 3], run: kept },
  If: { attributes: ["then_branch", "else_branch"], inputs: [1, 1], run: chosen },
};
