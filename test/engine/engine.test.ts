import { expect, it } from "vitest";
import { type Engine, plain } from "../../src/engine/engine.ts";
import type { Matrix } from "../../src/engine/gemm.ts";

const engines: Engine[] = [plain];

it.each(engines)("the $name engine's arithmetic is the one it names", ({ arithmetic, gemm }) => {
  // (1 + 2^-12)² = 1 + 2^-11 + 2^-24: the last term is lost when the product is rounded by itself.
  const x = 1 + 2 ** -12;
  const row: Matrix = { data: Float32Array.of(-1, x), offset: 0, rowStride: 2, columnStride: 1 };
  const column: Matrix = { data: Float32Array.of(1, x), offset: 0, rowStride: 1, columnStride: 1 };
  const out = new Float32Array(1);
  gemm(out, 1, 1, 2, row, column);
  expect(out[0]).toBe(arithmetic === "fma" ? 2 ** -11 + 2 ** -24 : 2 ** -11);
});
