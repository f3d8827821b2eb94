/**
 * The order in which data are read: torch's samplers as sequences of indices. They are lazy where torch is, since every
 * draw moves the generator that the next thing draws from.
 */
import { RuntimeError, ValueError } from "../check.ts";
import { defaultGenerator, Generator } from "./generator.ts";
import { randint, random, randomPermutation } from "./integers.ts";
import { multinomial } from "./multinomial.ts";

/** What samplers have in common. */
export interface SamplerOptions {
  /** Whether an index may come twice. */
  replacement?: boolean;
  /** Where the draws come from; the default generator when absent. */
  generator?: Generator;
}

/**
 * The indices 0 … size - 1 shuffled (torch.utils.data.RandomSampler), or `numSamples` of them. Without a generator
 * it starts its own, at the first index, from a seed of the default one.
 */
export function randomSampler(
  size: number,
  options: SamplerOptions & { numSamples?: number } = {},
): IterableIterator<number> {
  const { replacement = false, numSamples = size, generator } = options;
  expectPositive(numSamples);
  if (size === 0 && !replacement) throw new RuntimeError("integer division or modulo by zero");
  return replacement ? drawRepeatedly(size, numSamples, generator) : drawShuffled(size, numSamples, generator);
}

/** The given indices shuffled (torch.utils.data.SubsetRandomSampler). */
export function* subsetRandomSampler(
  indices: readonly number[],
  generator: Generator = defaultGenerator,
): IterableIterator<number> {
  for (const i of randomPermutation(generator, indices.length)) yield indices[i];
}

/** `numSamples` indices, each as likely as its weight (torch.utils.data.WeightedRandomSampler). */
export function weightedRandomSampler(
  weights: ArrayLike<number>,
  numSamples: number,
  options: SamplerOptions = {},
): IterableIterator<number> {
  expectPositive(numSamples);
  return drawWeighted(Float64Array.from(weights), numSamples, options);
}

/**
 * The indices 0 … size - 1 shuffled and cut into parts (torch.utils.data.random_split). `lengths` are sizes, or shares
 * that sum to one; then what rounding down leaves over goes to the first parts, one each.
 */
export function randomSplit(
  size: number,
  lengths: readonly number[],
  generator: Generator = defaultGenerator,
): number[][] {
  const sizes = partSizes(size, lengths);
  if (sum(sizes) !== size) {
    throw new ValueError("Sum of input lengths does not equal the length of the input dataset!");
  }
  const order = Array.from(randomPermutation(generator, size));
  let end = 0;
  return sizes.map((length) => {
    end += length;
    return order.slice(end - length, end);
  });
}

/** The seed that a data loader draws for its workers whenever an epoch begins, shuffled or not, workers or not. */
export function loaderBaseSeed(generator: Generator = defaultGenerator): bigint {
  return random(generator, new BigInt64Array(1))[0];
}

/** Complete permutations, then one more for the rest, which torch draws even when there is no rest. */
function* drawShuffled(size: number, numSamples: number, given: Generator | undefined): IterableIterator<number> {
  const generator = given ?? derivedGenerator();
  for (let round = 0; round < Math.floor(numSamples / size); round++) yield* randomPermutation(generator, size);
  yield* randomPermutation(generator, size).subarray(0, numSamples % size);
}

/** In blocks of 32, so that a sampler abandoned half-way has drawn what torch's has. */
function* drawRepeatedly(size: number, numSamples: number, given: Generator | undefined): IterableIterator<number> {
  const generator = given ?? derivedGenerator();
  const block = (length: number): Int32Array => randint(generator, new Int32Array(length), 0, size);
  for (let round = 0; round < Math.floor(numSamples / 32); round++) yield* block(32);
  yield* block(numSamples % 32);
}

function* drawWeighted(
  weights: Float64Array,
  numSamples: number,
  { replacement = true, generator = defaultGenerator }: SamplerOptions,
): IterableIterator<number> {
  for (const index of multinomial(generator, new BigInt64Array(numSamples), weights, 1, numSamples, replacement)) {
    yield Number(index);
  }
}

function derivedGenerator(): Generator {
  return new Generator().manualSeed(random(defaultGenerator, new BigInt64Array(1))[0]);
}

function partSizes(size: number, lengths: readonly number[]): readonly number[] {
  const total = sum(lengths);
  const shares = total <= 1 && Math.abs(total - 1) <= 1e-9;
  if (!shares) return lengths;
  const sizes = lengths.map((share, i) => {
    if (share < 0 || share > 1) throw new ValueError(`Fraction at index ${i} is not between 0 and 1`);
    return Math.floor(size * share);
  });
  const rest = size - sum(sizes);
  for (let i = 0; i < rest; i++) sizes[i % sizes.length] += 1;
  return sizes;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function expectPositive(numSamples: number): void {
  if (!Number.isInteger(numSamples) || numSamples <= 0) {
    throw new ValueError(`num_samples should be a positive integer value, but got num_samples=${numSamples}`);
  }
}
