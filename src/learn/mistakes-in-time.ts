/** Mistakes with what is carried: the state from step to step, the steps themselves, the layers and the directions. */
import { zerosLike } from "../autograd/create.ts";
import { cat, flip } from "../autograd/join.ts";
import { transpose } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { reshape, slice } from "../autograd/views.ts";
import { elements } from "../dense/dense.ts";
import { sameDims } from "../dense/shape.ts";
import type { ScanWeights } from "../nn/scan.ts";
import { type Mistake, withWeights } from "./mistake.ts";
import type { Setup } from "./run.ts";

/** The state is not handed on, or not the right one. */
export function* stateMistakes(setup: Setup): Iterable<Mistake> {
  const { state } = setup.page(setup.weights[0]!);
  const started = setup.start.some((one) => !isZero(one));
  if (started) {
    yield {
      cause: "initial state ignored",
      hint: "the first step starts from the state that is given",
      setup: { ...setup, start: setup.start.map((one) => zerosLike(one)) },
    };
  }
  const groups = state.length > 1 ? [state, ...state.map((name) => [name])] : [state];
  for (const names of groups) {
    const reset =
      (from: (x: Tensor) => Tensor): Setup["carry"] =>
      (now, start) => ({
        ...now,
        ...Object.fromEntries(names.map((name) => [name, from(start[name]!)])),
      });
    const which = names === state ? "state" : names.join();
    const hint = `each step starts from the ${names.join(" and ")} that the step before has computed`;
    yield {
      cause: `${which} not carried: every step starts from zeros`,
      hint,
      setup: { ...setup, carry: reset(zerosLike) },
    };
    if (!started) continue;
    const carry = reset((x) => x);
    yield { cause: `${which} not carried: every step starts from the initial state`, hint, setup: { ...setup, carry } };
  }
  const [h, c] = setup.start;
  if (h && c && sameDims(h.shape, c.shape)) {
    yield {
      cause: `${state.slice(0, 2).join(" and ")} exchanged in the initial state`,
      hint: `the state is (${state.join(", ")}), in this order`,
      setup: { ...setup, start: [c, h, ...setup.start.slice(2)] },
    };
    yield {
      cause: `${state.slice(0, 2).join(" and ")} exchanged in the final state`,
      hint: `the state is (${state.join(", ")}), in this order`,
      setup: { ...setup, close: ([first, second, ...others]) => [second!, first!, ...others] },
    };
  }
}

/** Steps in another order, or one too early or too late. */
export function* timeMistakes(setup: Setup): Iterable<Mistake> {
  const { data } = setup.x;
  const [T, B, F] = [data.shape[0]!, data.shape[1]!, data.shape[2]!];
  const shifted = (x: Tensor, first: Tensor): Tensor => cat([first, slice(x, 0, 0, T - 1)]);
  const none = (x: Tensor): Tensor => zerosLike(slice(x, 0, 0, 1));
  if (setup.reversed.length === 1) {
    const hint = "the output of step t is h after the step, not before it";
    const first = slice(setup.start[0]!, 0, setup.weights.length - 1, setup.weights.length);
    const finish = (output: Tensor): Tensor => shifted(output, first);
    yield { cause: "off by one step: h_{t-1} is given out instead of h_t", hint, setup: { ...setup, finish } };
  }
  const late = { data: shifted(data, none(data)) };
  yield {
    cause: "off by one step: x_{t-1} is read instead of x_t",
    hint: "step t reads x_t",
    setup: { ...setup, x: late },
  };
  const backwards = { ...setup, x: { data: flip(data, 0) } };
  const timeHint = "the forward direction reads from the first step to the last";
  yield { cause: "the sequence is read from its end", hint: timeHint, setup: backwards };
  const turned = { ...backwards, finish: (output: Tensor) => flip(output, 0) };
  yield { cause: "the sequence is read from its end", hint: timeHint, setup: turned };
  if (T === 1 && B === 1) return;
  const axes = "without batchFirst the input is (T, B, F), with it (B, T, F); a state is (L·D, B, H) either way";
  if (T === B || setup.start.every((one) => isZero(one))) {
    const start = setup.start.map((one) => (T === B ? one : zerosOf(one, T)));
    const swappedAxes = { ...setup, start, x: { data: transpose(data, 0, 1) } };
    const finish = (output: Tensor): Tensor => transpose(output, 0, 1);
    yield { cause: "time and batch axes confused", hint: axes, setup: { ...swappedAxes, finish } };
    yield { cause: "time and batch axes confused", hint: axes, setup: swappedAxes };
  }
  const mixed = { ...setup, x: { data: reshape(transpose(data, 0, 1), [T, B, F]) } };
  const back = (output: Tensor): Tensor => transpose(reshape(output, [B, T, output.shape[2]!]), 0, 1);
  const hint = "view and reshape keep the order in memory; transpose(0, 1) exchanges the axes";
  yield {
    cause: "reshape instead of transpose between (B, T, F) and (T, B, F)",
    hint,
    setup: { ...mixed, finish: back },
  };
  yield { cause: "reshape instead of transpose between (B, T, F) and (T, B, F)", hint, setup: mixed };
}

