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
    this.left -= 1;
    if (this.left === 0) this.#renew();
    let y = this.words[this.next];
    this.next += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** `scale` times the low 24 bits of an output, plus `shift`, for each number of `out`: a loop without calls. */
  fill24(out: Float32Array, scale: number, shift: number): void {
    const words = this.words;
    let { left, next } = this;
    for (let i = 0; i < out.length; i++) {
      left -= 1;
      if (left === 0) {
        this.#renew();
        ({ left, next } = this);
      }
      let y = words[next];
      next += 1;
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      out[i] = ((y ^ (y >>> 18)) & 0xffffff) * scale + shift;
    }
    this.left = left;
    this.next = next;
  }

  #renew(): void {
    const words = this.words;
    for (let k = 0; k < WORDS; k++) {
      const following = words[k === WORDS - 1 ? 0 : k + 1];
      const distant = words[k < WORDS - SHIFT ? k + SHIFT : k + SHIFT - WORDS];
      const v = (words[k] & 0x80000000) | (following & 0x7fffffff);
      words[k] = distant ^ (v >>> 1) ^ (following & 1 ? 0x9908b0df : 0);
    }
    this.left = WORDS;
    this.next = 0;
  }
}
