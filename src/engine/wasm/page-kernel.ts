/**
 * The page of a cell as a kernel: what is left of a step when both products are there.
 *
 *     for each row, for each four units:
 *       s = page(x.i x.f ..., r.i r.f ..., s, v)     the four units of a gate lie beside those of the next gate
 *       out = s.h                                    the other states where they were
 */
import { type Cell, type Named, recurrentGates, vectors } from "../../cells/cell.ts";
import { type Code, define, type FunctionCode, type Local, repeatWhile } from "./assembler.ts";
import type { InstructionSet } from "./instruction-set.ts";
import { i32, v128 } from "./instructions.ts";
import { type Lane, Lanes } from "./lanes.ts";

/**
 * `rows` > 0 rows of `width` bytes of units, a multiple of 16. Of gates, x and r, the rows lie `gateStride` bytes apart,
 * of the first state before (h) and after (out) their own strides. The other states lie one behind the other, `size`
 * bytes each in rows `stride` bytes apart. The vectors are one row, laid out like a row of gates.
 */
export type PageKernel = (
  rows: number,
  width: number,
  x: number,
  r: number,
  gateStride: number,
  h: number,
  hStride: number,
  out: number,
  outStride: number,
  states: number,
  stride: number,
  size: number,
  v: number,
) => void;

/** Reads the page of a cell into a kernel named `page`. Errors: whatever the page throws if lanes cannot read it. */
export function pageKernel(cell: Cell, set: InstructionSet): FunctionCode {
  const { state } = cell;
  return define(
    "page",
    13,
    (scope, rows, width, x, r, gateStride, h, hStride, out, outStride, states, stride, size, v) => {
      const [unit, held] = [scope.local("i32"), scope.local("i32")];
      const lanes = new Lanes(scope, set);
      const [output, ...others] = state;
      const blocks = [
        { row: x, names: cell.gates, at: scope.local("i32") },
        { row: r, names: recurrentGates(cell), at: scope.local("i32") },
        { row: v, names: vectors(cell), at: scope.local("i32") },
      ].filter(({ names }) => names.length > 0);
      const blockAt = (wanted: Local<"i32">): Named<string, Lane> => {
        const { names, at } = blocks.find(({ row }) => row === wanted) ?? { names: [], at: unit };
        return Object.fromEntries(names.map((name, i) => [name, lanes.keep(v128.load(i32.add(wanted, at), 16 * i))]));
      };
      const stateAt = (i: number): Code<"i32"> => i32.add(held, i32.mul(size, i32.const(i)));
      const before = [
        [output, lanes.keep(v128.load(i32.add(h, unit)))],
        ...others.map((name, i) => [name, lanes.keep(v128.load(stateAt(i)))]),
      ];
      const computed = cell.step<Lane>(
        lanes,
        blockAt(x),
        blockAt(r),
        Object.fromEntries(before) as Named<string, Lane>,
        blockAt(v),
      );
      const next = (local: Local<"i32">, by: Code<"i32">): Code => local.set(i32.add(local, by));
      return [
        lanes.constants(),
        repeatWhile(
          rows,
          unit.set(i32.const(0)),
          ...blocks.map(({ at }) => at.set(i32.const(0))),
          repeatWhile(
            i32.ltU(unit, width),
            held.set(i32.add(states, unit)),
            lanes.take(),
            v128.store(i32.add(out, unit), computed[output]),
            ...others.map((name, i) => v128.store(stateAt(i), computed[name])),
            next(unit, i32.const(16)),
            ...blocks.map(({ at, names }) => next(at, i32.const(16 * names.length))),
          ),
          next(x, gateStride),
          next(r, gateStride),
          next(h, hStride),
          next(out, outStride),
          next(states, stride),
          rows.set(i32.sub(rows, i32.const(1))),
        ),
      ];
    },
  );
}
