/**
 * The loop over time with a way back. It is apart from the engine (index.ts), so that a page that only runs trained layers
 * does not carry it.
 */
import type { Cell } from "../../cells/cell.ts";
import type { Recurrence, WayBack } from "../plain.ts";
import { compiledOnce, type Workshop } from "./compiled.ts";
import { instructionSets } from "./instruction-set.ts";
import { besides } from "./kernels.ts";
import { type Kernels, recurSaving } from "./recur-train.ts";
import { Spare } from "./spare.ts";
import { type TrainKernels, trainKernels } from "./train-kernel.ts";
import { walkBack } from "./walk-back.ts";
import { type WeightKernels, weightKernels } from "./weight-kernel.ts";

/** Runs the recurrence, and gives the way back; undefined if this engine has no kernels for the cell, or no memory. */
export function runSaving(workshop: Workshop, problem: Recurrence): WayBack | undefined {
  const { arena } = workshop;
  const kernels = kernelsIn(workshop)(problem.cell);
  const saved = kernels && recurSaving(arena, spare, kernels, problem);
  if (!saved) return undefined;
  return (wants) => {
    // without a gradient of the last output the walk would begin with what is absent
    const gradients = wants.output || wants.given[0] ? walkBack(arena, kernels, problem, saved, wants) : undefined;
    if (wants.isLast) spare.give(saved);
    return gradients;
  };
}

const spare = new Spare();

const known = new WeakMap<Workshop, (cell: Cell) => Kernels | undefined>();

function kernelsIn(workshop: Workshop): (cell: Cell) => Kernels | undefined {
  const made = known.get(workshop) ?? compiler(workshop);
  known.set(workshop, made);
  return made;
}

function compiler({ memory, kernels, arithmetic }: Workshop): (cell: Cell) => Kernels | undefined {
  const set = instructionSets[arithmetic];
  return compiledOnce<Cell, Kernels>((cell) => {
    const code = trainKernels(cell, set);
    if (!code) return undefined;
    const take = (own: object): Kernels => besides({ ...(own as TrainKernels & WeightKernels), ...code }, kernels);
    return { functions: [...code.functions, ...weightKernels(set)], memory, take };
  });
}
