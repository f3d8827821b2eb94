// Damage that is the same for the same number, so that every finding can be made again.

/** Random numbers below a limit (mulberry32). */
export function randomIntegers(seed) {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % limit;
  };
}

/** Numbers that tell: limits of widths and signs. */
const TELLING = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  -1n,
];

/** What pickles, zips and headers are made of. */
const PIECES = [
  "(",
  ")",
  "]",
  "}",
  "t",
  "R",
  "u",
  "s",
  "a",
  "e",
  "b",
  "Q",
  "\x81",
  "\x85",
  "\x86",
  "\x87",
  "q\0",
  "h\0",
  "N.",
  "r\xff\xff\xff\xff",
  "X\xff\xff\xff\x7f",
  "\x8a\xff",
  "cos\nsystem\n",
  "cbuiltins\neval\n",
  "ccollections\nOrderedDict\n",
  "PK\x01\x02",
  "PK\x03\x04",
  "PK\x05\x06",
  "PK\x06\x06",
  "PK\x07\x08",
  "{",
  "[",
  '"',
  ",",
  ":",
  "\\u0000",
  '"__proto__"',
  '"__metadata__"',
  "1e9",
  "-1",
  "9007199254740993",
  "'|O'",
  "(,",
  "True",
];

/** One to four wounds in a copy of one of the seeds. */
export function damaged(seeds, random) {
  let bytes = Buffer.from(seeds[random(seeds.length)]);
  for (let left = [1, 1, 2, 4][random(4)]; left > 0; left -= 1) bytes = wounded(bytes, seeds, random);
  return new Uint8Array(bytes);
}

function wounded(bytes, seeds, random) {
  const at = random(bytes.length + 1);
  switch (random(16)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: // a part twice, or left out
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length + 1))]);
    case 2: {
      // a part of another file
      const other = seeds[random(seeds.length)];
      const from = random(other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random(64)), bytes.subarray(at)]);
    }
    case 3:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(PIECES[random(PIECES.length)], "latin1"),
        bytes.subarray(at),
      ]);
    case 4: {
      // a telling number, in any width and order
      const width = [1, 2, 4, 8][random(4)];
      const piece = Buffer.alloc(8);
      piece.writeBigUInt64LE(BigInt.asUintN(64, TELLING[random(TELLING.length)]));
      const number = piece.subarray(0, width);
      if (random(4) === 0) number.reverse();
      return Buffer.concat([bytes.subarray(0, at), number, bytes.subarray(at + width)]);
    }
    case 5: {
      // a piece many times
      const piece = Buffer.from(PIECES[random(PIECES.length)], "latin1");
      return Buffer.concat([bytes.subarray(0, at), ...Array(random(300)).fill(piece), bytes.subarray(at)]);
    }
    case 6: {
      // a piece in the place of another
      const piece = Buffer.from(PIECES[random(PIECES.length)], "latin1");
      return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + piece.length)]);
    }
    default: {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[random(copy.length)] = random(2) === 0 ? random(256) : copy[random(copy.length)];
      return copy;
    }
  }
}
