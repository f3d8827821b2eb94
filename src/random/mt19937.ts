/**
 * The Mersenne twister MT19937 (Matsumoto & Nishimura 1998): 624 words of state, renewed in place, a whole block at a
 * time, and scrambled once more ("tempered") on the way out.
 *
 *     v    = the top bit of s[k] and the other bits of s[k + 1]            indices modulo 624
 *     s[k] = s[k + 397] ^ (v >>> 1) ^ (v odd ? 0x9908b0df : 0)
 */

/** The number of words in the state. */
export const WORDS = 624;

const SHIFT = 397;

/** The bare engine: 32-bit words from a 32-bit seed. */
export class Mt19937 {
  /** The state s. */
  readonly words = new Uint32Array(WORDS);
  /** How many draws are left until the block is renewed, plus one. */
  left = 1;
  /** The index of the word that is drawn next. */
  next = 0;

  constructor(seed: number) {
    const words = this.words;
    words[0] = seed;
    for (let k = 1; k < WORDS; k++) {
      const last = words[k - 1];
      words[k] = Math.imul(1812433253, last ^ (last >>> 30)) + k;
    }
  }

  /** The next output, an integer in [0, 2^32). */
  draw(): number {
    if (this.left === 1) this.#renew();
    this.left -= 1;
    let y = this.words[this.next];
    this.next += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** `scale` times the low 24 bits of an output, plus `shift`, for each number of `out`: what is there of a block at a time. */
  fill24(out: Float32Array, scale: number, shift: number): void {
    for (let at = 0; at < out.length; ) {
      if (this.left === 1) this.#renew();
      const count = Math.min(this.left - 1, out.length - at);
      temper24(this.words, this.next, out, at, count, scale, shift);
      this.left -= count;
      this.next += count;
      at += count;
    }
  }

  #renew(): void {
    const words = this.words;
    twist(words, 0, WORDS - SHIFT, SHIFT);
    twist(words, WORDS - SHIFT, WORDS - 1, SHIFT - WORDS);
    words[WORDS - 1] = twisted(words[WORDS - 1], words[0], words[SHIFT - 1]);
    this.left = WORDS + 1;
    this.next = 0;
  }
}

/** Renews the words from `start` to `end`, each by its neighbour and the one `distance` away. */
function twist(words: Uint32Array, start: number, end: number, distance: number): void {
  for (let k = start; k < end; k++) words[k] = twisted(words[k], words[k + 1], words[k + distance]);
}

function twisted(word: number, following: number, distant: number): number {
  const v = (word & 0x80000000) | (following & 0x7fffffff);
  return distant ^ (v >>> 1) ^ (following & 1 ? 0x9908b0df : 0);
}

/** The loop by itself, without calls: a machine that starts sees soon that it is worth compiling. */
function temper24(
  words: Uint32Array,
  from: number,
  out: Float32Array,
  to: number,
  count: number,
  scale: number,
  shift: number,
): void {
  for (let i = 0; i < count; i++) {
    let y = words[from + i];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    out[to + i] = ((y ^ (y >>> 18)) & 0xffffff) * scale + shift;
  }
}
