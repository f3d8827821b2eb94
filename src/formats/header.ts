/**
 * The header of a safetensors file: one JSON object, read byte by byte so that nothing is overlooked that JSON.parse lets
 * pass: a name that occurs twice, 2.0 for 2, a number beyond 2^53. The grammar has a fixed depth, so nothing recurs.
 *
 *     {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"key": "text"}}
 */
import type { ByteReader } from "./bytes.ts";
import { shown } from "./format-error.ts";
import { decodeUtf8 } from "./utf8.ts";

/** What the header says of a tensor. Offsets count from the first byte behind the header. */
export interface Statement {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offsets: readonly number[];
  /** Where in the file it is said. */
  readonly at: number;
}

/** The header as it stands, before anything in it is compared with the file. */
export interface Header {
  readonly statements: ReadonlyMap<string, Statement>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The name that is no tensor's. */
export const METADATA = "__metadata__";

/** The header, which the reader's bytes end with. Errors: FormatError at the byte where it is none. */
export function readHeader(reader: ByteReader): Header {
  const json = new Scanner(reader);
  const statements = new Map<string, Statement>();
  let metadata: ReadonlyMap<string, string> = new Map();
  if (reader.bytes[reader.position] !== OPEN) throw reader.error("the header does not begin with {");
  json.object((name, at) => {
    if (name === METADATA) metadata = readMetadata(json);
    else statements.set(name, readStatement(json, name, at));
  });
  json.expectEnd();
  return { statements, metadata };
}

function readMetadata(json: Scanner): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  json.object((key) => metadata.set(key, json.string()));
  return metadata;
}

function readStatement(json: Scanner, name: string, at: number): Statement {
  const said: { dtype?: string; shape?: readonly number[]; data_offsets?: readonly number[] } = {};
  json.object((field, fieldAt) => {
    if (field === "dtype") said.dtype = json.string();
    else if (field === "shape" || field === "data_offsets") said[field] = json.integers();
    else throw json.error(`${shown(field)} is nothing that a tensor has`, fieldAt);
  });
  const { dtype, shape, data_offsets: offsets } = said;
  if (dtype === undefined || shape === undefined || offsets?.length !== 2) {
    throw json.error(`tensor ${shown(name)} has no dtype, no shape or no two offsets`, at);
  }
  return { dtype, shape, offsets, at };
}

const [OPEN, CLOSE, LIST, END_OF_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const [COLON, COMMA, QUOTE, BACKSLASH, ZERO] = [0x3a, 0x2c, 0x22, 0x5c, 0x30];
const SPACES = [0x20, 0x09, 0x0a, 0x0d];

/** The parts of JSON that occur in a header. */
class Scanner {
  readonly #reader: ByteReader;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  error(message: string, at: number = this.#reader.position): Error {
    return this.#reader.error(message, at);
  }

  /** Calls `member` with each key, when its value comes next. */
  object(member: (key: string, at: number) => void): void {
    const keys = new Set<string>();
    this.#list(OPEN, CLOSE, () => {
      this.#peek();
      const at = this.#reader.position;
      const key = this.string();
      if (keys.has(key)) throw this.error(`the name ${shown(key)} occurs twice`, at);
      keys.add(key);
      this.#expect(COLON);
      member(key, at);
    });
  }

  integers(): readonly number[] {
    const values: number[] = [];
    this.#list(LIST, END_OF_LIST, () => values.push(this.#integer()));
    return values;
  }

  string(): string {
    this.#expect(QUOTE);
    const { bytes, position } = this.#reader;
    let end = position;
    for (; bytes[end] !== QUOTE; end += bytes[end] === BACKSLASH ? 2 : 1) {
      if (end >= bytes.length) throw this.error("a text without an end", position - 1);
    }
    const text = jsonText(bytes.subarray(position, end));
    if (text === undefined) throw this.error("a text that is not UTF-8, or no text of JSON", position - 1);
    this.#reader.position = end + 1;
    return text;
  }

  expectEnd(): void {
    if (this.#peek() !== undefined) throw this.error("something stands behind the header's object");
  }

  #list(open: number, close: number, item: () => void): void {
    this.#expect(open);
    if (this.#peek() === close) {
      this.#reader.u8();
      return;
    }
    for (;;) {
      item();
      if (this.#peek() === close) break;
      this.#expect(COMMA);
    }
    this.#reader.u8();
  }

  #integer(): number {
    this.#peek();
    const { bytes, position } = this.#reader;
    let end = position;
    while (isDigit(bytes[end])) end += 1;
    const digits = String.fromCharCode(...bytes.subarray(position, Math.min(end, position + MAX_DIGITS)));
    const value = Number(digits);
    const whole = /^(0|[1-9]\d*)$/.test(digits) && Number.isSafeInteger(value) && end - position < MAX_DIGITS;
    if (!whole || /[.eE]/.test(String.fromCharCode(bytes[end] ?? ZERO))) {
      throw this.error("no whole number between 0 and 2^53");
    }
    this.#reader.position = end;
    return value;
  }

  /** The next byte that is no space; undefined at the end. */
  #peek(): number | undefined {
    const { bytes } = this.#reader;
    while (SPACES.includes(bytes[this.#reader.position]!)) this.#reader.position += 1;
    return bytes[this.#reader.position];
  }

  #expect(byte: number): void {
    if (this.#peek() !== byte) throw this.error(`${String.fromCharCode(byte)} expected`);
    this.#reader.u8();
  }
}

/** 2^53 has 16. */
const MAX_DIGITS = 17;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte < ZERO + 10;
}

/** The text between two quotes; half a surrogate pair is none, whether it is spelled out or not. */
function jsonText(bytes: Uint8Array): string | undefined {
  // what pickles may spell out, JSON may not
  const spelledOut = bytes.some((byte, at) => byte === 0xed && bytes[at + 1]! >= 0xa0);
  const raw = decodeUtf8(bytes);
  if (raw === undefined || spelledOut) return undefined;
  try {
    const text = JSON.parse(`"${raw}"`) as string;
    return /\p{Surrogate}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
