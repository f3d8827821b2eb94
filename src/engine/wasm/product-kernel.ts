/**
 * The kernels of matrix products, whose right operand is packed in panels (packs.ts, panels.ts). Counts are of float32,
 * addresses and strides in bytes.
 *
 * `rows` takes two rows and a panel of four vectors at a time, for a block of k that stays in the first cache:
 *
 *     for each block of 256 k, for each panel, for each pair of rows:
 *       sum[2][4] = first block && !carry ? 0 : out
 *       for k in the block:  sum[i][j] = a[i][k]·panel[k][j] + sum[i][j]
 *       out = last block ? sum + bias : sum
 *
 * Many rows by many links take long for each panel: each pair of rows then also reads its share of the next panel, one
 * number of each line, so that the panel is near when its turn comes. Measured, that takes 1 to 4 % off.
 *
 * `row` takes one row and a panel of six vectors: six chains hide that each link waits four cycles for the one before,
 * and the panels are read once, from beginning to end.
 *
 * Vectors lie across columns, never along k: each output is its own chain in the order of k, from 0, the bias last.
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
import { f32x4, i32, step, v128 } from "./instructions.ts";
import type { Sources } from "./kernels.ts";

/** The vectors in a panel for many rows. */
export const MANY = 4;
/** The vectors in a panel for a single row. */
export const SINGLE = 6;

/** Both take K > 0, and `panels` > 0 panels that lie `K` links apart, as their biases lie one panel apart. */
export interface ProductKernels {
  /** (rows > 0, K) by panels of `MANY` vectors; with `carry` the chains do not begin at 0 but go on from `out`. */
  rows(
    rows: number,
    K: number,
    a: number,
    aStride: number,
    weights: number,
    bias: number,
    panels: number,
    out: number,
    outStride: number,
    carry: number,
  ): void;
  /** One row (K) by panels of `SINGLE` vectors. */
  row(K: number, a: number, weights: number, bias: number, panels: number, out: number): void;
}

/** The kernels under their names. */
export const productKernels = (set: InstructionSet): Sources<ProductKernels> => ({
  rows: () => manyRows(set),
  row: () => singleRow(set),
});

/** Links of a panel that stay in the first cache while all rows use them. */
const CACHED_LINKS = 256;
/** From so many rows on it takes longer to use a panel than to bring the next. */
const MANY_ROWS = 32;
/** The bytes of a line of the cache: one link of a panel. */
const LINE = 16 * MANY;

const manyRows = (set: InstructionSet): FunctionCode =>
  define("rows", 10, (scope, rows, K, a, aStride, weights, bias, panels, out, outStride, carry) => {
    const int = (): Local<"i32"> => scope.local("i32");
    const [left, links, panel, to, added, count, row, rowOut] = [0, 1, 2, 3, 4, 5, 6, 7].map(int);
    const depth = int();
    const block = { links: links, from: row, stride: aStride, panel: panel, out: rowOut, outStride };
    const store = { bias: added, left: left, carry: carry };
    const [rest, ahead, share, lines, unread] = [0, 1, 2, 3, 4].map(int);
    const isLong = i32.and(i32.gtU(K, i32.const(CACHED_LINKS)), i32.gtU(rows, i32.const(MANY_ROWS - 1)));
    const touch = [unread.set(i32.load(ahead)), step(ahead, LINE), lines.set(i32.sub(lines, i32.const(1)))];
    return [
      left.set(K),
      depth.set(i32.mul(K, i32.const(16 * MANY))),
      repeatWhile(
        left,
        links.set(left),
        when(i32.gtU(links, i32.const(CACHED_LINKS)), links.set(i32.const(CACHED_LINKS))),
        left.set(i32.sub(left, links)),
        when(isLong, share.set(i32.divU(i32.shl(links, i32.const(1)), rows))),
        panel.set(weights),
        to.set(out),
        added.set(bias),
        count.set(panels),
        repeatWhile(
          count,
          row.set(a),
          rowOut.set(to),
          rest.set(rows),
          ahead.set(i32.add(panel, i32.mul(depth, i32.gtU(count, i32.const(1))))),
          when(
            i32.gtU(rest, i32.const(1)),
            repeatWhile(
              i32.gtU(rest, i32.const(1)),
              lines.set(share),
              when(lines, repeatWhile(lines, ...touch)),
              sums(scope, set, 2, MANY, block, store),
              step(row, i32.shl(aStride, i32.const(1))),
              step(rowOut, i32.shl(outStride, i32.const(1))),
              rest.set(i32.sub(rest, i32.const(2))),
            ),
          ),
          when(rest, sums(scope, set, 1, MANY, block, store)),
          step(panel, depth),
          step(to, 16 * MANY),
          step(added, 16 * MANY),
          count.set(i32.sub(count, i32.const(1))),
        ),
        step(a, i32.shl(links, i32.const(2))),
        step(weights, i32.mul(links, i32.const(16 * MANY))),
        carry.set(i32.const(1)),
      ),
    ];
  });

