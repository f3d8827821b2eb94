// An RNN class of our own, unrolled over time, with gradients through time
import * as torch from "unrolled";
import { f, format, nn, print, str, type Tensor, tuple } from "unrolled";

torch.manualSeed(3);
torch.setPrintOptions({ precision: 3, sciMode: false });

class MyRNNCell extends nn.Module {
  readonly hiddenSize: number;
  readonly W: nn.Parameter;
  readonly U: nn.Parameter;
  readonly b: nn.Parameter;

  constructor(inputSize: number, hiddenSize: number) {
    super();
    this.hiddenSize = hiddenSize;
    const k = 1 / Math.sqrt(hiddenSize);
    this.W = new nn.Parameter(torch.empty(hiddenSize, inputSize).uniform_(-k, k));
    this.U = new nn.Parameter(torch.empty(hiddenSize, hiddenSize).uniform_(-k, k));
    this.b = new nn.Parameter(torch.zeros(hiddenSize));
  }

  override forward(x: Tensor, h?: Tensor): Tensor {
    h ??= x.newZeros(x.size(0), this.hiddenSize);
    return torch.tanh(x.matmul(this.W.T).add(h.matmul(this.U.T)).add(this.b));
  }
}

class MyRNN extends nn.Module {
  readonly cells: nn.ModuleList<MyRNNCell>;

  constructor(inputSize: number, hiddenSize: number, { numLayers = 1 } = {}) {
    super();
    this.cells = new nn.ModuleList(
      Array.from({ length: numLayers }, (_, i) => new MyRNNCell(i === 0 ? inputSize : hiddenSize, hiddenSize)),
    );
  }

  override forward(x: Tensor): [Tensor, Tensor] {
    const [T] = x.shape;
    const states: Tensor[] = [];
    const outputs: Tensor[] = [];
    for (let t = 0; t < T; t += 1) {
      let inp = x.at(t);
      for (const [i, cell] of [...this.cells].entries()) {
        states[i] = cell.forward(inp, states[i]);
        inp = states[i];
      }
      outputs.push(inp);
    }
    return [torch.stack(outputs), torch.stack(states)];
  }
}

const net = new MyRNN(2, 3, { numLayers: 2 });
print(net);
for (const [name, p] of net.namedParameters()) {
  print(f`${format(name, "<12")}${format(str(tuple(p.shape)), ">8")}${format(p.numel(), ">4")}`);
}
const x = torch.randn(4, 2, 2);
const [out, hn] = net.forward(x);
print(out.shape, hn.shape, torch.equal(out.at(-1), hn.at(-1)));
print(out.at(-1));

// the same weights in nn.RNN
const ref = new nn.RNN(2, 3, { numLayers: 2 });
torch.noGrad(() => {
  for (const [i, cell] of [...net.cells].entries()) {
    ref.getParameter(`weight_ih_l${i}`).copy_(cell.W);
    ref.getParameter(`weight_hh_l${i}`).copy_(cell.U);
    ref.getParameter(`bias_ih_l${i}`).copy_(cell.b);
    ref.getParameter(`bias_hh_l${i}`).zero_();
  }
});
const [refOut, refHn] = ref.forward(x);
print(
  "outputs agree:",
  torch.allclose(out, refOut, { atol: 1e-6 }),
  "states agree:",
  torch.allclose(hn, refHn, { atol: 1e-6 }),
);

// how far back does the gradient reach?
const cell = new nn.RNNCell(2, 3);
let h = torch.zeros(1, 3);
const hs: Tensor[] = [];
for (let t = 0; t < 6; t += 1) {
  h = cell.forward(torch.full([1, 2], 0.1 * t), h);
  h.retainGrad();
  hs.push(h);
}
h.sum().backward();
for (const [t, state] of hs.entries()) {
  print(t, state.data.squeeze(), "grad norm below 2:", state.grad!.norm().lt(2).item());
}
print(hs.at(-1)!.grad);
print(cell, cell.weight_ih.shape, cell.bias_hh!.grad!.shape);
const grads = torch.stack(hs.map((s) => s.grad!.squeeze(0)));
print(grads.shape, grads.abs().sum(1).argmax().item());

// truncated: detach the state every two steps
h = torch.zeros(1, 3);
for (let t = 0; t < 4; t += 1) {
  if (t % 2 === 0) {
    h = h.detach();
  }
  h = cell.forward(x.at(t, ":1"), h);
  print(t, h.gradFn !== null, h.requiresGrad);
}
print(h);
