import * as torch from "unrolled";
import { F, f, format, nn, optim, print, type Tensor } from "unrolled";

// same network, same data, five optimizers
torch.setPrintOptions({ precision: 4, sciMode: false });

function build(): nn.Sequential {
  torch.manualSeed(78);
  const net = new nn.Sequential();
  net.addModule("hidden", new nn.Linear(3, 4));
  net.addModule("act", new nn.Tanh());
  net.addModule("out", new nn.Linear(4, 1));
  return net;
}

print(build());
torch.manualSeed(1);
const X = torch.randn(16, 3);
const Y = X.sum(1, true).mul(0.5);
print(X.at(":3"));
print(Y.at(":3").T);

const makers = {
  sgd: (ps: Iterable<Tensor>) => new optim.SGD(ps, { lr: 0.1 }),
  momentum: (ps: Iterable<Tensor>) => new optim.SGD(ps, { lr: 0.1, momentum: 0.9 }),
  nesterov: (ps: Iterable<Tensor>) => new optim.SGD(ps, { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-2 }),
  adam: (ps: Iterable<Tensor>) => new optim.Adam(ps, { lr: 0.05 }),
  adamw: (ps: Iterable<Tensor>) => new optim.AdamW(ps, { lr: 0.05, weightDecay: 0.1 }),
  rmsprop: (ps: Iterable<Tensor>) => new optim.RMSprop(ps, { lr: 0.02, alpha: 0.9 }),
};
const final: Record<string, number> = {};
let opt!: ReturnType<(typeof makers)[keyof typeof makers]>;
for (const [name, make] of Object.entries(makers)) {
  const net = build();
  opt = make(net.parameters());
  const losses: number[] = [];
  for (let step = 0; step < 8; step += 1) {
    opt.zeroGrad();
    const loss = F.mseLoss(net.forward(X), Y);
    loss.backward();
    opt.step();
    losses.push(loss.item());
  }
  final[name] = losses.at(-1)!;
  print(f`${format(name, "<9")}`, losses.map((v) => format(v, ".4f")).join(" "));
  print("          ", net.getParameter("out.weight").detach());
}

const best = Object.keys(final).reduce((a, b) => (final[b] < final[a] ? b : a));
print("best:", best, f`${format(final[best], ".4f")}`);
print(
  "order:",
  Object.keys(final).sort((a, b) => final[a] - final[b]),
);
print(opt.stateDict().param_groups[0].lr, opt.stateDict().state.size);
print(opt.stateDict().state.get(3));
