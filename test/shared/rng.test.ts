/** Every random case of the shared vectors (shared/golden/rng) that flat memory can express: all of them. */
import { describe, expect, it } from "vitest";
import { alphaDropoutMask, bernoulli, bernoulliEach, dropoutMask } from "../../src/random/bernoulli.ts";
import { cauchy, exponential, geometric, logNormal } from "../../src/random/distributions.ts";
import { type DrawType, type FloatArray, rounding } from "../../src/random/element.ts";
import { kaimingStd, uniformBound, xavierStd } from "../../src/random/gain.ts";
import { defaultGenerator, Generator, manualSeed } from "../../src/random/generator.ts";
import { orthogonal, sparse, truncatedNormal } from "../../src/random/initial.ts";
import { randint, random, randomFrom, randomPermutation } from "../../src/random/integers.ts";
import { multinomial } from "../../src/random/multinomial.ts";
import { normal, normalEach } from "../../src/random/normal.ts";
import {
  loaderBaseSeed,
  randomSampler,
  randomSplit,
  subsetRandomSampler,
  weightedRandomSampler,
} from "../../src/random/order.ts";
import { uniform } from "../../src/random/uniform.ts";
import { allocate } from "../random/memory.ts";
import { base64Of, type Case, cases, expectMemory, floats, gather, read, runFile, type Stored } from "./vectors.ts";

runFile("engine", (example, generator, _type, length) => {
  const skipped = example.name === "u64@1000" ? 1000 : 0;
  for (let i = 0; i < skipped; i++) generator.u64();
  return randomFrom(generator, new BigInt64Array(length), -(2n ** 63n));
});

describe("shared state", () => {
  const preparations: Record<string, (generator: Generator) => unknown> = {
    fresh: () => {},
    after_rand5: (generator) => uniform(generator, new Float32Array(5)),
    after_randn1_cached: (generator) => normal(generator, new Float32Array(1)),
    after_rand624: (generator) => uniform(generator, new Float32Array(624)),
  };
  for (const example of cases("state")) {
    it(`${example.name}: the bytes and what follows are torch's`, () => {
      const generator = new Generator().manualSeed(BigInt(example.seed));
      preparations[example.name](generator);
      const bytes = Buffer.from(example.state as string, "base64");
      expect(Buffer.from(generator.getState())).toEqual(bytes);
      expect(String(generator.initialSeed())).toBe(example.initial_seed);
      for (const source of [generator, new Generator().setState(bytes)]) {
        expectMemory(uniform(source, new Float32Array(4)), example.then_rand4 as Stored);
        expectMemory(normal(source, new Float32Array(3)), example.then_randn3 as Stored);
      }
    });
  }
});

runFile("uniform", ({ name, a = 0, b = 1 }, generator, type, length) => {
  const memory = uniform(generator, floats(type, length), a as number, b as number, type);
  if (name === "uniform_transposed(3,4).t()" || name === "rand_like(x(3,4).t())") return gather(memory, [4, 3], [1, 4]);
  if (name === "uniform_permute(2,3,4)->(2,0,1)") return gather(memory, [4, 2, 3], [1, 12, 4]);
  return memory;
});

runFile(
  "normal",
  ({ name, mean = 0, std = 1 }, generator, type, length) => {
    const draw = (count: number, contiguous = true): FloatArray =>
      normal(generator, floats(type, count), mean as number, std as number, contiguous, type);
    if (name === "randn3_x4") return concatenate([draw(3), draw(3), draw(3), draw(3)], type);
    if (name === "randn3_randn16_randn3") return concatenate([draw(3), draw(16), draw(3)], type);
    if (name === "normal_strided(20,2)[:,0]") return draw(20, false);
    if (name === "normal_transposed(4,6).t()") return gather(draw(24, false), [6, 4], [1, 6]);
    if (name === "randn_like(x(4,6).t())") return gather(draw(24, false), [6, 4], [1, 6]);
    if (typeof mean === "object" || typeof std === "object") {
      const operand = (value: unknown): number | FloatArray =>
        typeof value === "number" ? value : (read(value) as FloatArray);
      return normalEach(generator, floats(type, length), operand(mean), operand(std), type);
    }
    return draw(length);
  },
  ({ out, mean = 0, std = 1 }) => {
    const scale = Math.max(1, ...[mean, std].map((x) => (typeof x === "number" ? Math.abs(x) : 20)));
    return out.dtype === "f64" ? 4 * scale : 0;
  },
);

