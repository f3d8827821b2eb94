/**
 * CRC-32, the checksum of zip entries: the remainder of the bytes, as a polynomial over two elements, by P = 0x104C11DB7.
 *
 * Byte after byte through a table is slower than reading the file was. But P divides x^3006 + x^2866 + x^2215 + 1, and with
 * it (squares of sums are sums of squares) x^(32·3006) + x^(32·2866) + x^(32·2215) + 1: a word of 32 bits can be struck
 * out if it is added to the words 140, 791 and 3006 places later, and the remainder stays the same.
 *
 *     for each word w[i] of the block:  w[i] ^= w[i - 140] ^ w[i - 791] ^ w[i - 3006]     all but the last 3006 are gone
 *
 * That leaves 12 kB for the table. (The idea is that of Russell and Kaufmann's Chorba.) Xor does not see the order of
 * bytes in a word.
 *
 * A short entry is not worth compiling that: its checksum is Node's, or that of the table.
 */
import { host } from "../engine/wasm/host.ts";
import { compileStrikeOut, type StrikeOut } from "../engine/wasm/strike-out.ts";

const REVERSED_POLYNOMIAL = 0xedb88320;

/** Where a word goes: 3006 - 2866, 3006 - 2215 and 3006 places on. */
const [NEAR, MIDDLE, FAR] = [140, 791, 3006] as const;

/** Words that are struck out at a time. With the history before them they stay in the nearest memory. */
const BLOCK = 8192;

const WORD = Int32Array.BYTES_PER_ELEMENT;

/** The loop, by SIMD where there is any; made when it is needed first. */
let fastest: StrikeOut | undefined;

/** Bytes from which on our loop is faster than the checksum that Node has ready, though it has to be compiled. */
const MANY = 2 ** 20;

/** The checksum of the bytes, 0 to 2^32 - 1; with a loop of the caller's it is computed by that. */
export function crc32(bytes: Uint8Array, loop?: StrikeOut): number {
  const ready = host.process?.getBuiltinModule?.("zlib")?.crc32;
  if (!loop && ready && bytes.length < MANY) return ready(bytes);
  const blocks = Math.floor((bytes.length / WORD - FAR) / BLOCK);
  if (blocks < 1) return (throughTable(bytes, 0xffffffff) ^ 0xffffffff) >>> 0;
  const { words, run } = loop ?? compiled(); // the history, and the block
  const block = new Uint8Array(words.buffer, FAR * WORD, BLOCK * WORD);
  words.fill(0);
  for (let at = 0; at < blocks * BLOCK * WORD; at += BLOCK * WORD) {
    words.copyWithin(0, BLOCK);
    block.set(bytes.subarray(at, at + BLOCK * WORD));
    // the checksum begins with all ones, which is the same as turning over the first 32 bits
    if (at === 0) words[FAR] = ~words[FAR]!;
    run();
  }
  const end = blocks * BLOCK * WORD;
  const rest = new Uint8Array(bytes.subarray(end, end + FAR * WORD)); // `slice` of a Node Buffer is no copy
  addHistory(new Int32Array(rest.buffer), words.subarray(BLOCK));
  return (throughTable(bytes.subarray(end + FAR * WORD), throughTable(rest, 0)) ^ 0xffffffff) >>> 0;
}

function compiled(): StrikeOut {
  fastest ??= fastStrikeOut() ?? plainStrikeOut();
  return fastest;
}

/** The loop by SIMD; undefined where there is none. */
export const fastStrikeOut = (): StrikeOut | undefined => compileStrikeOut(NEAR, MIDDLE, FAR, BLOCK);

/** The loop in JavaScript, for machines without SIMD. Four words a turn: that halves the time. */
export function plainStrikeOut(): StrikeOut {
  const words = new Int32Array(FAR + BLOCK);
  const run = (): void => {
    for (let i = FAR; i < FAR + BLOCK; i += 4) {
      words[i]! ^= words[i - NEAR]! ^ words[i - MIDDLE]! ^ words[i - FAR]!;
      words[i + 1]! ^= words[i + 1 - NEAR]! ^ words[i + 1 - MIDDLE]! ^ words[i + 1 - FAR]!;
      words[i + 2]! ^= words[i + 2 - NEAR]! ^ words[i + 2 - MIDDLE]! ^ words[i + 2 - FAR]!;
      words[i + 3]! ^= words[i + 3 - NEAR]! ^ words[i + 3 - MIDDLE]! ^ words[i + 3 - FAR]!;
    }
  };
  return { words, run };
}

/** What was struck out in the last words falls onto the 3006 behind them, which stay. */
function addHistory(rest: Int32Array, history: Int32Array): void {
  for (let i = 0; i < FAR; i += 1) {
    const near = i < NEAR ? history[FAR + i - NEAR]! : 0;
    const middle = i < MIDDLE ? history[FAR + i - MIDDLE]! : 0;
    rest[i] = rest[i]! ^ near ^ middle ^ history[i]!;
  }
}

/** The remainder for each value of one byte. */
let table: Uint32Array | undefined;

function throughTable(bytes: Uint8Array, start: number): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => remainderOf(byte));
  let remainder = start;
  for (let at = 0; at < bytes.length; at += 1) {
    remainder = table[(remainder ^ bytes[at]!) & 0xff]! ^ (remainder >>> 8);
  }
  return remainder;
}

function remainderOf(byte: number): number {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ REVERSED_POLYNOMIAL : remainder >>> 1;
  }
  return remainder;
}
