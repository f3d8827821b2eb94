/** Mistakes with what is carried from step to step: not handed on, not the right one, or not at the start. */
import type { Cell } from "../cells/cell.ts";
import type { Mistake } from "./mistake.ts";
import { operations } from "./operations.ts";
import type { Carry, Network, Vector, Vectors } from "./replay.ts";

/** The state is not handed on, or not the right one. */
export function stateMistakes({ cell, start, weights }: Network): readonly Mistake[] {
  const { state } = cell;
  const started = start.some((side) => side.some((one) => Object.values(one).some((v) => !isZero(v))));
  const groups = state.length > 1 ? [state, ...state.map((name) => [name])] : [state];
  const nameOf = (names: readonly string[]): string => (names === state ? "state" : names.join());
  const projected = weights[0]!.weightHr !== undefined;
  return [
    ...(started ? groups.map((names) => ignored(nameOf(names), names)) : []),
    ...groups.flatMap((names) => notCarried(nameOf(names), names, started)),
    ...(started ? [nothingCarried()] : []),
    ...(state.length > 1 && !projected ? exchanged(state) : []),
    ...otherCarried(cell),
    ...otherGiven(cell),
  ];
}

const isZero = (v: Vector): boolean => v.every((one) => one === 0);
const zero = (v: Vector): Vector => new Float64Array(v.length);
const onNames = (state: Vectors, names: readonly string[], f: (name: string) => Vector): Vectors => ({
  ...state,
  ...Object.fromEntries(names.map((name) => [name, f(name)])),
});

function ignored(which: string, names: readonly string[]): Mistake {
  return {
    cause: `initial ${which} ignored`,
    hint: "the first step starts from the state that is given",
    make: (network, where) => ({
      ...network,
      start: network.start.map((side, index) =>
        where(index) ? side.map((one) => onNames(one, names, (name) => zero(one[name]!))) : side,
      ),
    }),
  };
}

function carrying(cause: string, hint: string, hand: Carry["hand"], last = false): Mistake {
  const make: Mistake["make"] = (network, where) => {
    return { ...network, carries: [...network.carries, { where, hand, last }] };
  };
  return { cause, hint, make };
}

function notCarried(which: string, names: readonly string[], started: boolean): Mistake[] {
  const hint = `each step starts from the ${names.join(" and ")} that the step before has computed`;
  const cause = `${which} not carried: every step starts from`;
  const zeros = carrying(`${cause} zeros`, hint, (state) => onNames(state, names, (name) => zero(state[name]!)));
  if (!started) return [zeros];
  const initial = carrying(`${cause} the initial state`, hint, (state, _, start) =>
    onNames(state, names, (name) => start[name]!),
  );
  return [zeros, initial];
}

function nothingCarried(): Mistake {
  const none = (state: Vectors): Vectors => onNames(state, Object.keys(state), (name) => zero(state[name]!));
  return {
    cause: "state not carried: every step, the first as well, starts from zeros",
    hint: "the first step starts from the state that is given, each other from what the step before has computed",
    make: (network, where) => ({
      ...network,
      start: network.start.map((side, index) => (where(index) ? side.map(none) : side)),
      carries: [...network.carries, { where, hand: none }],
    }),
  };
}

/** The first two parts of a state in each other's place. */
function exchanged(state: readonly string[]): Mistake[] {
  const [a, b] = state as [string, string];
  const both = `${a} and ${b} exchanged`;
  const hint = `the state is (${state.join(", ")}), in this order`;
  const turned = (one: Vectors): Vectors => ({ ...one, [a]: one[b]!, [b]: one[a]! });
  return [
    {
      cause: `${both} in the initial state`,
      hint,
      make: (network, where) => ({
        ...network,
        start: network.start.map((side, index) => (where(index) ? side.map(turned) : side)),
      }),
    },
    {
      cause: `${both} in the final state`,
      hint,
      make: (network) => ({
        ...network,
        close: (ends, outputs) => network.close(ends, outputs).map((side) => side.map(turned)),
      }),
    },
    carrying(`${both} between steps`, hint, turned),
  ];
}

/** Another result of the step is handed on in place of a state. */
function otherCarried(cell: Cell): Mistake[] {
  const all = operations(cell);
  return cell.state.flatMap((state) => {
    const made = all.find(({ result }) => result.text === state);
    return Object.keys(cell.equations)
      .filter((name) => name !== state)
      .flatMap((name) => {
        const before = made?.args[0]?.text === name && made.args.length === 1;
        const cause = before
          ? `${state} carried before ${made.kind}: ${name} is handed on instead of ${made.kind}(${name})`
          : `${name} carried in place of ${state}`;
        const hint = `each step starts from the ${state} that the step before has computed, ${state} = ${cell.equations[state]}`;
        const hand: Carry["hand"] = (now, next) =>
          now[state]!.length === next[name]!.length ? { ...now, [state]: next[name]! } : now;
        return [carrying(cause, hint, hand), carrying(cause, hint, hand, true)];
      });
  });
}

/** Another result of the step is given out in place of h. */
function otherGiven(cell: Cell): Mistake[] {
  const [h] = cell.state;
  return Object.keys(cell.equations)
    .filter((name) => name !== h)
    .map((name) => ({
      cause: `${name} given out in place of ${h}`,
      hint: `the output of a step is ${h} = ${cell.equations[h!]}`,
      make: (network, where) => ({ ...network, gives: [...network.gives, { where, name }] }),
    }));
}
