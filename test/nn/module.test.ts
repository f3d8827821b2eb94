import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";

const golden = JSON.parse(readFileSync(`${import.meta.dirname}/../golden/modules.json`, "utf8"));

/** The net of test/golden/modules.py. */
class Net extends nn.Module {
  scale = new nn.Parameter(torch.ones(2));
  emb = new nn.Embedding(10, 3);
  rnn = new nn.RNN(3, 4, { numLayers: 2, batchFirst: true, dropout: 0.1 });
  drop = new nn.Dropout(0.5);
  fc = new nn.Linear(4, 5, { bias: false });
  again = this.drop;
  same = this.rnn;
  tied = new nn.Linear(4, 5);
  layers = new nn.ModuleList<nn.Module>([
    new nn.RNNCell(2, 2, { bias: false }),
    new nn.RNNCell(2, 2, { bias: false }),
    new nn.ReLU(),
  ]);

  constructor() {
    super();
    this.tied.weight = this.fc.weight;
    this.registerBuffer("mean", torch.zeros(3));
    this.registerBuffer("scratch", torch.zeros(3), false);
  }
}

const rnn = () => new nn.RNN(1, 2);
const PRINTED: Record<string, () => nn.Module> = {
  plain: () => new nn.RNN(3, 4),
  all: () =>
    new nn.RNN(3, 4, {
      numLayers: 2,
      nonlinearity: "relu",
      bias: false,
      batchFirst: true,
      dropout: 1,
      bidirectional: true,
    }),
  cell: () => new nn.RNNCell(3, 4, { bias: false, nonlinearity: "relu" }),
  linear: () => new nn.Linear(3, 4, { bias: false }),
  embedding: () => new nn.Embedding(10, 3, { paddingIdx: 0 }),
  dropout: () => new nn.Dropout(0.25),
  tanh: () => new nn.Tanh(),
  relu: () => new nn.ReLU({ inplace: true }),
  sigmoid: () => new nn.Sigmoid(),
  softmax: () => new nn.Softmax(1),
  logSoftmax: () => new nn.LogSoftmax(-1),
  flatten: () => new nn.Flatten(),
  identity: () => new nn.Identity(),
  leaky: () => new nn.LeakyReLU(),
  gelu: () => new nn.GELU(),
  sequential: () => new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.RNNCell(3, 4) as never),
  empty: () => new nn.Sequential(),
  list: () => new nn.ModuleList([rnn(), rnn(), rnn()]),
  mixed: () => new nn.ModuleList<nn.Module>([rnn(), rnn(), new nn.Tanh(), rnn()]),
  nested: () => {
    const one = () => new nn.Sequential(new nn.Tanh(), new nn.ModuleList() as never);
    return new nn.ModuleList([one(), one()]);
  },
  dict: () => new nn.ModuleDict<nn.Module>({ a: rnn(), b: new nn.Sequential(new nn.Tanh()) }),
  parameter: () => new nn.ParameterList([torch.ones(2, 3)]),
  parameters: () => new nn.Sequential(new nn.ParameterList([torch.ones(2, 3), torch.ones()]) as never),
  net: () => new Net(),
};

describe("a module prints as torch's", () => {
  it.each(Object.entries<string>(golden.printed))("%s", (name, text) => {
    expect(String(PRINTED[name]!())).toBe(text);
  });
});

const names = (pairs: Iterable<readonly [string, unknown]>): string[] => Array.from(pairs, ([name]) => name);

