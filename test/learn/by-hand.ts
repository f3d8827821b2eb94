/**
 * Recurrent networks as a learner would write them, in plain numbers and with the mistakes that `bug` names. Shares
 * nothing with the library but the weights.
 */
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";

type Vector = number[];
type State = { h: Vector; c: Vector };
export type Kind = "RNN" | "relu RNN" | "LSTM" | "GRU";
export type AnyLayer = nn.Recurrent<Tensor | readonly Tensor[]>;

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const relu = (v: number): number => Math.max(v, 0);
const clip = (v: number): number => Math.min(Math.max(v, 0), 1);
const dot = (row: Vector, v: Vector): number => row.reduce((sum, w, k) => sum + w * v[k]!, 0);
const zero = (v: Vector): Vector => v.map(() => 0);

/** One side's weights; `ih(j)` is row j of W_ih·x, and so on. */
interface Side {
  wi: Vector[];
  wh: Vector[];
  bi: Vector;
  bh: Vector;
}

/** One step with the mistakes that `bug` names, parted by semicolons. */
function step(kind: Kind, side: Side, x: Vector, { h, c }: State, bug: string): State & { out?: Vector } {
  const H = h.length;
  const bugs = bug.split("; ");
  const is = (name: string): boolean => bugs.includes(name);
  let { wi, wh, bi, bh } = side;
  const turned = (w: Vector[]): Vector[] =>
    w[0]!.length === H ? w.map((row, i) => row.map((_, k) => w[i - (i % H) + k]![i % H]!)) : w;
  if (is("W_hh transposed")) wh = turned(wh);
  if (is("W_ih transposed")) wi = turned(wi);
  if (is("W_ih and W_hh swapped") && wi[0]!.length === H) [wi, wh] = [wh, wi];
  if (is("no b_ih")) bi = zero(bi);
  if (is("no b_hh")) bh = zero(bh);
  if (is("no biases")) [bi, bh] = [zero(bi), zero(bh)];
  if (is("b_ih twice")) bi = bi.map((v) => 2 * v);
  if (is("b_hh twice")) bh = bh.map((v) => 2 * v);
  if (is("b_hh is b_ih")) bh = bi;
  if (is("h scaled by sqrt H")) wh = wh.map((row) => row.map((v) => v / Math.sqrt(H)));
  const X = (row: number): number => dot(wi[row]!, x) + bi[row]!;
  const R = (row: number): number => dot(wh[row]!, h) + bh[row]!;
  const sig = is("hard sigmoid")
    ? (v: number) => clip(v / 6 + 0.5)
    : is("Keras hard sigmoid")
      ? (v: number) => clip(0.2 * v + 0.5)
      : sigmoid;
  const all = (f: (j: number) => number): Vector => h.map((_, j) => f(j));
  if (kind === "RNN" || kind === "relu RNN") {
    let phi = kind === "RNN" ? Math.tanh : relu;
    if (is("sigmoid for tanh")) phi = sigmoid;
    if (is("relu for tanh")) phi = relu;
    if (is("tanh for relu")) phi = Math.tanh;
    if (is("leaky relu")) phi = (v) => (v < 0 ? 0.01 * v : v);
    if (is("no function")) phi = (v) => v;
    const a = all((j) => X(j) + (is("b_hh subtracted") ? R(j) - 2 * bh[j]! : R(j)));
    const next = a.map(phi);
    if (is("carried before the function")) return { h: a, c, out: next };
    if (is("a given out")) return { h: next, c, out: a };
    return { h: next, c };
  }
  if (kind === "LSTM") {
    const order = /order ([ifgo]{4})/.exec(bug)?.[1] ?? "ifgo";
    const at = (gate: string, j: number): number => X(order.indexOf(gate) * H + j) + R(order.indexOf(gate) * H + j);
    const i = all((j) => (is("tanh on i") ? Math.tanh : sig)(at("i", j)));
    let f = all((j) => sig(at("f", j) + (is("forget bias 1") ? 1 : 0)));
    if (is("coupled")) f = i.map((v) => 1 - v);
    const squash = is("no tanh on g")
      ? (v: number) => v
      : is("sigmoid on g")
        ? sigmoid
        : is("relu on g")
          ? relu
          : Math.tanh;
    const g = all((j) => squash(at("g", j)));
    const o = all((j) => sig(at("o", j)));
    if (is("i and f swapped in c"))
      return lstmEnd(
        o,
        all((j) => i[j]! * c[j]! + f[j]! * g[j]!),
      );
    let next = all((j) => (is("no f") ? 1 : f[j]!) * c[j]! + (is("no i") ? 1 : i[j]!) * g[j]!);
    if (is("old c forgotten")) next = all((j) => i[j]! * g[j]!);
    const shown = is("old c shown") ? c : next;
    const out = all(
      (j) => o[j]! * (is("no tanh on c") ? shown[j]! : is("sigmoid on c") ? sigmoid(shown[j]!) : Math.tanh(shown[j]!)),
    );
    if (is("no o")) return { h: next.map(Math.tanh), c: next };
    if (is("c given out")) return { h: out, c: next, out: next };
    if (is("tanh c carried")) return { h: out, c: next.map(Math.tanh) };
    if (is("c is h")) return { h: out, c: out };
    return { h: out, c: next };
  }
  const order = /order ([rzn]{3})/.exec(bug)?.[1] ?? "rzn";
  const row = (gate: string, j: number): number => order.indexOf(gate) * H + j;
  const r = all((j) => sig(X(row("r", j)) + R(row("r", j))));
  let z = all((j) => (is("tanh on z") ? Math.tanh : sig)(X(row("z", j)) + R(row("z", j))));
  if (is("coupled")) z = r.map((v) => 1 - v);
  const n = all((j) => {
    const [k, inner] = [row("n", j), R(row("n", j))];
    const gated = h.map((v, m) => r[m]! * v);
    let sum = X(k) + r[j]! * inner;
    if (is("reset before")) sum = X(k) + dot(wh[k]!, gated) + bh[k]!;
    if (is("reset over all")) sum = r[j]! * (X(k) + inner);
    if (is("reset on the input")) sum = r[j]! * X(k) + inner;
    if (is("reset forgotten")) sum = X(k) + inner;
    if (is("b_hn outside")) sum = X(k) + r[j]! * dot(wh[k]!, h) + bh[k]!;
    if (is("no b_hn")) sum = X(k) + r[j]! * dot(wh[k]!, h);
    if (is("z for r")) sum = X(k) + z[j]! * inner;
    return is("no tanh on n") ? sum : is("sigmoid on n") ? sigmoid(sum) : is("relu on n") ? relu(sum) : Math.tanh(sum);
  });
  const mixed = all((j) => {
    if (is("z and 1-z")) return z[j]! * n[j]! + (1 - z[j]!) * h[j]!;
    if (is("no z h")) return (1 - z[j]!) * n[j]!;
    if (is("no 1-z")) return n[j]! + z[j]! * h[j]!;
    return (1 - z[j]!) * n[j]! + z[j]! * h[j]!;
  });
  if (is("n carried")) return { h: n, c, out: mixed };
  if (is("n given out")) return { h: mixed, c, out: n };
  return { h: mixed, c };
}

