/**
 * The other distributions, each a formula of one uniform u or one normal z. All is computed in float64 and rounded to the
 * dtype at the end.
 *
 *     exponential  -log(1 - u)/λ                  Cauchy      median + σ·tan(π·(u - ½))
 *     log-normal   exp(mean + std·z)              geometric   ⌈log u / log(1 - p)⌉
 */
import { fma64 } from "../arithmetic/fma.ts";
import { RuntimeError } from "../check.ts";
import { type DrawArray, type DrawType, type FloatArray, fill, numberText, typeOf } from "./element.ts";
import type { Generator } from "./generator.ts";
import { log1p } from "./log1p.ts";
import { exp, log, tan } from "./precise.ts";

/** Waiting times of events that come `lambda` times per unit (Tensor.exponential_). */
export function exponential<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  lambda = 1,
  type: DrawType = typeOf(out),
): Out {
  if (!(lambda > 0)) {
    throw new RuntimeError(`exponential_ expects lambda > 0.0, but found lambda=${numberText(lambda)}`);
  }
  const scale = -1 / lambda;
  return fill(out, type, () => scale * log1p(-generator.u53()));
}

/** The Cauchy distribution (Tensor.cauchy_). */
export function cauchy<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  median = 0,
  sigma = 1,
  type: DrawType = typeOf(out),
): Out {
  if (!(sigma > 0)) throw new RuntimeError(`cauchy_ expects sigma > 0.0, but found sigma=${numberText(sigma)}`);
  return fill(out, type, () => fma64(sigma, tan(Math.PI * (generator.u53() - 0.5)), median));
}

/** Numbers whose logarithm is normal (Tensor.log_normal_); drawn one by one at any size. */
export function logNormal<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  mean = 1,
  std = 2,
  type: DrawType = typeOf(out),
): Out {
  if (!(std > 0)) throw new RuntimeError(`log_normal_ expects std > 0.0, but found std=${numberText(std)}`);
  return fill(out, type, () => exp(fma64(generator.normal(), std, mean)));
}

/** The number of trials up to the first success, each of probability p (Tensor.geometric_). */
export function geometric<Out extends DrawArray>(
  generator: Generator,
  out: Out,
  p: number,
  type: DrawType = typeOf(out),
): Out {
  if (!(p > 0 && p < 1)) throw new RuntimeError(`geometric_ expects p to be in (0, 1), but got p=${numberText(p)}`);
  const failure = log1p(-p);
  return fill(out, type, () => Math.ceil(log(generator.u53()) / failure));
}
