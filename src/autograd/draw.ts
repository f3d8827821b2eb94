/** Filling a tensor with torch's draws, in place, from the default generator or a given one. */

import { NotImplementedError } from "../check.ts";
import { copyInOrder } from "../dense/dense.ts";
import { type Draw, drawInto } from "../dense/draw.ts";
import * as draws from "../random/bernoulli.ts";
import * as distributions from "../random/distributions.ts";
import type { FloatArray } from "../random/element.ts";
import { defaultGenerator, type Generator } from "../random/generator.ts";
import * as integers from "../random/integers.ts";
import * as normals from "../random/normal.ts";
import * as uniforms from "../random/uniform.ts";
import { zerosLike } from "./create.ts";
import type { TensorOptions } from "./factory.ts";
import { isGradEnabled } from "./mode.ts";
import { become, expectWritable, standIn } from "./overwrite.ts";

import { type Tensor, tracked } from "./tensor.ts";

/** Options of a draw: where the numbers come from. */
export interface DrawOptions {
  /** Default: the generator that `manualSeed` seeds. */
  readonly generator?: Generator | undefined;
}

/** Options of a random factory. */
export type RandomOptions = TensorOptions & DrawOptions;

/** The generator that the options name. */
export const source = (options: DrawOptions): Generator => options.generator ?? defaultGenerator;

function expectFloats(who: string, { dtype }: Tensor): void {
  if (dtype.kind !== "float") throw new NotImplementedError(`"${who}" not implemented for '${dtype.scalarType}'`);
}

/** Fills `x` in place and gives it back. What it was before has no say in what it is now. */
function drawn(name: string, x: Tensor, draw: Draw): Tensor {
  expectWritable(x);
  if (!(isGradEnabled() && x.requiresGrad)) {
    drawInto(x.value, draw);
    return x;
  }
  const fresh = copyInOrder(x.value);
  drawInto(fresh, draw);
  return become(x, tracked(name, [standIn(x)], fresh, [(g) => zerosLike(g)]));
}

/** torch.Tensor.uniform_: uniform over [from, to). */
export function uniform_(x: Tensor, from = 0, to = 1, options: DrawOptions = {}): Tensor {
  expectFloats("check_uniform_bounds", x);
  return drawn("UniformBackward0", x, (out, _, type) =>
    uniforms.uniform(source(options), out as FloatArray, from, to, type),
  );
}

/** torch.Tensor.normal_: normal with this mean and standard deviation. */
export function normal_(x: Tensor, mean = 0, std = 1, options: DrawOptions = {}): Tensor {
  expectFloats("normal_kernel_cpu", x);
  return drawn("NormalBackward0", x, (out, contiguous, type) =>
    normals.normal(source(options), out as FloatArray, mean, std, contiguous, type),
  );
}

/** torch.Tensor.bernoulli_: 1 with probability p, else 0. */
export function bernoulli_(x: Tensor, p = 0.5, options: DrawOptions = {}): Tensor {
  return drawn("BernoulliBackward2", x, (out, _, type) => draws.bernoulli(source(options), out, p, type));
}

/** torch.Tensor.random_: whole numbers in [from, to), or over all the dtype can count. */
export function random_(
  x: Tensor,
  from?: number | bigint,
  to?: number | bigint | null,
  options: DrawOptions = {},
): Tensor {
  return drawn(
    from === undefined ? "RandomBackward2" : to === undefined ? "RandomBackward1" : "RandomBackward0",
    x,
    (out, _, type) => {
      if (from === undefined) return integers.random(source(options), out, type);
      if (to === undefined) return integers.randint(source(options), out, 0, from, type);
      if (to === null) return integers.randomFrom(source(options), out, from, type);
      return integers.randint(source(options), out, from, to, type);
    },
  );
}

/** torch.Tensor.exponential_: density λe^(−λx). */
export function exponential_(x: Tensor, lambda = 1, options: DrawOptions = {}): Tensor {
  return drawn("ExponentialBackward0", x, (out, _, type) =>
    distributions.exponential(source(options), out as FloatArray, lambda, type),
  );
}

/** torch.Tensor.cauchy_. */
export function cauchy_(x: Tensor, median = 0, sigma = 1, options: DrawOptions = {}): Tensor {
  return drawn("CauchyBackward0", x, (out, _, type) =>
    distributions.cauchy(source(options), out as FloatArray, median, sigma, type),
  );
}

/** torch.Tensor.log_normal_: e to a normal number. */
export function logNormal_(x: Tensor, mean = 1, std = 2, options: DrawOptions = {}): Tensor {
  return drawn("LogNormalBackward0", x, (out, _, type) =>
    distributions.logNormal(source(options), out as FloatArray, mean, std, type),
  );
}

/** torch.Tensor.geometric_: the number of tries until the first success. */
export function geometric_(x: Tensor, p: number, options: DrawOptions = {}): Tensor {
  return drawn("GeometricBackward0", x, (out, _, type) => distributions.geometric(source(options), out, p, type));
}
