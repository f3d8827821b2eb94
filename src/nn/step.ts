/** A cell by itself: one step of a batch, with the questions that torch asks about its sizes. */
import { linear } from "../autograd/linear.ts";
import type { ScanWeights } from "../autograd/recur.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { kept } from "../autograd/weights.ts";
import { type Cell, recurrentGates } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import { wrapDim } from "../dense/shape.ts";
import { advance, loopWeights } from "./scan.ts";

/** What torch asks about, in one order or another: of two mistakes it tells the first. */
export type Questions = readonly ("input" | "weights" | "states")[];

/** One step: input (B, F) and states (B, H) to the new states, in the order of the cell's. */
export function step(
  cell: Cell,
  weights: ScanWeights,
  x: Tensor,
  states: readonly Tensor[],
  questions: Questions = ["input", "weights", "states"],
): Tensor[] {
  const { weightIh, weightHh } = weights;
  const H = sizeOf(weightHh, 1);
  const ask = {
    input: () => expectFeatures(x, sizeOf(weightIh, 1)),
    weights: () => {
      expectRows("weight_ih", weightIh, cell.gates.length, H);
      expectRows("weight_hh", weightHh, recurrentGates(cell).length, H);
    },
    states: () => expectStates(x.shape[0]!, H, states),
  };
  for (const question of questions) ask[question]();
  const state = Object.fromEntries(cell.state.map((name, i) => [name, states[i]!]));
  const next = advance(cell, loopWeights(cell, weights), linear(x, kept(weightIh), weights.biasIh), state);
  return cell.state.map((name) => next[name]!);
}

function expectFeatures(x: Tensor, expected: number): void {
  const inputSize = sizeOf(x, 1);
  if (inputSize === expected) return;
  throw new RuntimeError(`input has inconsistent input_size: got ${inputSize} expected ${expected}`);
}

function expectStates(B: number, H: number, states: readonly Tensor[]): void {
  for (const [i, state] of states.entries()) {
    if (sizeOf(state, 0) !== B) {
      throw new RuntimeError(`Input batch size ${B} doesn't match hidden${i} batch size ${state.shape[0]}`);
    }
    if (sizeOf(state, 1) !== H) {
      throw new RuntimeError(`hidden${i} has inconsistent hidden_size: got ${state.shape[1]}, expected ${H}`);
    }
  }
}

/** G·H rows in a weight of G gates. */
function expectRows(name: string, { shape }: Tensor, gates: number, H: number): void {
  if (shape[0] === gates * H) return;
  throw new RuntimeError(`${name} first dim must be ${gates} * hidden_size = ${gates * H}, but got ${shape[0]}`);
}

function sizeOf({ shape }: Tensor, dim: number): number {
  return shape[wrapDim(dim, shape.length)]!;
}
