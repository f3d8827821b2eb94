// what autograd records
import * as torch from "unrolled";
import { f, format, print, str, type Tensor, tuple } from "unrolled";

const x = torch.tensor(3.0, { requiresGrad: true });
let y = x.pow(2).add(x.mul(2)).add(1);
print(y, y.requiresGrad, y.isLeaf, x.isLeaf);
y.backward();
print(x.grad);
y = torch.sin(x).mul(x);
print(y.gradFn!.name());
print(y.gradFn!.nextFunctions.map((fn) => fn[0]!.name()));
y.backward();
print("accumulated:", x.grad);
x.grad!.zero_();
print(x.grad);
x.grad = null;
print(x.grad);

// a vector needs a gradient argument
const v = torch.tensor([1.0, 2.0, 3.0], { requiresGrad: true });
const w = v.mul(2);
try {
  w.backward();
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", e);
}
w.backward(torch.tensor([1.0, 0.1, 0.01]));
print(v.grad);
try {
  w.sum().backward();
  w.sum().backward();
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", str(e).slice(0, 60));
}

// intermediate gradients and hooks
v.grad = null;
const a = v.mul(v);
a.retainGrad();
const handle = a.registerHook((g) => print("hook sees", g));
const b = a.sum();
b.backward();
print(a.grad, v.grad);
handle.remove();

// torch.autograd.grad and second derivatives
const t = torch.tensor([0.5, 1.5], { requiresGrad: true });
const cubes = t.pow(3).sum();
const [g] = torch.autograd.grad(cubes, t, { createGraph: true });
print(g);
const [h] = torch.autograd.grad(g.sum(), t);
print(h);

// names of nodes
const m = torch.ones(2, 3, { requiresGrad: true });
const n = torch.ones(3, 2, { requiresGrad: true });
// biome-ignore format: one line per line of the original
const nodes: [string, Tensor][] = [
  ["matmul", m.matmul(n)], ["add", m.add(1)], ["sub", m.sub(m)], ["mul", m.mul(3)], ["div", m.div(2)], ["neg", m.neg()], ["pow", m.pow(2)],
  ["sum", m.sum()], ["sum dim", m.sum(0)], ["mean", m.mean()], ["mean dim", m.mean(1)], ["max", m.max()],
  ["T", m.T], ["t", m.t()], ["view", m.view(3, 2)], ["reshape", m.reshape(-1)], ["select", m.at(0)], ["slice", m.at(":, 1:")],
  ["cat", torch.cat([m, m])], ["stack", torch.stack([m, m])], ["chunk", m.chunk(3, 1)[0]], ["unsqueeze", m.unsqueeze(0)],
  ["squeeze", m.unsqueeze(0).squeeze(0)], ["expand", m.at("0:1").expand(4, 3)], ["tanh", m.tanh()], ["sigmoid", torch.sigmoid(m)],
  ["relu", torch.relu(m)], ["exp", m.exp()], ["log", m.log()], ["sqrt", m.sqrt()], ["softmax", m.softmax(1)],
  ["log_softmax", torch.logSoftmax(m, 1)], ["clone", m.clone()], ["clamp", m.clamp({ min: 0 })], ["abs", m.abs()],
  ["where", torch.where(m.gt(0), m, n.T)], ["permute", m.permute(1, 0)], ["flip", m.flip(0)], ["norm", m.norm()],
  ["std", m.std()], ["double", m.double()], ["mv", m.matmul(torch.ones(3))], ["index", m.at([0, 1])], ["mask", m.at(m.gt(0))],
];
for (const [name, r] of nodes) {
  print(f`${format(name, "12s")} ${format(r.gradFn!.name(), "24s")} ${tuple(r.shape)}`);
}

// switching it off
const p = torch.noGrad(() => m.mul(2));
print(p.requiresGrad, m.mul(2).detach().requiresGrad, torch.isGradEnabled());

const evaluate = (k: Tensor): Tensor => torch.noGrad(() => k.mul(2));

print(evaluate(m).requiresGrad);
try {
  m.add_(1);
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", e);
}
const s = torch.sigmoid(v);
s.mul_(2);
try {
  s.sum().backward();
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", str(e).slice(0, 94));
}
const q = torch.zeros(3);
q.set(1, v.at(1).mul(2));
print(q);
q.sum().backward();
print(v.grad);
