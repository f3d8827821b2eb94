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
 */

const REVERSED_POLYNOMIAL = 0xedb88320;

/** The remainder for each value of one byte. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ REVERSED_POLYNOMIAL : remainder >>> 1;
  }
  return remainder;
});

/** Where a word goes: 3006 - 2866, 3006 - 2215 and 3006 places on. */
const [NEAR, MIDDLE, FAR] = [140, 791, 3006] as const;

/** Words that are struck out at a time; a multiple of 4. With the history before them they stay in the nearest memory. */
const BLOCK = 8192;

const WORD = Int32Array.BYTES_PER_ELEMENT;

/** The checksum of the bytes, 0 to 2^32 - 1. */
export function crc32(bytes: Uint8Array): number {
  const blocks = Math.floor((bytes.length / WORD - FAR) / BLOCK);
  if (blocks < 1) return (throughTable(bytes, 0xffffffff) ^ 0xffffffff) >>> 0;
  const words = new Int32Array(FAR + BLOCK); // the history, and what is being struck out
  const scratch = new Int32Array(BLOCK);
  for (let block = 0; block < blocks; block += 1) {
    words.copyWithin(0, BLOCK);
    const source = wordsAt(bytes, block * BLOCK * WORD, scratch);
    // the checksum begins with all ones, which is the same as turning over the first 32 bits
    if (block === 0) words[0] = -1;
    strikeOut(words, source);
  }
  const end = blocks * BLOCK * WORD;
  const rest = bytes.slice(end, end + FAR * WORD);
  addHistory(new Int32Array(rest.buffer), words.subarray(BLOCK));
  return (throughTable(bytes.subarray(end + FAR * WORD), throughTable(rest, 0)) ^ 0xffffffff) >>> 0;
}

/** A block of the bytes as words: a window on them where they are aligned, else a copy. */
function wordsAt(bytes: Uint8Array, at: number, scratch: Int32Array): Int32Array {
  const start = bytes.byteOffset + at;
  if (start % WORD === 0) return new Int32Array(bytes.buffer, start, BLOCK);
  new Uint8Array(scratch.buffer).set(bytes.subarray(at, at + BLOCK * WORD));
  return scratch;
}

/** Four words a turn: that many do not depend on each other, and it halves the time. */
function strikeOut(words: Int32Array, source: Int32Array): void {
  for (let at = 0; at < BLOCK; at += 4) {
    const i = FAR + at;
    words[i] = source[at]! ^ words[i - NEAR]! ^ words[i - MIDDLE]! ^ words[i - FAR]!;
    words[i + 1] = source[at + 1]! ^ words[i + 1 - NEAR]! ^ words[i + 1 - MIDDLE]! ^ words[i + 1 - FAR]!;
    words[i + 2] = source[at + 2]! ^ words[i + 2 - NEAR]! ^ words[i + 2 - MIDDLE]! ^ words[i + 2 - FAR]!;
    words[i + 3] = source[at + 3]! ^ words[i + 3 - NEAR]! ^ words[i + 3 - MIDDLE]! ^ words[i + 3 - FAR]!;
  }
}

/** What was struck out in the last words falls onto the 3006 behind them, which stay. */
function addHistory(rest: Int32Array, history: Int32Array): void {
  for (let i = 0; i < FAR; i += 1) {
    const near = i < NEAR ? history[FAR + i - NEAR]! : 0;
    const middle = i < MIDDLE ? history[FAR + i - MIDDLE]! : 0;
    rest[i] = rest[i]! ^ near ^ middle ^ history[i]!;
  }
}

function throughTable(bytes: Uint8Array, start: number): number {
  let remainder = start;
  for (let at = 0; at < bytes.length; at += 1) {
    remainder = TABLE[(remainder ^ bytes[at]!) & 0xff]! ^ (remainder >>> 8);
  }
  return remainder;
}
