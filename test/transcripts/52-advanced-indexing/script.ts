// masks, index tensors and assignment through them
import * as torch from "unrolled";
import { print, pyFloat } from "unrolled";

torch.setPrintOptions({ precision: 2 });
const x = torch.tensor([
  [1.0, -2.0, 3.0],
  [-4.0, 5.0, -6.0],
]);
const mask = x.gt(0);
print(mask);
print(x.at(mask));
print(x.at(x.lt(0)).shape, mask.sum(), mask.sum().item(), mask.any(), mask.all());
x.set(x.lt(0), 0);
print(x);
x.set(mask, x.at(mask).add(10));
print(x);
x.set(":", [0, 2], -1);
print(x);

const a = torch.arange(20).view(4, 5);
const idx = torch.tensor([0n, 2n, 2n]);
print(a.at(idx));
print(a.at(":", idx));
print(a.at(idx, idx));
print(a.at([3, 0]));
print(a.at([0, 1], [1, 2]));
print(a.at(torch.tensor([[0n], [3n]]), torch.tensor([1n, 4n])));
print(a.at(torch.tensor([true, false, true, false])));
print(a.at("1:3", [0, -1]));
print(a.at(idx, "1:3"));
print(a.at(torch.arange(4), torch.tensor([0n, 1n, 2n, 3n])));
print(a.at(a.remainder(2).eq(0).bitwiseAnd(a.gt(5))));
print(a.at(a.gt(3).bitwiseNot()));
print(a.gt(17).nonzero(), torch.nonzero(a.eq(7), { asTuple: true }));

const b = torch.zeros(4, 3);
b.set(torch.arange(4), torch.tensor([2n, 0n, 1n, 2n]), 1);
print(b);
b.set(
  [0, 3],
  torch.tensor([
    [1.0, 2.0, 3.0],
    [4.0, 5.0, 6.0],
  ]),
);
print(b);
b.set(1, torch.tensor([7.0, 7.0, 7.0]));
b.set(b.eq(7), NaN);
print(b, torch.isnan(b).sum());

const c = torch.arange(pyFloat(6.0)).reshape(2, 3);
print(
  c.gather(
    1,
    torch.tensor([
      [0n, 2n],
      [1n, 1n],
    ]),
  ),
);
print(torch.where(c.gt(2), c, torch.zerosLike(c)));
print(torch.where(c.gt(2), c, -1.0), torch.where(c.gt(2), 1.0, 0.0), torch.where(c.gt(2), 1n, 0n));
print(c.maskedFill(c.gt(3), -Infinity));
print(torch.indexSelect(c, 1, torch.tensor([2n, 0n])), torch.maskedSelect(c, c.gt(2.5)));
print(torch.zeros(2, 3).scatter_(1, torch.tensor([[1n], [2n]]), 1.0));
print(c.take(torch.tensor([0n, 5n])), c.flip(1), c.roll(1, 0));
const oneHot = torch.zeros(3, 4);
const labels = torch.tensor([1n, 3n, 0n]);
oneHot.set([0, 1, 2], labels, 1);
print(oneHot, oneHot.argmax(1));
const d = torch.zeros(5);
d.indexAdd_(0, torch.tensor([0n, 1n, 1n]), torch.tensor([1.0, 2.0, 3.0]));
print(d);

// gradients through indexing
const w = torch.tensor([1.0, 2.0, 3.0, 4.0], { requiresGrad: true });
const y = w
  .at([0, 0, 2])
  .mul(torch.tensor([1.0, 10.0, 100.0]))
  .sum()
  .add(w.at(w.gt(3)).sum());
print(y);
y.backward();
print(w.grad);
print(w.at("1:3"), w.at(idx), w.at(w.gt(2)), w.at(0));
