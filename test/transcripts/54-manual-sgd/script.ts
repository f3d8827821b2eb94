/** Linear regression and a small network, trained with hand-written SGD. */
import * as torch from "unrolled";
import { f, format, print, pyFloat, type Tensor, tuple } from "unrolled";

torch.manualSeed(42);
const [N, D] = [20, 3];
const X = torch.rand(N, D);
const trueW = torch.tensor([1.0, -2.0, 0.5]);
const y = X.matmul(trueW).add(0.3);

const w = torch.zeros(D, { requiresGrad: true });
const b = torch.zeros(1, { requiresGrad: true });
const lr = 0.5;
for (let epoch = 1; epoch < 201; epoch += 1) {
  const pred = X.matmul(w).add(b);
  const loss = pred.sub(y).pow(2).mean();
  loss.backward();
  torch.noGrad(() => {
    w.sub_(w.grad!.mul(lr));
    b.sub_(b.grad!.mul(lr));
  });
  w.grad!.zero_();
  b.grad!.zero_();
  if (epoch % 50 === 0 || epoch === 1) {
    print(f`epoch ${format(epoch, "3d")} | loss ${format(loss.item(), ".6f")} | b ${format(b.item(), "+.3f")}`);
  }
}
print("w:", pyFloat((w.tolist() as number[]).map((v) => Number(v.toFixed(2)))), "requires grad:", w.requiresGrad);

// two layers, weights in a list
const sizes = [3, 4, 1];
const params: Tensor[] = [];
for (const [i, nIn] of sizes.slice(0, -1).entries()) {
  const nOut = sizes[i + 1];
  const W = torch.randn(nOut, nIn).mul(0.5).requiresGrad_();
  const c = torch.zeros(nOut, { requiresGrad: true });
  params.push(W, c);
  print("layer", i, W.shape, c.shape, W.isLeaf);
}

function net(inputs: Tensor): Tensor {
  let z = inputs;
  for (let k = 0; k < params.length; k += 2) {
    z = z.matmul(params[k].t()).add(params[k + 1]);
    if (k < params.length - 2) {
      z = torch.tanh(z);
    }
  }
  return z.squeeze(1);
}

const history: number[] = [];
for (let step = 0; step < 30; step += 1) {
  const loss = torch.mean(net(X).sub(y).pow(2));
  for (const p of params) {
    p.grad = null;
  }
  loss.backward();
  for (const p of params) {
    p.data = p.data.sub(p.grad!.mul(0.2));
  }
  history.push(loss.item());
}
const [first, last] = [history[0], history.at(-1)!];
print(f`first ${format(first, ".4f")}, last ${format(last, ".4f")}, fell: ${last < first}`);
print(f`${format("step", ">6")}${format("loss", ">10")}`);
for (const [step, value] of [...history.entries()].filter(([step]) => step % 10 === 0)) {
  print(f`${format(step, "6d")}${format(value, "10.4f")}`);
}
torch.noGrad(() => {
  for (const p of params) {
    p.add_(p.grad!, { alpha: -0.1 });
    p.grad!.zero_();
  }
});
print(params.map((p) => p.grad!.abs().sum()).reduce((a, b) => a.add(b)));
const norms = Object.fromEntries(params.map((p, i) => [`p${i}`, tuple(p.shape)]));
print(norms);
