/**
 * Writing a pickle of protocol 2, instruction for instruction as Python's own pickler does: every text, container and
 * call goes into the memo, and what occurs twice is written once.
 */
import { pythonTypeOf } from "../check.ts";
import { isFloatList } from "../dense/python-float.ts";
import { isPythonInt } from "../dense/python-text.ts";
import { Tuple } from "../dense/tuple.ts";
import { ByteWriter } from "./bytes.ts";
import { FormatError } from "./format-error.ts";
import { OPCODE } from "./opcodes.ts";
import { encodeUtf8 } from "./utf8.ts";

/** A thing that has a name in Python: a class, a function, a dtype. Two of one name must be one object. */
export class Global {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

/** What stands beside the pickle and is only named in it: a storage. */
export class Persistent {
  readonly id: Tuple;

  constructor(id: Tuple) {
    this.id = id;
  }
}

/** An object as the call that makes it again, and what it is given afterwards. */
export class Reduction {
  readonly callable: Global;
  readonly args: Tuple;
  readonly items: Entries;
  readonly state: unknown;

  constructor(callable: Global, args: Tuple, items: Entries = [], state?: unknown) {
    this.callable = callable;
    this.args = args;
    this.items = items;
    this.state = state;
  }
}

type Entries = readonly (readonly [unknown, unknown])[];

/** What an object is in Python; undefined where it is one of Python's own containers, or nothing. */
export type Reduce = (value: object) => Global | Reduction | undefined;

/** Python's own pickler gives up at about this depth. */
const MAX_DEPTH = 900;

/** As many items are appended or set by one instruction, as in Python. */
const BATCH = 1000;

/** The longest integer that LONG1 holds; torch's safe loader knows no other. */
const MAX_INTEGER_BYTES = 255;

/** The bytes of the pickle of `value`. Errors: FormatError for what torch could not read. */
export function pickle(value: unknown, reduce: Reduce): Uint8Array {
  return new Pickler(reduce).run(value);
}

class Pickler {
  readonly #out = new ByteWriter();
  readonly #reduce: Reduce;
  /** The number of each text and object that was written: the reader numbers them in the same order. */
  readonly #memo = new Map<string | object, number>();
  #depth = 0;

  constructor(reduce: Reduce) {
    this.#reduce = reduce;
  }

  run(value: unknown): Uint8Array {
    this.#out.u8(OPCODE.PROTO, 2);
    this.#save(value);
    this.#out.u8(OPCODE.STOP);
    return this.#out.finish();
  }

  #save(value: unknown): void {
    if (value === null) this.#out.u8(OPCODE.NONE);
    else if (value === true || value === false) this.#out.u8(value ? OPCODE.NEWTRUE : OPCODE.NEWFALSE);
    else if (typeof value === "number") this.#saveNumber(value);
    else if (typeof value === "bigint") this.#saveInteger(value);
    else if (value instanceof Number) this.#saveFloat(value.valueOf());
    else if (value instanceof Persistent) this.#savePersistent(value);
    else if (typeof value === "string" || typeof value === "object") this.#saveOnce(value as string | object);
    else throw refusal(`${typeof value} cannot be saved`);
  }

  // ---- numbers

