/** Bytes in order: a reader that never leaves its window, and a writer that grows. Little-endian unless it says otherwise. */
import { FormatError, type Place } from "./format-error.ts";

/** Reads numbers one after another. Errors: FormatError at the byte where something is missing. */
export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  readonly #view: DataView;
  readonly #place: Place;

  constructor(bytes: Uint8Array, place: Place, position = 0) {
    this.bytes = bytes;
    this.position = position;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#place = place;
  }

  /** The number of bytes that are left. */
  get remaining(): number {
    return this.bytes.length - this.position;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** 64 bits as a number. Errors: FormatError for what a number cannot hold exactly, which no length or offset needs. */
  u64(): number {
    const at = this.#advance(8);
    const value = Number(this.#view.getBigUint64(at, true));
    if (!Number.isSafeInteger(value)) throw this.error("a length or offset beyond 2^53", at);
    return value;
  }

  bigEndianDouble(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** The next `length` bytes, as a window on the file. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.bytes.subarray(start, start + length);
  }

  /** What went wrong, at this byte or another. */
  error(message: string, offset: number = this.position, hint?: string): FormatError {
    return new FormatError(message, { ...this.#place, offset }, hint);
  }

  #advance(length: number): number {
    if (length > this.remaining) throw this.error(`${length} bytes expected, ${this.remaining} are left`);
    const start = this.position;
    this.position += length;
    return start;
  }
}

const FIRST_CAPACITY = 256;

/** Collects bytes whose number is not known before. */
export class ByteWriter {
  length = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;

  /** Room for `capacity` bytes at first: who knows how many there will be saves the copies. */
  constructor(capacity = FIRST_CAPACITY) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(...values: readonly number[]): void {
    for (const value of values) this.#put(1, (view, at) => view.setUint8(at, value));
  }

  u16(...values: readonly number[]): void {
    for (const value of values) this.#put(2, (view, at) => view.setUint16(at, value, true));
  }

  u32(...values: readonly number[]): void {
    for (const value of values) this.#put(4, (view, at) => view.setUint32(at, value, true));
  }

  u64(...values: readonly number[]): void {
    for (const value of values) this.#put(8, (view, at) => view.setBigUint64(at, BigInt(value), true));
  }

  bigEndianDouble(value: number): void {
    this.#put(8, (view, at) => view.setFloat64(at, value, false));
  }

  write(bytes: Uint8Array): void {
    this.#put(bytes.length, (_, at) => this.#bytes.set(bytes, at));
  }

  /** What was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  /** Makes room first: growing replaces both the bytes and the view. */
  #put(length: number, set: (view: DataView, at: number) => void): void {
    const start = this.length;
    this.length += length;
    if (this.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    set(this.#view, start);
  }
}