describe("a module lists its parts in torch's order", () => {
  const net = new Net();

  it.each<[string, () => string[]]>([
    ["parameters", () => names(net.namedParameters())],
    ["ownParameters", () => names(net.namedParameters({ recurse: false }))],
    ["prefixed", () => names(net.fc.namedParameters({ prefix: "x.y" }))],
    ["modules", () => names(net.namedModules())],
    ["children", () => names(net.namedChildren())],
    ["buffers", () => names(net.namedBuffers())],
    ["state", () => [...net.stateDict().keys()]],
    [
      "applied",
      () => {
        const order: string[] = [];
        expect(net.apply((module) => void order.push(module.constructor.name))).toBe(net);
        return order;
      },
    ],
  ])("%s", (what, list) => {
    expect(list()).toEqual(golden[what]);
  });

  it("finds parts by path", () => {
    expect(net.getParameter("rnn.bias_hh_l1")).toBe(net.rnn.bias_hh_l1);
    expect(net.getSubmodule("layers.1")).toBe(net.layers[1]);
    expect(net.getSubmodule("")).toBe(net);
    expect(net.getBuffer("mean").shape).toEqual(torch.zeros(3).shape);
  });

  it("counts a tied weight once", () => {
    expect([...net.parameters()].filter((weight) => weight === net.fc.weight)).toHaveLength(1);
  });

  it("says None for an absent bias", () => {
    const cell = new nn.RNNCell(2, 2, { bias: false });
    expect(["bias_ih", "bias_hh"].filter((name) => Reflect.get(cell, name) === null)).toEqual(golden.noneParameters);
    expect(torch.str(cell.bias_ih)).toBe("None");
  });
});

describe("a state dict", () => {
  it("is on the module's memory and has no past", () => {
    const layer = new nn.Linear(2, 3);
    const state = layer.stateDict();
    torch.noGrad(() => layer.weight.fill_(7));
    expect(state.get("weight")!.at("0, 0").item()).toBe(7);
    expect(state.get("weight")!.requiresGrad).toBe(false);
  });

  it("carries torch's metadata, which is no item", () => {
    const state = new Net().stateDict();
    expect(torch.repr(Reflect.get(state, "_metadata"))).toBe(golden.metadata);
    expect(Object.keys(state)).toEqual([]);
  });

  it("reports what did not fit when it may", () => {
    const net = new Net();
    const state = net.stateDict();
    expect(String(net.loadStateDict(state))).toBe(golden.loaded);
    const bias = state.pop("rnn.bias_hh_l1");
    state.set("foo", bias);
    expect(String(net.loadStateDict(state, { strict: false }))).toBe(golden.loadedPartly);
  });

  it("is copied in, converted, or put in place with `assign`", () => {
    const [from, to] = [new nn.RNN(2, 3, { dtype: torch.float64 }), new nn.RNN(2, 3)];
    const before = to.weight_ih_l0!;
    to.loadStateDict(from.stateDict());
    expect(to.weight_ih_l0).toBe(before);
    expect(torch.equal(before, from.weight_ih_l0!.float())).toBe(true);
    to.requiresGrad_(false).loadStateDict(Object.fromEntries(from.stateDict()), { assign: true });
    expect(to.weight_ih_l0!.dtype).toBe(torch.float64);
    expect(to.weight_ih_l0!.requiresGrad).toBe(false);
    torch.noGrad(() => from.weight_ih_l0!.fill_(2));
    expect(to.weight_ih_l0!.at("0, 0").item()).toBe(2);
  });

  it("with a key that is no text fails as torch's does, and changes nothing", () => {
    for (const [key, type] of [
      [1, "int"],
      [null, "NoneType"],
      [torch.tuple(1, "a"), "tuple"],
    ] as const) {
      const layer = new nn.Linear(1, 1);
      const before = layer.weight.item();
      const state = new Map<unknown, Tensor>([
        ["weight", torch.zeros(1, 1)],
        ["bias", torch.zeros(1)],
        [key, torch.zeros(1)],
      ]);
      expect(() => layer.loadStateDict(state as Map<string, Tensor>, { strict: false })).toThrow(
        expect.objectContaining({ name: "AttributeError", message: `'${type}' object has no attribute 'startswith'` }),
      );
      expect(layer.weight.item()).toBe(before);
    }
  });

  it("whose integers cannot be put in place is named in full, and changes nothing", () => {
    const layer = new nn.Linear(1, 1);
    const { weight } = layer;
    const state = { weight: torch.zeros(1, 1), bias: torch.tensor([1n]) };
    const shape = "torch.Size([1])";
    expect(() => layer.loadStateDict(state, { assign: true })).toThrow(
      "Error(s) in loading state_dict for Linear:\n\t" +
        `While copying the parameter named "bias", whose dimensions in the model are ${shape} and whose dimensions in ` +
        `the checkpoint are ${shape}, an exception occurred : ` +
        "('Only Tensors of floating point and complex dtype can require gradients',).",
    );
    expect(layer.weight).toBe(weight);
  });

  it("with a parameter in two places ties them when it is put in place", () => {
    const pair = new nn.ModuleList([new nn.Linear(1, 1, { bias: false }), new nn.Linear(1, 1, { bias: false })]);
    const tied = new nn.Parameter(torch.ones(1, 1), false);
    pair.loadStateDict({ "0.weight": tied, "1.weight": tied }, { assign: true });
    expect([...pair.parameters()].map((weight) => weight === tied)).toEqual([true]);
    expect(tied.requiresGrad).toBe(true);
  });
});

