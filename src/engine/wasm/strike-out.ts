/**
 * The loop of the checksum (formats/crc32.ts): each word of a block is added to those that follow it at three distances.
 * The nearest is farther than a vector is long, so four words go at a time.
 *
 *     do { w[at] ^= w[at - near] ^ w[at - middle] ^ w[at - far];  at += 16 } while (at < end)
 *
 * It needs neither floats nor fused multiply-add: every machine with WebAssembly SIMD has it.
 */
import { assemble, define, repeatWhile } from "./assembler.ts";
import { i32, v128 } from "./instructions.ts";

/** Memory of 32-bit words, and the loop over those from `far` to the end. */
export interface StrikeOut {
  readonly words: Int32Array;
  readonly run: () => void;
}

/** What is used of WebAssembly; its types are not those of every platform. */
interface Host {
  readonly WebAssembly?: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: object) => { readonly exports: object };
    readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  };
}

const PAGE = 2 ** 16;

/** The loop, compiled; undefined where the machine, or the policy of a page, has none. Distances in words. */
export function compileStrikeOut(near: number, middle: number, far: number, block: number): StrikeOut | undefined {
  const machine = (globalThis as unknown as Host).WebAssembly;
  if (!machine) return undefined;
  const loop = define("strike", 2, (_, at, end) => {
    const word = (distance: number) => v128.load(at, 4 * (far - distance));
    const sum = v128.xor(v128.xor(word(0), word(near)), v128.xor(word(middle), word(far)));
    return [repeatWhile(i32.ltU(at, end), v128.store(at, sum, 4 * far), at.set(i32.add(at, i32.const(16))))];
  });
  try {
    const memory = new machine.Memory({ initial: Math.ceil((4 * (far + block)) / PAGE) });
    const { exports } = new machine.Instance(new machine.Module(assemble([loop])), { arena: { memory } });
    const { strike } = exports as { readonly strike: (at: number, end: number) => void };
    return { words: new Int32Array(memory.buffer, 0, far + block), run: () => strike(0, 4 * block) };
  } catch {
    return undefined;
  }
}
