// the three cells in a loop give the same numbers as the layers
import * as torch from "unrolled";
import { nn, print, type Tensor } from "unrolled";

torch.setPrintOptions({ precision: 4, linewidth: 100 });
const [seq, batch, nIn, nHid] = [4, 2, 3, 3];

type Cell = nn.RNNCell | nn.GRUCell | nn.LSTMCell;
type Layer = nn.RNN | nn.GRU | nn.LSTM;

function copyWeights(cell: Cell, layer: Layer): void {
  torch.noGrad(() => {
    cell.weight_ih.copy_(layer.weight_ih_l0);
    cell.weight_hh.copy_(layer.weight_hh_l0);
    cell.bias_ih!.copy_(layer.bias_ih_l0);
    cell.bias_hh!.copy_(layer.bias_hh_l0);
  });
}

torch.manualSeed(0);
const x = torch.randn(seq, batch, nIn);

const pairs = [
  [new nn.RNNCell(nIn, nHid, { nonlinearity: "relu" }), new nn.RNN(nIn, nHid, { nonlinearity: "relu" })],
  [new nn.GRUCell(nIn, nHid), new nn.GRU(nIn, nHid)],
] as const;
for (const [cell, layer] of pairs) {
  print(cell);
  print(layer);
  copyWeights(cell, layer);
  let h = torch.zeros(batch, nHid);
  const outs: Tensor[] = [];
  for (const step of x) {
    h = cell.forward(step, h);
    outs.push(h);
  }
  const stacked = torch.stack(outs);
  const [out, hn] = layer.forward(x);
  print(h);
  print(hn);
  print("max diff < 1e-6:", stacked.sub(out).abs().max().lt(1e-6).truth());
}

const [cell, layer] = [new nn.LSTMCell(nIn, nHid), new nn.LSTM(nIn, nHid)];
print(cell);
print(layer);
copyWeights(cell, layer);
let hx = torch.zeros(batch, nHid);
let cx = torch.zeros(batch, nHid);
for (let t = 0; t < seq; t += 1) {
  [hx, cx] = cell.forward(x.at(t), [hx, cx]);
}
const [out, [hn, cn]] = layer.forward(x);
print(out);
print("hx", hx);
print("hn", hn);
print("cx", cx);
print("cn", cn);
print(torch.allclose(hx, hn.at(0), { atol: 1e-6 }) && torch.allclose(cx, cn.at(0), { atol: 1e-6 }));
