/**
 * A WebAssembly assembler. The machine is a stack, so an expression is the bytes of its operands followed by an opcode:
 * code is a value, and an instruction a function of it. Bytes are the characters of a text, since no list is joined as
 * fast. `Code<"v128">` leaves a vector on the stack, and TypeScript refuses to add it to an integer. Instructions are in
 * instructions.ts; here are locals, control and the module.
 */

/** What a local holds: an integer (also an address), or four float32 lanes. */
export type Type = "i32" | "v128";

/** Instructions that leave a value of this type on the stack, or nothing. */
export interface Code<T extends Type | "nothing" = "nothing"> {
  readonly type: T;
  readonly bytes: string;
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
  readonly bytes: string;
}

/** Code of any type: what instructions are made with. */
export const code = <T extends Type | "nothing">(type: T, bytes: string): Code<T> => ({ type, bytes });

/** One statement after the other. */
export function sequence(...statements: readonly Code[]): Code {
  return code("nothing", statements.map(({ bytes }) => bytes).join(""));
}

/** do { body } while (condition) */
export function repeatWhile(condition: Code<"i32">, ...body: readonly Code[]): Code {
  return code("nothing", LOOP + NO_RESULT + sequence(...body).bytes + condition.bytes + BRANCH_IF + TO_LOOP + END);
}

/** if (condition) { then } else { otherwise } */
export function when(condition: Code<"i32">, then: Code, otherwise: Code = sequence()): Code {
  return code("nothing", condition.bytes + IF + NO_RESULT + then.bytes + ELSE + otherwise.bytes + END);
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
  const limits = shared ? SHARED + unsigned(1) + unsigned(MOST_PAGES) : NO_MAXIMUM + unsigned(1);
  const module =
    byte(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00) +
    section(SECTION.type, functions.map(signature)) +
    section(SECTION.import, [sized("arena") + sized("memory") + MEMORY + limits]) +
    section(
      SECTION.function,
      functions.map((_, index) => unsigned(index)),
    ) +
    section(
      SECTION.export,
      functions.map(({ name }, index) => sized(name) + FUNCTION + unsigned(index)),
    ) +
    section(SECTION.code, functions.map(body));
  const bytes = new Uint8Array(module.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = module.charCodeAt(at);
  return bytes;
}

/** Bytes as a text. */
export const byte = String.fromCharCode;

/** An unsigned integer in LEB128: seven bits a byte, lowest first, the high bit says that more follow. */
export function unsigned(value: number): string {
  return value < 0x80 ? byte(value) : byte((value & 0x7f) | 0x80) + unsigned(value >>> 7);
}

/** A signed 32-bit integer in LEB128; the last byte's second-highest bit is the sign. */
export function signed(value: number): string {
  const done = value >= -0x40 && value < 0x40;
  return done ? byte(value & 0x7f) : byte((value & 0x7f) | 0x80) + signed(value >> 7);
}

const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 };
const VALUE_TYPE: Readonly<Record<Type, string>> = { i32: "\x7f", v128: "\x7b" };
const SIGNATURE = "\x60";
const NO_RESULTS = "\x00";
const NO_MAXIMUM = "\x00";
const SHARED = "\x03";
const FUNCTION = "\x00";
const MEMORY = "\x02";
const [LOOP, IF, ELSE, END, BRANCH_IF] = ["\x03", "\x04", "\x05", "\x0b", "\x0d"];
const NO_RESULT = "\x40";
const TO_LOOP = "\x00";
const [GET, SET] = ["\x20", "\x21"];

function localAt<T extends Type>(type: T, index: number): Local<T> {
  const at = unsigned(index);
  return { type, bytes: GET + at, set: (value) => code("nothing", value.bytes + SET + at) };
}

function signature({ parameters }: FunctionCode): string {
  return SIGNATURE + sized(VALUE_TYPE.i32.repeat(parameters)) + NO_RESULTS;
}

function body({ locals, bytes }: FunctionCode): string {
  return sized(vector(locals.map((type) => unsigned(1) + VALUE_TYPE[type])) + bytes + END);
}

/** Bytes after their number, or the characters of a name. */
function sized(bytes: string): string {
  return unsigned(bytes.length) + bytes;
}

function section(id: number, items: readonly string[]): string {
  return byte(id) + sized(vector(items));
}

/** Items after their number. */
function vector(items: readonly string[]): string {
  return unsigned(items.length) + items.join("");
}
