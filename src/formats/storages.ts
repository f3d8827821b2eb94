/**
 * The storages of a file while it is being read. The pickle names them before their bytes are looked at: tensors are built
 * on memory that is still empty, and `fill` brings it when the pickle has been read.
 */
import type { Storage } from "../dense/dense.ts";
import { type DType, uint8 } from "../dense/dtype.ts";
import { Tuple } from "../dense/tuple.ts";
import { FormatError } from "./format-error.ts";
import { memoryFrom, type ReadOptions } from "./memory.ts";
import { describe, type Unpickler } from "./unpickle.ts";

/** torch's class of a storage: a dtype, or undefined for an UntypedStorage, which counts bytes. */
export class StorageClass {
  readonly name: string;
  readonly dtype: DType | undefined;

  constructor(name: string, dtype: DType | undefined) {
    this.name = name;
    this.dtype = dtype;
  }

  /** The bytes of what it counts. */
  get itemsize(): number {
    return (this.dtype ?? uint8).itemsize;
  }
}

/** One storage of the file. */
export class Stored {
  readonly key: string;
  readonly kind: StorageClass;
  readonly count: number;
  /** What tensors see: one memory for each dtype that they read it as. */
  readonly memories = new Map<DType, Storage>();

  constructor(key: string, kind: StorageClass, count: number) {
    this.key = key;
    this.kind = kind;
    this.count = count;
  }

  /** The memory for tensors of `dtype`; empty until the table is filled. */
  memory(dtype: DType): Storage {
    const memory = this.memories.get(dtype) ?? { data: dtype.allocate(0), version: 0 };
    this.memories.set(dtype, memory);
    return memory;
  }
}

/** A storage, or a part of one, as a tensor names it. A class of its own, so that it cannot be mistaken for data. */
export class StorageWindow {
  readonly stored: Stored;
  /** Where it begins in the storage, and how long it is, in elements of its class. */
  readonly start: number;
  readonly length: number;

  constructor(stored: Stored, start: number, length: number) {
    this.stored = stored;
    this.start = start;
    this.length = length;
  }
}

/** All storages that a pickle has named. */
export class StorageTable {
  readonly #stored = new Map<string, Stored>();

  /** The storage behind `('storage', class, key, location, count)`; old files add a part of it, `(key, start, length)`. */
  refer(id: unknown, machine: Unpickler): StorageWindow {
    if (!(id instanceof Tuple)) throw machine.error("a persistent id that is no tuple");
    const [what, kind, key, location, count, part = null] = id;
    if (what !== "storage") throw machine.error(`a reference to ${describe(what)} instead of a storage`);
    if (id.length < 5 || id.length > 6 || typeof location !== "string")
      throw machine.error("no reference to a storage");
    if (!(kind instanceof StorageClass)) throw machine.error(`${describe(kind)} is no class of storages`);
    if (typeof key !== "string") throw machine.error(`${describe(key)} is no key of a storage`);
    const length = naturalNumber(count, "the size of a storage", machine);
    if (!Number.isSafeInteger(length * kind.itemsize)) throw machine.error(`${length} elements in a storage`);
    const stored = this.#stored.get(key) ?? new Stored(key, kind, length);
    this.#stored.set(key, stored);
    if (stored.kind !== kind || stored.count !== length) {
      throw machine.error(`storage ${describe(key)} has two classes or two sizes`);
    }
    return partOf(stored, part, machine);
  }

  /** The storage with this key, if the pickle named one. */
  get(key: string): Stored | undefined {
    return this.#stored.get(key);
  }

  /** Brings the memory of every storage. Errors: FormatError when there are more or fewer bytes than was said. */
  fill(bytesOf: (stored: Stored) => Uint8Array, options: ReadOptions): void {
    for (const stored of this.#stored.values()) {
      const bytes = bytesOf(stored);
      const expected = stored.count * stored.kind.itemsize;
      if (bytes.length !== expected) {
        throw new FormatError(`${expected} bytes expected, ${bytes.length} found`, {
          format: "torch",
          part: `storage ${stored.key}`,
          offset: Math.min(expected, bytes.length),
        });
      }
      for (const [dtype, memory] of stored.memories) {
        const whole = bytes.length - (bytes.length % dtype.itemsize);
        memory.data = memoryFrom(bytes.subarray(0, whole), dtype, options);
      }
    }
  }
}

/** A size, stride or offset: true integers only. Errors: FormatError. */
export function naturalNumber(value: unknown, what: string, machine: Unpickler): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
    throw machine.error(`${what} cannot be ${describe(value)}`);
  }
  return value;
}

function partOf(stored: Stored, part: unknown, machine: Unpickler): StorageWindow {
  if (part === null) return new StorageWindow(stored, 0, stored.count);
  if (!(part instanceof Tuple) || part.length !== 3) throw machine.error("no part of a storage");
  const start = naturalNumber(part[1], "the start of a part", machine);
  const length = naturalNumber(part[2], "the size of a part", machine);
  if (start + length > stored.count) throw machine.error("a part that reaches beyond its storage");
  return new StorageWindow(stored, start, length);
}
