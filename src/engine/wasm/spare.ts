/**
 * Large memory that is needed again and again. A machine gives fresh memory page by page, as it is touched, and that takes
 * many times longer than to write what it is wanted for. So who is done with some gives it here, for the next who asks.
 * Nothing is kept from the garbage collector.
 */

/** Floats: less is had quickly. */
const LARGE = 2 ** 16;

/** Memory that nobody needs now. */
export class Spare {
  #left: WeakRef<Float32Array>[] = [];

  /** Memory for so many floats, whatever they are now. */
  take(length: number): Float32Array {
    if (length < LARGE) return new Float32Array(length);
    this.#left = this.#left.filter((one) => one.deref());
    const at = this.#left.findIndex((one) => isRightFor(length, one.deref()));
    const found = at < 0 ? undefined : this.#left.splice(at, 1)[0]!.deref();
    return found?.subarray(0, length) ?? new Float32Array(length);
  }

  /** Takes back what it gave. Whoever had it does not look at it again. */
  give({ buffer, length }: Float32Array): void {
    if (length >= LARGE) this.#left.push(new WeakRef(new Float32Array(buffer)));
  }
}

/** Large enough, and not so large that something larger will miss it. */
const isRightFor = (length: number, found: Float32Array | undefined): boolean =>
  found !== undefined && found.length >= length && found.length <= 2 * length;
