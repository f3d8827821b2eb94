/**
 * The memory that the kernels work in. A call copies its operands in, computes, and copies the result out; the next call
 * uses the same memory again. It grows to what the largest call needs, which is bounded since large products are cut
 * into blocks, and nobody frees anything.
 */

/** What is used of WebAssembly.Memory. */
export interface GrowingMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

const PAGE_FLOATS = 2 ** 14;

// The garbage collector runs when much memory has been replaced, and memory that grows counts as such: so it grows by a
// part of itself, most of which a machine does not give before it is touched.
const GROWTH = 1 / 8;

/** The floats of a memory. */
export class Arena {
  readonly #memory: GrowingMemory;
  #floats: Float32Array<ArrayBuffer>;

  constructor(memory: GrowingMemory) {
    this.#memory = memory;
    this.#floats = new Float32Array(memory.buffer);
  }

  /** All of the memory. Growing replaces this view, so take it after `reserve`. */
  get floats(): Float32Array<ArrayBuffer> {
    return this.#floats;
  }

  /** Makes room for this many floats. False if the machine has no more memory. */
  reserve(count: number): boolean {
    const missing = Math.ceil((count - this.#floats.length) / PAGE_FLOATS);
    if (missing <= 0) return true;
    const ample = Math.ceil((GROWTH * this.#floats.length) / PAGE_FLOATS);
    if (!this.#grow(Math.max(missing, ample)) && !this.#grow(missing)) return false;
    this.#floats = new Float32Array(this.#memory.buffer);
    return true;
  }

  #grow(pages: number): boolean {
    try {
      this.#memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }
}
