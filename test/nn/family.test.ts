import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";
import { expectResults, type Golden } from "./compare.ts";

type Special = "nan" | "inf" | "-inf";

interface LayerCase extends Golden {
  readonly kind: "RNN" | "LSTM" | "GRU";
  readonly options: {
    readonly num_layers?: number;
    readonly batch_first?: boolean;
    readonly proj_size?: number;
    readonly bias?: boolean;
    readonly dropout?: number;
    readonly bidirectional?: boolean;
    readonly nonlinearity?: "tanh" | "relu";
  };
  readonly batched: boolean;
  readonly state: boolean;
  readonly packing: "sorted" | "unsorted" | "lengths" | null;
  readonly lengths: readonly number[];
  readonly special: Special | null;
  readonly text: string;
}

interface CellCase extends Golden {
  readonly kind: "LSTMCell" | "GRUCell";
  readonly bias: boolean;
  readonly batched: boolean;
  readonly state: boolean;
  readonly special: Special | null;
  readonly text: string;
}

const golden = JSON.parse(readFileSync(`${import.meta.dirname}/../golden/family.json`, "utf8")) as {
  seed: number;
  layers: LayerCase[];
  cells: CellCase[];
};

const [T, B, F, H] = [4, 3, 2, 3];
const SPECIALS = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY };

type States = Tensor | readonly Tensor[];
/** Any layer, as all of them are called here. */
type Layer = nn.Recurrent<States>;

/** The state as layers take it: nothing, a tensor, or a pair. */
const together = (states: readonly Tensor[]): States | undefined => (states.length > 1 ? states : states[0]);
const apart = (states: States): readonly Tensor[] => (states instanceof torch.Tensor ? [states] : states);

function madeSpecial(x: Tensor, special: Special | null): Tensor {
  if (special) x.view(-1).set(3, SPECIALS[special]);
  return x;
}

function layerOf({ kind, options }: LayerCase): Layer {
  const { num_layers: numLayers, batch_first: batchFirst, proj_size: projSize, ...same } = options;
  const given = { ...same, ...(numLayers && { numLayers }), ...(batchFirst && { batchFirst }) };
  const layer =
    kind === "LSTM" ? new nn.LSTM(F, H, { ...given, ...(projSize && { projSize }) }) : new nn[kind](F, H, given);
  return layer as unknown as Layer;
}

/** The runs of a case in both precisions, as test/golden/family.py makes them. */
function layerRun(one: LayerCase): { module: nn.Module; run: (dtype: torch.DType) => Record<string, Tensor> } {
  const { batched, packing, lengths } = one;
  torch.manualSeed(golden.seed);
  const layer = layerOf(one);
  const { batchFirst } = layer;
  const [D, P] = [layer.bidirectional ? 2 : 1, layer.projSize || H];
  const lead = batched ? (batchFirst ? [B, T] : [T, B]) : [T];
  const rows = [D * layer.numLayers, ...(batched ? [B] : [])];
  const sizes = one.kind === "LSTM" ? { h: P, c: H } : { h: P };
  const names = Object.keys(sizes);
  const randomStates = (): Tensor[] => Object.values(sizes).map((size) => torch.randn([...rows, size]));
  const x = madeSpecial(torch.randn([...lead, F]), one.special);
  const start = one.state ? randomStates() : [];
  const packed = packing === "sorted" || packing === "unsorted";
  const towards = torch.randn([...(packed ? [lengths.reduce((a, b) => a + b)] : lead), D * P]);
  const towardsStates = randomStates();
  const generator = torch.getRngState();
  const run = (dtype: torch.DType): Record<string, Tensor> => {
    torch.setRngState(generator);
    layer.to(dtype).zeroGrad();
    const [dx, ...state] = [x, ...start].map((input) => input.detach().to(dtype).requiresGrad_()) as [Tensor];
    const forward = (): readonly [Tensor, States] => {
      if (packing === "lengths") return layer.forward(dx, together(state), { lengths });
      if (!packed) return layer.forward(dx, together(state));
      const how = { batchFirst, enforceSorted: packing === "sorted" };
      const [output, end] = layer.forward(nn.utils.packPaddedSequence(dx, lengths, how), together(state));
      return [output.data, end];
    };
    const [output, end] = forward();
    const ends = apart(end);
    ends
      .map((value, i) => value.mul(towardsStates[i]!).sum())
      .reduce((a, b) => a.add(b), output.mul(towards).sum())
      .backward();
    return { output, ...named(names, ends), ...gradients(layer, { x: dx, ...zeroth(names, state) }) };
  };
  return { module: layer, run };
}

function cellRun(one: CellCase): { module: nn.Module; run: (dtype: torch.DType) => Record<string, Tensor> } {
  torch.manualSeed(golden.seed);
  const cell = new nn[one.kind](F, H, { bias: one.bias });
  const lead = one.batched ? [2] : [];
  const names = one.kind === "LSTMCell" ? ["h", "c"] : ["h"];
  const x = madeSpecial(torch.randn([...lead, F]), one.special);
  const start = one.state ? names.map(() => torch.randn([...lead, H])) : [];
  const run = (dtype: torch.DType): Record<string, Tensor> => {
    cell.to(dtype).zeroGrad();
    const [dx, ...state] = [x, ...start].map((input) => input.detach().to(dtype).requiresGrad_()) as [Tensor];
    const ends = apart(cell.forward(dx, together(state) as Tensor & [Tensor, Tensor]));
    ends
      .map((value) => value.square().sum())
      .reduce((a, b) => a.add(b))
      .backward();
    return { ...named(names, ends), ...gradients(cell, { x: dx, ...zeroth(names, state) }) };
  };
  return { module: cell, run };
}

const named = (names: readonly string[], states: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(states.map((state, i) => [`${names[i]}n`, state]));
const zeroth = (names: readonly string[], states: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(states.map((state, i) => [`${names[i]}0`, state]));

function gradients(module: nn.Module, inputs: Record<string, Tensor>): Record<string, Tensor> {
  const leaves = [...Object.entries(inputs), ...module.namedParameters()];
  return Object.fromEntries(leaves.map(([name, leaf]) => [`d${name}`, leaf.grad!]));
}

const title = ({ text, ...one }: LayerCase | CellCase): string => {
  const { float32: _, float64: __, kind: ___, ...rest } = one;
  return `${text} ${JSON.stringify(rest)}`;
};

describe("a layer gives torch's outputs, states, gradients and names", () => {
  it.each(golden.layers.map((one) => [title(one), one] as const))("%s", (_, one) => {
    const { module, run } = layerRun(one);
    expect(String(module)).toBe(one.text);
    expectResults(run(torch.float32), one, "float32");
    expectResults(run(torch.float64), one, "float64");
  });
});

describe("a cell gives torch's states, gradients and names", () => {
  it.each(golden.cells.map((one) => [title(one), one] as const))("%s", (_, one) => {
    const { module, run } = cellRun(one);
    expect(String(module)).toBe(one.text);
    expectResults(run(torch.float32), one, "float32");
    expectResults(run(torch.float64), one, "float64");
  });
});