  #saveNumber(value: number): void {
    if (isPythonInt(value)) this.#saveInteger(BigInt(value));
    else this.#saveFloat(value);
  }

  #saveFloat(value: number): void {
    this.#out.u8(OPCODE.BINFLOAT);
    this.#out.bigEndianDouble(value);
  }

  #saveInteger(value: bigint): void {
    const out = this.#out;
    if (value >= 0n && value < 0x100n) out.u8(OPCODE.BININT1, Number(value));
    else if (value >= 0n && value < 0x10000n) {
      out.u8(OPCODE.BININT2);
      out.u16(Number(value));
    } else if (BigInt.asIntN(32, value) === value) {
      out.u8(OPCODE.BININT);
      out.u32(Number(BigInt.asUintN(32, value)));
    } else {
      const bytes = twosComplement(value);
      out.u8(OPCODE.LONG1, bytes.length, ...bytes);
    }
  }

  // ---- what goes into the memo

  #saveOnce(value: string | object): void {
    const index = this.#memo.get(value);
    if (index !== undefined) this.#indexed(OPCODE.BINGET, OPCODE.LONG_BINGET, index);
    else if (typeof value === "string") this.#saveText(value);
    else {
      this.#depth += 1;
      if (this.#depth > MAX_DEPTH) throw refusal("the value is nested too deeply");
      this.#saveObject(value);
      this.#depth -= 1;
    }
  }

  #remember(value: string | object): void {
    const index = this.#memo.size;
    this.#memo.set(value, index);
    this.#indexed(OPCODE.BINPUT, OPCODE.LONG_BINPUT, index);
  }

  #indexed(short: number, long: number, index: number): void {
    if (index < 0x100) this.#out.u8(short, index);
    else {
      this.#out.u8(long);
      this.#out.u32(index);
    }
  }

  #saveText(text: string): void {
    const bytes = encodeUtf8(text);
    this.#out.u8(OPCODE.BINUNICODE);
    this.#out.u32(bytes.length);
    this.#out.write(bytes);
    this.#remember(text);
  }

  #saveObject(value: object): void {
    const reduced = value instanceof Global ? undefined : this.#reduce(value);
    if (value instanceof Global) this.#saveGlobal(value);
    else if (reduced instanceof Global) this.#saveOnce(reduced);
    else if (reduced) this.#saveReduction(value, reduced);
    else if (value instanceof Tuple) this.#saveTuple(value);
    else if (Array.isArray(value)) this.#saveList(value);
    else if (value instanceof Map) this.#saveDict(value, [...value]);
    else if (isPlain(value)) this.#saveDict(value, Object.entries(value));
    else throw refusal(`${pythonTypeOf(value)} cannot be saved`);
  }

  #saveGlobal(global: Global): void {
    this.#out.u8(OPCODE.GLOBAL);
    this.#out.write(encodeUtf8(`${global.module}\n${global.name}\n`));
    this.#remember(global);
  }

  #saveReduction(value: object, { callable, args, items, state }: Reduction): void {
    this.#save(callable);
    this.#save(args);
    this.#out.u8(OPCODE.REDUCE);
    this.#remember(value);
    this.#saveItems(items);
    if (state === undefined) return;
    this.#save(state);
    this.#out.u8(OPCODE.BUILD);
  }

  #saveTuple(value: Tuple): void {
    if (value.length === 0) {
      this.#out.u8(OPCODE.EMPTY_TUPLE);
      return;
    }
    const short = [OPCODE.TUPLE1, OPCODE.TUPLE2, OPCODE.TUPLE3][value.length - 1];
    if (short === undefined) this.#out.u8(OPCODE.MARK);
    for (const item of value) this.#save(item);
    if (this.#memo.has(value)) throw refusal("a tuple that contains itself");
    this.#out.u8(short ?? OPCODE.TUPLE);
    this.#remember(value);
  }

  #saveList(list: readonly unknown[]): void {
    this.#out.u8(OPCODE.EMPTY_LIST);
    this.#remember(list);
    const asFloats = isFloatList(list);
    this.#batches(list, OPCODE.APPEND, OPCODE.APPENDS, (item) => {
      if (asFloats && typeof item === "number") this.#saveFloat(item);
      else this.#save(item);
    });
  }

  #saveDict(dict: object, entries: Entries): void {
    this.#out.u8(OPCODE.EMPTY_DICT);
    this.#remember(dict);
    this.#saveItems(entries);
  }

  #saveItems(items: Entries): void {
    this.#batches(items, OPCODE.SETITEM, OPCODE.SETITEMS, ([key, value]) => {
      this.#save(key);
      this.#save(value);
    });
  }

  /** Holes in an array are visited as well: they are undefined, which cannot be saved. */
  #batches<T>(items: readonly T[], one: number, many: number, save: (item: T) => void): void {
    for (let start = 0; start < items.length; start += BATCH) {
      const end = Math.min(start + BATCH, items.length);
      const single = end - start === 1;
      if (!single) this.#out.u8(OPCODE.MARK);
      for (let at = start; at < end; at += 1) save(items[at]!);
      this.#out.u8(single ? one : many);
    }
  }

  #savePersistent({ id }: Persistent): void {
    this.#save(id);
    this.#out.u8(OPCODE.BINPERSID);
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The shortest little-endian two's complement. */
function twosComplement(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 8n) {
    const byte = Number(BigInt.asUintN(8, rest));
    bytes.push(byte);
    if (BigInt.asIntN(8, rest) === rest) break;
    if (bytes.length === MAX_INTEGER_BYTES) throw refusal("an integer of more than 255 bytes");
  }
  return bytes;
}

function refusal(message: string): FormatError {
  return new FormatError(message, { format: "pickle" });
}
