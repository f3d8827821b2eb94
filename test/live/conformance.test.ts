/** Random recipes, followed by torch and by us. What must be the same bits is compared as bits; the rest with the truth. */
import { expect, test } from "vitest";
import { elements } from "../../src/dense/dense.ts";
import type { Tensor } from "../../src/index.ts";
import {
  type Closeness,
  closeness,
  type Described,
  decoded,
  finite,
  relativeDifference,
  sameSpecials,
} from "./closeness.ts";
import { linesFrom } from "./python.ts";
import { follow, type Spec } from "./recipes.ts";

interface Case {
  readonly spec: Spec;
  readonly repr: string;
  readonly exact: Readonly<Record<string, Described>>;
  readonly results: Readonly<Record<string, Described>>;
  readonly next: readonly number[];
}

const count = Number(process.env.COUNT ?? 360);
const seed = Number(process.env.SEED ?? 1);

test(`${count} random layers behave as torch's`, () => {
  const wrong: string[] = [];
  const report = new Map<string, Closeness[]>();
  const cases = linesFrom("layers.py", count, seed).map((line) => JSON.parse(line) as Case);
  for (const one of cases) wrong.push(...differences(one, report));
  const lines = summary(report);
  console.log(`${counts(cases.map(({ spec }) => spec))}\n${table(lines)}`);
  expect(wrong.join("\n")).toBe("");
  const many = lines.filter(({ tensors }) => tensors >= 50);
  expect(many.filter(({ quotient }) => quotient > 1.2)).toEqual([]);
  expect(many.filter(({ ours, theirs }) => ours < theirs - 0.15)).toEqual([]);
});

/** How many cases there were, of each sort that is worth counting. */
function counts(specs: readonly Spec[]): string {
  const cells = specs.filter(({ kind }) => kind.endsWith("Cell"));
  const layers = specs.filter(({ kind }) => kind === "RNN" || kind === "LSTM" || kind === "GRU");
  const number = (name: string, all: readonly Spec[], is: (spec: Spec) => unknown): string =>
    `${name} ${all.filter(is).length}`;
  return [
    `layers ${layers.length}`,
    `cells ${cells.length}`,
    number("packed", layers, ({ packing }) => packing),
    number("not finite", [...layers, ...cells], ({ special }) => special),
    number("empty", [...layers, ...cells], ({ B, batched }) => batched && B === 0),
    number("one step", layers, ({ T }) => T === 1),
    number("lying apart", layers, ({ layout }) => layout),
    number("in halves", layers, ({ dtype }) => dtype.endsWith("float16")),
    number("with createGraph", specs, ({ createGraph }) => createGraph),
  ].join(", ");
}

