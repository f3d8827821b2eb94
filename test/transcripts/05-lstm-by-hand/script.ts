/** LSTM from the formulas, compared with nn.LSTM (one layer, batch first). */
import * as torch from "unrolled";
import { nn, print, type Tensor } from "unrolled";

torch.manualSeed(42);
const [inputSize, hiddenSize] = [3, 2];
const lstm = new nn.LSTM(inputSize, hiddenSize, { batchFirst: true });
print(lstm);

const x = torch.randn(2, 3, inputSize);
const h0 = torch.randn(1, 2, hiddenSize);
const c0 = torch.randn(1, 2, hiddenSize);
const [output, [hn, cn]] = lstm.forward(x, [h0, c0]);
print("official:");
print(output);
print(hn);
print(cn);

type Params = readonly [wIh: Tensor, wHh: Tensor, bIh: Tensor, bHh: Tensor];

function lstmForward(x: Tensor, h: Tensor, c: Tensor, ...[wIh, wHh, bIh, bHh]: Params): [Tensor, Tensor, Tensor] {
  const [batch, steps] = x.shape as unknown as [number, number];
  const out = torch.zeros(batch, steps, h.shape[1]!);
  for (let t = 0; t < steps; t += 1) {
    const gates = x.at(`:, ${t}, :`).matmul(wIh.T).add(bIh).add(h.matmul(wHh.T)).add(bHh);
    let [i, f, g, o] = gates.chunk(4, 1) as unknown as [Tensor, Tensor, Tensor, Tensor]; // order i, f, g, o !
    [i, f, o] = [torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)];
    g = torch.tanh(g);
    c = f.mul(c).add(i.mul(g));
    h = o.mul(torch.tanh(c));
    out.set(`:, ${t}, :`, h);
    if (t === 0) {
      print("step 0: i =", i);
      print("        f =", f);
      print("        g =", g);
      print("        o =", o);
    }
  }
  return [out, h, c];
}

const params: Params = [lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0];
const [out, h, c] = lstmForward(x, h0.at(0), c0.at(0), ...params);
print("by hand:");
print(out);
print(h.unsqueeze(0));
print(c.unsqueeze(0));
print("shapes:", out.shape, h.shape, c.shape);
print(torch.allclose(out, output, { atol: 1e-6 }), torch.allclose(c, cn.at(0), { atol: 1e-6 }));
