/**
 * A stack of recurrent layers once more, in plain float64 numbers and one sequence after the other: slow for much, fast for
 * little, and every habit of it may be replaced. A diagnosis replays the network hundreds of times, each time with another
 * mistake, and looks for the one that gives what was given.
 */
import { type Algebra, type Cell, recurrentGates } from "../cells/cell.ts";

/** The numbers of all units. */
export type Vector = Float64Array;
/** The rows of a weight. */
export type Matrix = readonly Vector[];
/** One vector for each time. */
export type Sequence = readonly Vector[];
/** One vector for each name. */
export type Vectors = Readonly<Record<string, Vector>>;

/** The weights of one layer in one direction. */
export interface SideNumbers {
  readonly weightIh: Matrix;
  readonly weightHh: Matrix;
  readonly biasIh?: Vector | undefined;
  readonly biasHh?: Vector | undefined;
  readonly weightHr?: Matrix | undefined;
  /** The vectors of the page. */
  readonly v: Vectors;
}

/** Which layers and directions, by their place among all weights. */
export type Where = (index: number) => boolean;

/** What an operation of the page has at hand: its operands, the halves, the state, and the results so far. */
export interface Moment {
  readonly args: readonly Vector[];
  readonly results: readonly Vector[];
  readonly x: Vectors;
  readonly r: Vectors;
  readonly s: Vectors;
  readonly v: Vectors;
  readonly cell: Cell;
  readonly weights: SideNumbers;
}

/** Another reading of the operation number `at` of the page. */
export interface Edit {
  readonly at: number;
  readonly where: Where;
  readonly read: (moment: Moment) => Vector;
}

/** What becomes of the state between two steps: `next` is all that the step has computed, h as it is handed on. */
export interface Carry {
  readonly where: Where;
  readonly hand: (state: Vectors, next: Vectors, start: Vectors) => Vectors;
  /** Whether what is handed on after the last step is given out as the final state, too. */
  readonly last?: boolean;
}

/** States: for each side and each sequence. */
export type States = readonly (readonly Vectors[])[];

/** All that a replay depends on. L layers of D directions. */
export interface Network {
  readonly cell: Cell;
  readonly D: number;
  readonly weights: readonly SideNumbers[];
  readonly x: readonly Sequence[];
  readonly start: States;
  readonly edits: readonly Edit[];
  readonly carries: readonly Carry[];
  /** What a side gives out at each step instead of h, by name. */
  readonly gives: readonly { readonly where: Where; readonly name: string }[];
  /** For each direction, whether it reads from the end. */
  readonly reversed: readonly boolean[];
  /** Where a side starts, given where the sides before it have ended. */
  readonly begin: (start: Vectors, index: number, ends: readonly Vectors[]) => Vectors;
  /** Joins what the directions gave; `input` is what the layer read. */
  readonly join: (sides: readonly Sequence[], input: Sequence, layer: number) => Sequence;
  /** What the layer above reads; `start` is where the first direction of the layer below started. */
  readonly feed: (output: Sequence, input: Sequence, start: Vectors) => Sequence;
  /** What becomes of the last layer's outputs. */
  readonly finish: (outputs: readonly Sequence[]) => readonly Sequence[];
  /** What becomes of the states after the last step. */
  readonly close: (ends: States, outputs: readonly Sequence[]) => States;
}

/** What a replay gives: for each sequence its outputs, for each side and sequence its last state. */
export interface Replay {
  readonly outputs: readonly Sequence[];
  readonly ends: States;
}

/** The operations of a page on vectors. */
export const vectors: Algebra<Vector> = {
  add: (a, b) => a.map((v, i) => v + b[i]!),
  sub: (a, b) => a.map((v, i) => v - b[i]!),
  mul: (a, b) => a.map((v, i) => v * b[i]!),
  sigmoid: (a) => a.map((v) => 1 / (1 + Math.exp(-v))),
  tanh: (a) => a.map(Math.tanh),
  relu: (a) => a.map((v) => (v <= 0 ? 0 : v)),
};

