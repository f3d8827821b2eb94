import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, repr, type Tensor } from "../../src/index.ts";

const golden = JSON.parse(readFileSync(`${import.meta.dirname}/../golden/module-errors.json`, "utf8")) as Record<
  string,
  [kind: string, text: string]
>;

class Net extends nn.Module {
  rnn = new nn.RNN(3, 4, { numLayers: 2 });
  fc = new nn.Linear(4, 5);
}

type State = ReadonlyMap<string, Tensor>;
const merged = (state: State, changes: Record<string, Tensor>) =>
  new torch.OrderedDict([...state, ...Object.entries(changes)]);

/** What the calls of test/golden/module-errors.py are written with. */
const words = {
  torch,
  nn,
  Net,
  Z: (...shape: number[]) => torch.zeros(shape),
  P: (data: Tensor, ...sizes: number[]) =>
    new nn.utils.PackedSequence(data, torch.tensor(sizes, { dtype: torch.int64 })),
  T: (...states: Tensor[]) => states,
  double: (x: Tensor) => x.mul(2),
  deepcopy: nn.deepcopy,
  without: (state: State, name: string) => new torch.OrderedDict([...state].filter(([key]) => key !== name)),
  merged,
  changed: (changes: Record<string, Tensor>) => merged(new nn.RNN(3, 4).stateDict(), changes),
  assigned: (name: string, value: unknown) => {
    const rnn = new nn.RNN(3, 4);
    Object.assign(rnn, { [name]: value });
    return rnn;
  },
  None: null,
  True: true,
  False: false,
  nan: Number.NaN,
};

const METHODS =
  /\b(num_layers|batch_first|proj_size|load_state_dict|state_dict|register_\w+|add_module|get_parameter|get_submodule|get_buffer)\b/g;

/** A call in Python as one in JavaScript: keywords become an options object, classes are called with `new`. */
function translated(call: string): string {
  return call
    .replaceAll(METHODS, (name) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()))
    .replaceAll(/((?:\w+=[^,()]+(?:, )?)+)\)/g, (_, keywords: string) => `{ ${keywords.replaceAll("=", ": ")} })`)
    .replaceAll(/\b(nn\.[A-Z]|Net\()/g, "new $1")
    .replaceAll(")(", ").forward(")
    .replaceAll(/\)\[('\w+')\]/g, ").get($1)")
    .replaceAll(/\)\[(-?\d+)\]/g, ").at($1)");
}

function answer(call: string): [kind: string, text: string] {
  const run = new Function(...Object.keys(words), `return ${translated(call)}`);
  try {
    return ["OK", repr(run(...Object.values(words)))];
  } catch (error) {
    const { name, message } = error as Error;
    return [name, message];
  }
}

describe("a call gives torch's answer, or its error", () => {
  it.each(Object.entries(golden))("%s", (call, expected) => {
    expect(answer(call)).toEqual(expected);
  });
});

it("a number that is marked as a float is called one", () => {
  const size = torch.pyFloat(5);
  expect(() => new nn.RNN(3, size)).toThrow("hidden_size should be of type int, got: float");
  expect(() => new nn.GRUCell(3, size)).toThrow("found element of type float at pos 0");
});

describe("after an error", () => {
  it("a module that could not load a state dict is as it was", () => {
    const net = new Net();
    const before = new Map([...net.stateDict()].map(([name, tensor]) => [name, tensor.clone()]));
    const state = new torch.OrderedDict([...new Net().stateDict(), ["fc.bias", torch.zeros(6)] as const]);
    expect(() => net.loadStateDict(state)).toThrow("size mismatch for fc.bias");
    for (const [name, tensor] of net.stateDict()) expect(torch.equal(tensor, before.get(name)!), name).toBe(true);
  });

  it("a layer that refused its input has drawn nothing", () => {
    const rnn = new nn.RNN(3, 4, { numLayers: 2, dropout: 0.5 });
    const before = torch.getRngState();
    expect(() => rnn.forward(torch.zeros(5, 2, 7))).toThrow("input.size(-1) must be equal to input_size");
    expect(() => rnn.forward(torch.zeros(5, 2, 3), torch.zeros(2, 2, 5))).toThrow("Expected hidden size");
    rnn.registerParameter("bias_hh_l1", null);
    expect(() => rnn.forward(torch.zeros(5, 2, 3))).toThrow("expected Tensor as element 7 in argument 2");
    expect(torch.equal(torch.getRngState(), before)).toBe(true);
  });

  it("a layer that could not be made has drawn nothing", () => {
    const before = torch.getRngState();
    expect(() => new nn.RNN(3, 4, { dtype: torch.int64 })).toThrow("Only Tensors of floating point");
    expect(() => new nn.RNN(3, 4, { device: "cuda" })).toThrow("Torch not compiled with CUDA enabled");
    expect(torch.equal(torch.getRngState(), before)).toBe(true);
  });
});
