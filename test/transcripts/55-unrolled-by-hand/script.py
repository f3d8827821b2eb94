# An RNN class of our own, unrolled over time, with gradients through time
import math
import torch
from torch import nn

torch.manual_seed(3)
torch.set_printoptions(precision=3, sci_mode=False)


class MyRNNCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        k = 1 / math.sqrt(hidden_size)
        self.W = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-k, k))
        self.U = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-k, k))
        self.b = nn.Parameter(torch.zeros(hidden_size))

    def forward(self, x, h=None):
        if h is None:
            h = x.new_zeros(x.size(0), self.hidden_size)
        return torch.tanh(x @ self.W.T + h @ self.U.T + self.b)


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers=1):
        super().__init__()
        self.cells = nn.ModuleList([MyRNNCell(input_size if i == 0 else hidden_size, hidden_size) for i in range(num_layers)])

    def forward(self, x):
        T, B, _ = x.shape
        states = [None] * len(self.cells)
        outputs = []
        for t in range(T):
            inp = x[t]
            for i, cell in enumerate(self.cells):
                states[i] = cell(inp, states[i])
                inp = states[i]
            outputs.append(inp)
        return torch.stack(outputs), torch.stack(states)


net = MyRNN(2, 3, num_layers=2)
print(net)
for name, p in net.named_parameters():
    print(f"{name:<12}{str(tuple(p.shape)):>8}{p.numel():>4}")
x = torch.randn(4, 2, 2)
out, hn = net(x)
print(out.shape, hn.shape, torch.equal(out[-1], hn[-1]))
print(out[-1])

# the same weights in nn.RNN
ref = nn.RNN(2, 3, num_layers=2)
with torch.no_grad():
    for i, cell in enumerate(net.cells):
        getattr(ref, f"weight_ih_l{i}").copy_(cell.W)
        getattr(ref, f"weight_hh_l{i}").copy_(cell.U)
        getattr(ref, f"bias_ih_l{i}").copy_(cell.b)
        getattr(ref, f"bias_hh_l{i}").zero_()
ref_out, ref_hn = ref(x)
print("outputs agree:", torch.allclose(out, ref_out, atol=1e-6), "states agree:", torch.allclose(hn, ref_hn, atol=1e-6))

# how far back does the gradient reach?
cell = nn.RNNCell(2, 3)
h = torch.zeros(1, 3)
hs = []
for t in range(6):
    h = cell(torch.full((1, 2), 0.1 * t), h)
    h.retain_grad()
    hs.append(h)
h.sum().backward()
for t, state in enumerate(hs):
    print(t, state.data.squeeze(), "grad norm below 2:", (state.grad.norm() < 2).item())
print(hs[-1].grad)
print(cell, cell.weight_ih.shape, cell.bias_hh.grad.shape)
grads = torch.stack([s.grad.squeeze(0) for s in hs])
print(grads.shape, grads.abs().sum(1).argmax().item())

# truncated: detach the state every two steps
h = torch.zeros(1, 3)
for t in range(4):
    if t % 2 == 0:
        h = h.detach()
    h = cell(x[t, :1], h)
    print(t, h.grad_fn is not None, h.requires_grad)
print(h)
