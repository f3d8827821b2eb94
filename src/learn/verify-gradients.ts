/**
 * Comparing gradients: equal values may hide a past that was cut off or not cut off. The mistakes are variations of the
 * setup again, each with one value detached.
 */
import { mul } from "../autograd/arithmetic.ts";
import { detach, grad } from "../autograd/backward.ts";
import { toDtype } from "../autograd/broadcast.ts";
import { arange, zerosLike } from "../autograd/create.ts";
import { enableGrad } from "../autograd/mode.ts";
import type { ScanWeights } from "../autograd/recur.ts";
import { sum } from "../autograd/reduce.ts";
import { Tensor } from "../autograd/tensor.ts";
import { cos } from "../autograd/trigonometry.ts";
import { reshape } from "../autograd/views.ts";
import { vectors } from "../cells/cell.ts";
import { RuntimeError } from "../check.ts";
import { PackedSequence } from "../nn/packed.ts";
import type { Recurrent } from "../nn/recurrent.ts";
import type { CellState } from "../nn/scan.ts";
import { type Answer, expectedOf, givenOf } from "./answer.ts";
import { relativeUlps } from "./distance.ts";
import { evaluated, type LayerState, listStates, run, type Setup, setupOf } from "./run.ts";

/** Gradients by name; null where none arrives. */
type Gradients = ReadonlyMap<string, Tensor | null>;

/** Compares the gradients of the same loss. Gives the first that differs and why, or undefined. */
export function compareGradients<State extends LayerState>(
  mine: (x: Tensor | PackedSequence, state?: State) => Answer,
  layer: Recurrent<State>,
  inputs: Tensor | PackedSequence,
  state: State | null | undefined,
  { tolerance, truncated }: { tolerance: number; truncated: boolean },
): { term: string; ulps: number; cause: string; hint: string } | undefined {
  return enableGrad(() => {
    const packed = inputs instanceof PackedSequence;
    const leaf = leafOf(packed ? inputs.data : inputs);
    const x = packed ? withData(inputs, leaf) : leaf;
    const starts = listStates(state).map((one) => leafOf(one));
    const given = (starts.length === 1 ? starts[0] : starts.length === 0 ? undefined : starts) as State | undefined;
    const cut = (truncated ? starts.map((one) => detach(one)) : starts) as readonly Tensor[];
    const official = starts.length === 0 ? null : ((cut.length === 1 ? cut[0] : cut) as State);
    const sources: [string, Tensor][] = [
      ...[...layer.namedParameters()].map(([name, value]) => [name, value] as [string, Tensor]),
      ["input", leaf],
      ...starts.map((one, i): [string, Tensor] => [`state ${i}`, one]),
    ];
    const collect = (output: Tensor): Gradients => gradientsOf(output, sources);
    const { output, states } = evaluated(layer, x, official);
    const expected = expectedOf(layer, x, output, states);
    const answer = givenOf(layer, x, expected, given === undefined ? mine(x) : mine(x, given));
    if (typeof answer === "string") throw new RuntimeError(`verify: ${answer}`);
    const right = collect(expected.rows);
    const left = collect(answer.rows);
    const found = firstDifference(right, left, tolerance);
    if (!found) return undefined;
    const setup = setupOf(layer, x, official);
    const isCause = ({ setup: variation }: Detached): boolean =>
      !firstDifference(collect(reshape(run(variation).output, expected.rows.shape)), left, tolerance);
    const cause = causes(setup, truncated ? setupOf(layer, x, given).start : []).find(isCause) ?? {
      cause: "unknown: the values agree, the gradients do not",
      hint: `look at what leads to ${found.term}`,
    };
    return { ...found, term: `gradient of ${found.term}`, cause: cause.cause, hint: cause.hint };
  });
}

/** The same packing of other rows. */
function withData({ batchSizes, sortedIndices, unsortedIndices }: PackedSequence, data: Tensor): PackedSequence {
  return new PackedSequence(data, batchSizes, sortedIndices, unsortedIndices);
}

