/**
 * How a line of the table of operations is written: torch's name for the node, the value, and the rule that carries the
 * gradient back, together with what that rule reads. Rules are written with the operations themselves: run with recording
 * off they give numbers, run with recording on (`createGraph`) they give second derivatives.
 */
import type { Rule } from "../arithmetic/rule.ts";
import { pythonTypeOf } from "../check.ts";
import { scalar } from "../dense/dense.ts";
import { bool, type DType, getDefaultDtype, type Scalar } from "../dense/dtype.ts";
import { type Binary, map, resultType, type Unary, zip } from "../dense/elementwise.ts";
import { expectOperand, expectTensor, isPlain } from "./argument.ts";
import { fit } from "./broadcast.ts";
import { record, Tensor, tracked } from "./tensor.ts";

/** What an operation of several accepts: a tensor, or a plain value that takes part as one. */
export type Operand = Tensor | Scalar;

/** The dtype in which operands meet. */
export function commonType(...operands: readonly Operand[]): DType {
  return resultType(...operands.map((operand) => (operand instanceof Tensor ? operand.value : operand)));
}

/** An operand as a tensor; a plain value becomes a constant of rank 0. */
export function asTensor(operand: Operand, dtype: DType): Tensor {
  if (operand instanceof Tensor) return operand;
  if (!isPlain(operand))
    throw new TypeError(`can't assign a ${pythonTypeOf(operand)} to a torch.${dtype.scalarType}Tensor`);
  return new Tensor(scalar(operand, dtype));
}

/** Integers and booleans enter a function of real numbers as floats. */
export function toFloatType(dtype: DType): DType {
  return dtype.kind === "float" ? dtype : getDefaultDtype();
}

/** The gradient of y = f(x) from that of y, and which of the two the rule reads. */
interface UnaryRule {
  readonly rule: (g: Tensor, x: Tensor, y: Tensor) => Tensor;
  readonly reads?: "x" | "y" | "xy";
}

/** An operation on one tensor. */
export type OfOne = (x: Tensor) => Tensor;

/** A function of real numbers. */
export const real = (number: (x: number) => number, page?: Rule) => (): Unary => ({ number, page });

/** A function that gives integers for integers. */
export const keepsIntegers =
  (number: (x: number) => number, integer: (x: bigint) => bigint = (x) => x, page?: Rule) =>
  (): Unary => ({ number, integer, page });

/** A function of one number. Without an `integer` version it is a function of real numbers. */
export function unary(name: string, f: (dtype: DType) => Unary, { rule, reads }: UnaryRule): OfOne {
  const who = functionName(name);
  return (x) => {
    expectTensor(x, who);
    const kernel = f(x.dtype);
    const dtype = kernel.integer ? x.dtype : toFloatType(x.dtype);
    const y = new Tensor(map(kernel, x.value, dtype));
    const saved = [x, y].filter((_, i) => reads?.includes("xy"[i]!));
    record(name, [x], [y], [(g) => rule(g, x, y)], saved);
    return y;
  };
}

/** The gradient of one of two operands, and which of them the rule reads. */
interface BinaryRule {
  readonly rule: (g: Tensor, a: Tensor, b: Tensor) => Tensor;
  readonly reads?: "a" | "b" | "ab";
}

/** A function of two numbers, broadcast. Without an `integer` version it is a function of real numbers. */
export function binary(name: string, f: Binary, forA: BinaryRule, forB: BinaryRule) {
  const who = functionName(name);
  return (a: Operand, b: Operand): Tensor => {
    expectOperand(a, who, "input");
    expectOperand(b, who, "other");
    const common = commonType(a, b);
    const dtype = f.integer ? common : toFloatType(common);
    const x = asTensor(a, dtype);
    const y = asTensor(b, dtype);
    const reads = (x.requiresGrad ? (forA.reads ?? "") : "") + (y.requiresGrad ? (forB.reads ?? "") : "");
    // In torch's order, which decides about the message when both were changed.
    const saved = [y, x].filter((_, i) => reads.includes("ba"[i]!));
    return tracked(
      name,
      [x, y],
      zip(f, x.value, y.value, dtype),
      [(g) => fit(forA.rule(g, x, y), x), (g) => fit(forB.rule(g, x, y), y)],
      saved,
    );
  };
}

/** A question about two numbers: the answer is a mask and has no gradient. */
export function comparison(who: string, f: Binary) {
  return (a: Operand, b: Operand): Tensor => {
    expectOperand(a, who, "input");
    expectOperand(b, who, "other");
    const dtype = commonType(a, b);
    return new Tensor(zip(f, asTensor(a, dtype).value, asTensor(b, dtype).value, dtype, bool));
  };
}

/** The function behind a node: `tanh` for `TanhBackward0`. */
function functionName(name: string): string {
  return name.replace(/Backward\d$/, "").toLowerCase();
}
