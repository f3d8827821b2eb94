/**
 * The kernels of the matrix product. All counts are of float32, all addresses and strides in bytes.
 *
 * `b` is packed in panels of 16 columns, K rows of 16 floats, so that a panel is read from beginning to end. `multiply`
 * runs one panel over all rows of `a`, two at a time: 8 vectors of sums are what the registers hold.
 *
 *     for each pair of rows:
 *       sum[2][4] = carry ? out : 0
 *       for k = 0 .. K-1:  sum[i][j] = a[i][k]·panel[k][j] + sum[i][j]      one vector j = four columns
 *       out = sum + bias
 *
 * Vectors lie across columns, never along k: each output is its own chain in the order of k.
 */
import {
  type Code,
  define,
  type FunctionCode,
  type Local,
  repeatWhile,
  type Scope,
  sequence,
  when,
} from "./assembler.ts";
import type { InstructionSet } from "./instruction-set.ts";
import { f32x4, i32, i32x4, memory, v128 } from "./instructions.ts";
import type { Sources } from "./kernels.ts";

/** Columns of a panel. */
export const PANEL = 16;

/** The kernels as JavaScript calls them. */
export interface GemmKernels {
  /** One panel: K > 0 links for each of `rows` > 0 rows of 16 outputs. A bias is always added; -0 changes nothing. */
  multiply(
    rows: number,
    K: number,
    a: number,
    aStride: number,
    panel: number,
    out: number,
    outStride: number,
    bias: number,
    carry: number,
  ): void;
  /** to[j][i] = from[i][j], in blocks of 4×4: rows and columns are rounded up to whole blocks. */
  transpose(to: number, toStride: number, from: number, fromStride: number, rows: number, columns: number): void;
  /** A panel from rows that lie `stride` apart. */
  gather(to: number, from: number, stride: number, rows: number): void;
  /** Moves rows together: row i from i·fromStride to i·toStride, which is less. */
  crop(at: number, toStride: number, fromStride: number, rows: number): void;
}

const VECTORS = [0, 1, 2, 3];
const step = (local: Local<"i32">, by: Code<"i32"> | number): Code =>
  local.set(i32.add(local, typeof by === "number" ? i32.const(by) : by));

const multiply = (set: InstructionSet): FunctionCode =>
  define("multiply", 9, (scope, rows, K, a, aStride, panel, out, outStride, bias, carry) => {
    const pointers = { K, a, aStride, panel, out, outStride, bias, carry };
    const pair = [rowsOfSums(scope, set, pointers, 2), rows.set(i32.sub(rows, i32.const(2)))];
    return [
      when(i32.gtU(rows, i32.const(1)), repeatWhile(i32.gtU(rows, i32.const(1)), ...pair)),
      when(rows, rowsOfSums(scope, set, pointers, 1)),
    ];
  });

type Pointers = Readonly<
  Record<"K" | "a" | "aStride" | "panel" | "out" | "outStride" | "bias" | "carry", Local<"i32">>
>;

/** One or two rows of 16 outputs, and on to the next. */
function rowsOfSums(scope: Scope, { multiplyAdd }: InstructionSet, pointers: Pointers, count: number): Code {
  const { K, a, aStride, panel, out, outStride, bias, carry } = pointers;
  const sums = Array.from({ length: count }, () => VECTORS.map(() => scope.local("v128")));
  const factors = sums.map(() => scope.local("v128"));
  const weight = scope.local("v128");
  const [x, y, w, end] = [scope.local("i32"), scope.local("i32"), scope.local("i32"), scope.local("i32")];
  const inputs = [x, y].slice(0, count);
  const outputs = [out, i32.add(out, outStride)].slice(0, count);
  const each = (statement: (row: number, vector: number) => Code): Code =>
    sequence(...sums.flatMap((_, row) => VECTORS.map((vector) => statement(row, vector))));
  const link = (at: number): Code =>
    sequence(
      ...factors.map((factor, row) => factor.set(v128.load32Splat(inputs[row], 4 * at))),
      ...VECTORS.map((vector) =>
        sequence(
          weight.set(v128.load(w, 64 * at + 16 * vector)),
          ...sums.map((own, row) => own[vector].set(multiplyAdd(factors[row], weight, own[vector]))),
        ),
      ),
    );
  const advance = (links: number): Code =>
    sequence(...inputs.map((input) => step(input, 4 * links)), step(w, 64 * links));
  return sequence(
    when(
      carry,
      each((row, vector) => sums[row][vector].set(v128.load(outputs[row], 16 * vector))),
      each((row, vector) => sums[row][vector].set(f32x4.const(0))),
    ),
    x.set(a),
    y.set(i32.add(a, aStride)),
    w.set(panel),
    end.set(i32.add(a, i32.shl(K, i32.const(2)))),
    when(i32.ltU(x, end), repeatWhile(i32.ltU(x, end), link(0), advance(1))),
    each((row, vector) => {
      const biased = f32x4.add(sums[row][vector], v128.load(bias, 16 * vector));
      return v128.store(outputs[row], biased, 16 * vector);
    }),
    ...Array.from({ length: count }, () => sequence(step(a, aStride), step(out, outStride))),
  );
}

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
export const gemmKernels = (set: InstructionSet): Sources<GemmKernels> => ({
  multiply: () => multiply(set),
  ...{ transpose, gather, crop },
});
