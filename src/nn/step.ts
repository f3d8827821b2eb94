/** A cell by itself: one step of a batch, with the questions that torch asks about its sizes. */
import { linear } from "../autograd/linear.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Cell } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import { advance, loopWeights, type ScanWeights } from "./scan.ts";

/** One step: input (B, F) and states (B, H) to the new states, in the order of the cell's. */
export function step(cell: Cell, weights: ScanWeights, x: Tensor, states: readonly Tensor[]): Tensor[] {
  expectSizes(weights, x, states);
  const state = Object.fromEntries(cell.state.map((name, i) => [name, states[i]!]));
  const next = advance(cell, loopWeights(weights), linear(x, weights.weightIh, weights.biasIh), state);
  return cell.state.map((name) => next[name]!);
}

function expectSizes({ weightIh, weightHh }: ScanWeights, x: Tensor, states: readonly Tensor[]): void {
  const [B, inputSize] = x.shape;
  const [expected, H] = [weightIh.shape[1], weightHh.shape[1]];
  if (inputSize !== expected) {
    throw new RuntimeError(`input has inconsistent input_size: got ${inputSize} expected ${expected}`);
  }
  for (const [i, { shape }] of states.entries()) {
    if (shape[0] !== B) {
      throw new RuntimeError(`Input batch size ${B} doesn't match hidden${i} batch size ${shape[0]}`);
    }
    if (shape[1] !== H) {
      throw new RuntimeError(`hidden${i} has inconsistent hidden_size: got ${shape[1]}, expected ${H}`);
    }
  }
}
