"""How modules print, what they list and in which order, and what loading a state dict reports."""

import torch
from torch import nn


class Net(nn.Module):
    """Parameters, a buffer, a tied weight, a child under two names, a child with None for a bias."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(10, 3)
        self.rnn = nn.RNN(3, 4, 2, batch_first=True, dropout=0.1)
        self.scale = nn.Parameter(torch.ones(2))
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4, 5, bias=False)
        self.again = self.drop
        self.same = self.rnn
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)
        self.tied = nn.Linear(4, 5)
        self.tied.weight = self.fc.weight
        self.layers = nn.ModuleList([nn.RNNCell(2, 2, bias=False), nn.RNNCell(2, 2, bias=False), nn.ReLU()])


PRINTED = {
    "plain": lambda: nn.RNN(3, 4),
    "all": lambda: nn.RNN(3, 4, 2, "relu", False, True, 1, True),
    "cell": lambda: nn.RNNCell(3, 4, False, "relu"),
    "linear": lambda: nn.Linear(3, 4, bias=False),
    "embedding": lambda: nn.Embedding(10, 3, padding_idx=0),
    "dropout": lambda: nn.Dropout(0.25),
    "tanh": nn.Tanh,
    "relu": lambda: nn.ReLU(inplace=True),
    "sigmoid": nn.Sigmoid,
    "softmax": lambda: nn.Softmax(dim=1),
    "logSoftmax": lambda: nn.LogSoftmax(dim=-1),
    "flatten": nn.Flatten,
    "identity": nn.Identity,
    "leaky": nn.LeakyReLU,
    "gelu": nn.GELU,
    "sequential": lambda: nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.RNNCell(3, 4)),
    "empty": nn.Sequential,
    "list": lambda: nn.ModuleList([nn.RNN(1, 2) for _ in range(3)]),
    "mixed": lambda: nn.ModuleList([nn.RNN(1, 2), nn.RNN(1, 2), nn.Tanh(), nn.RNN(1, 2)]),
    "nested": lambda: nn.ModuleList([nn.Sequential(nn.Tanh(), nn.ModuleList()), nn.Sequential(nn.Tanh(), nn.ModuleList())]),
    "dict": lambda: nn.ModuleDict({"a": nn.RNN(1, 2), "b": nn.Sequential(nn.Tanh())}),
    "parameter": lambda: nn.ParameterList([torch.ones(2, 3)]),
    "parameters": lambda: nn.Sequential(nn.ParameterList([torch.ones(2, 3), torch.ones(())])),
    "net": Net,
}


def make():
    net = Net()
    state = net.state_dict()
    extra = dict(state)
    extra["foo"] = extra.pop("rnn.bias_hh_l1")
    order = []
    net.apply(lambda module: order.append(type(module).__name__))
    return {
        "printed": {name: repr(module()) for name, module in PRINTED.items()},
        "parameters": [name for name, _ in net.named_parameters()],
        "ownParameters": [name for name, _ in net.named_parameters(recurse=False)],
        "prefixed": [name for name, _ in net.fc.named_parameters(prefix="x.y")],
        "modules": [name for name, _ in net.named_modules()],
        "children": [name for name, _ in net.named_children()],
        "buffers": [name for name, _ in net.named_buffers()],
        "state": list(state),
        "metadata": repr(state._metadata),
        "applied": order,
        "loaded": str(net.load_state_dict(state)),
        "loadedPartly": str(net.load_state_dict(extra, strict=False)),
        "noneParameters": [name for name, value in nn.RNNCell(2, 2, bias=False)._parameters.items() if value is None],
    }
