// what full backward hooks see
import * as torch from "unrolled";
import { nn, print, tuple } from "unrolled";

torch.manualSeed(0);

function shapes(grads: nn.ModuleGradients) {
  return grads.map((g) => (g === null ? null : tuple(g.shape)));
}

function show(module: nn.Module, gradInput: nn.ModuleGradients, gradOutput: nn.ModuleGradients) {
  print(module.name(), shapes(gradInput), shapes(gradOutput));
}

const rnn = new nn.RNN(3, 4);
const handle = rnn.registerFullBackwardHook(show);
const x = torch.randn(2, 1, 3, { requiresGrad: true });
let [out, hn] = rnn.forward(x);
print(out.gradFn!.name(), hn.gradFn!.name());
out.sum().backward();
print(x.grad!.shape);
[out, hn] = rnn.forward(x.detach());
hn.sum().backward();
[out, hn] = rnn.forward(x, torch.zeros(1, 1, 4));
out.sum().add(hn.sum()).backward();
handle.remove();
[out, hn] = rnn.forward(x);
print(out.gradFn!.name());

const lstm = new nn.LSTM(3, 4);
lstm.registerFullBackwardHook(show);
const [lstmOut, [lstmHn, lstmCn]] = lstm.forward(x);
print(lstmOut.gradFn!.name(), lstmHn.gradFn!.name(), lstmCn.gradFn!.name());
lstmOut.sum().add(lstmCn.sum()).backward();

let fc = new nn.Linear(3, 2);
fc.registerFullBackwardHook((_module, gradInput) => [gradInput[0]!.mul(10)]);
x.grad = null;
fc.forward(x).sum().backward();
print(torch.allclose(x.grad!.at(0, 0), fc.weight.sum(0).mul(10)));

fc = new nn.Linear(3, 2);
fc.registerFullBackwardHook(() => [1, 2]);
try {
  fc.forward(x).sum().backward();
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", e);
}

fc = new nn.Linear(3, 2);
fc.registerFullBackwardPreHook((_module, gradOutput) => [gradOutput[0]!.mul(2)]);
fc.forward(x).sum().backward();
print(fc.bias!.grad);
