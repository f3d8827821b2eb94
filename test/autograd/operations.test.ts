import { readFileSync } from "node:fs";
import * as torch from "unrolled";
import { Tensor } from "unrolled";
import { describe, expect, test } from "vitest";
import { type Coded, decoded, inputs } from "./operations/inputs.ts";
import type { Outcome } from "./operations/table.ts";
import { tables } from "./operations/tables.ts";

interface Output {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly node?: string;
  readonly value: readonly Coded[];
}

interface Case {
  readonly outputs: readonly Output[];
  readonly grads?: Readonly<Record<string, readonly Coded[]>>;
  readonly second?: Readonly<Record<string, number>>;
  readonly single?: readonly (readonly Coded[])[];
  readonly single_dtypes?: readonly string[];
}

interface Group {
  readonly exact: boolean;
  readonly cases: Readonly<Record<string, Case>>;
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), "utf8"));
const groups: Record<string, Group> = { ...read("operations").groups, ...read("operations2").groups };

/** How test/golden/operations.py weighs the elements of a gradient. */
function weights(shape: readonly number[], start: number): Tensor {
  const count = shape.reduce((product, length) => product * length, 1);
  const values = Array.from({ length: count }, (_, k) => (((k * 5 + 3 * start) % 13) - 6.5) / 4);
  return torch.tensor(values, { dtype: torch.float64 }).reshape(shape);
}

const listed = (outcome: Outcome): Tensor[] => (outcome instanceof Tensor ? [outcome] : [...outcome]);
const values = (x: Tensor): Coded[] =>
  ([x.detach().reshape(-1).tolist<number | bigint>()].flat(9) as (number | bigint | boolean)[]).map(Number);

/** Exactly equal (0 and -0 count as one), or within `relative` of the value or of an eighth of the largest one. */
function expectValues(actual: readonly Coded[], expected: readonly Coded[], relative: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map((v) => Math.abs(decoded(v))).filter(Number.isFinite), 0);
  for (const [i, want] of expected.entries()) {
    const [a, b] = [decoded(actual[i]!), decoded(want)];
    const allowed = relative * Math.max(Math.abs(b), scale / 8);
    if (a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= allowed) continue;
    expect(actual).toEqual(expected);
  }
}

function described(x: Tensor) {
  const node = x.gradFn?.name();
  return { dtype: x.dtype.name, shape: [...x.shape], stride: [...x.stride()], ...(node && { node }) };
}

const FLOAT32_ULP = 2 ** -23;

describe.each(Object.entries(groups))("%s", (name, { exact, cases }) => {
  const table = tables[name] ?? {};

  test("has the same expressions in Python and in TypeScript", () => {
    expect(Object.keys(table).sort()).toEqual(Object.keys(cases).sort());
  });

  test.each(Object.entries(cases))("%s is torch's in float64", (expression, { outputs, grads, second }) => {
    const given = inputs(torch.float64);
    const actual = listed(table[expression]!(given));
    expect(actual.map(described)).toEqual(outputs.map(({ value: _, ...rest }) => rest));
    for (const [i, x] of actual.entries()) expectValues(values(x), outputs[i]!.value, exact ? 0 : 1e-12);
    if (!grads) return;
    const leaves = Object.entries(given).filter(([, x]) => x.requiresGrad);
    const sources = actual.filter((x) => x.requiresGrad && x.dtype === torch.float64);
    const found = torch.autograd.grad(
      sources,
      leaves.map(([, x]) => x),
      { gradOutputs: sources.map((x, i) => weights(x.shape, i)), createGraph: true, allowUnused: true },
    );
    const byName = leaves.flatMap(([leaf], i) => (found[i] ? [[leaf, found[i]] as const] : []));
    expect(byName.map(([leaf]) => leaf).sort()).toEqual(Object.keys(grads).sort());
    for (const [leaf, grad] of byName) expectValues(values(grad), grads[leaf]!, 1e-12);
    if (!second) return;
    const slope = byName.map(([, grad]) => grad.mul(weights(grad.shape, 1)).sum()).reduce((a, b) => a.add(b));
    // Where a gradient is constant torch still has a graph, and zeros.
    const again = slope.requiresGrad
      ? torch.autograd.grad(
          slope,
          leaves.map(([, x]) => x),
          { allowUnused: true },
        )
      : [];
    for (const [i, [leaf]] of leaves.entries()) {
      const grad = again[i];
      const size = grad ? grad.mul(weights(grad.shape, 2)).sum().item() : 0;
      expectValues([1, size], [1, second[leaf] ?? 0], 1e-11);
    }
  });

  test.each(Object.entries(cases))("%s is torch's in float32", (expression, each) => {
    const actual = listed(table[expression]!(inputs(torch.float32)));
    const { outputs, single, single_dtypes } = each;
    const dtypes = single_dtypes ?? outputs.map(({ dtype }) => (dtype === "float64" ? "float32" : dtype));
    expect(actual.map((x) => x.dtype.name)).toEqual(dtypes);
    expect(actual.map((x) => [...x.stride()])).toEqual(outputs.map(({ stride }) => stride));
    for (const [i, x] of actual.entries()) {
      const rounding = x.dtype === torch.float32 ? Math.fround : (v: number): number => v;
      const expected = (single?.[i] ?? outputs[i]!.value).map((v) => rounding(decoded(v)));
      expectValues(values(x), expected, exact ? 0 : 8 * FLOAT32_ULP);
    }
  });
});
