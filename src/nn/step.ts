/** A cell by itself: one step of a batch, with the questions that torch asks about its sizes. */
import { linear } from "../autograd/linear.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { type Cell, recurrentGates } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import { wrapDim } from "../dense/shape.ts";
import { advance, type ScanWeights } from "./scan.ts";

/** One step: input (B, F) and states (B, H) to the new states, in the order of the cell's. */
export function step(cell: Cell, weights: ScanWeights, x: Tensor, states: readonly Tensor[]): Tensor[] {
  expectSizes(cell, weights, x, states);
  const state = Object.fromEntries(cell.state.map((name, i) => [name, states[i]!]));
  const next = advance(cell, weights, linear(x, weights.weightIh, weights.biasIh), state);
  return cell.state.map((name) => next[name]!);
}

function expectSizes(cell: Cell, { weightIh, weightHh }: ScanWeights, x: Tensor, states: readonly Tensor[]): void {
  const [inputSize, expected, H] = [sizeOf(x, 1), sizeOf(weightIh, 1), sizeOf(weightHh, 1)];
  if (inputSize !== expected) {
    throw new RuntimeError(`input has inconsistent input_size: got ${inputSize} expected ${expected}`);
  }
  expectRows("weight_ih", weightIh, cell.gates.length, H);
  expectRows("weight_hh", weightHh, recurrentGates(cell).length, H);
  for (const [i, state] of states.entries()) {
    if (sizeOf(state, 0) !== x.shape[0]) {
      throw new RuntimeError(`Input batch size ${x.shape[0]} doesn't match hidden${i} batch size ${state.shape[0]}`);
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
