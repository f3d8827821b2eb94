import * as torch from "unrolled";
import { print } from "unrolled";

torch.manualSeed(2023);
print(torch.rand(3));
print(torch.randn(2, 3));
print(torch.randint(10, [5]));
print(torch.randint(-5, 5, [2, 4]));
print(torch.randperm(8));
print(torch.randn(20));
print(torch.rand(2, 2, { dtype: torch.float64 }));
print(torch.bernoulli(torch.full([6], 0.5)));
print(torch.multinomial(torch.tensor([0.1, 0.2, 0.7]), 10, { replacement: true }));
print(torch.empty(4).uniform_(-1, 1));
print(torch.normal(2.0, 0.5, [3]));

// the same seed again gives the same numbers
torch.manualSeed(2023);
print(torch.rand(3));
const state = torch.getRngState();
const a = torch.randn(4);
torch.setRngState(state);
const b = torch.randn(4);
print(a);
print(torch.equal(a, b), state.shape, state.dtype);

// a Generator of its own does not disturb the global one
const g = new torch.Generator().manualSeed(1);
print(g.initialSeed());
print(torch.rand(3, { generator: g }));
print(torch.randperm(5, { generator: g }));
print(torch.randn(4), "global");
g.manualSeed(1);
print(torch.rand(3, { generator: g }));
print(torch.randLike(torch.zeros(2, 2)));
print(torch.arange(5), torch.arange(1, 2, 0.25), torch.linspace(0, 1, 5));
print(torch.zeros(2, 3).shape, torch.ones(2).dtype, torch.eye(3).at(1));
const x = torch.randint(0, 9, [3, 3], { generator: g });
print(x, x.dtype, x.sum(), x.float().mean());
