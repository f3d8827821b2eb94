/** New random tensors: torch's draws, in torch's order, from the default generator or a given one. */

import { RuntimeError, ValueError } from "../check.ts";
import { allocate, elements, wrap } from "../dense/dense.ts";
import { type Draw, drawInto } from "../dense/draw.ts";
import { float32, float64, getDefaultDtype, int64, uint8 } from "../dense/dtype.ts";
import * as draws from "../random/bernoulli.ts";
import type { DrawType, FloatArray } from "../random/element.ts";
import { defaultGenerator } from "../random/generator.ts";
import * as integers from "../random/integers.ts";
import * as multinomials from "../random/multinomial.ts";
import * as normals from "../random/normal.ts";
import * as uniforms from "../random/uniform.ts";
import { expectInteger } from "./argument.ts";
import { mul } from "./arithmetic.ts";
import { emptyLike } from "./create.ts";
import { bernoulli_, type DrawOptions, normal_, type RandomOptions, random_, source, uniform_ } from "./draw.ts";
import { expectLengths, leaf, type SizeAndOptions, splitSize } from "./factory.ts";
import { Tensor } from "./tensor.ts";

function fresh(shape: readonly number[], options: RandomOptions, draw: Draw, dtype = getDefaultDtype()): Tensor {
  const dense = allocate(shape, options.dtype ?? dtype);
  drawInto(dense, draw);
  dense.storage.version = 0;
  return leaf(dense, options);
}

/** torch.rand: uniform over [0, 1). */
export function rand(...size: SizeAndOptions<RandomOptions>): Tensor {
  const [shape, options] = splitSize("rand", size);
  return fresh(shape, options, (out, _, type) => uniforms.uniform(source(options), out as FloatArray, 0, 1, type));
}

/** torch.randn: standard normal. */
export function randn(...size: SizeAndOptions<RandomOptions>): Tensor {
  const [shape, options] = splitSize("randn", size);
  return fresh(shape, options, (out, contiguous, type) =>
    normals.normal(source(options), out as FloatArray, 0, 1, contiguous, type),
  );
}

/** torch.rand_like: uniform, in the shape and layout of `x`. */
export function randLike(x: Tensor, options: RandomOptions = {}): Tensor {
  return uniform_(emptyLike(x, options), 0, 1, options);
}

/** torch.randn_like: standard normal, in the shape and layout of `x`. */
export function randnLike(x: Tensor, options: RandomOptions = {}): Tensor {
  return normal_(emptyLike(x, options), 0, 1, options);
}

/** torch.randint: whole numbers in [low, high): `randint(10, [5])`, `randint(-5, 5, [2, 4])`. */
export function randint(high: number, size: readonly number[], options?: RandomOptions): Tensor;
export function randint(low: number, high: number, size: readonly number[], options?: RandomOptions): Tensor;
export function randint(...given: (number | readonly number[] | RandomOptions | undefined)[]): Tensor {
  const bounds = given.filter((entry) => typeof entry === "number");
  const [low, high] = bounds.length === 1 ? [0, bounds[0]!] : (bounds as [number, number]);
  const size: unknown = given.find(Array.isArray);
  expectLengths("randint", size, bounds.length + 1);
  const options = (given.find((entry) => typeof entry === "object" && !Array.isArray(entry)) ?? {}) as RandomOptions;
  return fresh(size, options, (out, _, type) => integers.randint(source(options), out, low, high, type), int64);
}

/** torch.randint_like: whole numbers in [low, high), in the shape, layout and dtype of `x`. */
export function randintLike(x: Tensor, high: number, options?: RandomOptions): Tensor;
export function randintLike(x: Tensor, low: number, high: number, options?: RandomOptions): Tensor;
export function randintLike(x: Tensor, ...given: (number | RandomOptions | undefined)[]): Tensor {
  const bounds = given.filter((entry) => typeof entry === "number");
  const [low, high] = bounds.length === 1 ? [0, bounds[0]!] : (bounds as [number, number]);
  const options = (given.find((entry) => typeof entry === "object") ?? {}) as RandomOptions;
  return random_(emptyLike(x, options), low, high, options);
}

