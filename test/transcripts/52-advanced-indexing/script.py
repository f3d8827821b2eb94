# masks, index tensors and assignment through them
import torch

torch.set_printoptions(precision=2)
x = torch.tensor([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0]])
mask = x > 0
print(mask)
print(x[mask])
print(x[x < 0].shape, mask.sum(), mask.sum().item(), mask.any(), mask.all())
x[x < 0] = 0
print(x)
x[mask] += 10
print(x)
x[:, [0, 2]] = -1
print(x)

a = torch.arange(20).view(4, 5)
idx = torch.tensor([0, 2, 2])
print(a[idx])
print(a[:, idx])
print(a[idx, idx])
print(a[[3, 0]])
print(a[[0, 1], [1, 2]])
print(a[torch.tensor([[0], [3]]), torch.tensor([1, 4])])
print(a[torch.tensor([True, False, True, False])])
print(a[1:3, [0, -1]])
print(a[idx, 1:3])
print(a[torch.arange(4), torch.tensor([0, 1, 2, 3])])
print(a[(a % 2 == 0) & (a > 5)])
print(a[~(a > 3)])
print((a > 17).nonzero(), torch.nonzero(a == 7, as_tuple=True))

b = torch.zeros(4, 3)
b[torch.arange(4), torch.tensor([2, 0, 1, 2])] = 1
print(b)
b[[0, 3]] = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
print(b)
b[1] = torch.tensor([7.0, 7.0, 7.0])
b[b == 7] = float("nan")
print(b, torch.isnan(b).sum())

c = torch.arange(6.0).reshape(2, 3)
print(c.gather(1, torch.tensor([[0, 2], [1, 1]])))
print(torch.where(c > 2, c, torch.zeros_like(c)))
print(torch.where(c > 2, c, -1.0), torch.where(c > 2, 1.0, 0.0), torch.where(c > 2, 1, 0))
print(c.masked_fill(c > 3, float("-inf")))
print(torch.index_select(c, 1, torch.tensor([2, 0])), torch.masked_select(c, c > 2.5))
print(torch.zeros(2, 3).scatter_(1, torch.tensor([[1], [2]]), 1.0))
print(c.take(torch.tensor([0, 5])), c.flip(1), c.roll(1, 0))
one_hot = torch.zeros(3, 4)
labels = torch.tensor([1, 3, 0])
one_hot[range(3), labels] = 1
print(one_hot, one_hot.argmax(dim=1))
d = torch.zeros(5)
d.index_add_(0, torch.tensor([0, 1, 1]), torch.tensor([1.0, 2.0, 3.0]))
print(d)

# gradients through indexing
w = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
y = (w[[0, 0, 2]] * torch.tensor([1.0, 10.0, 100.0])).sum() + w[w > 3].sum()
print(y)
y.backward()
print(w.grad)
print(w[1:3], w[idx], w[w > 2], w[0])
