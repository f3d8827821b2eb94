/**
 * The reader that bounds rounding errors. A value is two numbers: how large the true value can be, and how far the computed
 * one can be from it. Each operation of the page adds what it rounds; what went in wrong is carried along. Read step after
 * step it gives a bound that holds for every input of the same length and size, and is therefore rather wide.
 */

import { toDtype } from "../autograd/broadcast.ts";
import { abs } from "../autograd/pointwise.ts";
import { sum } from "../autograd/reduce.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Algebra, Named } from "../cells/cell.ts";
import { elements } from "../dense/dense.ts";
import { float64 } from "../dense/dtype.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import type { ScanWeights } from "../nn/scan.ts";

/** |true value| ≤ size, |computed − true| ≤ error. */
interface Bounded {
  readonly size: number;
  readonly error: number;
}

/** How far the outputs of a layer, computed from zeros over T steps of `x`, can be from the truth. */
export function roundingBound(layer: Recurrent<unknown>, x: Tensor, T: number): number {
  const unit = x.dtype === float64 ? 2 ** -53 : 2 ** -24;
  const weights = layer.weights();
  const D = layer.bidirectional ? 2 : 1;
  let input: Bounded = { size: largest(x), error: 0 };
  for (let first = 0; first < weights.length; first += D) {
    const sides = weights.slice(first, first + D).map((own) => afterSteps(layer, own, input, T, unit));
    input = sides.reduce(wider);
  }
  return input.error;
}

/** The widest output of one layer in one direction. */
function afterSteps(layer: Recurrent<unknown>, weights: ScanWeights, x: Bounded, T: number, unit: number): Bounded {
  const { cell } = layer;
  const m = bounds(unit);
  const [h] = cell.state;
  let state: Named<string, Bounded> = Object.fromEntries(cell.state.map((name) => [name, { size: 0, error: 0 }]));
  let output: Bounded = { size: 0, error: 0 };
  for (let t = 0; t < T; t += 1) {
    const half = (weight: Tensor, bias: Tensor | undefined, value: Bounded): Named<string, Bounded> =>
      Object.fromEntries(cell.gates.map((gate, k) => [gate, product(weight, bias, value, k, cell.gates.length, unit)]));
    const from = half(weights.weightIh, weights.biasIh, x);
    const terms = cell.step(m, from, half(weights.weightHh, weights.biasHh, state[h!]!), state);
    const projected = weights.weightHr && product(weights.weightHr, undefined, terms[h!]!, 0, 1, unit);
    state = projected ? { ...terms, [h!]: projected } : terms;
    output = wider(output, state[h!]!);
  }
  return output;
}

/** W·v + b for the k-th of G blocks of rows. Each of the K sums and the bias (itself perhaps a sum of two) round once. */
function product(
  weight: Tensor,
  bias: Tensor | undefined,
  value: Bounded,
  k: number,
  G: number,
  unit: number,
): Bounded {
  const rows = weight.shape[0]! / G;
  const norms = (elements(toDtype(sum(abs(weight), 1), float64).value) as Float64Array).slice(k * rows, (k + 1) * rows);
  const most = norms.reduce((a, b) => Math.max(a, b), 0);
  const offset = bias ? largest(bias) : 0;
  const size = most * value.size + offset;
  const computed = size + most * value.error;
  return { size, error: most * value.error + (weight.shape[1]! + 2) * unit * computed };
}

/**
 * The page's operations. The functions have no slope above 1 and come out within 2 ulp; and what is squashed cannot be
 * further off than its range is wide.
 */
function bounds(unit: number): Algebra<Bounded> {
  const rounded = (size: number, error: number): Bounded => ({ size, error: error + unit * (size + error) });
  const squashed =
    (slope: number, range: number) =>
    (a: Bounded): Bounded => ({ size: 1, error: Math.min(slope * a.error + 4 * unit, range) });
  const sum = (a: Bounded, b: Bounded): Bounded => rounded(a.size + b.size, a.error + b.error);
  return {
    add: sum,
    sub: sum,
    mul: (a, b) => rounded(a.size * b.size, a.size * b.error + b.size * a.error + a.error * b.error),
    sigmoid: squashed(0.25, 1),
    tanh: squashed(1, 2),
    relu: (a) => a,
  };
}

const wider = (a: Bounded, b: Bounded): Bounded => ({
  size: Math.max(a.size, b.size),
  error: Math.max(a.error, b.error),
});

function largest(x: Tensor): number {
  const values = elements(x.value, float64) as Float64Array;
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
