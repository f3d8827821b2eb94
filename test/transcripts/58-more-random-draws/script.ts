// draws of many kinds, in order
import * as torch from "unrolled";
import { nn, print } from "unrolled";

torch.manualSeed(99);
print(torch.rand(2, 3));
print(torch.randn(15));
print(torch.randn(16));
print(torch.randn(17).at("-2:"));
print(torch.randn(3, { dtype: torch.float64 }));
print(torch.randint(0, 2, [10]));
print(torch.randint(100, [2, 2], { dtype: torch.int32 }));
print(torch.randint(0, 10, [3]).float());
print(torch.randperm(5), torch.randperm(5).at(":2"));
print(torch.empty(3).normal_(0, 0.1));
print(torch.zeros(4).uniform_());
print(torch.zeros(2, 2).normal_(5, 2));
print(torch.empty(5).bernoulli_(0.3), torch.bernoulli(torch.tensor([0.0, 1.0, 0.5])));
print(torch.empty(3).exponential_(), torch.empty(3).exponential_(2.0));
print(torch.empty(4, { dtype: torch.int64 }).random_(0, 6));
print(
  torch.multinomial(torch.ones(5), 5),
  torch.multinomial(
    torch.tensor([
      [0.9, 0.1],
      [0.1, 0.9],
    ]),
    1,
  ),
);
print(torch.normal(torch.zeros(3), torch.tensor([1.0, 10.0, 0.1])));
print(torch.normal(0.0, 1.0, [2, 2]));
print(torch.randLike(torch.ones(2)), torch.randnLike(torch.zeros(2, 2)), torch.randintLike(torch.zeros(3), 5));
const x = torch.randn(4, 5);
print(x.mean().lt(1), x.at(torch.randperm(4)).shape);
const mask = torch.rand(3, 4).lt(0.5);
print(mask);
print(new nn.Dropout(0.2).forward(torch.ones(2, 5)));

// initial weights are draws, too
torch.manualSeed(5);
print(new nn.Linear(3, 2).weight);
print(new nn.Linear(3, 2).bias);
const rnn = new nn.RNN(2, 2, { bias: false });
print(rnn.weight_ih_l0, rnn.allWeights);
torch.manualSeed(5);
print(new nn.Linear(3, 2).weight.data.sum().lt(3), new nn.RNNCell(1, 2).weight_hh);
const w = torch.empty(2, 3);
nn.init.xavierUniform_(w);
print(w);
nn.init.normal_(w, 0.0, 0.02);
print(w);
nn.init.constant_(w, 0.5);
nn.init.zeros_(w.at(0));
print(w);
print(nn.init.kaimingNormal_(torch.empty(2, 2)), nn.init.uniform_(torch.empty(2), -1, 1));
print(nn.init.eye_(torch.empty(2, 2)), nn.init.ones_(torch.empty(1)));
const q = nn.init.orthogonal_(torch.empty(3, 3));
print(torch.allclose(q.matmul(q.T), torch.eye(3), { atol: 1e-5 }));

// the state can be kept and given back
torch.manualSeed(1);
const state = torch.getRngState();
const a = torch.rand(2);
torch.setRngState(state);
print(torch.equal(a, torch.rand(2)), torch.initialSeed());
const g = new torch.Generator();
g.manualSeed(7);
print(torch.randn(2, 2, { generator: g }), torch.randint(0, 5, [4], { generator: g }));
const saved = g.getState();
const u = torch.empty(2).uniform_(0, 1, { generator: g });
g.setState(saved);
print(torch.equal(u, torch.rand(2, { generator: g })), g.device);
