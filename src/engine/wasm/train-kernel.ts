/**
 * A cell's page as two kernels, forwards and backwards. The backward one is the page read by the reverse reader over SIMD
 * lanes; what it asks for and cannot compute itself (results of activations, states before the step, halves of gates that
 * were factors) are the values that the forward one saves, each H floats of a row:
 *
 *     forward     s = page(x, r, s);  out = s.h;  saved = the state before, and what backward asks for
 *     backward    x', r', s' = the gradients of x, r and s from those of the new s
 */
import {
  type Algebra,
  type Cell,
  type DifferentiableAlgebra,
  type Named,
  recurrentGates,
  vectors,
} from "../../cells/cell.ts";
import { reverse } from "../../cells/reverse.ts";
import { type Code, define, type FunctionCode, type Local, repeatWhile } from "./assembler.ts";
import type { InstructionSet } from "./instruction-set.ts";
import { f32x4, i32, v128 } from "./instructions.ts";
import { type Lane, Lanes } from "./lanes.ts";
import { once, onDemand, type Wanted } from "./on-demand.ts";

/** The kernels of a cell as JavaScript calls them: sizes, then addresses and strides in bytes. */
export interface TrainKernels {
  /** `rows` rows of one step. Rows of outputs, states and saved values are `stride` wide, a state `size` bytes. */
  forward(
    rows: number,
    H: number,
    x: number,
    xStride: number,
    r: number,
    rStride: number,
    out: number,
    states: number,
    stride: number,
    size: number,
    saved: number,
    savedStride: number,
    v: number,
  ): void;
  /**
   * `rows` rows of one step. The gradient of the output is late + ((state + link) + zero), that of another state
   * state + zero, where `states` holds what the next step's page gave, `link` what its product gave, and `zeros` four
   * zeros for each state, whose sign says whether adding them changes anything. `arrived` is the first term of the sum at
   * the output before the step. The vectors lie at `v`, one behind the other; their gradients go to `own`.
   */
  backward(
    rows: number,
    stride: number,
    H: number,
    late: number,
    lateStride: number,
    zeros: number,
    link: number,
    linkStride: number,
    arrived: number,
    arrivedStride: number,
    states: number,
    size: number,
    saved: number,
    savedStride: number,
    x: number,
    xStride: number,
    r: number,
    rStride: number,
    v: number,
    own: number,
    ownStride: number,
  ): void;
}

/** The kernels of a cell, and what their caller has to know. */
export interface TrainCode {
  readonly functions: readonly FunctionCode[];
  /** How many values are saved for each unit; the first is the output before the step. */
  readonly saved: number;
  /** Whether x and r have different gradients. */
  readonly halved: boolean;
}

/** What a page is made from, as the forward kernel finds it: `x i`, `state c`, `activation 3`. */
type Source = string;

/**
 * Reads a cell's page both ways; undefined if a gradient that is absent could not be told from zero: a state that no
 * output depends on within the step, or one that the next step forgets.
 */
export function trainKernels(cell: Cell, set: InstructionSet): TrainCode | undefined {
  if (!isEntangled(cell)) return undefined;
  const slots = new Map<Source, number>([[`state ${cell.state[0]}`, 0]]);
  const { code, halved } = backwardKernel(cell, slots, set);
  return { functions: [forwardKernel(cell, slots, set), code], saved: slots.size, halved };
}

/** Whether the gradient of the output alone reaches every state, after the step and before it. */
function isEntangled(cell: Cell): boolean {
  const named = (names: readonly string[]): Named<string, true> =>
    Object.fromEntries(names.map((name) => [name, true]));
  const [output, ...others] = cell.state;
  const inputs = [named(cell.gates), named(recurrentGates(cell)), named(cell.state)] as const;
  const grads: Partial<Named<string, true>> = { [output!]: true };
  const own = named(vectors(cell));
  const { state, next, vectors: toVectors } = reverse<true>(cell, presence, ...inputs, grads, own);
  const isLinked = recurrentGates(cell).length > 0 || state[output!] !== undefined;
  return (
    isLinked && vectors(cell).every((name) => toVectors[name]) && others.every((name) => state[name] && next[name])
  );
}

/** The arithmetic that knows of each value only that it is there. */
const present = (): true => true;
const presence: DifferentiableAlgebra<true> = {
  add: present,
  sub: present,
  mul: present,
  neg: present,
  sigmoid: present,
  tanh: present,
  relu: present,
  sigmoidGrad: present,
  tanhGrad: present,
  reluGrad: present,
};

function forwardKernel(cell: Cell, slots: ReadonlyMap<Source, number>, set: InstructionSet): FunctionCode {
  const { gates, state } = cell;
  return define(
    "forward",
    13,
    (scope, rows, H, x, xStride, r, rStride, out, states, stride, size, saved, savedStride, v) => {
      const [unit, width] = [scope.local("i32"), scope.local("i32")];
      const lanes = new Lanes(scope, set);
      const found = new Map<Source, Lane>();
      const load = (kind: string, names: readonly string[], row: Local<"i32">, distance: Local<"i32">) =>
        Object.fromEntries(
          names.map((name, i) => {
            const lane = lanes.keep(v128.load(place(row, unit, distance, i)));
            found.set(`${kind} ${name}`, lane);
            return [name, lane];
          }),
        );
      const inputs = [
        load("x", gates, x, width),
        load("r", recurrentGates(cell), r, width),
        load("state", state, states, size),
        load("v", vectors(cell), v, width),
      ] as const;
      const computed = cell.step<Lane>(noting(lanes, found), ...inputs);
      return [
        lanes.constants(),
        width.set(i32.shl(H, i32.const(2))),
        repeatWhile(
          rows,
          unit.set(i32.const(0)),
          repeatWhile(
            i32.ltU(unit, width),
            lanes.take(),
            ...Array.from(slots, ([source, slot]) => v128.store(place(saved, unit, stride, slot), found.get(source)!)),
            ...state.map((name, i) => v128.store(place(states, unit, size, i), computed[name]!)),
            v128.store(i32.add(out, unit), computed[state[0]!]!),
            unit.set(i32.add(unit, i32.const(16))),
          ),
          ...[
            [x, xStride],
            [r, rStride],
            [out, stride],
            [states, stride],
            [saved, savedStride],
          ].map(([local, by]) => local!.set(i32.add(local!, by!))),
          rows.set(i32.sub(rows, i32.const(1))),
        ),
      ];
    },
  );
}

