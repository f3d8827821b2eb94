/** The shared vectors of torch's random draws: how they are stored, and how one file of them is run. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { DrawArray, DrawType, FloatArray } from "../../src/random/element.ts";
import { Generator } from "../../src/random/generator.ts";
import { allocate, bytesOf, greatestDifference, sha256 } from "../random/memory.ts";

export interface Stored {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly b64?: string;
  readonly sha256?: string;
  readonly head?: string;
  readonly tail?: string;
}

export interface Case {
  readonly name: string;
  readonly seed: string;
  readonly next: string;
  readonly out: Stored;
  readonly [argument: string]: unknown;
}

const FOLDER = new URL("../../../shared/golden/rng/", import.meta.url);
const TYPES: Readonly<Record<string, DrawType>> = {
  f32: "float32",
  f64: "float64",
  f16: "float16",
  bf16: "bfloat16",
  i64: "int64",
  i32: "int32",
  i16: "int16",
  i8: "int8",
  u8: "uint8",
  bool: "bool",
};

export function cases(file: string): Case[] {
  return JSON.parse(readFileSync(new URL(`${file}.json`, FOLDER), "utf8")).cases;
}

export const read = (stored: unknown): DrawArray => {
  const { dtype, b64 = "" } = stored as Stored;
  const bytes = Buffer.from(b64, "base64");
  if (dtype === "f16" || dtype === "bf16") {
    const words = new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    return Float32Array.from(words, dtype === "f16" ? valueOfHalf : valueOfBfloat16);
  }
  const out = allocate(TYPES[dtype], bytes.length / allocate(TYPES[dtype], 0).BYTES_PER_ELEMENT);
  bytesOf(out).set(bytes);
  return out;
};

function valueOfHalf(pattern: number): number {
  const exponent = (pattern >> 10) & 31;
  const fraction = pattern & 1023;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return pattern & 0x8000 ? -magnitude : magnitude;
}

function valueOfBfloat16(pattern: number): number {
  return new Float32Array(Uint32Array.of(pattern << 16).buffer)[0];
}

/** Runs a file: each case gives its memory in logical order, from a generator at its seed. */
export function runFile(
  file: string,
  draw: (example: Case, generator: Generator, type: DrawType, length: number) => DrawArray,
  tolerance: (example: Case) => number = () => 0,
): void {
  describe(`shared ${file}`, () => {
    for (const [index, example] of cases(file).entries()) {
      if (example.out === undefined) continue;
      it(`${index}: ${example.name} ${example.out.dtype} (${example.out.shape}) is torch's`, () => {
        const generator = new Generator().manualSeed(BigInt(example.seed));
        const type = TYPES[example.out.dtype];
        const length = example.out.shape.reduce((product, size) => product * size, 1);
        const actual = draw(example, generator, type, length);
        expect(base64Of(generator.u24())).toBe(example.next);
        expectMemory(actual, example.out, tolerance(example));
      });
    }
  });
}

/** Equal to the bit, or within a tolerance in units of 2^-52; of large tensors then only the first and last elements. */
export function expectMemory(actual: DrawArray, expected: Stored, units = 0): void {
  const { dtype, shape, head, tail } = expected;
  if (expected.sha256 === undefined) {
    if (units === 0) expect(actual).toEqual(read(expected));
    else expect(greatestDifference(actual, read(expected))).toBeLessThanOrEqual(units);
  } else if (units === 0) {
    expect(sha256(bytesOf(actual))).toBe(expected.sha256);
  } else {
    expectMemory(actual.slice(0, 32), { dtype, shape, b64: head }, units);
    expectMemory(actual.slice(-32), { dtype, shape, b64: tail }, units);
  }
}

export function base64Of(x: number): string {
  return bytesOf(Float32Array.of(x)).toString("base64");
}

/** Memory whose dimensions were permuted when it was read: element (i…) of `shape` lies at the sum of i·strides. */
export function gather<Memory extends DrawArray>(
  memory: Memory,
  shape: readonly number[],
  strides: readonly number[],
): Memory {
  const out = memory.slice() as Memory;
  let position = 0;
  const visit = (axis: number, offset: number): void => {
    if (axis === shape.length) {
      out[position] = memory[offset];
      position += 1;
      return;
    }
    for (let i = 0; i < shape[axis]; i++) visit(axis + 1, offset + i * strides[axis]);
  };
  visit(0, 0);
  return out;
}

export const floats = (type: DrawType, length: number): FloatArray => allocate(type, length) as FloatArray;
