/** The loop over time in one call of the engine, where nobody will ask for gradients. */
import { type Cell, type Named, recurrentGates } from "../cells/cell.ts";
import { copyElements, elements, wrap } from "../dense/dense.ts";
import { float32 } from "../dense/dtype.ts";
import { engine } from "../engine/engine.ts";
import { isGradEnabled } from "./mode.ts";
import { Tensor } from "./tensor.ts";

/** What goes into the loop: W_ih·x + b_ih for all steps, (T, B, G·H) or with batch sizes (Σ b_t, G·H), and the rest. */
export interface Loop {
  readonly projected: Tensor;
  readonly batchSizes?: readonly number[] | undefined;
  /** W_hh (R·H, H), for R recurrent gates */
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
  /** The cell's vectors (H) each. */
  readonly vectors: readonly Tensor[];
  /** (B, H) each. */
  readonly start: Named<string, Tensor>;
  readonly reverse: boolean;
}

/** The outputs of all steps in the shape of `projected`, and the states after the last; undefined if it has to be steps. */
export function recur(
  cell: Cell,
  { projected, batchSizes, weight, bias, vectors, start, reverse }: Loop,
): { output: Tensor; state: Named<string, Tensor> } | undefined {
  const begin = cell.state.map((name) => start[name]!);
  const recurrent = recurrentGates(cell).length === 0 ? [] : bias ? [weight, bias] : [weight];
  const inputs = [projected, ...recurrent, ...vectors, ...begin];
  const recorded = isGradEnabled() && inputs.some((x) => x.requiresGrad);
  if (recorded || inputs.some((x) => x.dtype !== float32 || x.value.count === 0)) return undefined;
  const [B, H] = [begin[0]!.shape[0]!, begin[0]!.shape[1]!];
  const shape = [...projected.shape.slice(0, -1), H];
  const output = new Float32Array((projected.value.count / projected.shape.at(-1)!) * H);
  const states = begin.map((state) => copyElements(state.value) as Float32Array);
  const { data, offset, strides } = weight.value;
  const done = engine.recur({
    cell,
    H,
    x: elements(projected.value) as Float32Array,
    weights: { data: data as Float32Array, offset, rowStride: strides[1]!, columnStride: strides[0]! },
    bias: bias && (elements(bias.value) as Float32Array),
    vectors: vectors.map((vector) => elements(vector.value) as Float32Array),
    batchSizes: batchSizes ?? new Array<number>(projected.shape[0]!).fill(B),
    reverse,
    states,
    output,
  });
  if (!done) return undefined;
  const ends = cell.state.map((name, i) => [name, new Tensor(wrap(states[i]!, [B, H], float32))]);
  return { output: new Tensor(wrap(output, shape, float32)), state: Object.fromEntries(ends) };
}
