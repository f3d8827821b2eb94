import * as torch from "unrolled";
import { nn, print } from "unrolled";

// 2-D input (no batch dimension) works since 1.11; check that it equals batch = 1
torch.manualSeed(11);
torch.setPrintOptions({ precision: 3, sciMode: false });

const x = torch.linspace(-1, 1, 8).reshape(4, 2);
print("x =\n", x);

for (const Layer of [nn.RNN, nn.GRU]) {
  const net = new Layer(2, 3);
  const h0 = torch.full([1, 3], 0.5);
  const [out, hn] = net.forward(x, h0);
  print(net, "->", out.shape, hn.shape);
  print(out);
  print(hn);

  const [outB, hnB] = net.forward(x.unsqueeze(1), h0.unsqueeze(1));
  print("batched:", outB.shape, hnB.shape);
  print(
    "equal to batched:",
    torch.allclose(out, outB.squeeze(1), { atol: 1e-6 }),
    torch.allclose(hn, hnB.squeeze(1), { atol: 1e-6 }),
  );

  const nf = new Layer(2, 3, { batchFirst: true }); // batchFirst has no effect without a batch
  nf.loadStateDict(net.stateDict());
  print("batch_first, unbatched:", torch.allclose(nf.forward(x, h0)[0], out, { atol: 1e-6 }));
}

const lstm = new nn.LSTM(2, 3);
const [out, [hn, cn]] = lstm.forward(x);
print(out);
print("hn", hn);
print("cn", cn);
print(out.dim(), hn.dim(), cn.dim(), out.requiresGrad);
