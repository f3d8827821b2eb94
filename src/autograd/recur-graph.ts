/**
 * The loop over time as one node of the graph: the engine runs it in one call, keeps what the way back needs, and walks
 * back in one call. The step-by-step loop on the tape is the definition; the node goes back to it where the walk itself is
 * recorded, for second derivatives, and where the engine has no way back.
 */
import type { Cell, Named } from "../cells/cell.ts";
import { dependsOnInput, reached } from "../cells/reach.ts";
import { copyDense, copyElements, type Dense, elements, wrap } from "../dense/dense.ts";
import { float32 } from "../dense/dtype.ts";
import type { Matrix } from "../engine/gemm.ts";
import type { RecurGradients, WayBack } from "../engine/plain.ts";
import { recurSaving } from "../engine/training.ts";
import { grad } from "./backward.ts";
import type { Gradients, Rule } from "./graph.ts";
import { enableGrad, isGradEnabled } from "./mode.ts";
import { t } from "./shape.ts";
import { record, Tensor, tracked } from "./tensor.ts";

/** What goes into the loop. */
export interface RecordedLoop {
  /** W_ih·x + b_ih for all steps, (T, B, G·H) or with batch sizes (Σ b_t, G·H) */
  readonly projected: Tensor;
  readonly batchSizes?: readonly number[] | undefined;
  /** W_hh (R·H, P), P = H without a projection */
  readonly matrix: Tensor;
  /** b_hh (R·H) */
  readonly bias: Tensor | undefined;
  /** W_hr (P, H) */
  readonly projection: Tensor | undefined;
  /** The vectors of the cell, (H) each. */
  readonly vectors: Named<string, Tensor>;
  /** (B, P) and (B, H) ... */
  readonly start: Named<string, Tensor>;
  readonly reverse: boolean;
}

/** What comes out: the outputs of all steps in the shape of `projected`, and the states after the last. */
export interface LoopResult {
  readonly output: Tensor;
  readonly state: Named<string, Tensor>;
}

/**
 * Runs the loop and records it as a node of this name; undefined if it has to be steps. `stepwise` is the same loop on the
 * tape.
 */
export function recurRecorded(
  name: string,
  cell: Cell,
  loop: RecordedLoop,
  stepwise: (loop: RecordedLoop) => LoopResult,
): LoopResult | undefined {
  const inputs = inputsOf(cell, loop);
  const { projected, matrix, bias, projection, start, reverse } = loop;
  const own = Object.values(loop.vectors);
  const begin = cell.state.map((key) => start[key]!);
  const [P, B] = [matrix.shape[1]!, begin[0]!.shape[0]!];
  const H = projection ? projection.shape[1]! : P;
  const widths = cell.state.map((_, i) => (i === 0 ? P : H));
  // a W_hh may be without rows
  if (inputs.some((x) => x.dtype !== float32 || (x.value.count === 0 && x !== matrix))) return undefined;
  // the steps have the words for states of another size
  if (begin.some((x, i) => x.shape[0] !== B || x.shape[1] !== widths[i])) return undefined;
  const states = begin.map((state) => copyElements(state.value) as Float32Array);
  const output = new Float32Array((projected.value.count / projected.shape.at(-1)!) * P);
  const wayBack = recurSaving({
    cell,
    H,
    P,
    x: elements(projected.value) as Float32Array,
    weights: transposed(matrix),
    bias: bias && (elements(bias.value) as Float32Array),
    projection: projection && transposed(projection),
    vectors: joined(own, H),
    batchSizes: loop.batchSizes ?? new Array<number>(projected.shape[0]!).fill(B),
    reverse,
    states,
    output,
  });
  if (!wayBack) return undefined;
  const shape = [...projected.shape.slice(0, -1), P];
  const results = [
    new Tensor(wrap(output, shape, float32)),
    ...states.map((state, i) => new Tensor(wrap(state, [B, widths[i]!], float32))),
  ];
  // b_hh is not read on the way back, and may change before: the steps would have kept its sum only
  const values = inputs.map((x) => (x === bias ? copyDense(x.value) : x.value));
  // a way back that was recorded reads the inputs for as long as its graph lives
  let isRecorded = false;
  const back = (grads: Gradients, isLast: boolean): Gradients => {
    isRecorded ||= isGradEnabled();
    const isFree = isLast && !isRecorded;
    const fast = isGradEnabled() ? undefined : gradients(wayBack, inputs, loop, cell, grads, isFree);
    return fast ?? replay(cell, loop, inputs, values, stepwise, grads);
  };
  // what depends on nothing that wants a gradient has no history, as on the tape; others stand in its place at the node
  const isWanted = wanted(cell, loop, B);
  const recorded = results.map((result, i) => (isWanted[i] ? result : new Tensor(result.value)));
  record(name, inputs, recorded, together(inputs.length, back), [
    t(matrix),
    ...(projection ? [t(projection)] : []),
    ...own,
    ...begin,
  ]);
  const [outputs, ...ends] = results;
  return { output: outputs!, state: Object.fromEntries(cell.state.map((key, i) => [key, ends[i]!])) };
}

/** A weight as its steps multiply by it. */
function transposed({ value: { data, offset, strides } }: Tensor): Matrix {
  return { data: data as Float32Array, offset, rowStride: strides[1]!, columnStride: strides[0]! };
}

/** Vectors one behind the other. */
function joined(vectors: readonly Tensor[], H: number): Float32Array {
  const all = new Float32Array(vectors.length * H);
  for (const [i, { value }] of vectors.entries()) all.set(elements(value) as Float32Array, i * H);
  return all;
}

