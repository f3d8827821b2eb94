/** Random calls, right and wrong: what we answer is what torch answers, an error's class and text to the letter. */
import { expect, test } from "vitest";
import { type Answer, answer, type Tree } from "./follow-call.ts";
import { linesFrom } from "./python.ts";

interface Case {
  readonly call: string;
  readonly tree: Tree;
  readonly answer: Answer;
}

const count = Number(process.env.CALLS ?? 3000);
const seed = Number(process.env.SEED ?? 1);

test(`${count} random calls are answered as torch answers them`, () => {
  const cases = linesFrom("calls.py", count, seed).map((line) => JSON.parse(line) as Case);
  const wrong = cases.flatMap(({ call, tree, answer: wanted }) => {
    const ours = answer(tree);
    return isSame(ours, wanted) ? [] : [`${call}\n  torch ${wanted.join(": ")}\n  ours  ${ours.join(": ")}`];
  });
  const errors = cases.filter(({ answer: [kind] }) => kind !== "OK").length;
  console.log(`${cases.length - errors} results and ${errors} errors compared`);
  expect(wrong.join("\n")).toBe("");
});

/** Errors letter by letter; results too, but for the last digit of a number, which may round to either side. */
function isSame([kind, text]: Answer, [wantedKind, wanted]: Answer): boolean {
  if (kind !== wantedKind || kind !== "OK" || text === wanted) return kind === wantedKind && text === wanted;
  const number = /-?\d+\.\d*(?:e[+-]\d+)?/g;
  const frame = (whole: string): string => whole.replaceAll(number, "#").replaceAll(/\s+/g, "");
  if (frame(text) !== frame(wanted)) return false;
  const half = /dtype=torch\.b?float16/.test(wanted);
  const [ours, torchs] = [text, wanted].map((whole) => (whole.match(number) ?? []).map(Number)) as [number[], number[]];
  return torchs.every((x, i) => Math.abs(x - ours[i]!) <= (half ? 2e-2 : 1.01e-4) * Math.max(1, Math.abs(x)));
}
