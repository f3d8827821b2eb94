/** The diagonal of a matrix: as a window on its memory, as a copy, put into zeros, summed. */
import { RuntimeError } from "../check.ts";
import { overwrite } from "../dense/arrange.ts";
import { allocate, copyDense, type Dense } from "../dense/dense.ts";
import { wrapDim } from "../dense/shape.ts";
import { expand } from "./broadcast.ts";
import { sum } from "./reduce.ts";
import { type Tensor, tracked, viewed } from "./tensor.ts";

/** torch.diagonal: number `offset` of the diagonals of two dimensions, which become one, the last. A view. */
export function diagonal(x: Tensor, offset = 0, dim1 = 0, dim2 = 1): Tensor {
  const rank = x.shape.length;
  const [a, b] = [wrapDim(dim1, rank), wrapDim(dim2, rank)];
  if (a === b) throw new RuntimeError(`diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
  const shape = x.shape;
  return viewed("DiagonalBackward0", x, window(x.value, offset, a, b), (g) =>
    embedded("DiagEmbedBackward0", g, shape, offset, a, b),
  );
}

function window(x: Dense, offset: number, a: number, b: number): Dense {
  const [down, right] = [Math.max(-offset, 0), Math.max(offset, 0)];
  const length = Math.max(Math.min(x.shape[a]! - down, x.shape[b]! - right), 0);
  const others = [...x.shape.keys()].filter((d) => d !== a && d !== b);
  const start = length > 0 ? down * x.strides[a]! + right * x.strides[b]! : 0;
  return x.window(
    [...others.map((d) => x.shape[d]!), length],
    [...others.map((d) => x.strides[d]!), x.strides[a]! + x.strides[b]!],
    x.offset + start,
  );
}

/** Zeros of `shape` with `g` on one diagonal: the adjoint of `diagonal`. */
function embedded(name: string, g: Tensor, shape: readonly number[], offset: number, a: number, b: number): Tensor {
  const zero = allocate(shape, g.dtype);
  overwrite(window(zero, offset, a, b), g.value);
  zero.storage.version = 0;
  return tracked(name, [g], zero, [(back) => diagonal(back, offset, a, b)]);
}

/** torch.diag_embed: the last dimension becomes the diagonal of two new ones. */
export function diagEmbed(x: Tensor, offset = 0): Tensor {
  const side = x.shape.at(-1)! + Math.abs(offset);
  const rank = x.shape.length + 1;
  return embedded("DiagEmbedBackward0", x, [...x.shape.slice(0, -1), side, side], offset, wrapDim(-2, rank), rank - 1);
}

/** torch.diag: the diagonal of a matrix, or the matrix with a vector as its diagonal. */
export function diag(x: Tensor, offset = 0): Tensor {
  if (x.shape.length === 1) return diagEmbed(x, offset);
  if (x.shape.length !== 2) {
    throw new RuntimeError(`diag(): Supports 1D or 2D tensors. Got ${x.shape.length}D`);
  }
  const shape = x.shape;
  return tracked("DiagonalBackward0_copy", [x], copyDense(window(x.value, offset, 0, 1)), [
    (g) => embedded("DiagEmbedBackward0", g, shape, offset, 0, 1),
  ]);
}

/** torch.trace: the sum of the diagonal of a matrix. */
export function trace(x: Tensor): Tensor {
  if (x.shape.length !== 2)
    throw new RuntimeError(`trace: expected a matrix, but got tensor with dim ${x.shape.length}`);
  const total = sum(diagonal(x));
  const shape = x.shape;
  const spread = (g: Tensor): Tensor => {
    const ones = Math.min(...shape);
    return embedded("DiagEmbedBackward0", expand(g, [ones]), shape, 0, 0, 1);
  };
  return tracked("TraceBackward0", [x], total.value, [spread]);
}
