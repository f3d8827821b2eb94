/** The layers that torch does not have beside the same, written out in torch: as near to the truth, in the mean and at most. */
import { expect, test } from "vitest";
import { elements } from "../../src/dense/dense.ts";
import { follow, type Recipe } from "../nn/more-layers.ts";
import { type Closeness, closeness, decoded, relativeDifference } from "./closeness.ts";
import { linesFrom } from "./python.ts";

interface Case extends Recipe {
  readonly float32: Readonly<Record<string, string>>;
  readonly float64: Readonly<Record<string, string>>;
}

const count = Number(process.env.COUNT ?? 80);
const seed = Number(process.env.SEED ?? 1);

test(`${count} random layers of four kinds behave as torch's would`, () => {
  const wrong: string[] = [];
  const report = new Map<string, Closeness[]>();
  for (const line of linesFrom("more-layers.py", count, seed)) {
    const { float32, float64, ...recipe } = JSON.parse(line) as Case;
    const [singles, doubles] = [follow(recipe, "float32"), follow(recipe, "float64")];
    expect(Object.keys(singles).sort()).toEqual(Object.keys(float32).sort());
    for (const [name, text] of Object.entries(float64)) {
      const [truth, single, double] = [
        decoded(text, "float64"),
        elements(singles[name]!.value) as Float32Array,
        elements(doubles[name]!.value) as Float64Array,
      ];
      const apart = relativeDifference(double, truth);
      // the one number of a small tensor may be a sum that cancels
      if (!(apart <= (truth.length < 8 ? 1e-10 : 1e-12))) {
        wrong.push(`${name} differs by ${apart} in ${JSON.stringify(recipe)}`);
      }
      const kind = `${recipe.kind} ${name.replace(/_l\d.*/, "")}`;
      report.set(kind, [
        ...(report.get(kind) ?? []),
        closeness("float32", single, decoded(float32[name]!, "float32"), truth),
      ]);
    }
  }
  expect(wrong.join("\n")).toBe("");
  const lines = [...report].map(([kind, all]) => {
    const total = (of: (one: Closeness) => number): number => all.reduce((sum, one) => sum + of(one), 0);
    const quotient = Math.sqrt(total((one) => one.oursSquared) / total((one) => one.theirsSquared));
    const most = (of: (one: Closeness) => number): number => Math.max(...all.map(of));
    return { kind, tensors: all.length, quotient, ours: most((one) => one.ours), theirs: most((one) => one.theirs) };
  });
  const text = lines.map(({ kind, tensors, quotient, ours, theirs }) => {
    const most = `${ours.toFixed(1)} and ${theirs.toFixed(1)}`;
    return `${kind.padEnd(24)} ${`${tensors}`.padStart(4)} tensors, error ${quotient.toFixed(2)} of torch's, at most ${most} ulp`;
  });
  console.log(text.join("\n"));
  const many = lines.filter(({ tensors }) => tensors >= 50);
  // far nearer than torch would be a mistake in the comparison
  expect(many.filter(({ quotient }) => !(quotient > 0.5 && quotient < 1.2))).toEqual([]);
});
