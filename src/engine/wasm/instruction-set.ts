/** The instructions in which machines differ, so that one generator writes the kernels of both arithmetics. */
import type { Arithmetic } from "../algebra.ts";
import type { Code } from "./assembler.ts";
import { f32x4, i32x4, v128 } from "./instructions.ts";

type Vector = Code<"v128">;

/** What a kernel is written with where it is not the same everywhere. */
export interface InstructionSet {
  /** a·b + c, rounded as the arithmetic says. */
  readonly multiplyAdd: (a: Vector, b: Vector, c: Vector) => Vector;
  /** The whole part of numbers within range; of others an integer whose low 31 bits are 0 or all 1. */
  readonly truncate: (a: Vector) => Vector;
  /** Where all bits of the mask's lane are 1 the lane of `a`, where they are 0 that of `b`. */
  readonly select: (a: Vector, b: Vector, mask: Vector) => Vector;
}

/** The instruction set of each arithmetic: relaxed SIMD, and what every machine with SIMD has. */
export const instructionSets: Readonly<Record<Arithmetic, InstructionSet>> = {
  fma: { multiplyAdd: f32x4.relaxedMadd, truncate: i32x4.relaxedTruncF32x4, select: i32x4.relaxedLaneselect },
  muladd: {
    multiplyAdd: (a, b, c) => f32x4.add(f32x4.mul(a, b), c),
    truncate: i32x4.truncSatF32x4,
    select: v128.bitselect,
  },
};