const lstmEnd = (o: Vector, c: Vector): State => ({ h: c.map((v, j) => o[j]! * Math.tanh(v)), c });

/** All sequences through all layers, [b][t] to outputs and states [side][b]. */
function run(kind: Kind, layer: AnyLayer, xs: Vector[][], starts: State[][], bug: string) {
  const D = layer.bidirectional ? 2 : 1;
  const L = layer.numLayers;
  const list = (name: string): never => (layer as unknown as Record<string, Tensor>)[name]!.tolist() as never;
  const sides = Array.from({ length: L * D }, (_, k): Side => {
    const l = bug === "one layer's weights" && Math.floor(k / D) > 0 ? 0 : Math.floor(k / D);
    const end = `l${l}${k % D === 1 && bug !== "forward weights twice" ? "_reverse" : ""}`;
    const own = `l${Math.floor(k / D)}${k % D === 1 ? "_reverse" : ""}`;
    const wi = list(`weight_ih_${end}`) as Vector[];
    const fits = wi[0]!.length === (list(`weight_ih_${own}`) as Vector[])[0]!.length;
    return {
      wi: fits ? wi : list(`weight_ih_${own}`),
      wh: list(`weight_hh_${end}`),
      bi: list(`bias_ih_${end}`),
      bh: list(`bias_hh_${end}`),
    };
  });
  const ends: State[][] = sides.map(() => []);
  const outputs = xs.map((sequence, b) => {
    let input = sequence;
    for (let l = 0; l < L; l += 1) {
      const parts = Array.from({ length: D }, (_, d) => {
        const k = l * D + d;
        let start = starts[k]![b]!;
        if (bug === "initial state ignored") start = { h: zero(start.h), c: zero(start.c) };
        if (bug === "layer starts where the one below ends" && l > 0) start = ends[k - D]![b]!;
        if (bug === "h and c swapped at the start") start = { h: start.c, c: start.h };
        let state = start;
        const order = [...input.keys()];
        const backwards = bug === "read from the end" ? d === 0 : d === 1 && bug !== "reverse reads from the start";
        if (backwards) order.reverse();
        const out: Vector[] = [];
        let end = state;
        for (const t of order) {
          const { out: shown, ...next } = step(kind, sides[k]!, input[t]!, state, bug);
          out[t] = bug === "old h given out" ? state.h : (shown ?? next.h);
          end = next;
          state = next;
          if (bug === "state not carried") state = { h: zero(next.h), c: zero(next.c) };
          if (bug === "start again") state = start;
          if (bug === "h not carried") state = { h: zero(next.h), c: next.c };
          if (bug.includes("c not carried")) state = { h: next.h, c: zero(next.c) };
        }
        ends[k]!.push(end);
        return d === 1 && bug === "not flipped back" ? out.reverse() : out;
      });
      if (bug === "directions swapped") parts.reverse();
      const output = input.map((_, t) => parts.flatMap((part) => part[t]!));
      const read = input;
      input = output;
      if (bug === "residual" && read[0]!.length === output[0]!.length)
        input = output.map((v, t) => v.map((u, j) => u + read[t]![j]!));
      if (bug === "layer reads x" && l < L - 1 && read[0]!.length === output[0]!.length) input = read;
    }
    return input;
  });
  return { outputs, ends };
}

