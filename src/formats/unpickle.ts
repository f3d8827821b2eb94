/**
 * Reading a pickle: the machine that runs its instructions. Nothing in the file chooses what is called: a GLOBAL is looked
 * up in the caller's table, and every instruction checks the type of what it works on. There is no recursion, memory
 * grows with the bytes that were really read, and nothing from the file becomes a property of an object.
 *
 *     None, bool    null, boolean                             list, tuple    array, Tuple
 *     int           number, bigint beyond 2^53                dict, set      Map, Set
 *     float         number, Float where it is whole           str            string
 */
import { pythonTypeOf } from "../check.ts";
import { float } from "../dense/python-float.ts";
import { isPythonInt } from "../dense/python-text.ts";
import { Size } from "../dense/size.ts";
import { Tuple, tuple } from "../dense/tuple.ts";
import type { ByteReader } from "./bytes.ts";
import { type FormatError, shown } from "./format-error.ts";
import { OPCODE } from "./opcodes.ts";
import { decodeUtf8 } from "./utf8.ts";

/** What the machine may meet outside of itself. Both may throw: `machine.error` makes the error. */
export interface Surroundings {
  /** What a GLOBAL stands for. */
  find(module: string, name: string, machine: Unpickler): unknown;
  /** What a persistent id stands for. */
  persistent(id: unknown, machine: Unpickler): unknown;
  /** Gives an object its attributes. */
  build(object: unknown, state: unknown, machine: Unpickler): void;
}

/** A function of the caller that pickles may call. */
export class Callable {
  readonly name: string;
  readonly call: (args: readonly unknown[], machine: Unpickler) => unknown;

  constructor(name: string, call: Callable["call"]) {
    this.name = name;
    this.call = call;
  }
}

/** 200,000 tensors, or a long vocabulary. */
const MAX_BYTES = 2 ** 25;

/** One byte can make a container of some hundred, a dict or set of twice as many: so much may a hostile file cost. */
const MAX_CONTAINERS = 2 ** 20;

/** Values and marks that wait on the stack: lists and dicts of any length are handed over in batches of a thousand. */
const MAX_STACK = 2 ** 20;

/** No name that is allowed is longer. */
const MAX_NAME = 256;

/** The newest protocol whose instructions torch's safe loader knows, and what to do about files of newer ones. */
const [MAX_PROTOCOL, PROTOCOL_HINT] = [3, "save it again with pickle_protocol=2, the default of torch.save"];

/** Runs one pickle. */
export class Unpickler {
  readonly #reader: ByteReader;
  readonly #surroundings: Surroundings;
  readonly #stack: unknown[] = [];
  /** Where in the stack each open MARK stands. */
  readonly #marks: number[] = [];
  /** A Map, not an array: the file chooses the indices. */
  readonly #memo = new Map<number, unknown>();
  /** Tuples with something in them that can change, however deep. */
  readonly #changing = new Set<unknown>();
  readonly #start: number;
  #protocol = 0;
  #instruction = 0;
  #containers = 0;
  #copied = 0;

  constructor(reader: ByteReader, surroundings: Surroundings) {
    this.#reader = reader;
    this.#surroundings = surroundings;
    this.#start = reader.position;
  }

  /** The value of the pickle; the reader stands behind its STOP then. Errors: FormatError. */
  run(): unknown {
    for (;;) {
      this.#instruction = this.#reader.position;
      if (this.#instruction - this.#start > MAX_BYTES) throw this.error(`a pickle of more than ${MAX_BYTES} bytes`);
      if (this.#stack.length + this.#marks.length > MAX_STACK)
        throw this.error(`more than ${MAX_STACK} waiting values`);
      const opcode = this.#reader.u8();
      if (opcode === OPCODE.STOP) return this.#pop();
      const instruct = this.#instructions[opcode];
      if (!instruct) {
        const hint = this.#protocol > MAX_PROTOCOL ? PROTOCOL_HINT : undefined;
        throw this.error(`instruction 0x${opcode.toString(16).padStart(2, "0")} is not allowed`, hint);
      }
      instruct();
    }
  }

  /** What is wrong, at the instruction that is being run. */
  error(message: string, hint?: string): FormatError {
    return this.#reader.error(message, this.#instruction, hint);
  }

  /**
   * Called before `amount` elements are copied. An honest pickle spells out what it copies, so all copies together are
   * never longer than what was read; one that copies the same thing again and again is refused.
   */
  spend(amount: number): void {
    this.#copied += amount;
    if (this.#copied > this.#reader.position - this.#start) throw this.error("the pickle multiplies its own content");
  }

  /** What each instruction does. */
  readonly #instructions: Readonly<Record<number, () => void>> = {
    // the instructions tell for themselves whether they are known: the version does not matter
    [OPCODE.PROTO]: () => {
      this.#protocol = this.#reader.u8();
    },
    [OPCODE.MARK]: () => this.#marks.push(this.#stack.length),
    [OPCODE.NONE]: () => this.#push(null),
    [OPCODE.NEWTRUE]: () => this.#push(true),
    [OPCODE.NEWFALSE]: () => this.#push(false),
    [OPCODE.BININT1]: () => this.#push(this.#reader.u8()),
    [OPCODE.BININT2]: () => this.#push(this.#reader.u16()),
    [OPCODE.BININT]: () => this.#push(this.#reader.i32()),
    [OPCODE.LONG1]: () => this.#push(longInteger(this.#reader.take(this.#reader.u8()))),
    [OPCODE.BINFLOAT]: () => this.#push(pythonFloat(this.#reader.bigEndianDouble())),
    [OPCODE.BINUNICODE]: () => this.#push(this.#text(this.#reader.u32())),
    [OPCODE.SHORT_BINSTRING]: () => this.#push(this.#text(this.#reader.u8())),
    [OPCODE.EMPTY_TUPLE]: () => this.#make(tuple([])),
    [OPCODE.TUPLE1]: () => this.#tuple(this.#popSome(1)),
    [OPCODE.TUPLE2]: () => this.#tuple(this.#popSome(2)),
    [OPCODE.TUPLE3]: () => this.#tuple(this.#popSome(3)),
    [OPCODE.TUPLE]: () => this.#tuple(this.#popMarked()),
    [OPCODE.EMPTY_LIST]: () => this.#make([]),
    [OPCODE.EMPTY_DICT]: () => this.#make(new Map()),
    [OPCODE.EMPTY_SET]: () => this.#make(new Set()),
    [OPCODE.APPEND]: () => this.#append([this.#pop()]),
    [OPCODE.APPENDS]: () => this.#append(this.#popMarked()),
    [OPCODE.SETITEM]: () => this.#setItems([this.#pop(), this.#pop()].reverse()),
    [OPCODE.SETITEMS]: () => this.#setItems(this.#popMarked()),
    [OPCODE.BINPUT]: () => this.#memo.set(this.#reader.u8(), this.#top()),
    [OPCODE.LONG_BINPUT]: () => this.#memo.set(this.#reader.u32(), this.#top()),
    [OPCODE.BINGET]: () => this.#get(this.#reader.u8()),
    [OPCODE.LONG_BINGET]: () => this.#get(this.#reader.u32()),
    [OPCODE.GLOBAL]: () => this.#push(this.#surroundings.find(this.#line(), this.#line(), this)),
    [OPCODE.REDUCE]: () => this.#call(),
    [OPCODE.NEWOBJ]: () => this.#call(),
    [OPCODE.BINPERSID]: () => this.#make(this.#surroundings.persistent(this.#pop(), this)),
    [OPCODE.BUILD]: () => this.#build(),
  };

  // ---- the stack; what lies under an open MARK is out of reach

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  #pop(): unknown {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.error("the stack is empty");
    return this.#stack.at(-1);
  }

  #popMarked(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.error("no MARK is open");
    return this.#stack.splice(mark);
  }

