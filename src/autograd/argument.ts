/**
 * The door of an operation: what is neither a tensor nor a number is refused in torch's words. TypeScript refuses most of
 * it earlier; plain JavaScript and a misspelt property do not, and a tensor of NaN is a bad place to notice.
 */
import { pythonTypeOf } from "../check.ts";
import { Tensor } from "./tensor.ts";

/** Demands a tensor: "tanh(): argument 'input' (position 1) must be Tensor, not float". */
export function expectTensor(value: unknown, who: string, argument = "input", position = 1): asserts value is Tensor {
  if (!(value instanceof Tensor)) throw wrongType(who, argument, position, "Tensor", value);
}

/** Demands a tensor or a plain value. */
export function expectOperand(value: unknown, who: string, argument: string): void {
  if (!(value instanceof Tensor || isPlain(value))) throw wrongType(who, argument, 1, "Tensor", value);
}

/** Demands a list of tensors. */
export function expectTensors(values: unknown, who: string): asserts values is readonly Tensor[] {
  if (!Array.isArray(values)) throw wrongType(who, "tensors", 1, "tuple of Tensors", values);
  const at = values.findIndex((value) => !(value instanceof Tensor));
  if (at < 0) return;
  throw new TypeError(`expected Tensor as element ${at} in argument 0, but got ${pythonTypeOf(values[at])}`);
}

/** Demands a whole number. */
export function expectInteger(value: unknown, who: string, argument: string, position = 1): void {
  if (!Number.isInteger(value)) throw wrongType(who, argument, position, "int", value);
}

/** Demands a plain value. */
export function expectPlain(value: unknown, who: string, argument: string, position = 1): void {
  if (!isPlain(value)) throw wrongType(who, argument, position, "Number", value);
}

/** Whether a value is a number (a marked one included, see `pyFloat`), a bigint or a boolean. */
export function isPlain(value: unknown): boolean {
  return ["number", "bigint", "boolean"].includes(typeof value) || value instanceof Number;
}

function wrongType(who: string, argument: string, position: number, wanted: string, value: unknown): TypeError {
  return new TypeError(
    `${who}(): argument '${argument}' (position ${position}) must be ${wanted}, not ${pythonTypeOf(value)}`,
  );
}
