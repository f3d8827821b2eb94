/**
 * Arithmetic over arrays of float32 (../arrays.ts), four at a time. It is apart from the engine (index.ts), so that a page
 * that only runs trained layers does not carry it.
 */
import type { OperationName } from "../arrays.ts";
import { define, type FunctionCode, repeatWhile } from "./assembler.ts";
import { compiledOnce, type Workshop } from "./compiled.ts";
import { f32x4, i32, step, v128 } from "./instructions.ts";
import { upTo } from "./panels.ts";
import { addFloats, type Halves } from "./weight-kernel.ts";

/** The kernels as JavaScript calls them: addresses, steps and strides in bytes. */
type ArrayKernels = Readonly<
  Record<OperationName, (out: number, a: number, aStep: number, b: number, bStep: number, end: number) => void>
> & {
  /** Adds 16 columns of `rows` > 0 rows, which lie `stride` apart, to 16 float64. */
  addRows(totals: number, data: number, stride: number, rows: number): void;
};

/** out = a ∘ b up to `end`, four at a time; the step of an operand that is one number is 0. */
const operation = (name: OperationName): FunctionCode =>
  define(name, 6, (_, out, a, aStep, b, bStep, end) => [
    repeatWhile(
      i32.ltU(out, end),
      v128.store(out, f32x4[name](v128.load(a), v128.load(b))),
      step(a, aStep),
      step(b, bStep),
      step(out, 16),
    ),
  ]);

const addRows = (): FunctionCode =>
  define("addRows", 4, (scope, totals, data, stride, rows) => {
    const four = scope.local("v128");
    const halves = [0, 1, 2, 3].map((): Halves => [scope.local("v128"), scope.local("v128")]);
    return [
      ...halves.flat().map((half, i) => half.set(v128.load(totals, 16 * i))),
      repeatWhile(rows, addFloats(halves, four, data), step(data, stride), rows.set(i32.sub(rows, i32.const(1)))),
      ...halves.flat().map((half, i) => v128.store(totals, half, 16 * i)),
    ];
  });

const kernelsOf = compiledOnce<Workshop, ArrayKernels>(({ memory }) => ({
  functions: [operation("add"), operation("sub"), operation("mul"), operation("div"), addRows()],
  memory,
  take: (exports) => exports as ArrayKernels,
}));

// Small enough to stay in the first cache on the way in, through and out.
const CHUNK = 2048;

/** out = a ∘ b, as in ../arrays.ts; false if the kernels cannot be had, and nothing is done. */
export function combineLanes(
  workshop: Workshop,
  name: OperationName,
  out: Float32Array,
  a: Float32Array,
  aStep: number,
  b: Float32Array,
  bStep: number,
): boolean {
  const kernel = kernelsOf(workshop)?.[name];
  if (!kernel || !workshop.arena.reserve(3 * CHUNK)) return false;
  const { floats } = workshop.arena;
  if (aStep === 0) floats.fill(a[0]!, 0, 4);
  if (bStep === 0) floats.fill(b[0]!, CHUNK, CHUNK + 4);
  for (let start = 0; start < out.length; start += CHUNK) {
    const end = Math.min(out.length, start + CHUNK);
    if (aStep > 0) floats.set(a.subarray(start, end), 0);
    if (bStep > 0) floats.set(b.subarray(start, end), CHUNK);
    kernel(8 * CHUNK, 0, 16 * aStep, 4 * CHUNK, 16 * bStep, 8 * CHUNK + 4 * (end - start));
    out.set(floats.subarray(2 * CHUNK, 2 * CHUNK + end - start), start);
  }
  return true;
}

// The floats of the rows that are copied in at a time, so that they are in the second cache when they are added.
const BLOCK = 2 ** 15;

/** The totals of rows of up to `BLOCK`, as in ../arrays.ts; false if that cannot be had, and nothing is done. */
export function sumColumnsInLanes(workshop: Workshop, totals: Float64Array, data: Float32Array): boolean {
  const kernels = kernelsOf(workshop);
  const columns = totals.length;
  const rows = Math.floor(BLOCK / columns);
  const [wide, from] = [upTo(COLUMNS, columns), 2 * upTo(COLUMNS, columns)];
  if (!kernels || rows === 0 || !workshop.arena.reserve(from + rows * columns + COLUMNS)) return false;
  const { floats } = workshop.arena;
  const sums = new Float64Array(floats.buffer, 0, wide).fill(0);
  for (let start = 0; start < data.length; start += rows * columns) {
    const end = Math.min(data.length, start + rows * columns);
    floats.set(data.subarray(start, end), from);
    for (let column = 0; column < columns; column += COLUMNS) {
      kernels.addRows(8 * column, 4 * (from + column), 4 * columns, (end - start) / columns);
    }
  }
  totals.set(sums.subarray(0, columns));
  return true;
}

/** The columns that are added side by side: as many totals as the registers hold. */
const COLUMNS = 16;
