/**
 * a·b + c with one rounding. JavaScript has no such instruction, so both versions find the exact sum first and round it
 * once. The product of two float32 is exact in float64; the product of two float64 is split in two (Dekker 1971).
 */

/**
 * a·b + c rounded once to float32, for float32 arguments.
 *
 * The float64 sum is rounded a second time to float32, which goes wrong only when it lies exactly half-way between two
 * float32 although the true sum does not. Half-way points have at most 25 significant bits, and Veltkamp's splitting
 * with 2^28 + 1 keeps the first 53 - 28 = 25 bits: only a sum that it leaves whole can be one. A small step towards the
 * true sum then breaks the tie.
 */
export function fma32(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const rounded = fround(sum);
  const scaled = sum * (2 ** 28 + 1);
  if (scaled - (scaled - sum) !== sum || sum === rounded) return rounded;
  // In this function, and not in one of its own, so that no call ever stands in the inner loop of a matrix product.
  const cPart = sum - product;
  const error = product - (sum - cPart) + (c - cPart);
  return fround(sum * (1 + sign(error * sum) * 2 ** -40));
}

const { fround, sign } = Math;

/** a·b + c rounded once to float64 (Boldo & Melquiond 2008: the small parts are summed to odd). */
export function fma64(a: number, b: number, c: number): number {
  const high = a * b;
  if (!Number.isFinite(high) || !Number.isFinite(c)) return high + c;
  // Splitting would overflow: a power of two may go elsewhere and come back.
  if (Math.abs(a) > LARGE) return fma64(a * SMALL, b, c * SMALL) / SMALL;
  if (Math.abs(b) > LARGE) return fma64(a, b * SMALL, c * SMALL) / SMALL;
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
const LARGE = 2 ** 990;
const SMALL = 2 ** -64;

/** What rounding a·b to `product` lost, exactly: a·b - product, for factors below 2^990. */
export function productError(a: number, b: number, product: number): number {
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
