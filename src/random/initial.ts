/**
 * The initial weights that are more than one draw: normals cut off at both ends, orthogonal matrices, sparse ones.
 */
import { ZeroDivisionError } from "../check.ts";
import { type DrawType, type FloatArray, rounding, typeOf } from "./element.ts";
import type { Generator } from "./generator.ts";
import { randomPermutation } from "./integers.ts";
import { normal } from "./normal.ts";
import { log } from "./precise.ts";
import { uniform } from "./uniform.ts";

/**
 * Fills `out` with normals that lie in [a, b] (torch.nn.init.trunc_normal_), by rejection. Whatever is refused is
 * replaced from a complete new draw of the same size, until nothing is.
 */
export function truncatedNormal<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  mean = 0,
  std = 1,
  a = -2,
  b = 2,
  contiguous = true,
  type: DrawType = typeOf(out),
): Out {
  if (std === 0) throw new ZeroDivisionError("float division by zero");
  const probability = normalCdf((b - mean) / std) - normalCdf((a - mean) / std);
  return probability > 0.3
    ? rejectNormals(generator, out, mean, std, a, b, contiguous, type)
    : rejectUniforms(generator, out, mean, std, a, b, type);
}

/** The interval holds much of the distribution: draw normals, and again where they fall outside. */
function rejectNormals<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  mean: number,
  std: number,
  a: number,
  b: number,
  contiguous: boolean,
  type: DrawType,
): Out {
  const [lowest, highest] = [a, b].map(rounding(type));
  const outside = (x: number): boolean => x < lowest || x > highest;
  const again = out.slice();
  normal(generator, out, mean, std, contiguous, type);
  while (out.some(outside)) {
    normal(generator, again, mean, std, contiguous, type);
    for (let i = 0; i < out.length; i++) if (outside(out[i])) out[i] = again[i];
  }
  return out;
}

/** The interval holds little: draw uniforms in it, and keep x with the probability density(x)/density(peak). */
function rejectUniforms<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  mean: number,
  std: number,
  a: number,
  b: number,
  type: DrawType,
): Out {
  const round = rounding(type);
  const peak = (Math.max(a, Math.min(mean, b)) - mean) / std;
  // Torch's arithmetic with numbers: what is subtracted is rounded to the dtype, what divides to no less than float32.
  const [centre, logPeak] = [round(mean), round(-0.5 * (peak * peak))];
  const width = type === "float64" ? std : Math.fround(std);
  const candidates = out.slice();
  const chances = out.slice();
  const pending = new Uint8Array(out.length).fill(1);
  while (pending.includes(1)) {
    uniform(generator, candidates, a, b, type);
    uniform(generator, chances, 0, 1, type);
    for (let i = 0; i < out.length; i++) {
      if (!pending[i]) continue;
      out[i] = candidates[i];
      const z = round(round(out[i] - centre) / width);
      const logDensity = round(round(round(z * z) * -0.5) - logPeak);
      pending[i] = round(log(chances[i])) > logDensity ? 1 : 0;
    }
  }
  return out;
}

/**
 * Fills `out` (rows, columns) with an orthogonal matrix times `gain` (torch.nn.init.orthogonal_): the Q of a matrix of
 * normals A = Q·R, with a positive diagonal in R. That Q is unique, so how it is found does not matter.
 *
 * The shorter side's vectors are made orthonormal one after the other (Gram & Schmidt), twice, which is enough for
 * orthogonality to the last bit.
 */
export function orthogonal<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  rows: number,
  gain = 1,
  type: DrawType = typeOf(out),
): Out {
  normal(generator, out, 0, 1, true, type);
  const columns = out.length / rows;
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const at = (vector: number, i: number): number => (rows < columns ? vector * columns + i : i * columns + vector);
  const vectors = Array.from({ length: count }, (_, v) => Float64Array.from({ length }, (_, i) => out[at(v, i)]));
  vectors.forEach((vector, v) => {
    for (const earlier of [...vectors.slice(0, v), ...vectors.slice(0, v)])
      subtract(vector, dot(vector, earlier), earlier);
    const norm = Math.sqrt(dot(vector, vector));
    for (let i = 0; i < length; i++) vector[i] /= norm;
  });
  const round = rounding(type);
  vectors.forEach((vector, v) => {
    for (let i = 0; i < length; i++) out[at(v, i)] = round(round(vector[i]) * gain);
  });
  return out;
}

/** Fills `out` (rows, columns) with normals of which a share `sparsity` of each column is zero (torch.nn.init.sparse_). */
export function sparse<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  rows: number,
  sparsity: number,
  std = 0.01,
  type: DrawType = typeOf(out),
): Out {
  normal(generator, out, 0, std, true, type);
  const columns = out.length / rows;
  const zeros = Math.ceil(sparsity * rows);
  for (let column = 0; column < columns; column++) {
    const order = randomPermutation(generator, rows);
    for (const row of order.subarray(0, zeros)) out[row * columns + column] = 0;
  }
  return out;
}

/** Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …), with φ the density. */
function normalCdf(x: number): number {
  if (Math.abs(x) > 9) return x > 0 ? 1 : 0;
  let sum = 0;
  for (let k = 1, term = x; sum + term !== sum; k += 2, term *= (x * x) / k) sum += term;
  return 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
}

function subtract(vector: Float64Array, factor: number, other: Float64Array): void {
  for (let i = 0; i < vector.length; i++) vector[i] -= factor * other[i];
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