/** The arithmetic of lanes, with a note of each activation. */
function noting(lanes: Lanes, found: Map<Source, Lane>): Algebra<Lane> {
  let activations = 0;
  const note = (lane: Lane): Lane => {
    found.set(`activation ${activations}`, lane);
    activations += 1;
    return lane;
  };
  return {
    add: (a, b) => lanes.add(a, b),
    sub: (a, b) => lanes.sub(a, b),
    mul: (a, b) => lanes.mul(a, b),
    sigmoid: (a) => note(lanes.sigmoid(a)),
    tanh: (a) => note(lanes.tanh(a)),
    relu: (a) => note(lanes.relu(a)),
  };
}

/** The kernel, and in `slots` a place for every value that it loads. */
function backwardKernel(
  cell: Cell,
  slots: Map<Source, number>,
  set: InstructionSet,
): { code: FunctionCode; halved: boolean } {
  const { gates, state } = cell;
  const recurrent = recurrentGates(cell);
  let halved = false;
  const code = define(
    "backward",
    21,
    (
      scope,
      rows,
      stride,
      H,
      late,
      lateStride,
      zeros,
      link,
      linkStride,
      arrived,
      arrivedStride,
      states,
      size,
      saved,
      savedStride,
      x,
      xStride,
      r,
      rStride,
      v,
      own,
      ownStride,
    ) => {
      const [unit, width] = [scope.local("i32"), scope.local("i32")];
      const lanes = new Lanes(scope, set);
      const source = (name: Source): Wanted =>
        once(() => {
          if (!slots.has(name)) slots.set(name, slots.size);
          return lanes.keep(v128.load(place(saved, unit, stride, slots.get(name)!)));
        });
      const named = (names: readonly string[], value: (name: string, i: number) => Wanted): Named<string, Wanted> =>
        Object.fromEntries(names.map((name, i) => [name, value(name, i)]));
      const gradients = named(state, (_, i) =>
        once(() => {
          const own = lanes.keep(v128.load(place(states, unit, size, i)));
          const zero = lanes.keep(v128.load(zeros, 16 * i));
          if (i > 0) return lanes.add(own, zero);
          const linked = lanes.add(own, lanes.keep(v128.load(i32.add(link, unit))));
          return lanes.add(lanes.keep(v128.load(i32.add(late, unit))), lanes.add(linked, zero));
        }),
      );
      const before = { [state[0]!]: once(() => lanes.keep(v128.load(i32.add(arrived, unit)))) };
      const result = reverse<Wanted>(
        cell,
        onDemand(lanes, (n) => source(`activation ${n}`)),
        named(gates, (gate) => source(`x ${gate}`)),
        named(recurrent, (gate) => source(`r ${gate}`)),
        named(state, (name) => source(`state ${name}`)),
        gradients,
        named(vectors(cell), (_, i) => once(() => lanes.keep(v128.load(place(v, unit, width, i))))),
        before,
      );
      halved = gates.some((gate) => result.x[gate] !== result.r[gate]);
      const halves = [
        [x, gates, result.x] as const,
        ...(halved ? [[r, recurrent, result.r] as const] : []),
        [own, vectors(cell), result.vectors] as const,
      ];
      const nothing = f32x4.const(0);
      const given = halves.map(([to, names, grads]) => [to, names.map((name) => grads[name]?.() ?? nothing)] as const);
      const kept = state.map((name) => result.state[name]!());
      return [
        lanes.constants(),
        width.set(i32.shl(H, i32.const(2))),
        repeatWhile(
          rows,
          // From the last units to the first: where four are stored and fewer are left, what lies behind is stored later.
          unit.set(stride),
          repeatWhile(
            unit,
            unit.set(i32.sub(unit, i32.const(16))),
            lanes.take(),
            ...given.flatMap(([to, values]) => values.map((value, i) => v128.store(place(to, unit, width, i), value))),
            ...kept.map((value, i) => v128.store(place(states, unit, size, i), value)),
          ),
          ...[
            [late, lateStride],
            [link, linkStride],
            [arrived, arrivedStride],
            [states, stride],
            [saved, savedStride],
            [x, xStride],
            [r, rStride],
            [own, ownStride],
          ].map(([local, by]) => local!.set(i32.add(local!, by!))),
          rows.set(i32.sub(rows, i32.const(1))),
        ),
      ];
    },
  );
  return { code, halved };
}

/** The address of the current units in the i-th of several things that lie `distance` apart. */
function place(row: Local<"i32">, unit: Local<"i32">, distance: Local<"i32">, i: number): Code<"i32"> {
  return i32.add(i32.add(row, unit), i32.mul(distance, i32.const(i)));
}
