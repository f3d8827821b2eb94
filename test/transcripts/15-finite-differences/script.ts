/** Check the gradient of a hand-written RNN cell with finite differences (float64). */
import * as torch from "unrolled";
import { f, format, print, type Tensor } from "unrolled";

torch.manualSeed(8);
torch.setPrintOptions({ precision: 5, sciMode: false, linewidth: 100 });

const [D, H, T] = [2, 3, 4];
const W = torch.rand(H, D, { dtype: torch.float64 }).sub(0.5);
const U = torch.rand(H, H, { dtype: torch.float64 }).sub(0.5);
const b = torch.zeros(H, { dtype: torch.float64 });
const x = torch.rand(T, D, { dtype: torch.float64 });
const target = torch.tensor([0.5, -0.5, 0.25], { dtype: torch.float64 });
for (const p of [W, U, b]) {
  p.requiresGrad_(true);
}
print("W =", W);
print("x =", x);

function lossFn(): Tensor {
  let h = torch.zeros(H, { dtype: torch.float64 });
  for (let t = 0; t < T; t += 1) {
    h = torch.tanh(W.matmul(x.at(t)).add(U.matmul(h)).add(b));
  }
  return h.sub(target).pow(2).sum();
}

const loss = lossFn();
print(f`loss = ${format(loss.item(), ".8f")}`);
print(loss);
loss.backward();

function numeric(p: Tensor, eps = 1e-6): Tensor {
  const grad = torch.zerosLike(p);
  torch.noGrad(() => {
    const [flat, g] = [p.view(-1), grad.view(-1)];
    for (let i = 0; i < flat.numel(); i += 1) {
      const old = flat.at(i).item();
      flat.set(i, old + eps);
      const up = lossFn();
      flat.set(i, old - eps);
      const down = lossFn();
      flat.set(i, old);
      g.set(i, up.sub(down).div(2 * eps));
    }
  });
  return grad;
}

for (const [name, p] of [
  ["W", W],
  ["U", U],
  ["b", b],
] as const) {
  const num = numeric(p);
  print(name, "analytic", p.grad);
  print(name, "numeric ", num);
  const err = p.grad!.sub(num).abs().max().div(p.grad!.abs().max());
  print(f`  relative error < 1e-7: ${err.item() < 1e-7}`);
}
print(
  "allclose:",
  [W, U, b].every((p) => torch.allclose(p.grad!, numeric(p), { atol: 1e-7 })),
);
