/**
 * A state as Python's code would take it apart. A pair of states is subscripted, `hx[0]` and `hx[1]`, before anything is
 * known about it, and handed on whole; so a wrong one fails late, and in Python's words.
 */
import { Tensor } from "../autograd/tensor.ts";
import { selectAt } from "../autograd/views.ts";
import { IndexError, KeyError, pythonTypeOf, RuntimeError } from "../check.ts";
import { indexError } from "../dense/arrange.ts";
import { expectTensor, stateType } from "./recurrent-input.ts";

/** `[state[0], state[1]]`; the first is used, by its `attribute`, before anyone asks for the second. */
export function openPair(state: unknown, attribute: string): readonly unknown[] {
  const h = item(state, 0);
  expectTensor(h, attribute, stateType);
  return [h, item(state, 1)];
}

/** What Python's `for` gives of a state, one by one. */
export function partsOf(state: unknown): readonly unknown[] {
  if (state instanceof Tensor) {
    if (state.shape.length === 0) throw new TypeError("iteration over a 0-d tensor");
    return Array.from({ length: state.shape[0]! }, (_, i) => selectAt(state, 0, i));
  }
  if (Array.isArray(state) || typeof state === "string") return [...state];
  if (pythonTypeOf(state) === "dict") return Object.keys(state as object);
  throw new TypeError(`'${pythonTypeOf(state)}' object is not iterable`);
}

/** Python's `value[at]`. */
function item(value: unknown, at: number): unknown {
  if (value instanceof Tensor) {
    const [length] = value.shape;
    if (length === undefined) {
      throw new IndexError(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number",
      );
    }
    if (at >= length) throw indexError(at, 0, length);
    return selectAt(value, 0, at);
  }
  if (Array.isArray(value) || typeof value === "string") {
    if (at < value.length) return value[at];
    throw new IndexError(`${typeof value === "string" ? "string" : "tuple"} index out of range`);
  }
  if (pythonTypeOf(value) === "dict") throw new KeyError(`${at}`);
  throw new TypeError(`'${pythonTypeOf(value)}' object is not subscriptable`);
}

/** Demands a list of two tensors, as torch.lstm does of what the layer hands it. */
export function expectPair(state: unknown, packed: boolean, weights: number): asserts state is [Tensor, Tensor] {
  if (!Array.isArray(state)) throw wrongArguments(state, packed, weights);
  for (const [i, part] of state.entries()) {
    if (part instanceof Tensor) continue;
    const place = packed ? 2 : 1;
    throw new TypeError(`expected Tensor as element ${i} in argument ${place}, but got ${stateType(part)}`);
  }
  if (state.length !== 2) throw new RuntimeError("lstm expects two hidden states");
}

const PACKED =
  "(Tensor data, Tensor batch_sizes, tuple of Tensors hx, tuple of Tensors params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional)";
const PADDED =
  "(Tensor input, tuple of Tensors hx, tuple of Tensors params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional, bool batch_first)";

/** What torch says to arguments that fit neither form of torch.lstm: each that does not fit stands between `!`. */
function wrongArguments(state: unknown, packed: boolean, weights: number): TypeError {
  const type = stateType(state);
  const list = `!list of [${new Array<string>(weights).fill("Parameter").join(", ")}]!`;
  const got = packed
    ? `(Tensor, Tensor, ${type}, list, bool, int, float, bool, bool)`
    : `(Tensor, ${type}, list, bool, int, float, bool, bool, bool)`;
  const asPacked = packed
    ? `(Tensor, Tensor, !${type}!, ${list}, bool, int, float, bool, bool)`
    : `(Tensor, ${type}, ${list}, !bool!, !int!, !float!, !bool!, bool, bool)`;
  const asPadded = packed
    ? `(Tensor, !Tensor!, !${type}!, ${list}, !bool!, int, !float!, bool, bool)`
    : `(Tensor, !${type}!, ${list}, bool, int, float, bool, bool, bool)`;
  const note = "      didn't match because some of the arguments have invalid types: ";
  return new TypeError(
    `lstm() received an invalid combination of arguments - got ${got}, but expected one of:\n * ${PACKED}\n${note}${asPacked}\n * ${PADDED}\n${note}${asPadded}\n`,
  );
}