it("shared normal: one cached number serves float32 and float64", () => {
  const example = cases("normal").find(({ name }) => name === "randn_f32_then_f64_cache")!;
  const generator = new Generator().manualSeed(BigInt(example.seed));
  const outs = example.outs as Stored[];
  expectMemory(normal(generator, new Float32Array(1)), outs[0]);
  expectMemory(normal(generator, new Float64Array(1)), outs[1], 4);
  expectMemory(normal(generator, new Float32Array(2)), outs[2]);
  expect(base64Of(generator.u24())).toBe(example.next);
});

runFile("ints", ({ name, low, high }, generator, type, length) => {
  const out = allocate(type, length);
  if (name.startsWith("randint")) return randint(generator, out, BigInt(low as string), BigInt(high as string), type);
  if (name === "random_") return random(generator, out, type);
  if (name === "random_(7)") return randint(generator, out, 0, 7, type);
  if (name === "random_(-3,4)") return randint(generator, out, -3, 4, type);
  if (name === "random_(5,None)") return randomFrom(generator, out, 5, type);
  const order = randomPermutation(generator, length);
  return type === "int64" ? BigInt64Array.from(order, BigInt) : order;
});

const weightTable = cases("discrete").find(({ name }) => name === "weights")!;

runFile(
  "discrete",
  (example, generator, type, length) => {
    const { name, p, k, replacement, weights, wdtype } = example;
    const args = example.args as number[];
    const out = allocate(type, length);
    const real = out as FloatArray;
    if (name === "multinomial") {
      const stored = read(weightTable[weights as string]) as FloatArray;
      const table = wdtype === "f64" ? Float64Array.from(stored) : stored;
      return multinomial(
        generator,
        out as BigInt64Array,
        table,
        length / (k as number),
        k as number,
        replacement === true,
      );
    }
    if (name === "bernoulli_(p)") return bernoulli(generator, out, p as number, type);
    if (name.startsWith("bernoulli")) return bernoulliEach(generator, out, read(p) as FloatArray, type);
    if (name === "exponential_") return exponential(generator, real, args[0]);
    if (name === "cauchy_") return cauchy(generator, real, args[0], args[1]);
    if (name === "log_normal_") return logNormal(generator, real, args[0], args[1]);
    if (name === "geometric_") return geometric(generator, out, args[0]);
    return dropout(example, generator, type, length);
  },
  ({ name, out }) => (out.dtype === "f64" && /cauchy|log_normal/.test(name) ? 4 : 0),
);

/** x is 0.37, 0.74, … in float32, as the generating script has it. */
function dropout({ name, p }: Case, generator: Generator, type: DrawType, length: number): FloatArray {
  const x = floats(type, length).map((_, i) => Math.fround((i + 1) * Math.fround(0.37)));
  if (name === "dropout(eval)") return x;
  const round = rounding(type);
  if (name === "alpha_dropout") {
    const [factor, shift] = [floats(type, length), floats(type, length)];
    alphaDropoutMask(generator, factor, shift, p as number);
    return x.map((value, i) => round(round(value * factor[i]) + shift[i]));
  }
  const channels = name === "dropout1d";
  const mask = dropoutMask(generator, floats(type, channels ? 12 : length), p as number);
  const product = x.map((value, i) => round(value * mask[channels ? Math.floor(i / 5) : i]));
  return name === "dropout_transposed" ? gather(product, [10, 6], [1, 10]) : product;
}

