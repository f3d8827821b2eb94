/**
 * a·b + c with one rounding. JavaScript has no such instruction, so both versions find the exact sum first and round it
 * once. The product of two float32 is exact in float64; the product of two float64 is split in two (Dekker 1971).
 */

/**
 * a·b + c rounded once to float32, for float32 arguments.
 *
 * The float64 sum is rounded a second time to float32, which goes wrong only when it lies exactly half-way between two
 * float32 although the true sum does not. `sum + (sum - r)` is a float32 just then, and the exact error decides.
 */
export function fma32(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const rounded = Math.fround(sum);
  const remainder = sum - rounded;
  if (remainder === 0) return rounded;
  const neighbour = sum + remainder;
  return Math.fround(neighbour) === neighbour && Number.isFinite(neighbour)
    ? breakTie(product, c, sum, rounded, neighbour)
    : rounded;
}

/** Rounds the exact `product + c`, whose float64 value `sum` lies half-way between two float32. */
function breakTie(product: number, c: number, sum: number, rounded: number, neighbour: number): number {
  const cPart = sum - product;
  const error = product - (sum - cPart) + (c - cPart);
  if (error === 0) return rounded;
  return error > 0 ? Math.max(rounded, neighbour) : Math.min(rounded, neighbour);
}

/** a·b + c rounded once to float64 (Boldo & Melquiond 2008: the small parts are summed to odd). No overflow guard. */
export function fma64(a: number, b: number, c: number): number {
  const high = a * b;
  if (!Number.isFinite(high) || !Number.isFinite(c)) return high + c;
  const low = productError(a, b, high);
  const tail = c + low;
  const tailPart = tail - c;
  const tailError = c - (tail - tailPart) + (low - tailPart);
  const sum = high + tail;
  const sumPart = sum - high;
  const sumError = high - (sum - sumPart) + (tail - sumPart);
  return sum + addToOdd(tailError, sumError);
}

const SPLITTER = 134217729; // 2^27 + 1: Veltkamp's constant for a 53-bit significand

function productError(a: number, b: number, product: number): number {
  const aScaled = SPLITTER * a;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = SPLITTER * b;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

const float = new Float64Array(1);
const [LOW, HIGH] = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0];
const words = new Uint32Array(float.buffer);

/** x + y; when that is inexact, the neighbour with an odd last bit, so that the next rounding cannot be misled. */
function addToOdd(x: number, y: number): number {
  const sum = x + y;
  const part = sum - x;
  const error = x - (sum - part) + (y - part);
  if (error === 0) return sum;
  float[0] = sum;
  const low = words[LOW]!;
  if (low & 1) return sum;
  const outward = error > 0 === sum > 0;
  words[LOW] = outward ? low + 1 : low - 1;
  if (!outward && low === 0) words[HIGH]! -= 1;
  return float[0]!;
}
