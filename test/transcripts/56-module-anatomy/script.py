# What a module is made of
import copy
from collections import OrderedDict
import torch
from torch import nn

torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, n, scale=1.0):
        super().__init__()
        self.n = n
        self.scale = scale
        self.lin = nn.Linear(n, n)
        self.act = nn.Tanh()
        self.register_buffer("steps", torch.tensor(0))
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, x):
        self.steps += 1
        return self.act(self.lin(x)) * self.gain * self.scale

    def extra_repr(self):
        return f"n={self.n}, scale={self.scale}"


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block(2) for _ in range(3))
        self.head = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Dropout(0.1), nn.Linear(4, 1, bias=False))
        self.extra = nn.ModuleDict({"gate": nn.Sigmoid(), "skip": nn.Identity()})
        self.unused = None

    def forward(self, x):
        for block in self.blocks:
            x = x + block(x)
        return self.head(x)


model = Model()
print(model)
for name, p in model.named_parameters():
    print(name, p.shape, p.requires_grad)
print([n for n, _ in model.named_children()])
print([n for n, _ in model.named_modules()])
print([type(m).__name__ for m in model.modules()])
print([n for n, _ in model.named_buffers()], len(list(model.parameters())), len(model.blocks), len(model.head))
print(model.head[0], model.blocks[-1].act, model.head[1:])
print(model.extra["gate"], list(model.extra.keys()))
print(list(model.state_dict())[:4])
print(model.blocks[0].lin.weight)
print(model.blocks[0].gain, model.blocks[0].steps)


def init(m):
    if isinstance(m, nn.Linear):
        m.weight.data.fill_(0.5)
        if m.bias is not None:
            m.bias.data.zero_()


model.apply(init)
print(model.head[3].weight, model.head[0].bias)
model.eval()
print(model.training, model.head[2].training)
y = model(torch.tensor([[1.0, -1.0], [0.5, 0.25]]))
print(y.shape, model.blocks[0].steps, model.blocks[2].steps.item())

# hooks
log = []
h1 = model.head.register_forward_hook(lambda m, args, out: log.append((type(m).__name__, args[0].shape, out.shape)))
h2 = model.blocks[1].register_forward_pre_hook(lambda m, args: log.append(("pre", len(args))))
model(torch.zeros(3, 2))
h1.remove()
h2.remove()
model(torch.zeros(3, 2))
print(log)

# freezing
for p in model.blocks.parameters():
    p.requires_grad = False
print(sum(p.numel() for p in model.parameters() if p.requires_grad), "of", sum(p.numel() for p in model.parameters()))
model.requires_grad_(True)
model(torch.ones(1, 2)).sum().backward()
print([name for name, p in model.named_parameters() if p.grad is None])
print(model.blocks[1].gain.grad is not None)
model.zero_grad()
print(all(p.grad is None for p in model.parameters()))

seq = nn.Sequential(OrderedDict([("first", nn.Linear(1, 2)), ("relu", nn.ReLU()), ("last", nn.Linear(2, 1))]))
print(seq)
print(seq.first.bias.shape, isinstance(seq, nn.Module), seq.last.in_features)
seq.append(nn.Tanh())
print(len(seq), seq[-1])
seq.double()
print(seq.first.weight.dtype, seq(torch.zeros(2, 1, dtype=torch.float64)).dtype)
print(seq.state_dict().keys())
weights = nn.ParameterList([nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.zeros(3))])
print(weights, len(weights), weights[-1].shape, [n for n, _ in weights.named_parameters()])
copied = copy.deepcopy(weights)
print(torch.equal(copied[0], weights[0]), copied[0] is weights[0])
twin = nn.Linear(2, 2)
tied = nn.Sequential(twin, twin)
print(len(list(tied.parameters())), len(tied.state_dict()))
try:
    nn.Module()(torch.zeros(1))
except NotImplementedError as e:
    print(type(e).__name__, e)
try:
    model.get_submodule("nothing")
except AttributeError as e:
    print(e)
