/**
 * The kernels that gather the gradients of weights over time: at each step a product over its rows, which is added to the
 * sum of all steps, in the order in which the steps are walked back.
 *
 *     accumulate    for each step:  out = out + Σ_row a[i][row]·panel[row][j]      a chain of its own, from 0
 *     addColumns    for each step:  out = out + Σ_row panel[row][j]                in float64, rounded once
 *
 * Rows lie as in product-kernel.ts: `a` along its rows, `panel` in rows of 16.
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
import { f32x4, f64x2, i32, i32x4, step, v128 } from "./instructions.ts";

/** The kernels as JavaScript calls them: strides and jumps in bytes. */
export interface WeightKernels {
  /** `steps` steps of K rows each; from the end of one step to the beginning of the next, `a` jumps. */
  accumulate(
    rows: number,
    K: number,
    steps: number,
    a: number,
    aStride: number,
    aJump: number,
    panel: number,
    out: number,
    outStride: number,
  ): void;
  /** `steps` steps of K rows each. */
  addColumns(K: number, steps: number, panel: number, out: number): void;
}

const VECTORS = [0, 1, 2, 3];
const accumulate = (set: InstructionSet): FunctionCode =>
  define("accumulate", 9, (scope, rows, K, steps, a, aStride, aJump, panel, out, outStride) => {
    const pointers = { K, steps, a, aStride, aJump, panel, out, outStride };
    const pair = [rowsOfSums(scope, set, pointers, 2), rows.set(i32.sub(rows, i32.const(2)))];
    return [
      when(i32.gtU(rows, i32.const(1)), repeatWhile(i32.gtU(rows, i32.const(1)), ...pair)),
      when(rows, rowsOfSums(scope, set, pointers, 1)),
    ];
  });

type Pointers = Readonly<
  Record<"K" | "steps" | "a" | "aStride" | "aJump" | "panel" | "out" | "outStride", Local<"i32">>
>;

/** One or two rows of 16 sums, and on to the next. */
function rowsOfSums(scope: Scope, { multiplyAdd }: InstructionSet, pointers: Pointers, count: number): Code {
  const { K, steps, a, aStride, aJump, panel, out, outStride } = pointers;
  const sums = Array.from({ length: count }, () => VECTORS.map(() => scope.local("v128")));
  const factors = sums.map(() => scope.local("v128"));
  const weight = scope.local("v128");
  const [x, y, w, end, left, other] = [0, 1, 2, 3, 4, 5].map(() => scope.local("i32"));
  const inputs = [x, y].slice(0, count);
  const outputs = [out, other].slice(0, count);
  const each = (statement: (row: number, vector: number) => Code): Code =>
    sequence(...sums.flatMap((_, row) => VECTORS.map((vector) => statement(row, vector))));
  const link = sequence(
    ...factors.map((factor, row) => factor.set(v128.load32Splat(inputs[row]))),
    ...VECTORS.map((vector) =>
      sequence(
        weight.set(v128.load(w, 16 * vector)),
        ...sums.map((own, row) => own[vector].set(multiplyAdd(factors[row], weight, own[vector]))),
      ),
    ),
    ...inputs.map((input) => step(input, 4)),
    step(w, 64),
  );
  return sequence(
    x.set(a),
    y.set(i32.add(a, aStride)),
    other.set(i32.add(out, outStride)),
    w.set(panel),
    left.set(steps),
    repeatWhile(
      left,
      each((row, vector) => sums[row][vector].set(f32x4.const(0))),
      end.set(i32.add(x, i32.shl(K, i32.const(2)))),
      repeatWhile(i32.ltU(x, end), link),
      each((row, vector) => {
        const before = v128.load(outputs[row], 16 * vector);
        return v128.store(outputs[row], f32x4.add(before, sums[row][vector]), 16 * vector);
      }),
      ...inputs.map((input) => step(input, aJump)),
      left.set(i32.sub(left, i32.const(1))),
    ),
    ...Array.from({ length: count }, () => sequence(step(a, aStride), step(out, outStride))),
  );
}

/** Sums of four floats in float64. */
export type Halves = readonly [low: Local<"v128">, high: Local<"v128">];

/** Adds the floats at an address to the sums, four by four by way of `four`. */
export const addFloats = (sums: readonly Halves[], four: Local<"v128">, from: Code<"i32">): Code =>
  sequence(
    ...sums.flatMap(([low, high], vector) => [
      four.set(v128.load(from, 16 * vector)),
      low.set(f64x2.add(low, f64x2.promoteLowF32x4(four))),
      high.set(f64x2.add(high, f64x2.promoteHighF32x4(four))),
    ]),
  );

const addColumns = (): FunctionCode =>
  define("addColumns", 4, (scope, K, steps, panel, out) => {
    const left = scope.local("i32");
    const four = scope.local("v128");
    const halves = VECTORS.map((): Halves => [scope.local("v128"), scope.local("v128")]);
    return [
      repeatWhile(
        steps,
        ...halves.flat().map((half) => half.set(f32x4.const(0))),
        left.set(K),
        repeatWhile(left, addFloats(halves, four, panel), step(panel, 64), left.set(i32.sub(left, i32.const(1)))),
        ...halves.map(([low, high], vector) => {
          const sum = i32x4.shuffle(f32x4.demoteF64x2Zero(low), f32x4.demoteF64x2Zero(high), [0, 1, 4, 5]);
          return v128.store(out, f32x4.add(v128.load(out, 16 * vector), sum), 16 * vector);
        }),
        steps.set(i32.sub(steps, i32.const(1))),
      ),
    ];
  });

/** The kernels under their names. */
export const weightKernels = (set: InstructionSet): FunctionCode[] => [accumulate(set), addColumns()];
