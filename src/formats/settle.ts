/**
 * The last step of reading: a value may hold only what stands for data, and every tensor becomes what the caller makes of
 * it. Containers may hold each other in circles and to any depth, so there is a list of what is to be visited.
 */
import type { DType } from "../dense/dtype.ts";
import { OrderedDict } from "../dense/ordered-dict.ts";
import { Size } from "../dense/size.ts";
import { FormatError } from "./format-error.ts";
import { STORAGE_CLASSES } from "./memory.ts";
import { StorageWindow } from "./storages.ts";
import { describe } from "./unpickle.ts";
import { Device, metadataOf, StoredTensor, setMetadata } from "./values.ts";

/** `root` with `make(tensor)` in the place of each tensor. One that occurs twice is made once. */
export function settle(root: unknown, make: (tensor: StoredTensor) => unknown): unknown {
  const made = new Map<StoredTensor, unknown>();
  const seen = new Set<object>();
  const waiting: object[] = [];
  const settled = (value: unknown): unknown => {
    if (value instanceof StoredTensor) {
      if (!made.has(value)) made.set(value, make(value));
      return made.get(value);
    }
    if (isContainer(value)) {
      if (!seen.has(value)) {
        seen.add(value);
        waiting.push(value);
      }
    } else expectData(value);
    return value;
  };
  const result = settled(root);
  for (let container = waiting.pop(); container; container = waiting.pop()) settleContents(container, settled);
  return result;
}

function settleContents(container: object, settled: (value: unknown) => unknown): void {
  if (container instanceof Map) {
    for (const [key, value] of container) {
      expectSame(key, settled(key));
      container.set(key, settled(value));
    }
    const metadata = container instanceof OrderedDict ? metadataOf(container) : undefined;
    if (metadata !== undefined) setMetadata(container as OrderedDict<unknown, unknown>, settled(metadata));
  } else if (container instanceof Set) {
    for (const member of container) expectSame(member, settled(member));
  } else if (Array.isArray(container)) {
    for (let at = 0; at < container.length; at += 1) container[at] = settled(container[at]);
  }
}

function isContainer(value: unknown): value is object {
  return (Array.isArray(value) && !(value instanceof Size)) || value instanceof Map || value instanceof Set;
}

/** A tensor that is a key would be looked for by what it is, not by what it becomes. */
function expectSame(before: unknown, after: unknown): void {
  if (before !== after) throw new FormatError("a tensor as a key is not supported", { format: "torch", offset: 0 });
}

function expectData(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const isData =
    value instanceof Number ||
    value instanceof Uint8Array ||
    value instanceof Size ||
    value instanceof Device ||
    [...STORAGE_CLASSES.values()].includes(value as DType);
  if (isData) return;
  const what = value instanceof StorageWindow ? "a storage without a tensor" : describe(value);
  throw new FormatError(`${what} is not data`, { format: "torch", offset: 0 });
}
