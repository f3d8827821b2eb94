/** Adding a border, or (with negative widths) taking one away. */
import { RuntimeError } from "../check.ts";
import { narrow } from "../dense/arrange.ts";
import { copyDense, elements, writeElements } from "../dense/dense.ts";
import { full } from "./create.ts";
import { type Tensor, tracked } from "./tensor.ts";

/**
 * torch.nn.functional.pad in mode "constant": `widths` are [before, after] of the last dimension, then of the one before
 * it, and so on.
 */
export function pad(x: Tensor, widths: readonly number[], value = 0): Tensor {
  expectWidths(x, widths);
  const source = x.shape;
  const [before, after] = [0, 1].map((side) => source.map((_, d) => widths[2 * (source.length - 1 - d) + side] ?? 0));
  const shape = source.map((length, d) => before![d]! + length + after![d]!);
  if (shape.some((length) => length < 0)) throw new RuntimeError("narrow(): length must be non-negative.");
  const out = full(shape, value, { dtype: x.dtype }).value;
  let [from, to] = [x.value, out];
  for (const [d, length] of source.entries()) {
    const start = before![d]!;
    const kept = Math.max(0, length + Math.min(start, 0) + Math.min(after![d]!, 0));
    from = narrow(from, d, Math.max(-start, 0), kept);
    to = narrow(to, d, Math.max(start, 0), kept);
  }
  writeElements(to, elements(from));
  const inverse = widths.map((width) => -width);
  return tracked("ConstantPadNdBackward0", [x], copyDense(out), [(g) => pad(g, inverse)]);
}

function expectWidths(x: Tensor, widths: readonly number[]): void {
  if (widths.length % 2 !== 0) throw new RuntimeError("Padding length must be divisible by 2");
  if (widths.length > 2 * x.shape.length) {
    throw new RuntimeError(
      `Padding length should be less than or equal to two times the input dimension but got padding length ${widths.length} and input of dimension ${x.shape.length}`,
    );
  }
}
