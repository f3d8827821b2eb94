/** One step of a stack of loops, on bare memory: what a session asks for again and again. It allocates nothing. */
import { recurrentGates, vectors } from "../cells/cell.ts";
import { float32 } from "../dense/dtype.ts";
import { engine } from "../engine/engine.ts";
import type { Unrolled } from "../engine/plain.ts";
import type { Loops, ScanWeights } from "./recur.ts";
import type { Tensor } from "./tensor.ts";
import { packable, packableVectors } from "./weights.ts";

/** A step from x (B, F) to the outputs (B, P), always the same array; undefined if the engine cannot, and nothing is done. */
export type Step = (x: Float32Array) => Float32Array | undefined;

/** The step of loops in one direction over B rows, which overwrites `states`, (L, B, P), (L, B, H) ... */
export function stepper({ cell, weights }: Loops, B: number, states: readonly Float32Array[]): Step {
  const L = weights.length;
  const named = weights.map((own) => vectors(cell).map((name) => own[`v.${name}`]!));
  const layers = weights.map((own, at): Changing<Unrolled> => {
    const part = (state: Float32Array) => state.subarray((at * state.length) / L, ((at + 1) * state.length) / L);
    const P = own.weightHh.shape[1]!;
    const output = new Float32Array(B * P);
    const fixed = { cell, steps: 1, rows: B, batchSizes: undefined, reverse: false, column: 0, width: P };
    const layer = { ...fixed, ...NOTHING_YET, x: output, output, states: states.map(part) };
    refresh(layer, own, named[at]!);
    return layer;
  });
  const before = states.map((state) => state.slice());
  return (x) => {
    let input = x;
    if (L > 1) copy(states, before);
    for (let at = 0; at < L; at += 1) {
      const layer = layers[at]!;
      layer.x = input;
      refresh(layer, weights[at]!, named[at]!);
      if (!engine.unroll(layer)) {
        if (at > 0) copy(before, states);
        return undefined;
      }
      input = layer.output;
    }
    return input;
  };
}

/** Takes over the weights as they are now; the same objects as long as nobody has changed them. */
function refresh(layer: Changing<Unrolled>, own: ScanWeights, vectors: readonly Tensor[]): void {
  const { weightIh, weightHh, biasIh, biasHh, weightHr } = own;
  const { cell } = layer;
  const gates = cell.gates.length;
  const H = weightIh.shape[0]! / gates;
  layer.input = packable("W_ih", weightIh, biasIh, gates, H);
  layer.recurrent = packable("W_hh", weightHh, biasHh, recurrentGates(cell).length, H);
  layer.projection = weightHr && packable("W_hr", weightHr, undefined, 1, layer.width);
  layer.vectors = vectors.length > 0 ? packableVectors(vectors, H) : undefined;
}

const NOTHING_YET = {
  input: undefined,
  recurrent: undefined,
  projection: undefined,
  vectors: undefined,
} as unknown as Pick<Unrolled, "input" | "recurrent" | "projection" | "vectors">;

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

/** Whether all weights are float32, so that the engine may be asked. */
export const isSingle = ({ weights }: Loops): boolean =>
  weights.every((own) => Object.values(own).every((weight) => weight === undefined || weight.dtype === float32));

function copy(from: readonly Float32Array[], to: readonly Float32Array[]): void {
  for (let i = 0; i < from.length; i += 1) to[i]!.set(from[i]!);
}