function leafOf(x: Tensor): Tensor {
  const leaf = new Tensor(x.value);
  leaf.requiresGrad = true;
  return leaf;
}

/** The gradients of a loss in which every element of the output has a weight of its own. */
function gradientsOf(output: Tensor, sources: readonly (readonly [string, Tensor])[]): Gradients {
  const wanted = sources.filter(([, source]) => source.requiresGrad);
  if (!output.requiresGrad) return new Map(wanted.map(([name]) => [name, null]));
  const weights = toDtype(cos(reshape(arange(1, output.value.count + 1).mul(1), output.shape)), output.dtype);
  const found = grad(
    sum(mul(output, weights)),
    wanted.map(([, source]) => source),
    { allowUnused: true },
  );
  return new Map(wanted.map(([name], i) => [name, found[i] ?? null]));
}

function firstDifference(
  right: Gradients,
  left: Gradients,
  tolerance: number,
): { term: string; ulps: number } | undefined {
  for (const [term, expected] of right) {
    const actual = left.get(term) ?? null;
    if (expected === null && actual === null) continue;
    const known = expected ?? actual!;
    const [a, b] = [expected ?? zerosLike(known), toDtype(actual ?? zerosLike(known), known.dtype)];
    // Sums over time and batch in another order: the longer the sum, the more it may differ.
    const ulps = relativeUlps(a, b);
    if (ulps > 4 * tolerance) return { term, ulps: Math.ceil(ulps) };
  }
  return undefined;
}

interface Detached {
  readonly cause: string;
  readonly hint: string;
  readonly setup: Setup;
}

/** The ways to cut a past off, or to leave one on: `attached` are the states that were handed over, with their past. */
function causes(setup: Setup, attached: readonly Tensor[]): Detached[] {
  const page = setup.page(setup.weights[0]!);
  const { state } = page;
  const without =
    (names: readonly string[]): Setup["carry"] =>
    (now: CellState) => ({
      ...now,
      ...Object.fromEntries(names.map((name) => [name, detach(now[name]!)])),
    });
  const groups = state.length > 1 ? [state, ...state.map((name) => [name])] : [state];
  const weights = (role: keyof ScanWeights): Setup => ({
    ...setup,
    weights: setup.weights.map((own) => ({ ...own, ...(own[role] && { [role]: detach(own[role]) }) })),
  });
  const leave = "leave out the detach(), the .data or the noGrad";
  return [
    ...(attached.length > 0
      ? [
          {
            cause: "missing detach: gradients flow into the state that was handed over",
            hint: "detach the state before the next piece of the sequence",
            setup: { ...setup, start: attached },
          },
        ]
      : []),
    ...groups.flatMap((names) => {
      const carried = { ...setup, carry: without(names)! };
      // a detach at the start of each step cuts off the initial state, too
      const start = setup.start.map((one, i) => (names.includes(state[i]!) ? detach(one) : one));
      const cause = `${names === state ? "state" : names.join()} detached between steps: no gradient flows through time`;
      return [carried, { ...carried, start }].map((cut) => ({ cause, hint: leave, setup: cut }));
    }),
    { cause: "output detached", hint: leave, setup: { ...setup, finish: detach } },
    { cause: "input detached", hint: leave, setup: { ...setup, x: { ...setup.x, data: detach(setup.x.data) } } },
    { cause: "initial state detached", hint: leave, setup: { ...setup, start: setup.start.map((one) => detach(one)) } },
    { cause: "output of a layer detached before the next", hint: leave, setup: { ...setup, between: detach } },
    { cause: "W_ih detached", hint: leave, setup: weights("weightIh") },
    { cause: "W_hh detached", hint: leave, setup: weights("weightHh") },
    { cause: "b_ih detached", hint: leave, setup: weights("biasIh") },
    { cause: "b_hh detached", hint: leave, setup: weights("biasHh") },
    ...vectors(page).map((name) => ({ cause: `w_${name} detached`, hint: leave, setup: weights(`v.${name}`) })),
  ];
}
