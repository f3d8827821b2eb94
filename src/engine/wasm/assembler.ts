/**
 * A WebAssembly assembler. The machine is a stack, so an expression is the bytes of its operands followed by an opcode:
 * code is a value, and an instruction a function of it. `Code<"v128">` leaves a vector on the stack, and TypeScript
 * refuses to add it to an integer. Instructions are in instructions.ts; here are locals, control and the module.
 */

/** What a local holds: an integer (also an address), or four float32 lanes. */
export type Type = "i32" | "v128";

/** Bytes in nested lists, so that code becomes part of other code without being copied; `sized` ones begin with their number. */
export type Bytes = readonly (number | Bytes | Code<Type | "nothing"> | { readonly sized: Bytes })[];

/** Instructions that leave a value of this type on the stack, or nothing. */
export interface Code<T extends Type | "nothing" = "nothing"> {
  readonly type: T;
  readonly bytes: Bytes;
}

/** A local variable. As code it is its value. */
export interface Local<T extends Type> extends Code<T> {
  /** The assignment of a value. */
  set(value: Code<T>): Code;
}

/** Where a function body gets its locals from. */
export interface Scope {
  local<T extends Type>(type: T): Local<T>;
}

/** A function as it goes into a module: called from JavaScript with integers, it works on memory. */
export interface FunctionCode {
  readonly name: string;
  readonly parameters: number;
  readonly locals: readonly Type[];
  readonly bytes: Bytes;
}

/** Code of any type from its operands and bytes: what instructions are made with. */
export function code<T extends Type | "nothing">(type: T, ...bytes: Bytes): Code<T> {
  return { type, bytes };
}

/** One statement after the other. */
export function sequence(...statements: readonly Code[]): Code {
  return { type: "nothing", bytes: statements };
}

/** do { body } while (condition) */
export function repeatWhile(condition: Code<"i32">, ...body: readonly Code[]): Code {
  const bytes = [LOOP, NO_RESULT, sequence(...body).bytes, condition.bytes, BRANCH_IF, TO_LOOP, END];
  return { type: "nothing", bytes };
}

/** if (condition) { then } else { otherwise } */
export function when(condition: Code<"i32">, then: Code, otherwise: Code = sequence()): Code {
  return { type: "nothing", bytes: [condition.bytes, IF, NO_RESULT, then.bytes, ELSE, otherwise.bytes, END] };
}

/** A function of `parameters` integers, which arrive in the first locals. */
export function define(
  name: string,
  parameters: number,
  body: (scope: Scope, ...parameters: readonly Local<"i32">[]) => readonly Code[],
): FunctionCode {
  const locals: Type[] = [];
  const scope: Scope = {
    local(type) {
      locals.push(type);
      return localAt(type, parameters + locals.length - 1);
    },
  };
  const given = Array.from({ length: parameters }, (_, index) => localAt("i32", index));
  const { bytes } = sequence(...body(scope, ...given));
  return { name, parameters, locals, bytes };
}

/** The most pages of 64 kB that a shared memory can grow to: 512 MB. */
export const MOST_PAGES = 2 ** 13;

/**
 * The bytes of a module that imports the memory `arena.memory` and exports the functions by name. One that is shared
 * between threads has to be announced, with the most that it may grow to.
 */
export function assemble(functions: readonly FunctionCode[], shared = false): Uint8Array<ArrayBuffer> {
  const limits = shared ? [SHARED, 1, ...unsigned(MOST_PAGES)] : [NO_MAXIMUM, 1];
  return new Uint8Array(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(SECTION.type, functions.map(signature)),
      section(SECTION.import, [[text("arena"), text("memory"), MEMORY, ...limits]]),
      section(
        SECTION.function,
        functions.map((_, index) => unsigned(index)),
      ),
      section(
        SECTION.export,
        functions.map(({ name }, index) => [text(name), FUNCTION, unsigned(index)]),
      ),
      section(
        SECTION.code,
        functions.map(({ locals, bytes }) => [sized(vector(locals.map((type) => [1, VALUE_TYPE[type]])), bytes, END)]),
      ),
    ]),
  );
}

/** An unsigned integer in LEB128: seven bits a byte, lowest first, the high bit says that more follow. */
export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** A signed 32-bit integer in LEB128; the last byte's second-highest bit is the sign. */
export function signed(value: number): number[] {
  const done = value >= -0x40 && value < 0x40;
  return done ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 };
const VALUE_TYPE: Readonly<Record<Type, number>> = { i32: 0x7f, v128: 0x7b };
const SIGNATURE = 0x60;
const NO_MAXIMUM = 0x00;
const SHARED = 0x03;
const FUNCTION = 0x00;
const MEMORY = 0x02;
const [LOOP, IF, ELSE, END, BRANCH_IF] = [0x03, 0x04, 0x05, 0x0b, 0x0d];
const NO_RESULT = 0x40;
const TO_LOOP = 0;
const [GET, SET] = [0x20, 0x21];

function localAt<T extends Type>(type: T, index: number): Local<T> {
  const at = unsigned(index);
  return { type, bytes: [GET, at], set: (value) => code("nothing", value, SET, at) };
}

function signature({ parameters }: FunctionCode): Bytes {
  return [SIGNATURE, vector(Array.from({ length: parameters }, () => VALUE_TYPE.i32)), 0];
}

function text(characters: string): Bytes {
  return vector(Array.from(characters, (character) => character.charCodeAt(0)));
}

function section(id: number, items: readonly Bytes[]): Bytes {
  return [id, sized(vector(items))];
}

function vector(items: Bytes): Bytes {
  return [unsigned(items.length), items];
}

const sized = (...bytes: Bytes): { readonly sized: Bytes } => ({ sized: bytes });

function flat(bytes: Bytes, to: number[] = []): number[] {
  for (let i = 0; i < bytes.length; i += 1) {
    const part = bytes[i]!;
    if (typeof part === "number") to.push(part);
    else if ("bytes" in part) flat(part.bytes, to);
    else if ("sized" in part) flatSized(part.sized, to);
    else flat(part, to);
  }
  return to;
}

/** The number of the bytes is known when they are there: it has a place of five, which need not all be needed. */
function flatSized(bytes: Bytes, to: number[]): void {
  const at = to.length;
  to.push(0x80, 0x80, 0x80, 0x80, 0);
  flat(bytes, to);
  const size = to.length - at - 5;
  for (let i = 0; i < 5; i += 1) to[at + i]! |= (size >>> (7 * i)) & 0x7f;
}