/** W·v + b */
export function product(weight: Matrix, v: Vector, bias?: Vector): Vector {
  const out = new Float64Array(weight.length);
  for (let row = 0; row < out.length; row += 1) {
    const own = weight[row]!;
    let sum = 0;
    for (let k = 0; k < own.length; k += 1) sum += own[k]! * v[k]!;
    out[row] = sum + (bias ? bias[row]! : 0);
  }
  return out;
}

/** Vectors one after the other. */
export function joined(parts: readonly Vector[]): Vector {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** Runs a network. */
export function replay(network: Network): Replay {
  const { weights, D, x } = network;
  const ends = weights.map((): Vectors[] => []);
  const outputs = network.finish(
    x.map((sequence, b) => {
      const finals: Vectors[] = [];
      let input = sequence;
      for (let first = 0; first < weights.length; first += D) {
        const sides = network.reversed.map((reverse, d) => {
          const index = first + d;
          const start = network.begin(network.start[index]![b]!, index, finals);
          const side = runSide(network, index, input, start, reverse);
          finals.push(side.end);
          return side.outputs;
        });
        const output = network.join(sides, input, first / D);
        const below = network.start[first]![b]!;
        input = first + D < weights.length ? network.feed(output, input, below) : output;
      }
      for (const [index, end] of finals.entries()) ends[index]!.push(end);
      return input;
    }),
  );
  return { outputs, ends: network.close(ends, outputs) };
}

function runSide(
  network: Network,
  index: number,
  input: Sequence,
  start: Vectors,
  reverse: boolean,
): { outputs: Sequence; end: Vectors } {
  const { cell } = network;
  const own = network.weights[index]!;
  const [h] = cell.state;
  const read = reader(network, index);
  const carries = network.carries.filter(({ where }) => where(index));
  const given = network.gives.findLast(({ where }) => where(index))?.name ?? h!;
  const outputs = new Array<Vector>(input.length);
  let state = start;
  let end = start;
  for (let step = 0; step < input.length; step += 1) {
    const t = reverse ? input.length - 1 - step : step;
    const x = byGate(cell.gates, product(own.weightIh, input[t]!, own.biasIh));
    const r = byGate(recurrentGates(cell), product(own.weightHh, state[h!]!, own.biasHh));
    const computed = read(x, r, state);
    const next = own.weightHr ? { ...computed, [h!]: product(own.weightHr, computed[h!]!) } : computed;
    const right: Vectors = Object.fromEntries(cell.state.map((name) => [name, next[name]!]));
    outputs[t] = next[given]!;
    state = carries.reduce((now, { hand }) => hand(now, next, start), right);
    end = carries.filter(({ last }) => last).reduce((now, { hand }) => hand(now, next, start), right);
  }
  return { outputs, end };
}

/** The page of a side, with its edits. */
function reader(network: Network, index: number): (x: Vectors, r: Vectors, s: Vectors) => Vectors {
  const { cell } = network;
  const weights = network.weights[index]!;
  const { v } = weights;
  const edits = new Map(network.edits.filter(({ where }) => where(index)).map(({ at, read }) => [at, read]));
  if (edits.size === 0) return (x, r, s) => cell.step(vectors, x, r, s, v);
  return (x, r, s) => {
    const results: Vector[] = [];
    const next = (kind: keyof Algebra<Vector>, ...args: Vector[]): Vector => {
      const edit = edits.get(results.length);
      const result = edit ? edit({ args, results, x, r, s, v, cell, weights }) : vectors[kind](args[0]!, args[1]!);
      results.push(result);
      return result;
    };
    const edited: Algebra<Vector> = {
      add: (a, b) => next("add", a, b),
      sub: (a, b) => next("sub", a, b),
      mul: (a, b) => next("mul", a, b),
      sigmoid: (a) => next("sigmoid", a),
      tanh: (a) => next("tanh", a),
      relu: (a) => next("relu", a),
    };
    return cell.step(edited, x, r, s, v);
  };
}

function byGate(gates: readonly string[], rows: Vector): Vectors {
  const H = rows.length / gates.length;
  return Object.fromEntries(gates.map((gate, k) => [gate, rows.subarray(k * H, (k + 1) * H)]));
}
