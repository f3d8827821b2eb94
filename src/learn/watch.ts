/**
 * Runs a layer as it is and watches its cell. The layer that runs is the caller's own in every respect but two: its page
 * notes what it is asked and what it answers, and there is no dropout. What is noted is therefore what the layer computes,
 * to the bit; the terms that a layer never forms one by one, W·x without its bias, are computed besides.
 */
import { toDtype } from "../autograd/broadcast.ts";
import { cat, split, unbind } from "../autograd/join.ts";
import { linear } from "../autograd/linear.ts";
import type { ScanWeights, VectorRole } from "../autograd/recur.ts";
import { transpose, unsqueeze } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { clone, selectAt } from "../autograd/views.ts";
import { type Cell, type Named, recurrentGates, vectors } from "../cells/cell.ts";
import { elements } from "../dense/dense.ts";
import { bfloat16, float16, float32 } from "../dense/dtype.ts";
import { PackedSequence } from "../nn/packed.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import { byGate } from "../nn/scan.ts";
import {
  type Axis,
  type Direction,
  type ExplainedStep,
  type NamedWeight,
  primed,
  type Run,
  type Term,
} from "./terms.ts";

/** One call of a cell's page: the halves of the gates, the state, and all that was computed, (b, H) each. */
interface Moment {
  readonly x: Named<string, Tensor>;
  readonly r: Named<string, Tensor>;
  readonly state: Named<string, Tensor>;
  readonly computed: Named<string, Tensor>;
}

/** Runs a layer over its input and gives, beside what `forward` gives, all terms. */
export function watch<State>(
  layer: Recurrent<State>,
  input: Tensor | PackedSequence,
  start?: State | null,
): { run: Run; output: Tensor | PackedSequence; state: State } {
  const moments: Moment[] = [];
  const watched: Recurrent<State> = Object.create(Object.getPrototypeOf(layer), {
    ...Object.getOwnPropertyDescriptors(layer),
    cell: { value: noting(layer.cell, moments), enumerable: true },
    training: { value: false, enumerable: true },
  });
  const [output, state] =
    input instanceof PackedSequence ? watched.forward(input, start) : watched.forward(input, start);
  return { run: assemble(layer, input, moments), output, state };
}

/** The same page, which notes every reading. */
function noting(cell: Cell, moments: Moment[]): Cell {
  return {
    ...cell,
    watched: true,
    step(m, x, r, state, v) {
      const computed = cell.step(m, x, r, state, v);
      // the layer reads its page with tensors
      moments.push({ x, r, state, computed } as unknown as Moment);
      return computed;
    },
  };
}

function assemble<State>(layer: Recurrent<State>, input: Tensor | PackedSequence, moments: readonly Moment[]): Run {
  const { cell } = layer;
  const batched = input instanceof PackedSequence || input.shape.length === 3;
  const weights = layer.weights().map(snapshot);
  const directions: readonly Direction[] = layer.bidirectional ? ["forward", "reverse"] : ["forward"];
  const steps: ExplainedStep[] = [];
  let inputs = inputSteps(layer, input);
  const T = inputs.length;
  const order = sequenceOrder(input);
  for (let first = 0; first < weights.length; first += directions.length) {
    const outputs: Tensor[][] = inputs.map(() => []);
    for (const [d, direction] of directions.entries()) {
      const own = weights[first + d]!;
      const watched = moments.slice((first + d) * T, (first + d + 1) * T);
      if (direction === "reverse") watched.reverse();
      for (const [t, moment] of watched.entries()) {
        const terms = termsOf(cell, own, inputs[t]!, moment);
        const b = inputs[t]!.shape[0]!;
        const sequences = order?.slice(0, b) ?? Array.from({ length: b }, (_, i) => i);
        outputs[t]!.push(terms.at(-1)!.value);
        steps.push({
          layer: first / directions.length,
          direction,
          t,
          sequences,
          terms: batched ? terms : terms.map(withoutBatch),
        });
      }
    }
    inputs = outputs.map((sides) => (sides.length === 1 ? sides[0]! : cat(sides, -1)));
  }
  const sides = weights.map((own, i) => ({
    layer: Math.floor(i / directions.length),
    direction: directions[i % directions.length]!,
    weights: namedWeights(layer, layer.weights()[i]!, own),
  }));
  return { layer: `${layer}`, cell, T, batched, batchFirst: layer.batchFirst, sides, steps };
}

/** Each time's rows (b_t, F), in the order in which the layer reads them. */
function inputSteps<State>(layer: Recurrent<State>, input: Tensor | PackedSequence): readonly Tensor[] {
  if (input instanceof PackedSequence) return split(input.data, batchSizesOf(input));
  if (input.shape.length === 2) return unbind(unsqueeze(input, 1));
  return unbind(layer.batchFirst ? transpose(input, 0, 1) : input);
}

function batchSizesOf({ batchSizes }: PackedSequence): number[] {
  return Array.from(elements(batchSizes.value), Number);
}

