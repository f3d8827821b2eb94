/**
 * Drawing categories by weight. Without replacement every category waits for an exponential time, the shorter the
 * heavier it is, and the first ones are taken; with replacement each sample looks a uniform up in the running sums.
 */
import { RuntimeError } from "../check.ts";
import { exponential } from "./distributions.ts";
import { type DrawType, type FloatArray, rounding, typeOf } from "./element.ts";
import type { Generator } from "./generator.ts";

/**
 * Fills `out` (rows, samples) with categories drawn by `weights` (rows, categories), which need not sum to one
 * (torch.multinomial). A single sample is drawn without replacement in either case, as in torch.
 */
export function multinomial(
  generator: Generator,
  out: BigInt64Array,
  weights: FloatArray,
  rows: number,
  samples: number,
  replacement = false,
  type: DrawType = typeOf(weights),
): BigInt64Array {
  const categories = rows === 0 ? 0 : weights.length / rows;
  if (!(samples > 0)) throw new RuntimeError("cannot sample n_sample <= 0 samples");
  if (categories > 2 ** 24) throw new RuntimeError("number of categories cannot exceed 2^24");
  if (!replacement && samples > categories && rows > 0) {
    throw new RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  }
  const looksUp = replacement && samples > 1;
  if (!looksUp && !weights.every((weight) => weight >= 0 && weight < Infinity)) {
    throw new RuntimeError("probability tensor contains either `inf`, `nan` or element < 0");
  }
  const row = (r: number): FloatArray => weights.subarray(r * categories, (r + 1) * categories);
  for (let r = 0; r < rows; r++) expectDistribution(row(r));

  const times = looksUp ? undefined : exponential(generator, weights.slice(), 1, type);
  for (let r = 0; r < rows; r++) {
    const target = out.subarray(r * samples, (r + 1) * samples);
    if (times === undefined) lookUp(generator, target, row(r));
    else takeFirst(target, row(r), times.subarray(r * categories, (r + 1) * categories), type);
  }
  return out;
}

/** The categories with the greatest weight/time; of equal ones the lower first, where torch promises no order. */
function takeFirst(out: BigInt64Array, weights: FloatArray, times: FloatArray, type: DrawType): void {
  const round = rounding(type);
  const keys = times.map((time, category) => round(weights[category] / time));
  if (out.length === 1) {
    let best = 0;
    for (let category = 1; category < keys.length; category++) if (keys[category] > keys[best]) best = category;
    out[0] = BigInt(best);
    return;
  }
  const order = Int32Array.from(keys, (_, category) => category).sort((a, b) => keys[b] - keys[a]);
  for (let i = 0; i < out.length; i++) out[i] = BigInt(order[i]);
}

/**
 * For each sample a uniform u, and the first category whose running sum, in shares of the total, is at least u. The
 * sums are rounded as their memory rounds: to float32 for the 16-bit floats too.
 */
function lookUp(generator: Generator, out: BigInt64Array, weights: FloatArray): void {
  const shares = weights.slice();
  for (let i = 1; i < shares.length; i++) shares[i] += shares[i - 1];
  const total = shares[shares.length - 1];
  for (let i = 0; i < shares.length; i++) shares[i] /= total;
  shares[shares.length - 1] = 1;

  for (let i = 0; i < out.length; i++) {
    const u = generator.u53();
    let [low, high] = [0, shares.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (shares[middle] < u) low = middle + 1;
      else high = middle;
    }
    out[i] = BigInt(low);
  }
}

function expectDistribution(weights: FloatArray): void {
  let total = 0;
  for (const weight of weights) {
    if (!(weight >= 0)) throw new RuntimeError("invalid multinomial distribution (encountering probability entry < 0)");
    if (weight === Infinity) {
      throw new RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)");
    }
    total += weight;
  }
  if (!(total > 0)) throw new RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)");
}
