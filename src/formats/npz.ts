/** .npz, numpy's file of several arrays: a zip archive in which `name.npy` is the array `name`. */
import type { Dense } from "../dense/dense.ts";
import { FormatError } from "./format-error.ts";
import { readNpy, writeNpy } from "./npy.ts";
import { entryBytes, readZip } from "./zip.ts";
import { type NewEntry, writeZip } from "./zip-write.ts";

const SUFFIX = ".npy";

/** The arrays by name, in the order of the archive. Errors: FormatError, for entries that are no arrays as well. */
export function readNpz(file: Uint8Array, copy: boolean): ReadonlyMap<string, Dense> {
  const arrays = new Map<string, Dense>();
  for (const [name, entry] of readZip(file)) {
    if (!name.endsWith(SUFFIX))
      throw new FormatError("is no array", { format: "npz", part: name, offset: entry.start });
    arrays.set(name.slice(0, -SUFFIX.length), readNpy(entryBytes(file, entry), copy, name));
  }
  return arrays;
}

/** The file of arrays. */
export function writeNpz(arrays: ReadonlyMap<string, Dense>): Uint8Array<ArrayBuffer> {
  return writeZip(Array.from(arrays, ([name, dense]): NewEntry => [`${name}${SUFFIX}`, writeNpy(dense)]));
}
