"""Linear regression and a small network, trained with hand-written SGD."""
import torch

torch.manual_seed(42)
N, D = 20, 3
X = torch.rand(N, D)
true_w = torch.tensor([1.0, -2.0, 0.5])
y = X @ true_w + 0.3

w = torch.zeros(D, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
lr = 0.5
for epoch in range(1, 201):
    pred = X @ w + b
    loss = ((pred - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    w.grad.zero_()
    b.grad.zero_()
    if epoch % 50 == 0 or epoch == 1:
        print(f"epoch {epoch:3d} | loss {loss.item():.6f} | b {b.item():+.3f}")
print("w:", [round(v, 2) for v in w.tolist()], "requires grad:", w.requires_grad)

# two layers, weights in a list
sizes = [3, 4, 1]
params = []
for i, (n_in, n_out) in enumerate(zip(sizes[:-1], sizes[1:])):
    W = (torch.randn(n_out, n_in) * 0.5).requires_grad_()
    c = torch.zeros(n_out, requires_grad=True)
    params += [W, c]
    print("layer", i, W.shape, c.shape, W.is_leaf)


def net(inputs):
    z = inputs
    for k in range(0, len(params), 2):
        z = z @ params[k].t() + params[k + 1]
        if k < len(params) - 2:
            z = torch.tanh(z)
    return z.squeeze(1)


history = []
for step in range(30):
    loss = torch.mean((net(X) - y).pow(2))
    for p in params:
        p.grad = None
    loss.backward()
    for p in params:
        p.data -= 0.2 * p.grad
    history.append(loss.item())
print(f"first {history[0]:.4f}, last {history[-1]:.4f}, fell: {history[-1] < history[0]}")
print(f"{'step':>6}{'loss':>10}")
for step, value in list(enumerate(history))[::10]:
    print(f"{step:6d}{value:10.4f}")
with torch.no_grad():
    for p in params:
        p.add_(p.grad, alpha=-0.1)
        p.grad.zero_()
print(sum(p.grad.abs().sum() for p in params))
norms = {f"p{i}": tuple(p.shape) for i, p in enumerate(params)}
print(norms)