/** torch.randperm: the numbers 0 .. n−1 in random order. */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  expectInteger(n, "randperm", "n");
  const order = integers.randomPermutation(source(options), n);
  const dense = allocate([n], options.dtype ?? int64);
  for (let i = 0; i < n; i += 1) dense.data[i] = (dense.dtype === int64 ? BigInt(order[i]!) : order[i]!) as never;
  return leaf(dense, options);
}

/** torch.normal: mean and standard deviation as numbers (with a size) or tensors. */
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  sizeOrOptions: readonly number[] | RandomOptions = {},
  last: RandomOptions = {},
): Tensor {
  const options = Array.isArray(sizeOrOptions) ? last : (sizeOrOptions as RandomOptions);
  const model = mean instanceof Tensor ? mean : std instanceof Tensor ? std : undefined;
  if (!model) {
    if (!Array.isArray(sizeOrOptions)) throw new TypeError("normal() of two numbers needs a size, such as [3]");
    return normal_(
      leaf(allocate(sizeOrOptions, options.dtype ?? getDefaultDtype()), options),
      mean as number,
      std as number,
      options,
    );
  }
  const each = (of: Tensor | number): FloatArray | number =>
    of instanceof Tensor ? (elements(of.value, model.dtype) as FloatArray) : of;
  return fresh(model.shape, { ...options, dtype: model.dtype }, (out, _, type) =>
    normals.normalEach(source(options), out as FloatArray, each(mean), each(std), type),
  );
}

/** torch.nn.functional.dropout: each element is zero with probability p, the others grow by 1/(1 − p). */
export function dropout(x: Tensor, p = 0.5, training = true): Tensor {
  expectProbability("dropout", p);
  if (!training || p === 0 || x.value.count === 0) return x;
  const mask = emptyLike(x);
  drawInto(mask.value, (out, _, type) => draws.dropoutMask(defaultGenerator, out as FloatArray, p, type));
  return mul(x, mask);
}

/** Refuses a dropout probability outside [0, 1], in torch's words. */
export function expectProbability(who: string, p: number): void {
  if (p >= 0 && p <= 1) return;
  throw new ValueError(`${who} probability has to be between 0 and 1, but got ${p}`);
}

/** torch.get_rng_state: the 5056 bytes of the default generator. */
export function getRngState(): Tensor {
  const bytes = defaultGenerator.getState();
  return new Tensor(wrap(bytes, [bytes.length], uint8));
}

/** torch.set_rng_state: continues where `getRngState` was asked. */
export function setRngState(state: Tensor | Uint8Array): void {
  defaultGenerator.setState(state instanceof Tensor ? (elements(state.value, uint8) as Uint8Array) : state);
}

/** torch.bernoulli: 1 with the probability that stands in `x` (or `p` everywhere), else 0. */
export function bernoulli(x: Tensor, p?: number | DrawOptions, last: DrawOptions = {}): Tensor {
  const options = typeof p === "object" ? p : last;
  if (typeof p === "number") return bernoulli_(emptyLike(x), p, options);
  const odds = elements(x.value, x.dtype === float64 ? float64 : float32) as FloatArray;
  return fresh(x.shape, { dtype: x.dtype }, (out, _, type) => draws.bernoulliEach(source(options), out, odds, type));
}

/** torch.multinomial: `numSamples` categories per row of weights. */
export function multinomial(
  weights: Tensor,
  numSamples: number,
  replacement: boolean | ({ replacement?: boolean } & DrawOptions) = false,
  last: DrawOptions = {},
): Tensor {
  const options = typeof replacement === "object" ? replacement : last;
  const again = typeof replacement === "object" ? (replacement.replacement ?? false) : replacement;
  if (weights.shape.length < 1 || weights.shape.length > 2) throw new RuntimeError("prob_dist must be 1 or 2 dim");
  if (weights.dtype.kind !== "float") {
    throw new RuntimeError(
      `multinomial only supports floating-point dtypes for input, got: ${weights.dtype.scalarType}`,
    );
  }
  const rows = weights.shape.length === 1 ? 1 : weights.shape[0]!;
  const out = new BigInt64Array(rows * Math.max(numSamples, 0));
  multinomials.multinomial(
    source(options),
    out,
    elements(weights.value) as FloatArray,
    rows,
    numSamples,
    again,
    weights.dtype.name as DrawType,
  );
  return new Tensor(wrap(out, weights.shape.length === 1 ? [numSamples] : [rows, numSamples], int64));
}
