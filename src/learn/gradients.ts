/**
 * How gradients flow through time. A loss reaches the weights along every step; here each step's part is taken apart, with
 * the tape of an ordinary run: the size of dL/dh_t, and the share of the step in the gradient of each weight.
 *
 *     dL/dW_hh = Σ_t (dL/dr_t)ᵀ·h_{t-1}        r_t = W_hh·h_{t-1} + b_hh
 *     dL/dW_ih = Σ_t (dL/dx_t)ᵀ·x_t            here x_t on the left is W_ih·x_t + b_ih
 *
 * Autograd meets W_hh, b_hh, W_hr and vectors once in each step, and adds from the step that ran last to the one that ran
 * first: so do the shares, to the bit. W_ih and b_ih are met once for all steps, and their sum over time is formed inside one
 * product without rounding in between at each step: there the shares leave a rest of a few ulp, which is kept as `rounding`.
 */
import { add, sub } from "../autograd/arithmetic.ts";
import { detach, grad } from "../autograd/backward.ts";
import { zeros, zerosLike } from "../autograd/create.ts";
import { indexSelect } from "../autograd/gather.ts";
import { cat } from "../autograd/join.ts";
import { linear } from "../autograd/linear.ts";
import { enableGrad, noGrad } from "../autograd/mode.ts";
import type { ScanWeights } from "../autograd/recur.ts";
import { norm, sum } from "../autograd/reduce.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { selectAt } from "../autograd/views.ts";
import type { Named } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import { PackedSequence } from "../nn/packed.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import { type ChartOptions, flowText } from "./gradients-text.ts";
import { callersLayout, expectLayer, type LayerState, run, type Side, setupOf } from "./run.ts";
import { maxUlps } from "./ulp.ts";

/** A weight's gradient, taken apart by steps. */
export interface WeightFlow {
  /** torch's name: `weight_hh_l0_reverse`. */
  readonly name: string;
  /** What `backward` leaves in `.grad`. */
  readonly grad: Tensor;
  /** The share of each step, in time. */
  readonly shares: readonly Tensor[];
  /** What is to be added besides, one after the other, to come out at `grad` to the bit; mostly nothing. */
  readonly rounding: readonly Tensor[];
}

/** One layer in one direction. */
export interface SideFlow {
  readonly layer: number;
  readonly direction: "forward" | "reverse";
  /** For each state, dL/d(state after step t), (B, H) each, in time: the gradient along all paths. */
  readonly states: Named<string, readonly Tensor[]>;
  /** Its size at each step, √Σ(dL/dh_t)². */
  readonly norms: Named<string, readonly number[]>;
  readonly weights: readonly WeightFlow[];
}

/** The flow through a whole layer. */
export interface GradientFlow {
  readonly loss: number;
  readonly sides: readonly SideFlow[];
  /** A chart of bars on a logarithmic scale, which shows vanishing and exploding. */
  toText(options?: ChartOptions): string;
  toString(): string;
}

/**
 * Takes the gradient of a loss apart by steps: `loss` makes a scalar from what `forward` gives, for padded input or packed.
 * Nothing is written to any `.grad`. The layer runs in its own mode; dropout is drawn once.
 *
 *     const flow = gradientFlow(lstm, x, (output) => output.at(-1).sum());
 *     console.log(flow.toText());
 */
export function gradientFlow<State extends LayerState, X extends Tensor | PackedSequence>(
  layer: Recurrent<State>,
  x: X,
  loss: (output: X, state: State) => Tensor,
  state?: State | null,
): GradientFlow {
  expectLayer("gradientFlow", layer);
  return enableGrad(() => {
    const { output, states, sides } = run(setupOf(layer, x, state, layer.training));
    const ends = states.map((end) => asGiven(x, end));
    const value = loss(outputAs(layer, x, output) as X, (ends.length === 1 ? ends[0]! : ends) as State);
    const names = new Map([...layer.namedParameters()].map(([name, weight]) => [weight as Tensor, `${name}`]));
    if (!value.requiresGrad)
      throw new RuntimeError("gradientFlow: the loss does not depend on any weight that requires grad");
    const gradients = gradientsOf(value, [...names.keys(), ...sides.flatMap(marksOf)]);
    const flows = noGrad(() => sides.map((side) => flowOf(side, Object.keys(side.steps[0]!.before), names, gradients)));
    const toText = (options: ChartOptions = {}): string => flowText(all, options);
    const all: GradientFlow = { loss: value.item(), sides: flows, toText, toString: () => toText() };
    return all;
  });
}

/** The output in the form of the input. */
function outputAs(layer: Recurrent<unknown>, x: Tensor | PackedSequence, output: Tensor): Tensor | PackedSequence {
  if (!(x instanceof PackedSequence)) return callersLayout(layer, output, x.shape.length);
  return new PackedSequence(output, x.batchSizes, x.sortedIndices, x.unsortedIndices);
}

