import * as torch from "unrolled";
import { nn, print } from "unrolled";

torch.manualSeed(17);
torch.setPrintOptions({ precision: 4, sciMode: false });

// What does backward() leave in .grad ?
const rnn = new nn.RNN(2, 3);
const x = torch.randn(4, 1, 2, { requiresGrad: true });
const h0 = torch.zeros(1, 1, 3, { requiresGrad: true });
print("before:", rnn.weight_hh_l0.grad);

let [out, hn] = rnn.forward(x, h0);
const loss = out.pow(2).mean();
print("loss", loss);
loss.backward();
for (const [name, p] of rnn.namedParameters()) {
  print(name, "grad:");
  print(p.grad);
}
print("x.grad", x.grad!.squeeze(1));
print("h0.grad", h0.grad);
print("both biases get the same gradient:", torch.allclose(rnn.bias_ih_l0.grad!, rnn.bias_hh_l0.grad!, { atol: 1e-6 }));

// gradients accumulate until they are cleared
const first = rnn.weight_ih_l0.grad!.clone();
[out, hn] = rnn.forward(x, h0);
out.pow(2).mean().backward();
print("accumulated twice:", torch.allclose(rnn.weight_ih_l0.grad!, first.mul(2), { atol: 1e-6 }));
rnn.zeroGrad();
print("after zero_grad:", rnn.weight_ih_l0.grad);

// only the last step
[out, hn] = rnn.forward(x);
hn.sum().backward();
print(rnn.weight_ih_l0.grad);

const [y] = torch.noGrad(() => rnn.forward(x));
print(y.requiresGrad, y.gradFn, out.requiresGrad, out.detach().requiresGrad);
try {
  y.sum().backward();
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", e);
}
