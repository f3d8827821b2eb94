/**
 * torch.Generator on the CPU: the Mersenne twister, the seed it was given and one normal number kept for later.
 * Everything random in the library is made of the draws below, in torch's order, so a seed means here what it means
 * in torch.
 */
import { pythonTypeOf, RuntimeError, ValueError } from "../check.ts";
import { log1p } from "./log1p.ts";
import { Mt19937, WORDS } from "./mt19937.ts";
import { sinCos } from "./precise.ts";

const DEFAULT_SEED = 67280421310721n;

/**
 * A stream of random numbers (torch.Generator). A new one always has the same seed, as in torch.
 *
 *     const generator = new Generator().manualSeed(42);
 */
export class Generator {
  /** The only device. */
  readonly device = "cpu";
  #seed = DEFAULT_SEED;
  /** Absent until something is drawn. */
  #started: Mt19937 | undefined;
  #cachedNormal: number | undefined = undefined;

  /** Restarts the stream at a seed in [-2^63, 2^64); a negative one counts from 2^64 down. Only its low 32 bits matter. */
  manualSeed(seed: number | bigint): this {
    this.#seed = asSeed(seed);
    this.#started = undefined;
    this.#cachedNormal = undefined;
    return this;
  }

  /** Restarts the stream at a seed from the operating system, and returns that. */
  seed(): bigint {
    const [seed] = globalThis.crypto.getRandomValues(new BigUint64Array(1));
    this.manualSeed(seed);
    return seed;
  }

  /** The seed that the stream was last started with, in [0, 2^64). */
  initialSeed(): bigint {
    return this.#seed;
  }

  /** An integer in [0, 2^32): one output of the engine, as the other draws count them. */
  u32(): number {
    return this.#engine.draw();
  }

  /** An integer in [0, 2^64). Two outputs, the high half first. */
  u64(): bigint {
    const high = BigInt(this.u32());
    return (high << 32n) | BigInt(this.u32());
  }

  /** A float32 in [0, 1), a multiple of 2^-24. One output. */
  u24(): number {
    return (this.u32() & 0xffffff) * 2 ** -24;
  }

  /** A float64 in [0, 1), a multiple of 2^-53. Two outputs. */
  u53(): number {
    const high = this.u32() & 0x1fffff;
    return (high * 2 ** 32 + this.u32()) * 2 ** -53;
  }

  /**
   * A standard normal float64 (Box & Muller 1958). Four outputs give two numbers; the second waits for the next call.
   *
   *     r = √(-2·log(1 - u2)),  θ = 2π·u1,  and then r·cos θ,  r·sin θ
   */
  normal(): number {
    const cached = this.#cachedNormal;
    if (cached !== undefined) {
      this.#cachedNormal = undefined;
      return cached;
    }
    const u1 = this.u53();
    const u2 = this.u53();
    const radius = Math.sqrt(-2 * log1p(-u2));
    const [sin, cos] = sinCos(2 * Math.PI * u1);
    this.#cachedNormal = radius * sin;
    return radius * cos;
  }

  /** The whole state in torch's 5056 bytes (`get_state`), which torch can read as well. */
  getState(): Uint8Array {
    const bytes = new Uint8Array(STATE_BYTES);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, this.#seed, true);
    view.setInt32(8, this.#engine.left, true);
    view.setInt32(12, 1, true);
    view.setUint32(16, this.#engine.next, true);
    this.#engine.words.forEach((word, k) => {
      view.setUint32(24 + 8 * k, word, true);
    });
    view.setFloat64(5024, this.#cachedNormal ?? 0, true);
    view.setInt32(5040, this.#cachedNormal === undefined ? 0 : 1, true);
    return bytes;
  }

  /** `scale` times a u24, plus `shift`, for each number of `out`, computed in float64. */
  fill24(out: Float32Array, scale: number, shift: number): void {
    this.#engine.fill24(out, scale * 2 ** -24, shift);
  }

  /** Continues from a state that `getState` or torch wrote. A refused state changes nothing. */
  setState(bytes: Uint8Array): this {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("RNG state must be a torch.ByteTensor");
    if (bytes.length !== STATE_BYTES) {
      throw new RuntimeError(
        `Expected a CPUGeneratorImplState of size ${STATE_BYTES} but found the input RNG state size to be ${bytes.length}`,
      );
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const left = view.getInt32(8, true);
    const seeded = view.getInt32(12, true);
    const next = view.getBigUint64(16, true);
    if (seeded === 0 || left <= 0 || left > WORDS || next > WORDS) throw new RuntimeError("Invalid mt19937 state");
    this.manualSeed(view.getBigUint64(0, true));
    this.#engine.left = left;
    this.#engine.next = Number(next);
    for (let k = 0; k < WORDS; k++) this.#engine.words[k] = view.getUint32(24 + 8 * k, true);
    if (view.getInt32(5040, true) !== 0) this.#cachedNormal = view.getFloat64(5024, true);
    return this;
  }

  get #engine(): Mt19937 {
    this.#started ??= new Mt19937(lowWord(this.#seed));
    return this.#started;
  }

  /** A second stream that continues as this one would. */
  clone(): Generator {
    return new Generator().setState(this.getState());
  }
}

/**
 * The generator of every draw that is not given one. Until `manualSeed` it has a seed by chance, of 53 bits as in torch;
 * not from the operating system, which takes milliseconds to ask.
 */
export const defaultGenerator = new Generator().manualSeed(Math.floor(Math.random() * 2 ** 53));

/** Seeds the default generator, and returns it (torch.manual_seed). */
export function manualSeed(seed: number | bigint): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** The seed of the default generator (torch.initial_seed). */
export function initialSeed(): bigint {
  return defaultGenerator.initialSeed();
}

/** Seeds the default generator from the operating system, and returns the seed (torch.seed). */
export function seed(): bigint {
  return defaultGenerator.seed();
}

/**
 * Little-endian: seed u64, left i32, seeded i32, next u64, 624 words of u64, then at 5016 the normal caches:
 * f64 unused, f64 normal, f64 unused, i32 normal valid, and sixteen bytes for a float32 normal that is never drawn.
 */
const STATE_BYTES = 5056;

function asSeed(seed: number | bigint): bigint {
  if (typeof seed !== "number" && typeof seed !== "bigint") {
    throw new TypeError(
      `int() argument must be a string, a bytes-like object or a real number, not '${pythonTypeOf(seed)}'`,
    );
  }
  const integer = typeof seed === "bigint" || !Number.isFinite(seed) ? seed : BigInt(Math.trunc(seed));
  if (typeof integer === "number" || integer < -(2n ** 63n) || integer >= 2n ** 64n) {
    throw new ValueError("Overflow when unpacking long long");
  }
  return BigInt.asUintN(64, integer);
}

function lowWord(seed: bigint): number {
  return Number(BigInt.asUintN(32, seed));
}
