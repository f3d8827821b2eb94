# every form of basic indexing
import torch

x = torch.arange(24).reshape(2, 3, 4)
print(x)
print(x[0])
print(x[-1, 0])
print(x[1, 2, 3], x[1][2][3])
print(x[:, 1])
print(x[:, 1, :])
print(x[..., 0])
print(x[0, ..., -1])
print(x[:, -1:, 1:3])
print(x[:, ::2, ::3])
print(x[1, :, 1:-1])
print(x[..., None].shape, x[None].shape, x[:, None, :, 0].shape)
print(x[0:1].shape, x[5:].shape, x[:, 1:1].shape)
print(x[:, :2, -2:].contiguous().view(-1))
print(x.shape, x.size(), x.size(-1), len(x), x.dim(), x.numel(), x.stride())

# a slice is a view
y = torch.zeros(3, 4)
row = y[1]
row[2] = 5
y[:, 0] = 1
y[-1, 1:3] = torch.tensor([7.0, 8.0])
y[..., -1] = 9
y[0] += 0.5
print(y)
print(row)
print(y.shape[1:], row.data_ptr() == y[1].data_ptr(), row.data_ptr() == y.data_ptr(), y.clone().data_ptr() == y.data_ptr())
y[1:, :2] *= 10
print(y)
y[:] = 0
print(y)
y[:2, :2] = torch.eye(2)
y[2, ::2] = -1
print(y)

# slices of slices, transposed
z = torch.arange(12.0).view(3, 4)
print(z.T[1:3, ::2])
print(z.t()[0], z[:, 0].is_contiguous(), z[0].is_contiguous())
for i, r in enumerate(z):
    print(i, r, r.sum().item())
t = 2
print(z[t - 1, t], z[t, : t + 1], z[: -t])
for a in range(3):
    z[a, a] = 100 + a
print(z)
first, second, third = z
print(second)
h = torch.zeros(2, 5, 3)
step = torch.ones(2, 3)
for t in range(5):
    h[:, t, :] = step * (t + 1)
print(h[0])
print(h[:, -1].tolist())
