import * as torch from "unrolled";
import { F, nn, print } from "unrolled";

torch.manualSeed(6);
torch.setPrintOptions({ precision: 3, sciMode: false });

const drop = new nn.Dropout(0.5);
print(drop);
const ones = torch.ones(3, 6);
print(drop.forward(ones));
print(drop.forward(ones));
drop.eval();
print(drop.forward(ones).at(0));
print("kept of 1000 with p=0.3:", F.dropout(torch.ones(1000), 0.3).ne(0).sum().item());

// in a stacked RNN the dropout sits between the layers only
const rnn = new nn.RNN(2, 3, { numLayers: 2, dropout: 0.5 });
print(rnn);
const x = torch.randn(3, 1, 2);

torch.manualSeed(100);
const [a] = rnn.forward(x);
const [b] = rnn.forward(x);
torch.manualSeed(100);
const [c] = rnn.forward(x);
print("a", a.squeeze(1));
print("b", b.squeeze(1));
print("a == b:", torch.equal(a, b), " a == c:", torch.equal(a, c));

rnn.eval();
const [d] = rnn.forward(x);
const [e] = rnn.forward(x);
print("eval:", d.squeeze(1));
print("d == e:", torch.equal(d, e));

// layer 0, mask, layer 1: the same by hand
rnn.train();
const [lower, upper] = [new nn.RNN(2, 3), new nn.RNN(3, 3)];
lower.loadStateDict(new Map([...rnn.stateDict()].filter(([k]) => k.endsWith("_l0"))));
upper.loadStateDict(
  new Map([...rnn.stateDict()].filter(([k]) => k.endsWith("_l1")).map(([k, v]) => [k.replace("_l1", "_l0"), v])),
);
torch.manualSeed(100);
const mid = F.dropout(lower.forward(x)[0], 0.5, true);
print("masked layer 0 output:", mid.squeeze(1));
print("by hand:", torch.allclose(upper.forward(mid)[0], a, { atol: 1e-6 }));
