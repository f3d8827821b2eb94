/**
 * The kernel that packs weights (packs.ts): four rows become one vector a link.
 *
 *     for k = 0 .. links-1:  to[k][0..3] = from[0][k], from[1][k], from[2][k], from[3][k]
 */
import { type Code, define, type FunctionCode, type Local, repeatWhile } from "./assembler.ts";
import { i32 } from "./instructions.ts";
import type { Sources } from "./kernels.ts";

/** The kernel as JavaScript calls it: addresses and strides in bytes. */
export interface PackKernels {
  /** `links` > 0; of `from` the rows lie `rowStride` apart, and the links of a row `linkStride`. */
  weave(links: number, to: number, toStride: number, from: number, rowStride: number, linkStride: number): void;
}

const LANES = [0, 1, 2, 3];
const step = (local: Local<"i32">, by: Code<"i32">): Code => local.set(i32.add(local, by));

const weave = (): FunctionCode =>
  define("weave", 6, (scope, links, to, toStride, from, rowStride, linkStride) => {
    const row = scope.local("i32");
    return [
      repeatWhile(
        links,
        row.set(from),
        ...LANES.flatMap((lane) => [i32.store(to, i32.load(row), 4 * lane), step(row, rowStride)]),
        step(to, toStride),
        step(from, linkStride),
        links.set(i32.sub(links, i32.const(1))),
      ),
    ];
  });

/** The kernel under its name. */
export const packKernels: Sources<PackKernels> = { weave };