runFile(
  "init",
  ({ name, args, out }, generator, type, length) => {
    const memory = floats(type, length);
    const spread = (bound: number): FloatArray => uniform(generator, memory, -bound, bound);
    const { shape } = out;
    if (name.startsWith("trunc_normal_")) {
      const [mean, std, a, b] = args as number[];
      return truncatedNormal(generator, memory, mean, std, a, b);
    }
    if (name === "xavier_uniform_") return spread(uniformBound(xavierStd(shape)));
    if (name === "xavier_uniform_(gain=5/3)") return spread(uniformBound(xavierStd(shape, 5 / 3)));
    if (name === "xavier_normal_") return normal(generator, memory, 0, xavierStd(shape));
    if (name === "kaiming_uniform_") return spread(uniformBound(kaimingStd(shape)));
    if (name === "kaiming_uniform_(a=sqrt5)") return spread(uniformBound(kaimingStd(shape, Math.sqrt(5))));
    if (name === "kaiming_normal_") return normal(generator, memory, 0, kaimingStd(shape));
    if (name === "orthogonal_") return orthogonal(generator, memory, shape[0]);
    return sparse(generator, memory, shape[0], 0.3, 0.01);
  },
  ({ name, out }) => {
    if (name === "orthogonal_") return (out.dtype === "f64" ? 1e-14 : 2e-6) * 2 ** 52;
    return out.dtype === "f64" && /normal|sparse/.test(name) ? 4 : 0;
  },
);

describe("shared init", () => {
  for (const example of cases("init").filter(({ name }) => name === "module")) {
    it(`${example.module} starts with torch's weights`, () => {
      const generator = new Generator().manualSeed(BigInt(example.seed));
      const expected = example.value as Record<string, Stored>;
      const drawn = new Map(Object.entries(expected).map(([name, { shape }]) => [name, zeros(shape)]));
      MODULES[example.module as string](new Weights(generator, drawn));
      expect(base64Of(generator.u24())).toBe(example.next);
      for (const [name, stored] of Object.entries(expected)) expectMemory(drawn.get(name)!.memory, stored);
    });
  }
});

interface Weight {
  readonly shape: readonly number[];
  readonly memory: Float32Array;
}

function zeros(shape: readonly number[]): Weight {
  return { shape, memory: new Float32Array(shape.reduce((product, size) => product * size, 1)) };
}

/** The parameters of a module, drawn one by one in the order of its constructor. */
class Weights {
  readonly generator: Generator;
  readonly drawn: ReadonlyMap<string, Weight>;

  constructor(generator: Generator, drawn: ReadonlyMap<string, Weight>) {
    this.generator = generator;
    this.drawn = drawn;
  }

  uniform(bound: number, ...names: string[]): void {
    for (const name of names) uniform(this.generator, this.drawn.get(name)!.memory, -bound, bound);
  }

  /** Linear and convolution: weight by Kaiming with slope √5, bias by its fan in. */
  affine(prefix = ""): void {
    const { shape } = this.drawn.get(`${prefix}weight`)!;
    this.uniform(uniformBound(kaimingStd(shape, Math.sqrt(5))), `${prefix}weight`);
    const bias = `${prefix}bias`;
    const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
    if (this.drawn.has(bias)) this.uniform(1 / Math.sqrt(fanIn), bias);
  }

  attention(prefix = ""): void {
    this.affine(`${prefix}out_proj.`);
    this.drawn.get(`${prefix}out_proj.bias`)!.memory.fill(0);
    const name = `${prefix}in_proj_weight`;
    this.uniform(uniformBound(xavierStd(this.drawn.get(name)!.shape)), name);
  }

  ones(name: string): void {
    this.drawn.get(name)!.memory.fill(1);
  }
}

const recurrent =
  (hidden: number) =>
  (weights: Weights): void =>
    weights.uniform(1 / Math.sqrt(hidden), ...weights.drawn.keys());
