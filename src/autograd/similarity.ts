/** Length and direction of vectors. */
import { broadcastShapes } from "../dense/shape.ts";
import { clampMin, div, mul } from "./arithmetic.ts";
import { expand } from "./broadcast.ts";
import { norm, type ReduceDims, sum } from "./reduce.ts";
import type { Tensor } from "./tensor.ts";

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** Which norm. Default 2. */
  readonly p?: number;
  /** Default 1. */
  readonly dim?: ReduceDims;
  /** The smallest divisor. Default 1e-12. */
  readonly eps?: number;
}

/** torch.nn.functional.normalize: divided by its p-norm along `dim`. */
export function normalize(x: Tensor, options: NormalizeOptions = {}): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = options;
  return div(x, expand(clampMin(norm(x, p, dim, true), eps), x.shape));
}

/** torch.nn.functional.cosine_similarity: a·b / (|a|·|b|) along `dim`. */
export function cosineSimilarity(a: Tensor, b: Tensor, dim = 1, eps = 1e-8): Tensor {
  const shape = broadcastShapes(a.shape, b.shape);
  const unit = (x: Tensor): Tensor => {
    const whole = expand(x, shape);
    return div(whole, clampMin(norm(whole, 2, dim, true), eps));
  };
  return sum(mul(unit(a), unit(b)), dim);
}
