/**
 * Questions about two numbers, whose answers are masks. Each has a loop of its own for floats, so that no function is called
 * for an element; a comparison is made a number without a branch, since what it gives cannot be foretold.
 */
import type { Binary } from "./elementwise.ts";

/** a = b, a ≠ b, a > b, a ≥ b, a < b and a ≤ b. */
export const comparisons = {
  eq: {
    number: (a, b) => a === b,
    integer: (a, b) => a === b,
    mask(out, a, aStep, b, bStep) {
      for (let i = 0; i < out.length; i += 1) out[i] = +(a[i * aStep]! === b[i * bStep]!);
    },
  },
  ne: {
    number: (a, b) => a !== b,
    integer: (a, b) => a !== b,
    mask(out, a, aStep, b, bStep) {
      for (let i = 0; i < out.length; i += 1) out[i] = +(a[i * aStep]! !== b[i * bStep]!);
    },
  },
  gt: {
    number: (a, b) => a > b,
    integer: (a, b) => a > b,
    mask(out, a, aStep, b, bStep) {
      for (let i = 0; i < out.length; i += 1) out[i] = +(a[i * aStep]! > b[i * bStep]!);
    },
  },
  ge: {
    number: (a, b) => a >= b,
    integer: (a, b) => a >= b,
    mask(out, a, aStep, b, bStep) {
      for (let i = 0; i < out.length; i += 1) out[i] = +(a[i * aStep]! >= b[i * bStep]!);
    },
  },
  lt: {
    number: (a, b) => a < b,
    integer: (a, b) => a < b,
    mask(out, a, aStep, b, bStep) {
      for (let i = 0; i < out.length; i += 1) out[i] = +(a[i * aStep]! < b[i * bStep]!);
    },
  },
  le: {
    number: (a, b) => a <= b,
    integer: (a, b) => a <= b,
    mask(out, a, aStep, b, bStep) {
      for (let i = 0; i < out.length; i += 1) out[i] = +(a[i * aStep]! <= b[i * bStep]!);
    },
  },
} satisfies Record<string, Binary>;
