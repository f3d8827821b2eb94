import * as torch from "unrolled";
import { f, format, nn, print, str } from "unrolled";

torch.manualSeed(99);

// LSTM with a projection, everything in double precision
const net = new nn.LSTM(3, 5, { projSize: 2, numLayers: 2, dtype: torch.float64 });
print(net);
for (const [name, value] of net.stateDict()) {
  print(f`${format(name, ">14")}: ${str(value.dtype)} ${value.shape}`);
}

const dtype = torch.float64;
const x = torch.arange(12, { dtype }).reshape(4, 1, 3).div(10);
print(x.squeeze(1));
const h0 = torch.zeros(2, 1, 2, { dtype });
const c0 = torch.zeros(2, 1, 5, { dtype });
const [out, [h, c]] = net.forward(x, [h0, c0]);
print(out);
print(h);
print(c);
print(out.dtype, out.shape, h.shape, c.shape);

torch.setPrintOptions({ precision: 10 });
print(out.at(-1));
print(net.weight_hr_l1);

// projected state by hand for the last step of the last layer: h = W_hr @ (o * tanh(c))
print("last output is h of the last layer:", torch.equal(out.at(-1), h.at(-1)));

// the same network in float32 is close, but not equal
torch.setPrintOptions({ precision: 4 });
const single = new nn.LSTM(3, 5, { numLayers: 2, projSize: 2 });
single.loadStateDict(net.stateDict());
const [out32] = single.forward(x.float());
print(out32.at(-1), out32.dtype);
print("difference below 1e-6:", out32.double().sub(out).abs().max().item() < 1e-6);