/** A final state as the caller has it: without a batch, or in the order before sorting. */
function asGiven(x: Tensor | PackedSequence, end: Tensor): Tensor {
  if (!(x instanceof PackedSequence)) return x.shape.length === 2 ? selectAt(end, 1, 0) : end;
  return x.unsortedIndices ? indexSelect(end, 1, x.unsortedIndices) : end;
}

/** A share of a weight's gradient added up in autograd's order: equal to `grad` to the bit. */
export function addShares({ shares, rounding }: WeightFlow, direction: SideFlow["direction"]): Tensor {
  return noGrad(() => [...lastRunFirst(shares, direction), ...rounding].reduce((total, share) => add(total, share)));
}

function lastRunFirst(shares: readonly Tensor[], direction: SideFlow["direction"]): readonly Tensor[] {
  return direction === "forward" ? shares.toReversed() : shares;
}

/** The tensors of a side at which gradients are read. */
function marksOf({ steps, outputs }: Side): Tensor[] {
  return [
    ...steps.flatMap(({ x, r, v, terms }) => [x, r, v, terms].flatMap((named) => Object.values<Tensor>(named))),
    ...outputs,
  ];
}

/** The gradient of each tensor; one that the loss does not depend on has none. */
function gradientsOf(loss: Tensor, tensors: readonly Tensor[]): ReadonlyMap<Tensor, Tensor> {
  const wanted = [...new Set(tensors)].filter((one) => one.requiresGrad);
  const found = grad(loss, wanted, { allowUnused: true });
  return new Map(wanted.flatMap((one, i) => (found[i] ? [[one, found[i]] as const] : [])));
}

function flowOf(
  side: Side,
  stateNames: readonly string[],
  names: ReadonlyMap<Tensor, string>,
  gradients: ReadonlyMap<Tensor, Tensor>,
): SideFlow {
  const direction = side.reverse ? "reverse" : "forward";
  const at = (x: Tensor): Tensor => gradients.get(x) ?? zerosLike(x);
  const columns = (gates: Named<string, Tensor>): Tensor => cat(Object.values<Tensor>(gates).map(at), 1);
  const [h] = stateNames;
  const states = Object.fromEntries(
    stateNames.map((name) => [
      name,
      side.steps.map(({ terms }, t) => at(name === h ? side.outputs[t]! : terms[name]!)),
    ]),
  );
  const norms = Object.fromEntries(
    Object.entries(states).map(([name, list]) => [name, list.map((one) => norm(one).item())]),
  );
  const { weightIh, biasIh, weightHh, biasHh, weightHr }: ScanWeights = side.weights;
  const recurrent = weightHh.shape[0]! > 0;
  const shares = side.steps.map(
    (step, t): Partial<Record<keyof ScanWeights, Tensor>> => ({
      ...sharesOf({ weightIh, biasIh }, side.inputs[t]!, columns(step.x)),
      ...(recurrent && sharesOf({ weightHh, biasHh }, step.before[h!]!, columns(step.r))),
      ...Object.fromEntries(Object.entries<Tensor>(step.v).map(([name, v]) => [`v.${name}`, sum(at(v), 0)])),
      ...sharesOf({ weightHr }, step.terms[h!]!, at(side.outputs[t]!)),
    }),
  );
  const weights = (Object.entries(side.weights) as [keyof ScanWeights, Tensor | undefined][]).flatMap(
    ([role, weight]) => {
      if (!weight?.requiresGrad) return [];
      const own = shares.map((step) => step[role]!);
      const total = gradients.get(weight) ?? zerosLike(weight);
      return [{ name: names.get(weight) ?? role, grad: total, shares: own, rounding: rest(own, direction, total) }];
    },
  );
  return { layer: side.layer, direction, states, norms, weights };
}

/** What one step gives to a weight and its bias: the gradient of the one product x·Wᵀ + b, as autograd computes it. */
function sharesOf(pair: Partial<ScanWeights>, x: Tensor, g: Tensor): Partial<Record<keyof ScanWeights, Tensor>> {
  const roles = (Object.keys(pair) as (keyof ScanWeights)[]).filter((role) => pair[role]);
  if (roles.length === 0) return {};
  const leaves = roles.map((role) => {
    const leaf = detach(pair[role]!);
    leaf.requiresGrad = true;
    return leaf;
  });
  const found = enableGrad(() => grad(linear(detach(x), leaves[0]!, leaves[1]), leaves, { gradOutputs: g }));
  return Object.fromEntries(roles.map((role, i) => [role, found[i]!]));
}

/**
 * What is missing from the sum of the shares. The difference of two numbers may itself need rounding, where almost
 * everything cancels; then a second difference, which does not, is added.
 */
function rest(shares: readonly Tensor[], direction: SideFlow["direction"], total: Tensor): Tensor[] {
  const rounding: Tensor[] = [];
  const flow = { name: "", grad: total, shares, rounding };
  let sum = shares.length > 0 ? addShares(flow, direction) : zeros(total.shape, { dtype: total.dtype });
  while (rounding.length < 2 && maxUlps(sum, total) > 0) {
    const missing = sub(total, sum);
    rounding.push(missing);
    sum = add(sum, missing);
  }
  return rounding;
}
