import * as torch from "unrolled";
import { nn, print } from "unrolled";

torch.setPrintOptions({ precision: 3 });
torch.manualSeed(2024);

// bidirectional RNN: the output is [forward | backward]
const birnn = new nn.RNN(2, 3, { batchFirst: true, bidirectional: true });
print(birnn);
for (const k of birnn.stateDict().keys()) {
  print(k, [...birnn.stateDict().get(k)!.shape]);
}

const x = torch.randn(2, 4, 2); // batch, time, features
const [out, hn] = birnn.forward(x);
print(out);
print(hn);
print(out.shape, hn.shape);

const [fwd, bwd] = [out.at("..., :3"), out.at("..., 3:")];
print("last step of forward == hn[0]:", torch.equal(fwd.at(":, -1"), hn.at(0)));
print("first step of backward == hn[1]:", torch.equal(bwd.at(":, 0"), hn.at(1)));

// backward direction alone: a normal RNN with the *_reverse weights that reads the flipped sequence
const rev = new nn.RNN(2, 3, { batchFirst: true });
const [r, _rh] = torch.noGrad(() => {
  rev.weight_ih_l0.copy_(birnn.weight_ih_l0_reverse);
  rev.weight_hh_l0.copy_(birnn.weight_hh_l0_reverse);
  rev.bias_ih_l0.copy_(birnn.bias_ih_l0_reverse);
  rev.bias_hh_l0.copy_(birnn.bias_hh_l0_reverse);
  return rev.forward(torch.flip(x, [1]));
});
print("reversed run:");
print(r);
print("matches the second half:", torch.allclose(torch.flip(r, [1]), bwd, { atol: 1e-6 }));

const both = torch.cat([hn.at(0), hn.at(1)], 1);
print("features for a classifier:", both.shape);
print(both.detach());
