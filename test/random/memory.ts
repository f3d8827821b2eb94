/** What the tests of draws share: memory by dtype, its bytes, and distances in units in the last place. */
import { createHash } from "node:crypto";
import type { DrawArray, DrawType } from "../../src/random/element.ts";

export function allocate(type: DrawType, length: number): DrawArray {
  if (type === "float64") return new Float64Array(length);
  if (type === "int64") return new BigInt64Array(length);
  if (type === "int32") return new Int32Array(length);
  if (type === "int16") return new Int16Array(length);
  if (type === "int8") return new Int8Array(length);
  return type === "uint8" || type === "bool" ? new Uint8Array(length) : new Float32Array(length);
}

export function bytesOf(memory: DrawArray): Buffer {
  return Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
}

/** Memory of a dtype, from the base64 of its bytes. */
export function decode(type: DrawType, base64: string): DrawArray {
  const bytes = Buffer.from(base64, "base64");
  const memory = allocate(type, 0);
  const out = allocate(type, bytes.length / memory.BYTES_PER_ELEMENT);
  bytesOf(out).set(bytes);
  return out;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The greatest difference of two arrays, in units of 2^-52 of the greater of 1 and the value. */
export function greatestDifference(actual: DrawArray, expected: DrawArray): number {
  let greatest = 0;
  for (let i = 0; i < expected.length; i++) {
    const value = Number(expected[i]);
    const difference = Math.abs(Number(actual[i]) - value) / Math.max(1, Math.abs(value));
    greatest = Math.max(greatest, difference * 2 ** 52);
  }
  return greatest;
}
