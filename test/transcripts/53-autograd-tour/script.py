# what autograd records
import torch

x = torch.tensor(3.0, requires_grad=True)
y = x ** 2 + 2 * x + 1
print(y, y.requires_grad, y.is_leaf, x.is_leaf)
y.backward()
print(x.grad)
y = torch.sin(x) * x
print(y.grad_fn.name())
print([fn[0].name() for fn in y.grad_fn.next_functions])
y.backward()
print("accumulated:", x.grad)
x.grad.zero_()
print(x.grad)
x.grad = None
print(x.grad)

# a vector needs a gradient argument
v = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
w = v * 2
try:
    w.backward()
except RuntimeError as e:
    print("RuntimeError:", e)
w.backward(torch.tensor([1.0, 0.1, 0.01]))
print(v.grad)
try:
    w.sum().backward()
    w.sum().backward()
except RuntimeError as e:
    print("RuntimeError:", str(e)[:60])

# intermediate gradients and hooks
v.grad = None
a = v * v
a.retain_grad()
handle = a.register_hook(lambda g: print("hook sees", g))
b = a.sum()
b.backward()
print(a.grad, v.grad)
handle.remove()

# torch.autograd.grad and second derivatives
t = torch.tensor([0.5, 1.5], requires_grad=True)
f = (t ** 3).sum()
(g,) = torch.autograd.grad(f, t, create_graph=True)
print(g)
(h,) = torch.autograd.grad(g.sum(), t)
print(h)

# names of nodes
m = torch.ones(2, 3, requires_grad=True)
n = torch.ones(3, 2, requires_grad=True)
for name, r in [
    ("matmul", m @ n), ("add", m + 1), ("sub", m - m), ("mul", m * 3), ("div", m / 2), ("neg", -m), ("pow", m ** 2),
    ("sum", m.sum()), ("sum dim", m.sum(0)), ("mean", m.mean()), ("mean dim", m.mean(1)), ("max", m.max()),
    ("T", m.T), ("t", m.t()), ("view", m.view(3, 2)), ("reshape", m.reshape(-1)), ("select", m[0]), ("slice", m[:, 1:]),
    ("cat", torch.cat([m, m])), ("stack", torch.stack([m, m])), ("chunk", m.chunk(3, 1)[0]), ("unsqueeze", m.unsqueeze(0)),
    ("squeeze", m.unsqueeze(0).squeeze(0)), ("expand", m[0:1].expand(4, 3)), ("tanh", m.tanh()), ("sigmoid", torch.sigmoid(m)),
    ("relu", torch.relu(m)), ("exp", m.exp()), ("log", m.log()), ("sqrt", m.sqrt()), ("softmax", m.softmax(1)),
    ("log_softmax", torch.log_softmax(m, dim=1)), ("clone", m.clone()), ("clamp", m.clamp(min=0)), ("abs", m.abs()),
    ("where", torch.where(m > 0, m, n.T)), ("permute", m.permute(1, 0)), ("flip", m.flip(0)), ("norm", m.norm()),
    ("std", m.std()), ("double", m.double()), ("mv", m @ torch.ones(3)), ("index", m[[0, 1]]), ("mask", m[m > 0]),
]:
    print(f"{name:12s} {r.grad_fn.name():24s} {tuple(r.shape)}")

# switching it off
with torch.no_grad():
    p = m * 2
print(p.requires_grad, (m * 2).detach().requires_grad, torch.is_grad_enabled())


@torch.no_grad()
def evaluate(k):
    return k * 2


print(evaluate(m).requires_grad)
try:
    m += 1
except RuntimeError as e:
    print("RuntimeError:", e)
s = torch.sigmoid(v)
s.mul_(2)
try:
    s.sum().backward()
except RuntimeError as e:
    print("RuntimeError:", str(e)[:94])
q = torch.zeros(3)
q[1] = v[1] * 2
print(q)
q.sum().backward()
print(v.grad)
