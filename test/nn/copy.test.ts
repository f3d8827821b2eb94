import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";

class Net extends nn.Module {
  rnn = new nn.RNN(2, 3, { numLayers: 2 });
  head = new nn.Linear(3, 3, { bias: false });
  tail = new nn.Linear(3, 3, { bias: false });
  blocks = new nn.ModuleList([new nn.Tanh(), new nn.Tanh()]);
  named = new nn.ModuleDict({ relu: new nn.ReLU() });
  sizes = [1, 2];
  notes = new Map([["weight", this.head.weight]]);

  constructor() {
    super();
    this.tail.weight = this.head.weight;
    this.registerBuffer("mean", torch.zeros(3));
  }

  override forward(x: Tensor): Tensor {
    return this.tail.forward(this.head.forward(this.rnn.forward(x)[0]));
  }
}

describe("a deep copy of a module", () => {
  it("computes the same, prints the same, and is of the same class", () => {
    const net = new Net();
    const copy = nn.deepcopy(net);
    const x = torch.randn(4, 2, 2);
    expect(copy).toBeInstanceOf(Net);
    expect(String(copy)).toBe(String(net));
    expect(torch.equal(copy.forward(x), net.forward(x))).toBe(true);
    expect([...copy.stateDict().keys()]).toEqual([...net.stateDict().keys()]);
  });

  it("shares no memory with its original", () => {
    const net = new Net();
    const copy = nn.deepcopy(net);
    torch.noGrad(() => {
      for (const tensor of [...copy.parameters(), ...copy.buffers()]) tensor.fill_(9);
    });
    copy.sizes.push(3);
    copy.blocks.append(new nn.Tanh());
    expect([...net.parameters(), ...net.buffers()].some((tensor) => tensor.eq(9).any().item<boolean>())).toBe(false);
    expect([net.sizes.length, net.blocks.length, copy.blocks.length]).toEqual([2, 2, 3]);
  });

  it("ties what its original ties", () => {
    const copy = nn.deepcopy(new Net());
    expect(copy.tail.weight === copy.head.weight).toBe(true);
    expect(copy.notes.get("weight") === copy.head.weight).toBe(true);
  });

  it("leaves the gradients of parameters behind, and takes along those of plain tensors", () => {
    const layer = new nn.Linear(2, 3);
    layer.forward(torch.randn(2)).sum().backward();
    expect(layer.weight.grad === null).toBe(false);
    expect(nn.deepcopy(layer).weight.grad === null).toBe(true);
    const x = torch.ones(2, { requiresGrad: true });
    x.sum().backward();
    const copy = nn.deepcopy(x);
    expect(torch.equal(copy.grad!, x.grad!)).toBe(true);
    expect(copy.grad === x.grad).toBe(false);
  });

  it("keeps dtypes and what needs no gradient", () => {
    const net = new Net().double();
    net.rnn.bias_ih_l0!.requiresGrad = false;
    const copy = nn.deepcopy(net);
    expect(copy.rnn.bias_ih_l0!.requiresGrad).toBe(false);
    expect(copy.head.weight.dtype).toBe(torch.float64);
    expect(() => Object.assign(copy.rnn, { weight_ih_l0: torch.zeros(1) })).toThrow("cannot assign");
  });

  it("has hooks of its own", () => {
    const net = new Net();
    const seen: nn.Module[] = [];
    const handle = net.registerForwardHook((module) => void seen.push(module));
    const copy = nn.deepcopy(net);
    handle.remove();
    net.forward(torch.zeros(1, 1, 2));
    copy.forward(torch.zeros(1, 1, 2));
    expect(seen).toEqual([copy]);
  });
});

describe("a deep copy of other things", () => {
  it("keeps views on one memory, and circles closed", () => {
    const base = torch.arange(6).float();
    const [first, second] = nn.deepcopy([base, base.view(2, 3)] as const);
    first.set("0", 42);
    expect(second.at("0, 0").item()).toBe(42);
    const circle: { self?: object } = {};
    circle.self = circle;
    const copy = nn.deepcopy(circle);
    expect(copy.self).toBe(copy);
    expect(copy).not.toBe(circle);
  });

  it("copies a state dict with its order and class", () => {
    const state = new nn.Linear(2, 1).stateDict();
    const copy = nn.deepcopy(state);
    expect(copy).toBeInstanceOf(torch.OrderedDict);
    expect(String(copy)).toBe(String(state));
    expect(Reflect.get(copy, "_metadata")).toEqual(Reflect.get(state, "_metadata"));
    copy.get("bias")!.fill_(5);
    expect(state.get("bias")!.item()).not.toBe(5);
  });
});
