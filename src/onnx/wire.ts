/**
 * Protobuf's wire format as ONNX needs it: a message is fields, each a number and a value. The library reads tags and
 * varints; here stand the limits. Windows on the file are handed out, never copies, and nothing is taken by a stated length.
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FormatError } from "../formats/format-error.ts";

/** What a message does with the fields that it knows, by number; all others are skipped. */
export type Fields = { readonly [field: number]: (value: FieldValue) => void };

/** The bytes of a message, and where in the file they begin. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/** Reads the fields of a message in their order. Errors: FormatError at the byte of the file where a field is broken. */
export function readFields({ bytes, offset }: Span, what: string, fields: Fields): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    try {
      const [number, wire] = reader.tag();
      const value = new FieldValue(reader, wire, offset - bytes.byteOffset);
      const known = fields[number];
      if (known) known(value);
      else value.skip();
      expectInside(reader);
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new FormatError(`${what} is broken: ${reason}`, { format: "onnx", offset: offset + start });
    }
  }
}

/** One value of a message, read as what the message says it is. */
export class FieldValue {
  readonly #reader: BinaryReader;
  readonly #wire: WireType;
  /** What is to be added to a place in memory to have one in the file. */
  readonly #shift: number;

  constructor(reader: BinaryReader, wire: WireType, shift: number) {
    this.#reader = reader;
    this.#wire = wire;
    this.#shift = shift;
    if (wire === WireType.StartGroup || wire === WireType.EndGroup) throw new RangeError("groups are not ONNX");
  }

  /** The file's own bytes. */
  bytes(): Uint8Array {
    this.#expect(WireType.LengthDelimited);
    return this.#reader.bytes();
  }

  /** A message. */
  message(): Span {
    const bytes = this.bytes();
    return { bytes, offset: bytes.byteOffset + this.#shift };
  }

  text(): string {
    this.#expect(WireType.LengthDelimited);
    return this.#reader.string(true);
  }

  /** A 64-bit integer that a number can hold. */
  integer(): number {
    this.#expect(WireType.Varint);
    return safe(this.#reader.int64());
  }

  /** As `integer`, all 64 bits of it. */
  bigInteger(): bigint {
    this.#expect(WireType.Varint);
    return BigInt(this.#reader.int64());
  }

  float(): number {
    this.#expect(WireType.Bit32);
    return this.#reader.float();
  }

  /** Adds one integer to a list, or a packed run of them. */
  integers(into: number[]): void {
    this.bigIntegers({ push: (value) => into.push(safe(value)) });
  }

  /** As `integers`, all 64 bits of them. */
  bigIntegers(into: { push(value: bigint): void }): void {
    this.#each(WireType.Varint, (reader) => into.push(BigInt(reader.int64())));
  }

  floats(into: number[]): void {
    this.#each(WireType.Bit32, (reader) => into.push(reader.float()));
  }

  doubles(into: number[]): void {
    this.#each(WireType.Bit64, (reader) => into.push(reader.double()));
  }

  /** Passes over the value. */
  skip(): void {
    if (this.#wire === WireType.Varint) this.#reader.int64();
    else this.#reader.skip(this.#wire);
  }

  #each(single: WireType, read: (reader: BinaryReader) => void): void {
    if (this.#wire !== WireType.LengthDelimited) {
      this.#expect(single);
      read(this.#reader);
      return;
    }
    const packed = new BinaryReader(this.#reader.bytes());
    while (packed.pos < packed.len) {
      read(packed);
      expectInside(packed);
    }
  }

  #expect(wire: WireType): void {
    if (this.#wire !== wire) throw new RangeError(`a value of wire type ${wire} expected, got ${this.#wire}`);
  }
}

function expectInside({ pos, len }: BinaryReader): void {
  if (pos > len) throw new RangeError("the bytes end too early");
}

function safe(value: bigint | number | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is beyond 2^53`);
  return number;
}
