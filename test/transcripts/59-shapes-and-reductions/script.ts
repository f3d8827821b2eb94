import * as torch from "unrolled";
import { print, pyFloat } from "unrolled";

torch.setPrintOptions({ precision: 3, sciMode: false });
const x = torch.tensor([
  [3.0, 1.0, 2.0],
  [6.0, 5.0, 4.0],
]);
print(x.sum(), x.sum(0), x.sum(1, true), x.sum([0, 1]));
print(x.mean(), x.mean(-1), x.mean(0, true).shape, x.prod(), x.std(), x.var(1));
print(x.max(), x.min(), x.argmax(), x.argmax(1), x.argmin(0));
const [values, indices] = x.max(1);
print(values, indices);
print(torch.max(x, torch.tensor(3.5)), x.amax(0), x.aminmax());
print(x.sort(1, true).values, x.topk(2).indices, x.argsort(-1));
print(x.cumsum(1), x.cumprod(0), x.norm(), x.norm(2, 1), x.median());
print(x.gt(2).float().mean(), x.gt(2).sum(1), x.any(), x.gt(0).all(1), x.countNonzero());
print(x.reshape(3, 2), x.view(-1), x.view(1, 2, -1).shape, x.flatten().shape, x.unsqueeze(-1).shape);
print(x.T, x.transpose(0, 1).shape, x.at(null).permute(2, 0, 1).shape, x.t().isContiguous(), x.mT.shape);
print(torch.cat([x, x], 1), torch.cat([x, x]).shape, torch.stack([x, x.neg()], 1).shape);
print(x.split(2, 1), x.chunk(2), torch.unbind(x, 1)[0]);
print(x.at(0).repeat(2, 1), x.at(0).expand(2, 3), x.repeatInterleave(2, 0).shape, x.tile(2).shape);
print(x.clamp(2, 5), x.clamp({ min: 3 }), torch.clamp(x, { max: 2 }), x.abs().sqrt().round({ decimals: 2 }));
print(
  x.add(1),
  torch.sub(2, x),
  torch.div(1, x),
  x.pow(2),
  x.floorDivide(2),
  x.remainder(2),
  x.neg(),
  x.mul(x),
  x.div(2),
);
print(
  x.matmul(x.T),
  x.mm(x.T).trace(),
  torch.dot(x.at(0), x.at(1)),
  torch.outer(x.at(0), x.at(1)),
  x.mv(torch.ones(3)),
);
print(torch.einsum("ij,kj->ik", x, x), torch.bmm(x.at(null), x.T.at(null)).shape);
print(torch.softmax(x, 1).sum(1).shape, torch.logsumexp(x, 1), x.softmax(-1).argmax(-1));
print(x.eq(x.T.T), x.eq(3).any(), torch.equal(x, x.clone()), x.ne(3).sum(), x.ge(4).bitwiseOr(x.lt(2)));
print(x.int(), x.long().dtype, x.to(torch.float64).dtype, x.bool(), x.type(torch.int32).dtype, x.half().dtype);
print(
  torch.tensor([1n, 2n]).div(2),
  torch.tensor([7n, -7n]).floorDivide(2),
  torch.tensor([7n, -7n]).remainder(3),
  torch.tensor([1n, 2n]).mul(1.5),
);
print(torch.arange(3).add(torch.arange(2).unsqueeze(1)), torch.arange(3, 0, -1), torch.arange(4).float().mean());
print(torch.tril(torch.ones(3, 3)), torch.triu(torch.ones(2, 2), 1), torch.diag(torch.tensor([1.0, 2.0])));
print(
  torch.full([2], 7n),
  torch.full([2], 7.0),
  torch.zerosLike(x, { dtype: torch.int64 }),
  torch.ones(2, 1).squeeze().shape,
);
print(x.newZeros(2), x.newTensor([1n, 2n]), x.newOnes(1, 1), x.newFull([2], 3), torch.emptyLike(x).shape);
print(torch.meshgrid(torch.arange(2), torch.arange(3), { indexing: "ij" })[1]);
print(
  torch.unique(torch.tensor([3n, 1n, 3n, 2n])),
  torch.bincount(torch.tensor([0n, 1n, 1n])),
  torch.tensor([1.0, 2.0]).dot(torch.tensor([3.0, 4.0])),
);
print(
  torch.sign(torch.tensor([-2.0, 0.0, 3.0])),
  torch.floor(torch.tensor([1.7, -1.7])),
  torch.exp(torch.tensor([0.0, 1.0])),
);
print(
  torch.isclose(torch.tensor(1.0), torch.tensor(1.0 + 1e-9)),
  torch.numel(x),
  x instanceof torch.Tensor,
  x.ndim,
  x.nelement(),
);
print(torch.zeros(2, 3).add_(1).mul_(2).sub_(0.5), torch.ones(2).div_(4), torch.zeros(2).fill_(3.0));
print(
  x.addmm(torch.ones(2, 2), x).shape,
  torch.addmm(torch.zeros(2, 2), x, x.T).at(0),
  torch.lerp(torch.zeros(2), torch.ones(2), 0.25),
);
print(
  torch
    .tensor([
      [1n, 2n],
      [3n, 4n],
    ])
    .sum(),
  torch.tensor([true, true]).sum(),
  torch.tensor([1n, 2n]).float().mean(),
  torch.tensor(5n).div(2),
);
print(
  pyFloat(x.sum().item()),
  pyFloat(x.mean().item()),
  pyFloat(x.max().item()),
  Math.trunc(x.at(0, 0).item()),
  pyFloat(x.at(0, 1).item()),
  x.at(0, 0).gt(2).truth(),
  x.size(0),
);