const singleRow = (set: InstructionSet): FunctionCode =>
  define("row", 6, (scope, K, a, weights, bias, panels, out) => {
    const zero = scope.local("i32");
    const block = { links: K, from: a, stride: zero, panel: weights, out, outStride: zero };
    const depth = scope.local("i32");
    return [
      depth.set(i32.mul(K, i32.const(16 * SINGLE))),
      repeatWhile(
        panels,
        sums(scope, set, 1, SINGLE, block, { bias }),
        step(weights, depth),
        step(out, 16 * SINGLE),
        step(bias, 16 * SINGLE),
        panels.set(i32.sub(panels, i32.const(1))),
      ),
    ];
  });

type Integer = Local<"i32">;

/** What a block of sums reads and where it goes; nothing of it is changed. */
interface Block {
  readonly links: Integer;
  readonly from: Integer;
  readonly stride: Integer;
  readonly panel: Integer;
  readonly out: Integer;
  readonly outStride: Integer;
}

/** How chains begin and end: `carry` continues those in `out`, and while links are `left` there is no bias yet. */
interface Ends {
  readonly bias: Integer;
  readonly left?: Integer;
  readonly carry?: Integer;
}

/** A block of sums: some rows by one panel of some vectors. */
function sums(
  scope: Scope,
  { multiplyAdd }: InstructionSet,
  rows: number,
  vectors: number,
  block: Block,
  { bias, left, carry }: Ends,
): Code {
  const { links, from, stride, panel, out, outStride } = block;
  const list = (length: number): number[] => Array.from({ length }, (_, i) => i);
  const own = list(rows).map(() => list(vectors).map(() => scope.local("v128")));
  const factors = own.map(() => scope.local("v128"));
  const weight = scope.local("v128");
  const inputs = own.map(() => scope.local("i32"));
  const [w, end] = [scope.local("i32"), scope.local("i32")];
  const outputs = [out, i32.add(out, outStride)];
  const each = (statement: (row: number, vector: number) => Code): Code =>
    sequence(...list(rows).flatMap((row) => list(vectors).map((vector) => statement(row, vector))));
  const zero = each((row, vector) => own[row][vector].set(f32x4.const(0)));
  const before = each((row, vector) => own[row][vector].set(v128.load(outputs[row], 16 * vector)));
  const biased = each((row, vector) => {
    const sum = own[row][vector];
    return sum.set(f32x4.add(sum, v128.load(bias, 16 * vector)));
  });
  return sequence(
    carry ? when(carry, before, zero) : zero,
    ...inputs.map((input, row) => input.set(row === 0 ? from : i32.add(from, stride))),
    w.set(panel),
    end.set(i32.add(from, i32.shl(links, i32.const(2)))),
    repeatWhile(
      i32.ltU(inputs[0], end),
      ...factors.map((factor, row) => factor.set(v128.load32Splat(inputs[row]))),
      ...list(vectors).map((vector) =>
        sequence(
          weight.set(v128.load(w, 16 * vector)),
          ...own.map((sum, row) => sum[vector].set(multiplyAdd(factors[row], weight, sum[vector]))),
        ),
      ),
      ...inputs.map((input) => step(input, 4)),
      step(w, 16 * vectors),
    ),
    left ? when(left, sequence(), biased) : biased,
    each((row, vector) => v128.store(outputs[row], own[row][vector], 16 * vector)),
  );
}