/** A hand-written network on the weights of a layer, in the layer's shapes. */
export function byHand(kind: Kind, layer: AnyLayer, bug: string) {
  return (given: Tensor, state?: Tensor | readonly Tensor[]): [Tensor, Tensor | readonly Tensor[]] => {
    const x = (given as Tensor).tolist() as Vector[][];
    const xs = layer.batchFirst ? x : x[0]!.map((_, b) => x.map((step) => step[b]!));
    const sides = layer.numLayers * (layer.bidirectional ? 2 : 1);
    const [h, c] = state ? ([state].flat() as Tensor[]).map((one) => one.tolist() as Vector[][]) : [];
    const none = new Array<number>(layer.hiddenSize).fill(0);
    const starts = Array.from({ length: sides }, (_, k) =>
      xs.map((_, b): State => ({ h: h?.[k]?.[b] ?? none, c: c?.[k]?.[b] ?? none })),
    );
    const { outputs, ends } = run(kind, layer, xs, starts, bug);
    const { dtype } = layer.weight_ih_l0;
    const stacked = torch.tensor(outputs, { dtype });
    const finals = (name: "h" | "c"): Tensor =>
      torch.tensor(
        ends.map((side) => side.map((one) => one[name])),
        { dtype },
      );
    return [
      layer.batchFirst ? stacked : stacked.transpose(0, 1),
      kind === "LSTM" ? [finals("h"), finals("c")] : finals("h"),
    ];
  };
}

/** The same over packed sequences: each sequence has its own length; the output comes back packed. */
export function packedByHand(kind: Kind, layer: AnyLayer, bug: string) {
  return (given: nn.utils.PackedSequence): nn.utils.PackedSequence => {
    const sequences = nn.utils.unpackSequence(given).map((one) => one.tolist() as Vector[]);
    const none = new Array<number>(layer.hiddenSize).fill(0);
    const starts = Array.from({ length: layer.numLayers * (layer.bidirectional ? 2 : 1) }, () =>
      sequences.map((): State => ({ h: none, c: none })),
    );
    const longest = Math.max(...sequences.map(({ length }) => length));
    const blank = sequences[0]![0]!.map(() => 0);
    const read = sequences.map((one) =>
      bug === "padding read" ? Array.from({ length: longest }, (_, t) => one[t] ?? blank) : one,
    );
    const { outputs } = run(kind, layer, read, starts, bug);
    const own = outputs.map((one, b) => torch.tensor(one.slice(0, sequences[b]!.length)));
    return nn.utils.packSequence(own, { enforceSorted: false });
  };
}
