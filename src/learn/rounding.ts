/**
 * The reader that bounds rounding errors. A value is two tensors: what was computed, and how far it can be from the truth.
 * Each operation of the page adds what it rounds; what went in wrong is carried along.
 */
import { add, clampMax, mul, sub } from "../autograd/arithmetic.ts";
import { item } from "../autograd/convert.ts";
import { zerosLike } from "../autograd/create.ts";
import { max } from "../autograd/extremes.ts";
import { cat, unbind } from "../autograd/join.ts";
import { linear } from "../autograd/linear.ts";
import { abs, relu, sigmoid, tanh } from "../autograd/pointwise.ts";
import type { ScanWeights } from "../autograd/recur.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { selectAt } from "../autograd/views.ts";
import { type Algebra, type Named, recurrentGates } from "../cells/cell.ts";
import { float64 } from "../dense/dtype.ts";
import { byGate, inRows, vectorsOf } from "../nn/scan.ts";
import type { Setup } from "./run.ts";

/** |computed − true| ≤ error, element by element. */
interface Bounded {
  readonly value: Tensor;
  readonly error: Tensor;
}

/** How far the outputs of a run can be from the truth at most. */
export function roundingBound(setup: Setup): number {
  const unit = setup.x.data.dtype === float64 ? 2 ** -53 : 2 ** -24;
  const D = setup.reversed.length;
  let inputs = unbind(setup.x.data).map(exact);
  for (let first = 0; first < setup.weights.length; first += D) {
    const sides = setup.reversed.map((reverse, d) => outputsOf(setup, first + d, inputs, reverse, unit));
    inputs = inputs.map((_, t) => ({
      value: cat(
        sides.map((side) => side[t]!.value),
        -1,
      ),
      error: cat(
        sides.map((side) => side[t]!.error),
        -1,
      ),
    }));
  }
  return inputs.reduce((most, { error }) => Math.max(most, item(max(error))), 0);
}

/** The outputs of one layer in one direction, in the order of time. */
function outputsOf(setup: Setup, index: number, inputs: readonly Bounded[], reverse: boolean, unit: number): Bounded[] {
  const weights: ScanWeights = setup.weights[index]!;
  const page = setup.page(weights);
  const [h] = page.state;
  const m = bounds(unit);
  const vectors = inRows(vectorsOf(page, weights), setup.start[0]!.shape[1]!);
  const own = Object.fromEntries(Object.entries<Tensor>(vectors).map(([name, vector]) => [name, exact(vector)]));
  const outputs = new Array<Bounded>(inputs.length);
  let state: Named<string, Bounded> = Object.fromEntries(
    page.state.map((name, i) => [name, exact(selectAt(setup.start[i]!, 0, index))]),
  );
  for (let step = 0; step < inputs.length; step += 1) {
    const t = reverse ? inputs.length - 1 - step : step;
    const x = gatesOf(page.gates, product(weights.weightIh, weights.biasIh, inputs[t]!, unit));
    const r = gatesOf(recurrentGates(page), product(weights.weightHh, weights.biasHh, state[h!]!, unit));
    const terms: Named<string, Bounded> = page.step(m, x, r, state, own);
    state = weights.weightHr ? { ...terms, [h!]: product(weights.weightHr, undefined, terms[h!]!, unit) } : terms;
    outputs[t] = state[h!]!;
  }
  return outputs;
}

const exact = (value: Tensor): Bounded => ({ value, error: zerosLike(value) });

function gatesOf(gates: readonly string[], { value, error }: Bounded): Named<string, Bounded> {
  const [values, errors] = [byGate(gates, value), byGate(gates, error)];
  return Object.fromEntries(gates.map((gate) => [gate, { value: values[gate]!, error: errors[gate]! }]));
}

/** W·v + b. Each of the K sums rounds once, and so does the bias, itself perhaps a sum of two. */
function product(weight: Tensor, bias: Tensor | undefined, { value, error }: Bounded, unit: number): Bounded {
  const sizes = linear(add(abs(value), error), abs(weight), bias && abs(bias));
  const rounded = mul(sizes, (weight.shape[1]! + 3) * unit);
  return { value: linear(value, weight, bias), error: add(linear(error, abs(weight)), rounded) };
}

/**
 * The page's operations. The functions have no slope above 1 and come out within 2 ulp; and what is squashed cannot be
 * further off than its range is wide.
 */
function bounds(unit: number): Algebra<Bounded> {
  const rounded = (value: Tensor, error: Tensor): Bounded => ({
    value,
    error: add(error, mul(add(abs(value), error), 2 * unit)),
  });
  const squashed =
    (f: (x: Tensor) => Tensor, slope: number, range: number) =>
    (a: Bounded): Bounded => ({
      value: f(a.value),
      error: clampMax(add(mul(a.error, slope), 4 * unit), range),
    });
  const product = (a: Bounded, b: Bounded): Tensor =>
    add(add(mul(abs(a.value), b.error), mul(abs(b.value), a.error)), mul(a.error, b.error));
  return {
    add: (a, b) => rounded(add(a.value, b.value), add(a.error, b.error)),
    sub: (a, b) => rounded(sub(a.value, b.value), add(a.error, b.error)),
    mul: (a, b) => rounded(mul(a.value, b.value), product(a, b)),
    sigmoid: squashed(sigmoid, 0.25, 1),
    tanh: squashed(tanh, 1, 2),
    relu: (a) => ({ value: relu(a.value), error: a.error }),
  };
}
