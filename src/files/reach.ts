/**
 * Files of which only parts are read: anything that knows its size and hands out the bytes from here to there. A Blob in a
 * browser does, and so does a file handle of Node; nothing else is asked of either.
 */
import { RuntimeError } from "../check.ts";

/** A Blob, a dropped File. */
export interface Sliceable {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** What `open(path)` of Node's `fs/promises` gives. */
export interface Handle {
  stat(): Promise<{ readonly size: number }>;
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/** A file to be read in parts. */
export interface Reach {
  readonly size: number;
  readonly read: (start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;
}

/** The file behind a Blob or a handle. */
export async function reachOf(file: Sliceable | Handle): Promise<Reach> {
  if ("slice" in file) {
    const read = async (start: number, end: number): Promise<Uint8Array<ArrayBuffer>> =>
      expectAll(new Uint8Array(await file.slice(start, end).arrayBuffer()), end - start);
    return { size: file.size, read };
  }
  const { size } = await file.stat();
  return { size, read: (start, end) => readAll(file, start, end) };
}

/** A handle may give less than was asked for. */
async function readAll(file: Handle, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return expectAll(bytes.subarray(0, done), end - start);
}

function expectAll(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (bytes.length !== length) throw new RuntimeError("the file has become shorter while it was read");
  return bytes;
}
