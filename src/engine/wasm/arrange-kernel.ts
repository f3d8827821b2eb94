/**
 * The kernels that bring matrices into the order in which products read them. All counts are of float32, all addresses
 * and strides in bytes.
 */
import { type Code, define, type FunctionCode, repeatWhile, sequence } from "./assembler.ts";
import { i32, i32x4, memory, step, v128 } from "./instructions.ts";
import type { Sources } from "./kernels.ts";
import { MANY } from "./product-kernel.ts";

/** Columns of a panel. */
export const PANEL = 4 * MANY;

/** The kernels as JavaScript calls them. */
export interface ArrangeKernels {
  /** to[j][i] = from[i][j], in blocks of 4×4: rows and columns are rounded up to whole blocks. */
  transpose(to: number, toStride: number, from: number, fromStride: number, rows: number, columns: number): void;
  /** A panel from rows that lie `stride` apart. */
  gather(to: number, from: number, stride: number, rows: number): void;
  /** Moves rows together: row i from i·fromStride to i·toStride, which is less. */
  crop(at: number, toStride: number, fromStride: number, rows: number): void;
}

const VECTORS = [0, 1, 2, 3];
const transpose = (): FunctionCode =>
  define("transpose", 6, (scope, to, toStride, from, fromStride, rows, columns) => {
    const [x, y, place, stripEnd, end] = [0, 1, 2, 3, 4].map(() => scope.local("i32"));
    const lines = VECTORS.map(() => scope.local("v128"));
    const halves = VECTORS.map(() => scope.local("v128"));
    const halve = (half: number, first: number, lanes: readonly number[]): Code =>
      halves[half].set(i32x4.shuffle(lines[first], lines[first + 1], lanes));
    const write = (half: number, lanes: readonly number[]): Code =>
      sequence(v128.store(y, i32x4.shuffle(halves[half], halves[half + 2], lanes)), step(y, toStride));
    const block = [
      ...lines.map((line) => sequence(line.set(v128.load(x)), step(x, fromStride))),
      halve(0, 0, [0, 4, 1, 5]),
      halve(1, 0, [2, 6, 3, 7]),
      halve(2, 2, [0, 4, 1, 5]),
      halve(3, 2, [2, 6, 3, 7]),
      y.set(place),
      write(0, [0, 1, 4, 5]),
      write(0, [2, 3, 6, 7]),
      write(1, [0, 1, 4, 5]),
      write(1, [2, 3, 6, 7]),
      step(place, 16),
    ];
    const strip = [
      x.set(from),
      place.set(to),
      stripEnd.set(i32.add(to, i32.shl(rows, i32.const(2)))),
      repeatWhile(i32.ltU(place, stripEnd), ...block),
      step(from, 16),
      step(to, i32.shl(toStride, i32.const(2))),
    ];
    return [end.set(i32.add(from, i32.shl(columns, i32.const(2)))), repeatWhile(i32.ltU(from, end), ...strip)];
  });

const gather = (): FunctionCode =>
  define("gather", 4, (_, to, from, stride, rows) => [
    repeatWhile(
      rows,
      ...VECTORS.map((vector) => v128.store(to, v128.load(from, 16 * vector), 16 * vector)),
      step(to, 4 * PANEL),
      step(from, stride),
      rows.set(i32.sub(rows, i32.const(1))),
    ),
  ]);

const crop = (): FunctionCode =>
  define("crop", 4, (scope, at, toStride, fromStride, rows) => {
    const from = scope.local("i32");
    return [
      from.set(at),
      repeatWhile(
        rows,
        memory.copy(at, from, toStride),
        step(at, toStride),
        step(from, fromStride),
        rows.set(i32.sub(rows, i32.const(1))),
      ),
    ];
  });

/** The kernels under their names. */
export const arrangeKernels: Sources<ArrangeKernels> = { transpose, gather, crop };
