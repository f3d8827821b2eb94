import * as torch from "unrolled";
import { nn, optim, type Tensor } from "unrolled";
import { afterEach, describe, expect, it } from "vitest";
import { Three } from "../three.ts";

afterEach(() => torch.engine.use("wasm"));

const x = torch.arange(0, 24).to(torch.float32).div(24).reshape([4, 1, 6]);
const numbers = (layer: nn.LSTM): unknown => torch.noGrad(() => layer.forward(x))[0].tolist();

/** What the layer gives when nothing can have been kept from before. */
function truth(layer: nn.LSTM): unknown {
  torch.engine.use("plain", { arithmetic: torch.engine.arithmetic });
  const result = numbers(layer);
  torch.engine.use("wasm");
  return result;
}

function train(layer: nn.LSTM, make: (parameters: Iterable<nn.Parameter>) => { step(): unknown }): void {
  const optimizer = make(layer.parameters());
  layer.forward(x)[0].sum().backward();
  optimizer.step();
}

const changes: Record<string, (layer: nn.LSTM) => void> = {
  "a step of SGD": (layer) => train(layer, (own) => new optim.SGD(own, { lr: 0.5 })),
  "a step of Adam": (layer) => train(layer, (own) => new optim.Adam(own, { lr: 0.5 })),
  "an in-place operation": (layer) => torch.noGrad(() => void layer.weight_hh_l0!.mul_(0.5)),
  "copy_ to a bias": (layer) => torch.noGrad(() => void layer.bias_hh_l0!.copy_(torch.ones(20))),
  "copy_ through a view": (layer) => torch.noGrad(() => void layer.weight_ih_l0!.narrow(0, 3, 2).fill_(1)),
  "in-place operations on .data": (layer) => void layer.weight_ih_l0!.data.add_(1),
  "a tensor of .data that was taken before": (() => {
    const taken = new WeakMap<nn.LSTM, Tensor>();
    return (layer: nn.LSTM) => {
      const before = taken.get(layer) ?? layer.weight_ih_l0!.data;
      taken.set(layer, before);
      before.add_(1);
    };
  })(),
  "assigning .data": (layer) => {
    layer.weight_hh_l0!.data = torch.ones(20, 5);
  },
  loadStateDict: (layer) => void layer.loadStateDict(new nn.LSTM(6, 5).stateDict()),
  "loadStateDict with assign": (layer) => void layer.loadStateDict(new nn.LSTM(6, 5).stateDict(), { assign: true }),
  resetParameters: (layer) => layer.resetParameters(),
  "another parameter in its place": (layer) => {
    layer.weight_ih_l0 = new nn.Parameter(torch.ones(20, 6));
  },
  "a write to the memory that `value.data` hands out": (layer) => {
    layer.weight_hh_l0!.value.data[3] = 9;
  },
  vectorToParameters: (layer) => nn.utils.vectorToParameters(torch.ones(4 * 5 * 13), layer.parameters()),
};

describe.each(Object.entries(changes))("after %s", (_, change) => {
  it("a layer computes with the new weights, again and again", () => {
    torch.manualSeed(1);
    const layer = new nn.LSTM(6, 5);
    const before = numbers(layer);
    change(layer);
    const after = numbers(layer);
    expect(after).not.toEqual(before);
    expect(after).toEqual(truth(layer));
    change(layer);
    expect(numbers(layer)).toEqual(truth(layer));
  });

  it("a session computes with the new weights", () => {
    torch.manualSeed(1);
    const layer = new nn.LSTM(6, 5);
    const session = layer.stream();
    session.step(torch.ones(6));
    const fork = session.fork();
    change(layer);
    const got = session.step(torch.ones(6)).tolist();
    torch.engine.use("plain", { arithmetic: torch.engine.arithmetic });
    expect(fork.step(torch.ones(6)).tolist()).toEqual(got);
  });
});

describe("weights that two layers share", () => {
  it("are seen changed by both", () => {
    torch.manualSeed(2);
    const [a, b] = [new nn.LSTM(6, 5), new nn.LSTM(6, 5)];
    b.weight_hh_l0 = a.weight_hh_l0!;
    numbers(a);
    numbers(b);
    torch.noGrad(() => a.weight_hh_l0!.mul_(3));
    expect(numbers(b)).toEqual(truth(b));
    expect(numbers(a)).toEqual(truth(a));
  });

  it("are not those of a deep copy", () => {
    torch.manualSeed(3);
    const a = new nn.LSTM(6, 5);
    const before = numbers(a);
    const b = nn.deepcopy(a);
    torch.noGrad(() => b.weight_hh_l0!.mul_(3));
    expect(numbers(a)).toEqual(before);
    expect(numbers(b)).toEqual(truth(b));
  });

  it("may be two tensors on one array", () => {
    torch.manualSeed(4);
    const array = new Float32Array(100).fill(0.5);
    const a = new nn.LSTM(6, 5);
    a.weight_hh_l0 = new nn.Parameter(torch.fromNumpy(array).reshape([20, 5]));
    numbers(a);
    torch.fromNumpy(array).mul_(2);
    expect(numbers(a)).toEqual(truth(a));
  });
});

describe("the vectors of a cell", () => {
  const writes: Record<string, (layer: InstanceType<typeof Three>) => void> = {
    "an in-place operation on the first": (layer) => torch.noGrad(() => void layer.weight_p_l0!.mul_(-2)),
    "an in-place operation on the last": (layer) => torch.noGrad(() => void layer.weight_q_l0!.mul_(-2)),
    "assigning .data": (layer) => {
      layer.weight_q_l0!.data = torch.ones(5);
    },
    "another parameter in its place": (layer) => {
      layer.weight_q_l0 = new nn.Parameter(torch.ones(5));
    },
  };

  it.each(Object.entries(writes))("are seen changed after %s, by the layer and by its session", (_, write) => {
    torch.manualSeed(5);
    const layer = new Three(6, 5);
    const output = (): unknown => torch.noGrad(() => layer.forward(x))[0].tolist();
    const before = output();
    const session = layer.stream();
    session.step(torch.ones(6));
    const fork = session.fork();
    write(layer);
    const [after, step] = [output(), session.step(torch.ones(6)).tolist()];
    expect(after).not.toEqual(before);
    torch.engine.use("plain");
    expect(output()).toEqual(after);
    expect(fork.step(torch.ones(6)).tolist()).toEqual(step);
  });
});