const affine = (weights: Weights): void => weights.affine();
const embedding =
  (padding?: number) =>
  (weights: Weights): void => {
    const { shape, memory } = weights.drawn.get("weight")!;
    normal(weights.generator, memory);
    if (padding !== undefined) memory.fill(0, padding * shape[1], (padding + 1) * shape[1]);
  };

const MODULES: Readonly<Record<string, (weights: Weights) => void>> = {
  "RNN(4,3)": recurrent(3),
  "LSTM(4,3,2,bi)": recurrent(3),
  "GRU(4,3,2)": recurrent(3),
  "LSTM(4,6,proj=2)": recurrent(6),
  "RNN(4,3,nobias)": recurrent(3),
  "RNNCell(4,3)": recurrent(3),
  "LSTMCell(4,3)": recurrent(3),
  "GRUCell(4,3)": recurrent(3),
  "Linear(5,3)": affine,
  "Linear(128,10)": affine,
  "Linear(5,3,nobias)": affine,
  "Bilinear(3,4,2)": recurrent(3),
  "Embedding(7,4)": embedding(),
  "Embedding(3,4)": embedding(),
  "Embedding(7,4,pad=2)": embedding(2),
  "Conv1d(3,4,5)": affine,
  "MultiheadAttention(8,2)": (weights) => weights.attention(),
  "LayerNorm(4)": (weights) => weights.ones("weight"),
  "TransformerEncoderLayer(8,2,16)": (weights) => {
    weights.attention("self_attn.");
    weights.affine("linear1.");
    weights.affine("linear2.");
    weights.ones("norm1.weight");
    weights.ones("norm2.weight");
  },
};

describe("shared data", () => {
  const given = (seed: number): Generator => new Generator().manualSeed(seed);
  const runs: Record<string, () => unknown> = {
    "DataLoader(10,bs=3,shuffle)x2": () => epochs(2, true, false),
    "DataLoader(10,bs=3,shuffle,drop_last)x2": () => epochs(2, true, true),
    "DataLoader(10,bs=3)x2": () => epochs(2, false, false),
    "DataLoader(10,bs=3,shuffle,generator=5)x2": () => epochs(2, true, false, given(5)),
    "RandomSampler(10)x2": () => [[...randomSampler(10)], [...randomSampler(10)]],
    "RandomSampler(10,replacement,num=70)": () => [...randomSampler(10, { replacement: true, numSamples: 70 })],
    "RandomSampler(10,num=25)": () => [...randomSampler(10, { numSamples: 25 })],
    SubsetRandomSampler: () => [...subsetRandomSampler([3, 1, 4, 15, 9, 2, 6])],
    "WeightedRandomSampler(repl)": () => [...weightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 12)],
    "WeightedRandomSampler(norepl)": () => [
      ...weightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, { replacement: false }),
    ],
    "random_split(17,[10,4,3])": () => randomSplit(17, [10, 4, 3]),
    "random_split(17,[.5,.3,.2])": () => randomSplit(17, [0.5, 0.3, 0.2]),
    "random_split(17,[10,7],generator=42)": () => randomSplit(17, [10, 7], given(42)),
  };
  for (const example of cases("data")) {
    it(`${example.name} is torch's`, () => {
      manualSeed(BigInt(example.seed));
      expect(runs[example.name]()).toEqual(example.value);
      expect(base64Of(defaultGenerator.u24())).toBe(example.next);
    });
  }
});

/** Ten indices in batches of three, as a data loader reads them. */
function epochs(count: number, shuffled: boolean, dropLast: boolean, generator?: Generator): number[][][] {
  return Array.from({ length: count }, () => {
    loaderBaseSeed(generator);
    const order = shuffled ? [...randomSampler(10, generator ? { generator } : {})] : [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    const batches = [0, 3, 6, 9].map((start) => order.slice(start, start + 3));
    return batches.filter((batch) => batch.length === 3 || !dropLast);
  });
}

function concatenate(parts: readonly FloatArray[], type: DrawType): FloatArray {
  const all = parts.flatMap((part) => [...part]);
  return type === "float64" ? Float64Array.from(all) : Float32Array.from(all);
}
