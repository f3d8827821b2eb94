import type { Tensor } from "unrolled";
import { describe, expect, test } from "vitest";
import errors from "../golden/errors.json" with { type: "json" };
import { misgiven } from "./errors/arguments.ts";
import { inputs } from "./errors/failures.ts";
import { reading } from "./errors/reading.ts";
import { writing } from "./errors/writing.ts";

const golden: Readonly<Record<string, { error: string; message: string }>> = errors;
const failures = { ...reading, ...writing, ...misgiven };

/** What a failing call must leave alone. */
const state = ({ value, version, gradFn, requiresGrad, grad, shape }: Tensor) => ({
  data: [...value.data],
  strides: [...value.strides],
  shape: [...shape],
  version,
  gradFn,
  requiresGrad,
  grad,
});

describe("a failing expression", () => {
  test("is there in Python and in TypeScript", () => {
    expect(Object.keys(failures).sort()).toEqual(Object.keys(golden).sort());
  });

  test.each(Object.entries(golden))("%s has torch's class and text", (expression, { error, message }) => {
    const given = inputs();
    const before = Object.values(given).map(state);
    expect(() => failures[expression]!(given)).toThrow(expect.objectContaining({ name: error, message }));
    // Expressions of several statements change their tensors before they fail.
    if (!expression.includes("; ")) expect(Object.values(given).map(state)).toEqual(before);
  });
});