  #popSome(count: number): unknown[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.error(`memo ${index} was never set`);
    this.#push(value);
  }

  // ---- values

  #make(container: unknown): void {
    this.#containers += container instanceof Map || container instanceof Set ? 2 : 1;
    if (this.#containers > MAX_CONTAINERS) throw this.error(`more than ${MAX_CONTAINERS} containers`);
    this.#push(container);
  }

  #tuple(items: unknown[]): void {
    const made = tuple(items);
    if (items.some((item) => this.#changes(item))) this.#changing.add(made);
    this.#make(made);
  }

  /** Whether a value can change, so that Python has no hash of it. */
  #changes(value: unknown): boolean {
    return isList(value) || value instanceof Map || value instanceof Set || this.#changing.has(value);
  }

  #append(items: readonly unknown[]): void {
    const list = this.#top();
    if (!isList(list)) throw this.error("only lists can be appended to");
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly unknown[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map)) throw this.error("items can only be set in a dict");
    if (items.length % 2 !== 0) throw this.error("a key without a value");
    for (let at = 0; at < items.length; at += 2) dict.set(this.hashable(items[at]), items[at + 1]);
  }

  /** A value as the key of a Map or the member of a Set. Whole floats are found as the numbers that they equal. */
  hashable(key: unknown): unknown {
    if (this.#changes(key)) throw this.error("a container cannot be a key");
    return key instanceof Number ? key.valueOf() : key;
  }

  #call(): void {
    const args = this.#pop();
    const callable = this.#pop();
    if (!(callable instanceof Callable)) throw this.error("only functions of the table can be called");
    if (!(args instanceof Tuple)) throw this.error(`${callable.name} is not called with a tuple`);
    this.#make(callable.call(args, this));
  }

  #build(): void {
    const state = this.#pop();
    this.#surroundings.build(this.#top(), state, this);
  }

  #text(length: number): string {
    const bytes = this.#reader.take(length);
    if (length > MAX_BYTES) throw this.error(`a text of ${length} bytes`);
    const text = decodeUtf8(bytes);
    if (text === undefined) throw this.error("a text that is not UTF-8");
    return text;
  }

  #line(): string {
    const { bytes, position } = this.#reader;
    const end = bytes.subarray(position, position + MAX_NAME).indexOf(NEWLINE);
    if (end < 0) throw this.error("a name without an end");
    const name = this.#text(end);
    this.#reader.u8();
    return name;
  }
}

const NEWLINE = 0x0a;

/** Whether a value is a Python list, and not one of the arrays that stand for something else. */
export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && !(value instanceof Tuple) && !(value instanceof Size);
}

/** Whole numbers that could be taken for ints are marked. */
function pythonFloat(value: number): number {
  return isPythonInt(value) ? float(value) : value;
}

/** Two's complement, little-endian, of any length. */
function longInteger(bytes: Uint8Array): number | bigint {
  let magnitude = 0n;
  for (const byte of bytes.toReversed()) magnitude = (magnitude << 8n) | BigInt(byte);
  const value = BigInt.asIntN(8 * bytes.length, magnitude);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** How a value from the file is called in a message. */
export function describe(value: unknown): string {
  if (typeof value === "string") return `'${shown(value)}'`;
  if (typeof value !== "object" || value === null) return String(value);
  return value instanceof Number ? `the float ${value.valueOf()}` : `a ${pythonTypeOf(value)}`;
}
