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
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);

  u8(...values: readonly number[]): void {
    for (const value of values) this.#view.setUint8(this.#advance(1), value);
  }

  u16(...values: readonly number[]): void {
    for (const value of values) this.#view.setUint16(this.#advance(2), value, true);
  }

  u32(...values: readonly number[]): void {
    for (const value of values) this.#view.setUint32(this.#advance(4), value, true);
  }

  u64(...values: readonly number[]): void {
    for (const value of values) this.#view.setBigUint64(this.#advance(8), BigInt(value), true);
  }

  bigEndianDouble(value: number): void {
    this.#view.setFloat64(this.#advance(8), value, false);
  }

  write(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#advance(bytes.length));
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #advance(length: number): number {
    const start = this.length;
    this.length += length;
    if (this.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return start;
  }
}
