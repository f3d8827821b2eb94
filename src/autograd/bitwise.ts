/** Python's `&`, `|`, `^` and `~`: bit by bit for integers, logically for masks. */
import { NotImplementedError } from "../check.ts";
import { bool } from "../dense/dtype.ts";
import { type Binary, zip } from "../dense/elementwise.ts";
import { logicalNot, neg, sub } from "./arithmetic.ts";
import { asTensor, commonType, type Operand } from "./table.ts";
import { Tensor } from "./tensor.ts";

function bitwise(name: string, f: Binary): (a: Operand, b: Operand) => Tensor {
  return (a, b) => {
    const dtype = commonType(a, b);
    if (dtype.kind === "float") {
      throw new NotImplementedError(`"${name}_cpu" not implemented for '${dtype.scalarType}'`);
    }
    return new Tensor(zip(f, asTensor(a, dtype).value, asTensor(b, dtype).value, dtype));
  };
}

/** torch.bitwise_and, Python's `&`. */
export const bitwiseAnd = bitwise("bitwise_and", { number: (a, b) => a & b, integer: (a, b) => a & b });
/** torch.bitwise_or, Python's `|`. */
export const bitwiseOr = bitwise("bitwise_or", { number: (a, b) => a | b, integer: (a, b) => a | b });
/** torch.bitwise_xor, Python's `^`. */
export const bitwiseXor = bitwise("bitwise_xor", { number: (a, b) => a ^ b, integer: (a, b) => a ^ b });

/** torch.bitwise_not, Python's `~`. */
export function bitwiseNot(x: Tensor): Tensor {
  if (x.dtype === bool) return logicalNot(x);
  if (x.dtype.kind === "float") {
    throw new TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors");
  }
  return sub(neg(x), 1n);
}
