/**
 * Two biases or one. Where a gate uses only the sum of its two halves, (W_ih·x + b_ih) + (W_hh·h + b_hh), the biases may be
 * merged into one; a gate whose recurrent half is multiplied first (the GRU's n) needs both. Which is which is read from
 * the page. Merging adds the same numbers in another order: equal but for rounding, of which a bound is computed.
 */
import { add, mul } from "../autograd/arithmetic.ts";
import { zerosLike } from "../autograd/create.ts";
import { copy_ } from "../autograd/fill.ts";
import { noGrad } from "../autograd/mode.ts";
import { randn } from "../autograd/random.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { slice } from "../autograd/views.ts";
import { recurrentGates } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import { deepcopy } from "../nn/copy.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import { relativeUlps, ulpOf } from "./distance.ts";
import { summedGates } from "./operations.ts";
import { roundingBound } from "./rounding.ts";
import { evaluated, expectLayer, setupOf } from "./run.ts";

/** How well two layers agree that are equal on paper. */
export interface EqualityProof {
  /** The largest difference of their outputs on random input, in ulp of the largest output. */
  readonly ulps: number;
  /** What that difference can be at most: the roundings of both, followed through the page on this very input. */
  readonly bound: number;
}

/** A layer with other biases, and why it is the same. */
export interface Rebiased<Layer> extends EqualityProof {
  /** A copy; the original is as it was. */
  readonly layer: Layer;
  /** The gates whose two biases stay apart. */
  readonly apart: readonly string[];
}

/** How equality is tested. */
export interface ProofOptions {
  /** T, the steps of the random input. Default 8. */
  readonly steps?: number;
  /** B, its sequences. Default 4. */
  readonly batch?: number;
}

/**
 * b_ih + b_hh into b_ih, and zeros into b_hh, for every gate that allows it.
 *
 *     const { layer, apart, ulps, bound } = mergeBiases(gru); // apart: ["n"]
 */
export function mergeBiases<Layer extends Recurrent<unknown>>(
  layer: Layer,
  options: ProofOptions = {},
): Rebiased<Layer> {
  expectLayer("mergeBiases", layer);
  return rebiased(layer, options, (ih, hh) => [add(ih, hh), zerosLike(hh)]);
}

/**
 * The way back: one bias, b_ih + b_hh, as two halves of the same size. Halving is exact, so their sum is that one bias to the
 * bit. Gates that need both keep them as they are.
 */
export function splitBiases<Layer extends Recurrent<unknown>>(
  layer: Layer,
  options: ProofOptions = {},
): Rebiased<Layer> {
  expectLayer("splitBiases", layer);
  return rebiased(layer, options, (ih, hh) => {
    const half = mul(add(ih, hh), 0.5);
    return [half, half];
  });
}

type Change = (ih: Tensor, hh: Tensor) => readonly [ih: Tensor, hh: Tensor];

function rebiased<Layer extends Recurrent<unknown>>(
  layer: Layer,
  options: ProofOptions,
  change: Change,
): Rebiased<Layer> {
  if (!layer.bias) throw new RuntimeError("the layer has no biases");
  const { gates } = layer.cell;
  const recurrent = recurrentGates(layer.cell);
  const summed = summedGates(layer.cell);
  const copy = deepcopy(layer);
  noGrad(() => {
    for (const { biasIh, biasHh } of copy.weights()) {
      for (const gate of summed) {
        const ih = block(biasIh!, gates.indexOf(gate), layer.hiddenSize);
        const hh = block(biasHh!, recurrent.indexOf(gate), layer.hiddenSize);
        const [newIh, newHh] = change(ih, hh);
        copy_(ih, newIh);
        copy_(hh, newHh);
      }
    }
  });
  const apart = gates.filter((gate) => !summed.includes(gate));
  return { layer: copy, apart, ...compare(layer, copy, options) };
}

const block = (vector: Tensor, k: number, H: number): Tensor => slice(vector, 0, k * H, (k + 1) * H);

/** Runs both on the same random input. */
function compare(a: Recurrent<unknown>, b: Recurrent<unknown>, { steps = 8, batch = 4 }: ProofOptions): EqualityProof {
  const { dtype } = a.weights()[0]!.weightIh;
  const x = randn(...(a.batchFirst ? [batch, steps] : [steps, batch]), a.inputSize, { dtype });
  return noGrad(() => {
    const [left, right] = [evaluated(a, x, null).output, evaluated(b, x, null).output];
    const bound = roundingBound(setupOf(a, x, null)) + roundingBound(setupOf(b, x, null));
    return { ulps: relativeUlps(left, right), bound: bound / ulpOf(left) };
  });
}