/** The caller's number of each row, where the layer has sorted them. */
function sequenceOrder(input: Tensor | PackedSequence): number[] | undefined {
  if (!(input instanceof PackedSequence) || !input.sortedIndices) return undefined;
  return Array.from(elements(input.sortedIndices.value), Number);
}

/** A copy, so that an explanation stays true when training goes on. */
function snapshot(weights: ScanWeights): ScanWeights {
  const copies = Object.entries(weights).map(([role, weight]: [string, Tensor]) => [role, clone(weight)]);
  return Object.fromEntries(copies) as unknown as ScanWeights;
}

/** The name in the equations of each role but those of vectors, and what its dimensions are. */
const ROLES: Named<
  Exclude<keyof ScanWeights, VectorRole>,
  { readonly name: string; readonly axes: readonly Axis[] }
> = {
  weightIh: { name: "W_ih", axes: ["row", "feature"] },
  weightHh: { name: "W_hh", axes: ["row", "unit"] },
  biasIh: { name: "b_ih", axes: ["row"] },
  biasHh: { name: "b_hh", axes: ["row"] },
  weightHr: { name: "W_hr", axes: ["projection", "unit"] },
};

function namedWeights<State>(layer: Recurrent<State>, live: ScanWeights, copies: ScanWeights): NamedWeight[] {
  const parameters = [...layer.namedParameters()];
  const parameterOf = (role: keyof ScanWeights): string =>
    `${parameters.find(([, weight]) => weight === live[role])![0]}`;
  const roles = (Object.keys(ROLES) as (keyof typeof ROLES)[]).filter((role) => copies[role]?.shape[0]);
  const shared = roles.map((role): NamedWeight => {
    const { name, axes } = ROLES[role];
    const projected = role === "weightHh" && copies.weightHr;
    return { name, parameter: parameterOf(role), axes: projected ? ["row", "projection"] : axes, value: copies[role]! };
  });
  const own = vectors(layer.cell).map((vector): NamedWeight => {
    const role: VectorRole = `v.${vector}`;
    return { name: role, parameter: parameterOf(role), axes: ["unit"], value: copies[role]! };
  });
  return [...shared, ...own];
}

/** All terms of one step, the new output last. */
function termsOf(cell: Cell, weights: ScanWeights, x: Tensor, moment: Moment): Term[] {
  const [output] = cell.state;
  const recurrent = recurrentGates(cell);
  const carried: Axis = weights.weightHr ? "projection" : "unit";
  const h = moment.state[output!]!;
  const results = Object.entries(moment.computed).sort(([a], [b]) => Number(a === output) - Number(b === output));
  return [
    { name: "x", axes: ["batch", "feature"], value: x },
    ...cell.state.map((name): Term => {
      return { name, axes: ["batch", name === output ? carried : "unit"], value: moment.state[name]! };
    }),
    ...halves(cell.gates, "x", ["W_ih·x", unrounded(x, weights.weightIh)], ["b_ih", weights.biasIh], moment.x),
    ...halves(recurrent, "r", [`W_hh·${output}`, unrounded(h, weights.weightHh)], ["b_hh", weights.biasHh], moment.r),
    ...vectors(cell).map((name): Term => ({ name: `v.${name}`, axes: ["unit"], value: weights[`v.${name}`]! })),
    ...results.map(([name, value]): Term => ({ name: primed(cell, name), axes: ["batch", "unit"], value })),
    ...(weights.weightHr ? [projection(primed(cell, output!), moment.computed[output!]!, weights.weightHr)] : []),
  ];
}

/** The product, the bias and their sum, cut by gate. */
function halves(
  gates: readonly string[],
  side: "x" | "r",
  [productName, product]: readonly [string, Tensor],
  [biasName, bias]: readonly [string, Tensor | undefined],
  sums: Named<string, Tensor>,
): Term[] {
  const products = byGate(gates, product);
  const biases = bias && byGate(gates, unsqueeze(bias, 0));
  return gates.flatMap((gate): Term[] => [
    { name: productName, gate, axes: ["batch", "unit"], value: products[gate]! },
    ...(biases ? [{ name: biasName, gate, axes: ["unit"], value: selectAt(biases[gate]!, 0, 0) } as const] : []),
    { name: `${side}.${gate}`, gate, axes: ["batch", "unit"], value: sums[gate]! },
  ]);
}

/** W·v as the layer has it before it adds the bias: half precision is rounded to only then. */
function unrounded(v: Tensor, weight: Tensor): Tensor {
  const half = weight.dtype === float16 || weight.dtype === bfloat16;
  return half ? linear(toDtype(v, float32), toDtype(weight, float32)) : linear(v, weight);
}

function projection(name: string, h: Tensor, weight: Tensor): Term {
  return { name: `W_hr·${name}`, axes: ["batch", "projection"], value: linear(h, weight) };
}

function withoutBatch(term: Term): Term {
  if (term.axes[0] !== "batch") return term;
  return { ...term, axes: term.axes.slice(1), value: selectAt(term.value, 0, 0) };
}