const zerosOf = (state: Tensor, B: number): Tensor =>
  zerosLike(
    cat(
      Array.from({ length: B }, () => slice(state, 1, 0, 1)),
      1,
    ),
  );

/** Layers and directions that are mixed up. */
export function* stackMistakes(setup: Setup): Iterable<Mistake> {
  const { weights } = setup;
  const D = setup.reversed.length;
  const fitting = (own: ScanWeights, other: ScanWeights): ScanWeights =>
    sameDims(own.weightIh.shape, other.weightIh.shape) ? other : { ...other, weightIh: own.weightIh };
  if (weights.length > D) {
    const hint = "each layer has weights of its own: weight_ih_l0, weight_ih_l1, ...";
    const first = withWeights(setup, (own, index) => fitting(own, weights[index % D]!));
    yield { cause: "layer 0's weights used in every layer", hint, setup: first };
    const start = setup.start.map((one) => cat(weights.map((_, index) => slice(one, 0, index % D, (index % D) + 1))));
    yield {
      cause: "every layer starts from layer 0's state",
      hint: "the rows of a state are layer by layer, forward before reverse",
      setup: { ...setup, start },
    };
  }
  if (D === 1) return;
  const flipped = (outputs: readonly Tensor[]): readonly Tensor[] => outputs.map((x, d) => (d === 1 ? flip(x, 0) : x));
  yield {
    cause: "the reverse direction reads from the start",
    hint: "the reverse direction reads x_{T-1} first",
    setup: { ...setup, reversed: setup.reversed.map(() => false) },
  };
  yield {
    cause: "the outputs of the reverse direction are not flipped back",
    hint: "output[t] holds what both directions know at time t",
    setup: { ...setup, join: (outputs) => setup.join(flipped(outputs)) },
  };
  yield {
    cause: "the forward direction's weights used in the reverse direction",
    hint: "the reverse direction has weights of its own: weight_ih_l0_reverse, ...",
    setup: withWeights(setup, (_, index) => weights[index - (index % D)]!),
  };
  yield {
    cause: "the directions are joined in the wrong order",
    hint: "the output is forward, then reverse, along the last dimension",
    setup: { ...setup, join: (outputs) => setup.join(outputs.toReversed()) },
  };
  yield {
    cause: "the final state of the reverse direction is taken at the last time",
    hint: "the reverse direction ends at time 0",
    setup: { ...setup, close: (states, output) => [lastTime(states[0]!, output, D), ...states.slice(1)] },
  };
}

/** The final state of the last layer as it would be if every direction ended at the last time. */
function lastTime(state: Tensor, output: Tensor, D: number): Tensor {
  const [rows, T] = [state.shape[0]!, output.shape[0]!];
  const P = output.shape[2]! / D;
  const end = slice(output, 0, T - 1, T);
  return cat([slice(state, 0, 0, rows - D), ...Array.from({ length: D }, (_, d) => slice(end, 2, d * P, (d + 1) * P))]);
}

function isZero(x: Tensor): boolean {
  return elements(x.value).every((one) => one === 0);
}
