// nn.RNN with relu and two layers: redo layer by layer and compare.
import * as torch from "unrolled";
import { f, format, nn, print, type Tensor, tuple } from "unrolled";

torch.manualSeed(7);

const [inputSize, hiddenSize, numLayers] = [3, 4, 2];
const [seqLen, batch] = [5, 2];

const rnn = new nn.RNN(inputSize, hiddenSize, { numLayers, nonlinearity: "relu" });
print(rnn);
for (const [name, p] of rnn.namedParameters()) {
  print(f`${format(name, "<15")} ${tuple(p.shape)}`);
}
print(
  "number of weights:",
  [...rnn.parameters()].map((p) => p.numel()).reduce((a, b) => a + b),
);

const x = torch.randn(seqLen, batch, inputSize);
const h0 = torch.rand(numLayers, batch, hiddenSize);
print("h0 =", h0);

const [out, hn] = rnn.forward(x, h0);
print("out.shape", out.shape, "hn.shape", hn.shape);
print("out[-1] =", out.at(-1));
print("hn =", hn);

function oneLayer(inputs: Tensor, h: Tensor, wIh: Tensor, wHh: Tensor, bIh: Tensor, bHh: Tensor): [Tensor, Tensor] {
  const outs: Tensor[] = [];
  for (let t = 0; t < inputs.size(0); t += 1) {
    h = torch.relu(inputs.at(t).matmul(wIh.T).add(bIh).add(h.matmul(wHh.T)).add(bHh));
    outs.push(h);
  }
  return [torch.stack(outs), h];
}

let layerIn = x;
const last: Tensor[] = [];
for (let layer = 0; layer < numLayers; layer += 1) {
  const [wIh, wHh, bIh, bHh] = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((n) =>
    rnn.getParameter(`${n}_l${layer}`),
  );
  let h: Tensor;
  [layerIn, h] = oneLayer(layerIn, h0.at(layer), wIh, wHh, bIh, bHh);
  last.push(h);
  print("layer", layer, "last hidden:", h);
}

const mine = layerIn;
const myHn = torch.stack(last);
print("same output:", torch.allclose(mine, out, { atol: 1e-5 }));
print("same hn:", torch.allclose(myHn, hn, { atol: 1e-5 }));
print("biggest difference below 1e-5:", mine.sub(out).abs().max().item() < 1e-5);
print("how many units are off (relu = 0):", out.eq(0).sum());
print(out.eq(0).sum(0));
