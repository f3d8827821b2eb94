/** Looking up rows by number: a table of vectors, and its small relative, the vectors that are all zero but for a one. */
import { AssertionError, IndexError, RuntimeError } from "../check.ts";
import { addSlices, readIndices, takeSlices } from "../dense/arrange.ts";
import { allocate, elements, wrap } from "../dense/dense.ts";
import { bool, int32, int64 } from "../dense/dtype.ts";
import { type Dims, rowMajor } from "../dense/shape.ts";
import { expectTensor } from "./argument.ts";
import { erased } from "./positions.ts";
import { Tensor, tracked } from "./tensor.ts";

/** Options of `embedding`. */
export interface EmbeddingOptions {
  /** The row that stands for "nothing here": it gets no gradient. Negative ones count from the end. */
  readonly paddingIdx?: number | null | undefined;
}

/** torch.nn.functional.embedding: the rows of `weight` (V, F) at each index; index (…) gives (…, F). */
export function embedding(index: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  expectTensor(weight, "embedding", "weight", 1);
  expectTensor(index, "embedding", "indices", 2);
  const V = weight.shape[0] ?? 0;
  const padding = paddingRow(options.paddingIdx, V);
  if (weight.shape.length !== 2) throw new RuntimeError("'weight' must be 2-D");
  if (index.dtype !== int64 && index.dtype !== int32) {
    const type = index.dtype === bool ? "CPUBoolType" : `torch.${index.dtype.scalarType}Tensor`;
    throw new RuntimeError(
      `Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got ${type} instead (while checking arguments for embedding)`,
    );
  }
  const rows = readIndices(index.value, V, () => new IndexError("index out of range in self"), false);
  return lookUp(weight, rows, index.shape, padding);
}

/** The rows, in the shape of the index. */
function lookUp(weight: Tensor, rows: Int32Array, shape: Dims, padding: number | undefined): Tensor {
  const result = [...shape, weight.shape[1]!];
  const value = takeSlices(weight.value, 0, rows).window(result, rowMajor(result));
  return tracked("EmbeddingBackward0", [weight], value, [(g) => addUp(g, rows, weight.shape, padding)]);
}

/** The adjoint: each gradient is added to the row that was looked up, but for the padding row. */
function addUp(g: Tensor, rows: Int32Array, shape: Dims, padding: number | undefined): Tensor {
  const F = shape[1]!;
  const flat = wrap(elements(g.value), [rows.length, F], g.dtype);
  const index = g.shape.slice(0, -1);
  const value = addSlices(flat, 0, rows, shape);
  const all = tracked("EmbeddingDenseBackward0", [g], value, [(back) => lookUp(back, rows, index, padding)]);
  if (padding === undefined) return all;
  return erased(
    all,
    Int32Array.from({ length: F }, (_, i) => padding * F + i),
  );
}

function paddingRow(padding: number | null | undefined, V: number): number | undefined {
  if (padding === null || padding === undefined) return undefined;
  if (padding >= V || padding < -V) throw new AssertionError("Padding_idx must be within num_embeddings");
  return padding < 0 ? padding + V : padding;
}

/** torch.nn.functional.one_hot: index (…) gives (…, C), one where the last position is the index. */
export function oneHot(index: Tensor, numClasses = -1): Tensor {
  if (index.dtype !== int64) {
    throw new RuntimeError("one_hot is only applicable to index tensor of type LongTensor.");
  }
  const labels = Array.from(elements(index.value), Number);
  if (labels.length === 0 && numClasses <= 0) {
    throw new RuntimeError("Can not infer total number of classes from empty tensor.");
  }
  if (labels.some((label) => label < 0)) throw new RuntimeError("Class values must be non-negative.");
  const C = numClasses === -1 ? labels.reduce((a, b) => Math.max(a, b), 0) + 1 : numClasses;
  if (labels.some((label) => label >= C)) throw new RuntimeError("Class values must be smaller than num_classes.");
  const out = allocate([...index.shape, C], int64);
  for (const [i, label] of labels.entries()) out.data[i * C + label] = 1n;
  return new Tensor(out);
}
