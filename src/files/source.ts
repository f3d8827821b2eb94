/**
 * Where the bytes of a file come from. Bytes that are there are read at once; those that are still to come (a dropped
 * file, a response, a promise) make a promise. What a platform offers is described by its shape, never by its name.
 */
import { pythonTypeOf } from "../check.ts";

/** Bytes that are there; a Node Buffer is one of them. */
export type Bytes = ArrayBufferView | ArrayBufferLike;

/** What hands out its bytes when asked: a Blob, a File, a Response. */
export interface Readable {
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Bytes that are still to come: `readFile(path)`, `fetch(url)`, a dropped file. */
export type LaterBytes = Readable | PromiseLike<Bytes | Readable>;

/** What a reader is given. */
export type ByteSource = Bytes | LaterBytes;

/** `use` on the bytes, now or as soon as they are there. Errors: TypeError for what is no source of bytes. */
export function withBytes<T>(who: string, source: ByteSource, use: (bytes: Uint8Array) => T): T | Promise<T> {
  if (ArrayBuffer.isView(source)) return use(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (isBuffer(source)) return use(new Uint8Array(source));
  if (isReadable(source)) return source.arrayBuffer().then((buffer) => use(new Uint8Array(buffer)));
  if (isPromise(source)) return Promise.resolve(source).then((bytes) => withBytes(who, bytes, use));
  throw new TypeError(`${who}: expected bytes, a Blob, a Response or a promise of one, got ${pythonTypeOf(source)}`);
}

/** Buffers of another window are no instances of this one's class, but have its tag. */
function isBuffer(value: unknown): value is ArrayBufferLike {
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}

function isReadable(value: unknown): value is Readable {
  return typeof (value as Partial<Readable> | null)?.arrayBuffer === "function";
}

function isPromise(value: unknown): value is PromiseLike<Bytes | Readable> {
  return typeof (value as Partial<PromiseLike<unknown>> | null)?.then === "function";
}
