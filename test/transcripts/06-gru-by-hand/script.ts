import * as torch from "unrolled";
import { f, format, nn, print, type Tensor } from "unrolled";

torch.manualSeed(123);
torch.setPrintOptions({ precision: 3, sciMode: false });

const [H, I, T, B] = [3, 2, 3, 2];
const gru = new nn.GRU(I, H);
print(gru);
print(gru.weight_ih_l0); // rows: r, z, n
const x = torch.rand(T, B, I).mul(2).sub(1);
const [y, hT] = gru.forward(x);

// 手写 GRU：注意 b_hn 在 r * (...) 里面
type Three = readonly [Tensor, Tensor, Tensor];
const [wIr, wIz, wIn] = gru.weight_ih_l0.chunk(3) as unknown as Three;
const [wHr, wHz, wHn] = gru.weight_hh_l0.chunk(3) as unknown as Three;
const [bIr, bIz, bIn] = gru.bias_ih_l0.chunk(3) as unknown as Three;
const [bHr, bHz, bHn] = gru.bias_hh_l0.chunk(3) as unknown as Three;
print("W_in", wIn);
print("b_hn", bHn);

const one = (z: Tensor): Tensor => torch.rsub(z, 1);
let h = torch.zeros(B, H);
let [r, z] = [h, h];
const states: Tensor[] = [];
for (let t = 0; t < T; t += 1) {
  const xt = x.at(t);
  r = torch.sigmoid(xt.matmul(wIr.T).add(bIr).add(h.matmul(wHr.T)).add(bHr));
  z = torch.sigmoid(xt.matmul(wIz.T).add(bIz).add(h.matmul(wHz.T)).add(bHz));
  const n = torch.tanh(
    xt
      .matmul(wIn.T)
      .add(bIn)
      .add(r.mul(h.matmul(wHn.T).add(bHn))),
  );
  h = one(z).mul(n).add(z.mul(h));
  states.push(h);
  const [zMean, rMean, size] = [z.mean(), r.mean(), h.norm()].map((value) => format(value.item(), ".3f"));
  print(f`t=${t} z mean ${zMean}  r mean ${rMean}  |h| ${size}`);
}

const mine = torch.stack(states, 0);
print("mine", mine);
print("torch", y);
print("hT", hT);
print("ok:", torch.allclose(mine, y, { atol: 1e-6 }));
const outside = torch.tanh(
  x
    .at(-1)
    .matmul(wIn.T)
    .add(bIn)
    .add(r.mul(h.matmul(wHn.T)))
    .add(bHn),
);
const wrong = one(z).mul(outside).add(z.mul(h));
print("b_hn outside the product is a different network:", torch.allclose(wrong, y.at(-1), { atol: 1e-6 }));
