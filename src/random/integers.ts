/**
 * Integers and permutations, by the remainder of a 32-bit draw, or of a 64-bit one where the range is 2^28 or more.
 * Ends of ranges are bigint inside, because torch's reach over all 64 bits.
 */
import { NotImplementedError, RuntimeError } from "../check.ts";
import { type DrawArray, type DrawType, fill, LIMITS, rounding, typeOf } from "./element.ts";
import type { Generator } from "./generator.ts";

/** Fills `out` with integers of [from, to), all equally likely (torch.randint, Tensor.random_(from, to)). */
export function randint<Out extends DrawArray>(
  generator: Generator,
  out: Out,
  from: number | bigint,
  to: number | bigint,
  type: DrawType = typeOf(out),
): Out {
  const [low, high] = [BigInt(from), BigInt(to)];
  if (low >= high) {
    throw new RuntimeError(`random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`);
  }
  const [first, end] = [representableFrom(low, type), representableTo(high, type)];
  if (first >= end) {
    throw new RuntimeError(
      "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, " +
        `but got from=${first} >= to=${end}`,
    );
  }
  expectHolds(type, "from", first);
  expectHolds(type, "to - 1", end - 1n);
  return fillRange(generator, out, first, end - first, type);
}

/** Fills `out` with integers from `from` to the greatest of the dtype, included (Tensor.random_(from, None)). */
export function randomFrom<Out extends DrawArray>(
  generator: Generator,
  out: Out,
  from: number | bigint,
  type: DrawType = typeOf(out),
): Out {
  const low = BigInt(from);
  if (low === LOWEST) return fillAllBits(generator, out, type);
  const first = representableFrom(low, type);
  if (LIMITS[type].digits !== undefined && first >= greatest(type)) {
    throw new RuntimeError(
      "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, " +
        `but got from=${first} > to_inc=${greatest(type)}`,
    );
  }
  expectHolds(type, "from", first);
  return fillRange(generator, out, first, greatest(type) - first + 1n, type);
}

/** Fills `out` with non-negative integers that the dtype can hold exactly (Tensor.random_()). */
export function random<Out extends DrawArray>(generator: Generator, out: Out, type: DrawType = typeOf(out)): Out {
  const range = greatest(type) + 1n;
  if (type === "int64" || type === "float64") return fill(out, type, () => generator.u64() % range);
  const narrow = Number(range);
  return fill(out, type, () => generator.u32() % narrow);
}

/**
 * The numbers 0 … n - 1 in random order (torch.randperm), by n - 1 exchanges (Fisher & Yates 1938). From 214748364 on
 * torch draws 64 bits and lets every number in at a random place instead.
 */
export function randomPermutation(generator: Generator, n: number): Int32Array {
  if (n < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${n}: [${n}]`);
  const order = new Int32Array(n);
  if (n >= 214748364) {
    for (let i = 0; i < n; i++) {
      const place = Number(generator.u64() % BigInt(i + 1));
      order[i] = order[place];
      order[place] = i;
    }
    return order;
  }
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = 0; i < n - 1; i++) {
    const place = i + (generator.u32() % (n - i));
    const value = order[i];
    order[i] = order[place];
    order[place] = value;
  }
  return order;
}

const LOWEST = -(2n ** 63n);

function fillRange<Out extends DrawArray>(
  generator: Generator,
  out: Out,
  first: bigint,
  range: bigint,
  type: DrawType,
): Out {
  if (range >= 2n ** 28n) {
    // The sum may pass 2^63, where C wraps around.
    return fill(out, type, () => BigInt.asIntN(64, (generator.u64() % range) + first));
  }
  const [narrow, start] = [Number(range), Number(first)];
  return fill(out, type, () => (generator.u32() % narrow) + start);
}

function fillAllBits<Out extends DrawArray>(generator: Generator, out: Out, type: DrawType): Out {
  if (type === "float16" || type === "bool") {
    const name = type === "bool" ? "Bool" : "Half";
    throw new NotImplementedError(`"random_full_64_bits_range_kernel_cpu" not implemented for '${name}'`);
  }
  if (type.includes("int") && type !== "int64") {
    throw new RuntimeError("random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16");
  }
  return fill(out, type, () => BigInt.asIntN(64, generator.u64()));
}

/** The end of what `random` draws: the greatest integer, or the last one that a float counts to without a gap. */
function greatest(type: DrawType): bigint {
  const { digits, highest } = LIMITS[type];
  if (type === "int64") return 2n ** 63n - 1n;
  return BigInt(digits === undefined ? highest : 2 ** digits);
}

/** `from`, or where a float dtype would round it down, the next value up. */
function representableFrom(from: bigint, type: DrawType): bigint {
  const rounded = roundInteger(from + 1n, type);
  return rounded < from ? rounded + gap(from + 1n, type) : from;
}

/** `to`, or where a float dtype would round its predecessor up to it, the next value down. */
function representableTo(to: bigint, type: DrawType): bigint {
  const rounded = roundInteger(to - 1n, type);
  return rounded >= to ? rounded - gap(to - 1n, type) : to;
}

function roundInteger(x: bigint, type: DrawType): bigint {
  if (LIMITS[type].digits === undefined) return x;
  const rounded = rounding(type)(Number(x));
  return Number.isFinite(rounded) ? BigInt(rounded) : LOWEST;
}

/** The distance of neighbours of a float dtype, at an integer with more bits than its significand. */
function gap(x: bigint, type: DrawType): bigint {
  const bitLength = (x < 0n ? -x : x).toString(2).length;
  return 2n ** BigInt(bitLength - (LIMITS[type].digits ?? 64));
}

function expectHolds(type: DrawType, what: string, x: bigint): void {
  const { lowest, highest, name } = LIMITS[type];
  if (x < lowest || x > highest) throw new RuntimeError(`${what} is out of bounds for ${name}`);
}
