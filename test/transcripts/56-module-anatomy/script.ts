// What a module is made of
import * as torch from "unrolled";
import { nn, print, pyFloat, str, type Tensor, tuple } from "unrolled";

torch.manualSeed(0);

class Block extends nn.Module {
  readonly n: number;
  readonly scale: number;
  readonly lin: nn.Linear;
  readonly act: nn.Tanh;
  declare steps: Tensor;
  readonly gain: nn.Parameter;

  constructor(n: number, scale = pyFloat(1.0)) {
    super();
    this.n = n;
    this.scale = scale;
    this.lin = new nn.Linear(n, n);
    this.act = new nn.Tanh();
    this.registerBuffer("steps", torch.tensor(0n));
    this.gain = new nn.Parameter(torch.ones(1));
  }

  override forward(x: Tensor): Tensor {
    this.steps.add_(1);
    return this.act.forward(this.lin.forward(x)).mul(this.gain).mul(this.scale);
  }

  override extraRepr(): string {
    return `n=${this.n}, scale=${this.scale}`;
  }
}

class Model extends nn.Module {
  readonly blocks = new nn.ModuleList([0, 1, 2].map(() => new Block(2)));
  readonly head = new nn.Sequential(
    new nn.Linear(2, 4),
    new nn.ReLU(),
    new nn.Dropout(0.1),
    new nn.Linear(4, 1, { bias: false }),
  );
  readonly extra = new nn.ModuleDict({ gate: new nn.Sigmoid(), skip: new nn.Identity() });
  readonly unused = null;

  override forward(x: Tensor): Tensor {
    for (const block of this.blocks) {
      x = x.add(block.forward(x));
    }
    return this.head.forward(x);
  }
}

const model = new Model();
print(model);
for (const [name, p] of model.namedParameters()) {
  print(name, p.shape, p.requiresGrad);
}
print([...model.namedChildren()].map(([n]) => n));
print([...model.namedModules()].map(([n]) => n));
print([...model.modules()].map((m) => m.name()));
print(
  [...model.namedBuffers()].map(([n]) => n),
  [...model.parameters()].length,
  model.blocks.length,
  model.head.length,
);
print(model.head[0], model.blocks.at(-1).act, model.head.slice(1));
print(model.extra.get("gate"), [...model.extra.keys()]);
print([...model.stateDict().keys()].slice(0, 4));
print(model.blocks[0].lin.weight);
print(model.blocks[0].gain, model.blocks[0].steps);

function init(m: nn.Module): void {
  if (m instanceof nn.Linear) {
    m.weight.data.fill_(0.5);
    if (m.bias !== null) {
      m.bias.data.zero_();
    }
  }
}

model.apply(init);
print((model.head[3] as nn.Linear).weight, (model.head[0] as nn.Linear).bias);
model.eval();
print(model.training, model.head[2].training);
const y = model.forward(
  torch.tensor([
    [1.0, -1.0],
    [0.5, 0.25],
  ]),
);
print(y.shape, model.blocks[0].steps, model.blocks[2].steps.item());

// hooks
const log: unknown[] = [];
const h1 = model.head.registerForwardHook((m, args, out) => {
  log.push(tuple(m.name(), (args[0] as Tensor).shape, (out as Tensor).shape));
});
const h2 = model.blocks[1].registerForwardPreHook((_m, args) => {
  log.push(tuple("pre", args.length));
});
model.forward(torch.zeros(3, 2));
h1.remove();
h2.remove();
model.forward(torch.zeros(3, 2));
print(log);

// freezing
for (const p of model.blocks.parameters()) {
  p.requiresGrad = false;
}
const count = (params: Iterable<Tensor>): number => [...params].reduce((sum, p) => sum + p.numel(), 0);
print(count([...model.parameters()].filter((p) => p.requiresGrad)), "of", count(model.parameters()));
model.requiresGrad_(true);
model.forward(torch.ones(1, 2)).sum().backward();
print([...model.namedParameters()].filter(([, p]) => p.grad === null).map(([name]) => name));
print(model.blocks[1].gain.grad !== null);
model.zeroGrad();
print([...model.parameters()].every((p) => p.grad === null));

const seq = new nn.Sequential({ first: new nn.Linear(1, 2), relu: new nn.ReLU(), last: new nn.Linear(2, 1) });
print(seq);
print(
  (seq.getSubmodule("first") as nn.Linear).bias!.shape,
  seq instanceof nn.Module,
  (seq.getSubmodule("last") as nn.Linear).inFeatures,
);
seq.append(new nn.Tanh());
print(seq.length, seq.at(-1));
seq.double();
print(
  (seq.getSubmodule("first") as nn.Linear).weight.dtype,
  seq.forward(torch.zeros(2, 1, { dtype: torch.float64 })).dtype,
);
print(seq.stateDict().keys());
const weights = new nn.ParameterList([new nn.Parameter(torch.ones(2, 3)), new nn.Parameter(torch.zeros(3))]);
print(
  weights,
  weights.length,
  weights.at(-1).shape,
  [...weights.namedParameters()].map(([n]) => n),
);
const copied = nn.deepcopy(weights);
print(torch.equal(copied[0], weights[0]), copied[0] === weights[0]);
const twin = new nn.Linear(2, 2);
const tied = new nn.Sequential(twin, twin);
print([...tied.parameters()].length, tied.stateDict().size);
try {
  new nn.Module().forward();
} catch (e) {
  if (!(e instanceof torch.NotImplementedError)) throw e;
  print(e.name, e);
}
try {
  model.getSubmodule("nothing");
} catch (e) {
  if (!(e instanceof torch.AttributeError)) throw e;
  print(str(e));
}
