/** A whole stack of loops over time, each in one call of the engine, where nobody will ask for gradients. */
import { type Cell, recurrentGates, vectors } from "../cells/cell.ts";
import { type Dense, elements, wrap } from "../dense/dense.ts";
import { float32 } from "../dense/dtype.ts";
import { size } from "../dense/size.ts";
import { engine } from "../engine/engine.ts";
import type { Weights } from "../engine/plain.ts";
import { isGradEnabled } from "./mode.ts";
import { Tensor } from "./tensor.ts";
import { packable, packableVectors } from "./weights.ts";

/** The role of a cell's vector among the weights: `v.p`. */
export type VectorRole = `v.${string}`;

/** The weights of one loop: G gates of H units, R of them recurrent, F features, P outputs, which are H without W_hr. */
export interface ScanWeights {
  /** W_ih (G·H, F) */
  readonly weightIh: Tensor;
  /** W_hh (R·H, P); without rows where no gate is recurrent. */
  readonly weightHh: Tensor;
  /** b_ih (G·H) */
  readonly biasIh?: Tensor | undefined;
  /** b_hh (R·H) */
  readonly biasHh?: Tensor | undefined;
  /** W_hr (P, H) */
  readonly weightHr?: Tensor | undefined;
  /** The cell's vectors (H) */
  readonly [vector: VectorRole]: Tensor | undefined;
}

/** Loops on each other: layer by layer, in each layer D directions. */
export interface Loops {
  readonly cell: Cell;
  readonly weights: readonly ScanWeights[];
  readonly D: number;
}

/**
 * Runs the loops over B sequences (T, B, F), or with batch sizes (Σ b_t, F), from the states (L·D, B, P), (L·D, B, H) ...
 * or, without any, from zero. Gives the outputs (T, B, D·P) or (Σ b_t, D·P) and the states after the last step; undefined
 * if it has to be step by step.
 */
export function recur(
  { cell, weights, D }: Loops,
  data: Tensor,
  batchSizes: readonly number[] | undefined,
  B: number,
  start: readonly Tensor[],
): [output: Tensor, states: Tensor[]] | undefined {
  if (cell.watched || !isPlain(data) || !start.every(isPlain) || !weights.every(arePlain)) return undefined;
  const [gates, recurrent] = [cell.gates.length, recurrentGates(cell).length];
  const P = weights[0]!.weightHh.shape[1]!;
  const H = unitsOf(cell, weights);
  const steps = batchSizes ? batchSizes.length : data.shape[0]!;
  const rows = batchSizes ? data.shape[0]! : steps * B;
  // what does not fit together is for the steps, which say what is wrong
  const width = D * P;
  if (data.shape.length !== (batchSizes ? 2 : 3) || !fit({ cell, weights, D }, data.shape.at(-1)!)) return undefined;
  if (batchSizes && !areLiving(batchSizes, B, rows)) return undefined;
  if (!start.every(({ shape }, i) => is(shape, weights.length, B, i === 0 ? P : H))) return undefined;
  const states = cell.state.map((_, i) => beginning(start[i]?.value, weights.length * B * (i === 0 ? P : H)));
  let x = elements(data.value) as Float32Array;
  let output = x;
  for (const [at, own] of weights.entries()) {
    const { weightIh, weightHh, biasIh, biasHh, weightHr } = own;
    const direction = at % D;
    if (direction === 0) output = new Float32Array(rows * width);
    const done = engine.unroll({
      cell,
      input: packable("W_ih", weightIh, biasIh, gates, H),
      recurrent: packable("W_hh", weightHh, biasHh, recurrent, H),
      projection: weightHr && packable("W_hr", weightHr, undefined, 1, P),
      vectors: vectorsFor(cell, own, H),
      x,
      steps,
      rows: B,
      batchSizes,
      reverse: direction === 1,
      states: weights.length === 1 ? states : states.map((state) => part(state, at, weights.length)),
      output,
      column: direction * P,
      width,
    });
    if (!done) return undefined;
    if (direction === D - 1) x = output;
  }
  const shape = batchSizes ? [rows, width] : [steps, B, width];
  const ownShape = size([weights.length, B, H]);
  const ends = states.map((state, i) => floats(state, i === 0 && P !== H ? [weights.length, B, P] : ownShape));
  return [floats(output, shape), ends];
}

