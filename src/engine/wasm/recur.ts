/**
 * The loop over time of any cell, without gradients. Each step is a matrix product, by the kernel of all products, and
 * the cell's own page, read as SIMD by a kernel that is made once for each cell:
 *
 *     for t:  r = h·W_hhᵀ + b_hh                                 (b_t, R·H)
 *             for each row, for each four units:
 *               s = page(x.i x.f ..., r.i r.f ..., s, v)         a gate's four units lie H floats behind the last gate's
 *               out_t = s.h
 */
import { type Cell, type Named, recurrentGates, vectors } from "../../cells/cell.ts";
import type { Recurrence } from "../plain.ts";
import type { Arena } from "./arena.ts";
import { type Code, define, type FunctionCode, type Local, repeatWhile } from "./assembler.ts";
import { type GemmKernels, PANEL } from "./gemm-kernel.ts";
import { i32, v128 } from "./instructions.ts";
import { type Lane, Lanes } from "./lanes.ts";
import { multiplyPanels, NO_BIAS, packPanels, upTo } from "./panels.ts";

/**
 * The kernel of a cell: `rows` rows of H units. Rows of outputs and states lie `stride` bytes apart, and so do the cell's
 * vectors; its states lie `size` bytes apart.
 */
export type StepKernel = (
  rows: number,
  H: number,
  x: number,
  xStride: number,
  r: number,
  rStride: number,
  out: number,
  states: number,
  own: number,
  stride: number,
  size: number,
) => void;

/** Reads the page of a cell into a kernel named `step`. */
export function stepKernel(cell: Cell): FunctionCode {
  const { gates, state } = cell;
  return define("step", 11, (scope, rows, H, x, xStride, r, rStride, out, states, own, stride, size) => {
    const [unit, width] = [scope.local("i32"), scope.local("i32")];
    const lanes = new Lanes(scope);
    const at = (row: Local<"i32">, distance: Local<"i32">, i: number): Code<"i32"> =>
      i32.add(i32.add(row, unit), i32.mul(distance, i32.const(i)));
    const load = (names: readonly string[], row: Local<"i32">, distance: Local<"i32">): Named<string, Lane> =>
      Object.fromEntries(names.map((name, i) => [name, lanes.keep(v128.load(at(row, distance, i)))]));
    const halves = [load(gates, x, width), load(recurrentGates(cell), r, width)] as const;
    const computed = cell.step<Lane>(lanes, ...halves, load(state, states, size), load(vectors(cell), own, stride));
    const next = (local: Local<"i32">, by: Code<"i32">): Code => local.set(i32.add(local, by));
    return [
      lanes.constants(),
      width.set(i32.shl(H, i32.const(2))),
      repeatWhile(
        rows,
        unit.set(i32.const(0)),
        repeatWhile(
          i32.ltU(unit, width),
          lanes.take(),
          ...state.map((name, i) => v128.store(at(states, size, i), computed[name])),
          v128.store(i32.add(out, unit), computed[state[0]]),
          next(unit, i32.const(16)),
        ),
        next(x, xStride),
        next(r, rStride),
        next(out, stride),
        next(states, stride),
        rows.set(i32.sub(rows, i32.const(1))),
      ),
    ];
  });
}

/** The floats of inputs that are in the arena at a time. */
const LARGEST = 2 ** 20;

/**
 * Runs the recurrence; false if there was not enough memory, and nothing is done. The arena, in floats:
 *
 *     no bias   16             bias     width
 *     panels    width·H        r        B·width                      width = R·H, in whole panels
 *     states    S·B·stride     stride = H, in whole vectors
 *     vectors   V·stride
 *     out       rows·stride    of as many steps as fit
 *     x         rows·G·H       of the same; before, the weights on their way into panels
 */
export function recur(arena: Arena, kernels: GemmKernels, step: StepKernel, problem: Recurrence): boolean {
  const { cell, H, x, weights, bias, vectors: own, batchSizes, reverse, states, output } = problem;
  const T = batchSizes.length;
  const [gates, recurrent] = [cell.gates.length * H, recurrentGates(cell).length * H];
  const [width, stride] = [upTo(PANEL, recurrent), upTo(4, H)];
  const B = states[0].length / H;
  const most = Math.min(x.length / gates, Math.max(B, Math.floor(LARGEST / gates)));
  const panelsAt = PANEL + width;
  const rAt = panelsAt + width * stride;
  const statesAt = rAt + B * width;
  const size = B * stride;
  const ownAt = statesAt + states.length * size;
  const outAt = ownAt + own.length * stride;
  const xAt = outAt + most * stride;
  if (!arena.reserve(xAt + Math.max(most * gates, (width + PANEL) * stride) + PANEL)) return false;

  const { floats } = arena;
  floats.fill(-0, 0, PANEL);
  if (bias) floats.set(bias, PANEL);
  packPanels(kernels, floats, panelsAt, xAt, weights, H, recurrent);
  for (const [i, state] of states.entries()) spread(floats, statesAt + i * size, stride, state, H);
  for (const [i, vector] of own.entries()) floats.set(vector, ownAt + i * stride);
  const biasAt = bias ? 4 * PANEL : NO_BIAS;
  const starts = startsOf(batchSizes);
  const time = (index: number): number => (reverse ? T - 1 - index : index);

  for (let index = 0; index < T; ) {
    const until = endOfChunk(batchSizes, time, index, most);
    const [first, last] = [time(index), time(until - 1)].sort((a, b) => a - b);
    const [start, end] = [starts[first], starts[last] + batchSizes[last]];
    floats.set(x.subarray(start * gates, end * gates), xAt);
    for (; index < until; index += 1) {
      const t = time(index);
      const b = batchSizes[t];
      const row = starts[t] - start;
      multiplyPanels(
        kernels,
        b,
        recurrent,
        H,
        4 * statesAt,
        4 * stride,
        4 * panelsAt,
        4 * rAt,
        4 * width,
        biasAt,
        false,
      );
      const [xRow, outRow] = [4 * (xAt + row * gates), 4 * (outAt + row * stride)];
      step(b, H, xRow, 4 * gates, 4 * rAt, 4 * width, outRow, 4 * statesAt, 4 * ownAt, 4 * stride, 4 * size);
    }
    gather(floats, outAt, stride, output.subarray(start * H, end * H), H);
  }
  for (const [i, state] of states.entries()) gather(floats, statesAt + i * size, stride, state, H);
  return true;
}

/** The row at which each step begins. */
function startsOf(batchSizes: readonly number[]): number[] {
  let total = 0;
  return batchSizes.map((b) => {
    total += b;
    return total - b;
  });
}

/** The end of the steps from `index` on that have no more than `most` rows together. */
function endOfChunk(
  batchSizes: readonly number[],
  time: (index: number) => number,
  index: number,
  most: number,
): number {
  let end = index;
  for (let rows = 0; end < batchSizes.length; end += 1) {
    rows += batchSizes[time(end)];
    if (rows > most && end > index) break;
  }
  return end;
}

/** Rows of H floats that lie together, to rows that lie `stride` apart. */
function spread(floats: Float32Array, to: number, stride: number, rows: Float32Array, H: number): void {
  if (stride === H) floats.set(rows, to);
  else for (let i = 0, at = to; i < rows.length; i += H, at += stride) floats.set(rows.subarray(i, i + H), at);
}

/** And back. */
function gather(floats: Float32Array, from: number, stride: number, rows: Float32Array, H: number): void {
  if (stride === H) rows.set(floats.subarray(from, from + rows.length));
  else for (let i = 0, at = from; i < rows.length; i += H, at += stride) rows.set(floats.subarray(at, at + H), i);
}
