/** Rules over arrays of float32 (arithmetic/rule.ts), four places at a time: the rule's page, read with lanes. */
import type { Rule } from "../../arithmetic/rule.ts";
import { define, type FunctionCode, repeatWhile } from "./assembler.ts";
import { compiledOnce, type Workshop } from "./compiled.ts";
import { instructionSets } from "./instruction-set.ts";
import { i32, step, v128 } from "./instructions.ts";
import { Lanes } from "./lanes.ts";

/** The kernel as JavaScript calls it, addresses in bytes: arrays lie `CHUNK` floats apart, constants one behind the other. */
interface RuleKernel {
  readonly run: (at: number, end: number, constants: number) => void;
  /** Which arrays it overwrites. */
  readonly changed: readonly number[];
}

// Small enough for a handful of arrays to stay in the first cache on the way in, through and out.
const CHUNK = 1024;

/** The code, and in `changed` the arrays that it overwrites. */
const ruleKernel = (rule: Rule, changed: number[]): FunctionCode =>
  define("rule", 3, (scope, at, end, constants) => {
    const lanes = new Lanes(scope, instructionSets.fma);
    const given = Array.from({ length: rule.constants }, () => scope.local("v128"));
    const x = Array.from({ length: rule.arrays }, (_, i) => lanes.keep(v128.load(at, 4 * CHUNK * i)));
    const next = rule.next(lanes, x as [(typeof x)[0]], given);
    for (const [i, value] of next.entries()) if (value) changed.push(i);
    return [
      ...given.map((constant, i) => constant.set(v128.load32Splat(constants, 4 * i))),
      lanes.constants(),
      repeatWhile(
        i32.ltU(at, end),
        lanes.take(),
        ...changed.map((i) => v128.store(at, next[i]!, 4 * CHUNK * i)),
        step(at, 16),
      ),
    ];
  });

const kernels = new WeakMap<Workshop, (rule: Rule) => RuleKernel | undefined>();

function kernelIn(workshop: Workshop, rule: Rule): RuleKernel | undefined {
  const { memory } = workshop;
  const made =
    kernels.get(workshop) ??
    compiledOnce<Rule, RuleKernel>((key) => {
      const changed: number[] = [];
      const functions = [ruleKernel(key, changed)];
      return {
        functions,
        memory,
        take: (exports) => ({ run: (exports as { rule: RuleKernel["run"] }).rule, changed }),
      };
    });
  kernels.set(workshop, made);
  return made(rule);
}

/** Overwrites the arrays; false if the kernel cannot be had, and nothing is done. */
export function followInLanes(
  workshop: Workshop,
  rule: Rule,
  arrays: readonly Float32Array[],
  constants: readonly number[],
): boolean {
  const kernel = kernelIn(workshop, rule);
  const last = CHUNK * arrays.length;
  if (!kernel || !workshop.arena.reserve(last + constants.length)) return false;
  const { floats } = workshop.arena;
  floats.set(constants, last);
  const { length } = arrays[0]!;
  for (let start = 0; start < length; start += CHUNK) {
    const end = Math.min(length, start + CHUNK);
    for (const [i, array] of arrays.entries()) floats.set(array.subarray(start, end), CHUNK * i);
    kernel.run(0, 4 * (end - start), 4 * last);
    for (const i of kernel.changed) arrays[i]!.set(floats.subarray(CHUNK * i, CHUNK * i + end - start), start);
  }
  return true;
}