function inputsOf(cell: Cell, { projected, matrix, bias, projection, vectors, start }: RecordedLoop): Tensor[] {
  return [
    projected,
    matrix,
    ...(bias ? [bias] : []),
    ...(projection ? [projection] : []),
    ...Object.values(vectors),
    ...cell.state.map((name) => start[name]!),
  ];
}

/** Whether the outputs, and each state after the last step, depend on an input that wants a gradient. */
function wanted(cell: Cell, loop: RecordedLoop, B: number): readonly boolean[] {
  const { projected, matrix, bias, projection, vectors, start, reverse } = loop;
  const always = alwaysWanted.get(cell) ?? dependsOnInput(cell);
  alwaysWanted.set(cell, always);
  const names = cell.state;
  if (always && projected.requiresGrad) return [true, ...names.map(() => true)];
  const ask = (tensors: Named<string, Tensor>): Named<string, boolean> =>
    Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, x.requiresGrad]));
  const own = ask(vectors);
  const batchSizes = loop.batchSizes ?? new Array<number>(projected.shape[0]!).fill(B);
  let [output, state] = [false, ask(start)];
  for (const b of reverse ? [...batchSizes].reverse() : batchSizes) {
    const before = state;
    const fromState = matrix.requiresGrad || bias?.requiresGrad || before[names[0]!]!;
    const paged = reached(cell, projected.requiresGrad, fromState, before, own);
    const next = projection?.requiresGrad ? { ...paged, [names[0]!]: true } : paged;
    output ||= next[names[0]!]!;
    // rows that do not live in this step stay as they were
    state = Object.fromEntries(names.map((name) => [name, next[name]! || (b < B && before[name]!)]));
    if (b === B && names.every((name) => state[name] === before[name])) break;
  }
  return [output, ...names.map((name) => state[name]!)];
}

const alwaysWanted = new WeakMap<Cell, boolean>();

/** One rule for each input, of which the first that is asked computes for all. */
function together(count: number, back: (grads: Gradients, isLast: boolean) => Gradients): Rule[] {
  let arrived: Gradients | undefined;
  let left: (Tensor | undefined)[] = [];
  return Array.from({ length: count }, (_, input) => (_: Tensor, grads: Gradients, isLast: boolean) => {
    if (arrived !== grads) left = [...back(grads, isLast)];
    arrived = grads;
    const own = left[input];
    left[input] = undefined;
    return own;
  });
}

/** What the engine's way back gives for each input; undefined if it cannot. */
function gradients(
  wayBack: WayBack,
  inputs: readonly Tensor[],
  { bias, projection, vectors }: RecordedLoop,
  cell: Cell,
  [output, ...given]: Gradients,
  isLast: boolean,
): Gradients | undefined {
  const numbers = (x: Tensor | undefined): Float32Array | undefined => x && (elements(x.value) as Float32Array);
  const [projected, matrix, ...rest] = inputs as [Tensor, Tensor, ...Tensor[]];
  const begin = rest.slice(-cell.state.length);
  const own = Object.values(vectors);
  const result: RecurGradients | undefined = wayBack({
    output: numbers(output),
    given: cell.state.map((_, i) => numbers(given[i])),
    weights: matrix.requiresGrad,
    bias: bias?.requiresGrad ?? false,
    projection: projection?.requiresGrad ?? false,
    vectors: own.some((x) => x.requiresGrad),
    states: begin.map((x) => x.requiresGrad),
    isLast,
  });
  if (!result) return undefined;
  const H = projection?.shape[1] ?? matrix.shape[1]!;
  const made = (data: Float32Array | undefined, shape: readonly number[]): Tensor | undefined =>
    data && new Tensor(wrap(data, shape, float32));
  return [
    projected.requiresGrad ? made(result.x, projected.shape) : undefined,
    made(result.weights, matrix.shape),
    ...(bias ? [made(result.bias, bias.shape)] : []),
    ...(projection ? [made(result.projection, projection.shape)] : []),
    ...own.map((x, i) => (x.requiresGrad ? made(result.vectors?.slice(i * H, (i + 1) * H), [H]) : undefined)),
    ...begin.map((x, i) => made(result.states[i], x.shape)),
  ];
}

/** The same loop on the tape, from the same inputs, and its gradients. */
function replay(
  cell: Cell,
  loop: RecordedLoop,
  inputs: readonly Tensor[],
  values: readonly Dense[],
  stepwise: (loop: RecordedLoop) => LoopResult,
  grads: Gradients,
): Gradients {
  const createGraph = isGradEnabled();
  return enableGrad(() => {
    const again = inputs.map((x, i) => tracked("AliasBackward0", [x], values[i]!, [(g) => g]));
    const [projected, matrix, ...rest] = again as [Tensor, Tensor, ...Tensor[]];
    const bias = loop.bias && rest.shift();
    const projection = loop.projection && rest.shift();
    const vectors = Object.fromEntries(Object.keys(loop.vectors).map((name) => [name, rest.shift()!]));
    const start = Object.fromEntries(cell.state.map((name, i) => [name, rest[i]!]));
    const { output, state } = stepwise({ ...loop, projected, matrix, bias, projection, vectors, start });
    const outputs = [output, ...cell.state.map((name) => state[name]!)].filter((_, i) => grads[i]);
    const gradOutputs = grads.filter((g) => g !== undefined);
    const asked = again.filter((x) => x.requiresGrad);
    const found = grad(outputs, asked, { gradOutputs, createGraph, allowUnused: true });
    return again.map((x) => found[asked.indexOf(x)] ?? undefined);
  });
}