/** The vectors of a cell for the engine, if it has any. */
function vectorsFor(cell: Cell, own: ScanWeights, H: number): Weights | undefined {
  const names = vectors(cell);
  return names.length === 0
    ? undefined
    : packableVectors(
        names.map((name) => own[`v.${name}`]!),
        H,
      );
}

/** Whether a shape is (L, B, W). */
const is = (shape: readonly number[], L: number, B: number, W: number): boolean =>
  shape.length === 3 && shape[0] === L && shape[1] === B && shape[2] === W;

/** H: a W_hh may be without rows, so it is W_ih that tells. */
export const unitsOf = (cell: Cell, weights: readonly ScanWeights[]): number =>
  weights[0]!.weightIh.shape[0]! / cell.gates.length;

/** Whether the weights of one loop are of H units, P outputs and F features. */
function haveSizes(cell: Cell, own: ScanWeights, H: number, P: number, F: number): boolean {
  const { weightIh, weightHh, biasIh, biasHh, weightHr } = own;
  const [rows, recurrent] = [cell.gates.length * H, recurrentGates(cell).length * H];
  const isMatrix = ({ shape }: Tensor, M: number, N: number): boolean =>
    shape.length === 2 && shape[0] === M && shape[1] === N;
  const isVector = (x: Tensor | undefined, N: number): boolean => !x || (x.shape.length === 1 && x.shape[0] === N);
  const areMatrices = isMatrix(weightIh, rows, F) && isMatrix(weightHh, recurrent, P);
  const areVectors = vectors(cell).every((name) => isVector(own[`v.${name}`], H));
  const isProjection = weightHr ? isMatrix(weightHr, P, H) : P === H;
  return isProjection && areMatrices && areVectors && isVector(biasIh, rows) && isVector(biasHh, recurrent);
}

/** Whether batch sizes begin with B or less, go down, and are together the rows there are. */
export function areLiving(batchSizes: readonly number[], B: number, rows: number): boolean {
  let [left, before] = [rows, B];
  for (const b of batchSizes) {
    if (b > before) return false;
    [left, before] = [left - b, b];
  }
  return left === 0;
}

/** Whether the weights of all loops fit together and to F features. */
export function fit({ cell, weights, D }: Loops, F: number): boolean {
  const P = weights[0]!.weightHh.shape[1]!;
  const H = unitsOf(cell, weights);
  return weights.every((own, at) => haveSizes(cell, own, H, P, at < D ? F : D * P));
}

const floats = (numbers: Float32Array, shape: readonly number[]): Tensor => new Tensor(wrap(numbers, shape, float32));

/** The numbers of a state that is to be overwritten; zeros where none is given. */
function beginning(given: Dense | undefined, count: number): Float32Array {
  return given ? (elements(given) as Float32Array).slice() : new Float32Array(count);
}

function part(numbers: Float32Array, index: number, count: number): Float32Array {
  const length = numbers.length / count;
  return numbers.subarray(index * length, (index + 1) * length);
}

/** Whether a tensor is float32 and not recorded; so is one that is absent. */
function isFree(x: Tensor | undefined): boolean {
  return x === undefined || (x.dtype === float32 && !(isGradEnabled() && x.requiresGrad));
}

const isPlain = (x: Tensor): boolean => x.value.count > 0 && isFree(x);

function arePlain(own: ScanWeights): boolean {
  // a W_hh may be without rows, not without columns
  return isPlain(own.weightIh) && own.weightHh.shape[1] !== 0 && Object.values(own).every(isFree);
}