describe("switches", () => {
  it("train and eval reach every module and give the module back", () => {
    const net = new Net();
    expect(net.eval()).toBe(net);
    expect([...net.modules()].some(({ training }) => training)).toBe(false);
    expect([...net.train().modules()].every(({ training }) => training)).toBe(true);
  });

  it("requiresGrad_ reaches every parameter", () => {
    const net = new Net().requiresGrad_(false);
    expect([...net.parameters()].some(({ requiresGrad }) => requiresGrad)).toBe(false);
  });

  it("zeroGrad forgets gradients, or makes them zeros in place", () => {
    const layer = new nn.Linear(2, 1);
    layer.forward(torch.ones(3, 2)).sum().backward();
    const grad = layer.weight.grad!;
    layer.zeroGrad(false);
    expect(layer.weight.grad).toBe(grad);
    expect(grad.tolist()).toEqual([[0, 0]]);
    layer.zeroGrad();
    expect(layer.weight.grad).toBeNull();
  });

  it("conversions keep the parameters, convert their gradients, and leave integers alone", () => {
    const net = new Net();
    net.registerBuffer("count", torch.tensor([1n]));
    const { weight } = net.fc;
    weight.sum().backward();
    expect(net.double()).toBe(net);
    expect(net.fc.weight).toBe(weight);
    expect([weight.dtype, weight.grad!.dtype]).toEqual([torch.float64, torch.float64]);
    expect(net.getBuffer("mean").dtype).toBe(torch.float64);
    expect(net.getBuffer("count").dtype).toBe(torch.int64);
    expect(net.half().fc.weight.dtype).toBe(torch.float16);
    expect(net.bfloat16().float().cpu().to("cpu:0").fc.weight.dtype).toBe(torch.float32);
  });
});

describe("hooks", () => {
  it("run in order around forward, may replace what they see, and can be removed", () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    torch.noGrad(() => layer.weight.fill_(3));
    const seen: string[] = [];
    const before = layer.registerForwardPreHook((module, args) => {
      seen.push(`before ${module.name()} ${args.length}`);
      return (args[0] as Tensor).mul(10);
    });
    const after = layer.registerForwardHook((_, args, output) => {
      seen.push(`after ${(args[0] as Tensor).item()} ${(output as Tensor).item()}`);
      return (output as Tensor).add(1);
    });
    expect(layer.forward(torch.ones(1)).item()).toBe(31);
    expect(seen).toEqual(["before Linear 1", "after 10 30"]);
    before.remove();
    expect(layer.forward(torch.ones(1)).item()).toBe(4);
    after.remove();
    after.remove();
    expect(layer.forward(torch.ones(1)).item()).toBe(3);
  });

  it("are not listed among the parts", () => {
    const layer = new nn.Linear(1, 1);
    layer.registerForwardHook(() => undefined);
    expect(String(layer)).toBe("Linear(in_features=1, out_features=1, bias=True)");
    expect([...layer.stateDict().keys()]).toEqual(["weight", "bias"]);
  });
});