function differences({ spec, repr, exact, results, next }: Case, report: Map<string, Closeness[]>): string[] {
  const wrong: string[] = [];
  const say = (what: string): void => void wrong.push(`${what} in ${JSON.stringify(spec)}`);
  const followed = follow(spec);
  if (followed.repr !== repr) say(`repr is ${followed.repr}, not ${repr}`);
  if (followed.next.tolist().toString() !== next.toString()) say("the generator stands elsewhere");
  for (const [name, described] of Object.entries(exact)) {
    const numbers = numbersOf(followed.exact[name]!);
    if (bits(numbers) === described.data) continue;
    // Normals in float64 go through the machine's own logarithm and cosine.
    const uniform = /weight|bias/.test(name) && !name.startsWith("embedding");
    const normal = described.dtype === "float64" && !uniform;
    const [ours, torchs] = [numbers, decoded(described.data, "float64")].map((all) => finite(all, numbers)) as [
      Float64Array,
      Float64Array,
    ];
    if (!normal || !(relativeDifference(ours, torchs) < 1e-15)) say(`${name} has other bits`);
  }
  const [names, theirs] = [Object.keys(followed.results).sort().join(), Object.keys(results).sort().join()];
  if (names !== theirs) say(`results are ${names}, not ${theirs}`);
  for (const [name, described] of Object.entries(results)) {
    const tensor = followed.results[name];
    if (!tensor) continue;
    const [seen, wanted] = [outside(tensor), outside(described)];
    if (seen !== wanted) say(`${name} is ${seen}, not ${wanted}`);
    const [all, allTorchs] = [numbersOf(tensor), decoded(described.data, described.dtype)];
    if (!sameSpecials(all, allTorchs)) {
      say(`${name} is not finite elsewhere`);
      continue;
    }
    const allTruth = decoded(described.truth ?? "", "float64");
    const [numbers, torchs, truth] = [all, allTorchs, allTruth].map((some) => finite(some, allTorchs)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    if (described.dtype === "float64") {
      const apart = relativeDifference(numbers, torchs);
      // The one number of a small tensor may be a sum that cancels; in larger ones the largest number does not.
      if (!(apart <= (numbers.length < 8 ? 1e-10 : 1e-12))) say(`${name} differs by ${apart}`);
    } else if (truth.length > 0) {
      const close = closeness(described.dtype, numbers, torchs, truth);
      const kind = `${spec.kind} ${kindOf(name)}`;
      if (described.dtype === "float32") report.set(kind, [...(report.get(kind) ?? []), close]);
      // Sums that cancel lose bits in any order, and luck decides who loses more; a mistake loses them all.
      if (!(close.ours <= 100 * close.theirs + 100)) say(`${name} is ${close.ours} ulp off, torch ${close.theirs}`);
    }
  }
  return wrong;
}

/** What can be seen of a tensor beside its numbers. A dimension of length 0 or 1 has a stride that nobody can notice. */
function outside(x: Tensor | Described): string {
  const { shape, requiresGrad } = x;
  const [strides, gradFn] =
    "data" in x && typeof x.data === "string" ? [(x as Described).strides, x.gradFn] : ofTensor(x as Tensor);
  const empty = shape.some((length) => length === 0);
  const visible = strides.filter((_, d) => !empty && shape[d]! > 1);
  return JSON.stringify({ shape: [...shape], strides: visible, gradFn, requiresGrad });
}

function ofTensor(x: Tensor): [readonly number[], string | null] {
  return [x.value.strides, x.gradFn?.name() ?? null];
}

function numbersOf(x: Tensor): Float32Array | Float64Array {
  return elements(x.value) as Float32Array;
}

function bits(numbers: Float32Array | Float64Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString("base64");
}

/** `dweight_ih_l0_reverse` is a dW_ih like others. */
function kindOf(name: string): string {
  if (/^d?bias/.test(name)) return name.startsWith("d") ? "db" : "b";
  return name
    .replace(/_l\d.*$/, "")
    .replace(/\d+$/, "")
    .replace("dweight", "dW");
}

/**
 * Of all float32 results of a kind: how often our largest error is at most torch's plus 1 ulp, how often torch's is at most
 * ours plus 1 ulp, and the quotient of the errors (root mean square in a tensor, geometric mean over tensors).
 */
interface Line {
  readonly kind: string;
  readonly tensors: number;
  readonly ours: number;
  readonly theirs: number;
  readonly quotient: number;
}

function summary(report: ReadonlyMap<string, readonly Closeness[]>): Line[] {
  return [...report].map(([kind, all]) => {
    const mean = (of: (c: Closeness) => number): number => all.reduce((total, c) => total + of(c), 0) / all.length;
    // A tenth of an ulp is as good as none.
    const error = (squared: number, count: number): number => Math.log(Math.sqrt(squared / count) + 0.1);
    return {
      kind,
      tensors: all.length,
      ours: mean(({ ours, theirs }) => Number(ours <= theirs + 1)),
      theirs: mean(({ ours, theirs }) => Number(theirs <= ours + 1)),
      quotient: Math.exp(mean((c) => error(c.oursSquared, c.count) - error(c.theirsSquared, c.count))),
    };
  });
}

function table(lines: readonly Line[]): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`.padStart(10);
  const rows = lines.map(
    ({ kind, tensors, ours, theirs, quotient }) =>
      `${kind.padEnd(25)}${`${tensors}`.padStart(8)}${percent(ours)}${percent(theirs)}${quotient.toFixed(3).padStart(10)}`,
  );
  return ["float32 results           tensors  ours +1 torch's +1  quotient", ...rows].join("\n");
}
