/** The loop over time in one call of the engine, where nobody will ask for gradients. */
import type { Cell, Named } from "../cells/cell.ts";
import { copyElements, elements, wrap } from "../dense/dense.ts";
import { float32 } from "../dense/dtype.ts";
import { engine } from "../engine/engine.ts";
import { isGradEnabled } from "./mode.ts";
import { Tensor } from "./tensor.ts";
import { packable } from "./weights.ts";

/** The weights of the loop: G gates of H units, F features, P outputs, which are H without W_hr. */
export interface LoopWeights {
  /** W_ih (G·H, F) */
  readonly weightIh: Tensor;
  /** W_hh (G·H, P) */
  readonly weightHh: Tensor;
  /** b_ih (G·H) */
  readonly biasIh?: Tensor | undefined;
  /** b_hh (G·H) */
  readonly biasHh?: Tensor | undefined;
  /** W_hr (P, H) */
  readonly weightHr?: Tensor | undefined;
}

/** The input of all steps: (T, B, F), or with batch sizes (Σ b_t, F). */
export interface LoopInput {
  readonly data: Tensor;
  readonly batchSizes?: readonly number[] | undefined;
}

/** The outputs of all steps and the states after the last, (B, P) and (B, H); undefined if it has to be step by step. */
export function recur(
  cell: Cell,
  weights: LoopWeights,
  { data, batchSizes }: LoopInput,
  start: Named<string, Tensor>,
  reverse: boolean,
): { output: Tensor; state: Named<string, Tensor> } | undefined {
  const { weightIh, weightHh, biasIh, biasHh, weightHr } = weights;
  const begin = cell.state.map((name) => start[name]!);
  if (!isPlain(data) || !begin.every(isPlain) || !isPlain(weightIh) || !isPlain(weightHh)) return undefined;
  if ((biasIh && !isPlain(biasIh)) || (biasHh && !isPlain(biasHh)) || (weightHr && !isPlain(weightHr)))
    return undefined;
  const [gates, H, P, B] = [
    cell.gates.length,
    weightHh.shape[0]! / cell.gates.length,
    weightHh.shape[1]!,
    begin[0]!.shape[0]!,
  ];
  const rows = data.value.count / data.shape.at(-1)!;
  const output = new Float32Array(rows * P);
  const states = begin.map((state) => copyElements(state.value) as Float32Array);
  const done = engine.unroll({
    cell,
    input: packable(weightIh, biasIh, gates, H),
    recurrent: packable(weightHh, biasHh, gates, H),
    projection: weightHr && packable(weightHr, undefined, 1, P),
    x: elements(data.value) as Float32Array,
    steps: batchSizes ? batchSizes.length : data.shape[0]!,
    rows: B,
    batchSizes,
    reverse,
    states,
    output,
  });
  if (!done) return undefined;
  const ends = cell.state.map((name, i) => [name, new Tensor(wrap(states[i]!, begin[i]!.shape, float32))]);
  const shape = [...data.shape.slice(0, -1), P];
  return { output: new Tensor(wrap(output, shape, float32)), state: Object.fromEntries(ends) };
}

/** Whether a tensor is float32, not empty, and not recorded. */
function isPlain(x: Tensor): boolean {
  return x.dtype === float32 && x.value.count > 0 && !(isGradEnabled() && x.requiresGrad);
}
