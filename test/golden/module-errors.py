"""What torch says to wrong calls of layers, cells and modules: for each call, the class of the error and its text.

A call that succeeds is recorded as ["OK", repr]. test/nn/errors.test.ts makes the same calls in TypeScript, so what goes
into one is kept simple: keywords last, with plain values.
"""

import warnings
from collections import OrderedDict
from copy import deepcopy  # noqa: F401 (used by a call)

import torch
from torch import nn


def Z(*shape):
    return torch.zeros(shape)


def double(x):
    return x * 2


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(3, 4, num_layers=2)
        self.fc = nn.Linear(4, 5)


def without(state, name):
    return OrderedDict((key, value) for key, value in state.items() if key != name)


def merged(state, changes):
    return OrderedDict(state | changes)


def changed(changes):
    return merged(nn.RNN(3, 4).state_dict(), changes)


def assigned(name, value):
    rnn = nn.RNN(3, 4)
    setattr(rnn, name, value)
    return rnn


CALLS = """
nn.RNN()
nn.RNN(3)
nn.RNN(3, 4, foo=1)
nn.RNN(3, 4, proj_size=0)
nn.RNN(3, 4, proj_size=2, nonlinearity='gelu')
nn.RNN(3, 4, nonlinearity='gelu')
nn.RNN(3, 4, nonlinearity=None)
nn.RNN(3, 4, dropout=-0.1)
nn.RNN(3, 4, dropout=1.5)
nn.RNN(3, 4, dropout=True)
nn.RNN(3, 4, dropout='a')
nn.RNN(3, 4, dropout='')
nn.RNN(3, 4, dropout='0.5')
nn.RNN(3, 4, dropout=None)
nn.RNN(3, 4, dropout=[1])
nn.RNN(3, 4, dropout=nan)
nn.RNN(3, 4, num_layers=2, dropout=1)
nn.RNN(3, 4, num_layers=2, dropout=1e-5)
nn.RNN(3, 4, bias=1)
nn.RNN(3, 4, bias=None)
nn.RNN(3, 4, batch_first=1)
nn.RNN(3, 4, batch_first='x')
nn.RNN(3.5, 4)
nn.RNN('3', 4)
nn.RNN(0, 4)
nn.RNN(-1, 4)
nn.RNN(3, 4.5)
nn.RNN(3, 0)
nn.RNN(3, -2)
nn.RNN(3, 4, num_layers=0)
nn.RNN(3, 4, num_layers=-1)
nn.RNN(3, 4, num_layers=1.5)
nn.RNN(3, 4, num_layers='2')
nn.RNN(3, 4, num_layers=None)
nn.RNN(3, 4, bias=1, batch_first=1)
nn.RNN(0, 0, num_layers=0)
nn.RNN(3, 4, bidirectional=1)
nn.RNN(3, 4, bidirectional='yes')
nn.RNN(3, 4, bidirectional=0)
nn.RNN(3, 4, nonlinearity='relu')
nn.RNN(3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.25, bidirectional=True)
nn.RNN(3, 4, dtype=torch.int64)
nn.RNN(3, 4, dtype=torch.float16)
nn.RNN(3, 4, device='cuda')
nn.RNN(3, 4, device='foo')
nn.RNN(3, 4, device='cpu:0')
nn.RNNCell()
nn.RNNCell(3)
nn.RNNCell(3, 4, bias=0)
nn.RNNCell(3, 4, bias=None)
nn.RNNCell(3, 4, bias='no')
nn.RNNCell(3, 4, bias=False)
nn.RNNCell(0, 4)
nn.RNNCell(3, 0)
nn.RNNCell(-1, 4)
nn.RNNCell(3, -1)
nn.RNNCell(3.5, 4)
nn.RNNCell(3, 4.5)
nn.RNNCell(3, 4, nonlinearity='relu')
nn.RNNCell(3, 4, nonlinearity='gelu')
nn.RNNCell(3, 4, dtype=torch.int64)
nn.RNN(3, 4)(Z(3))
nn.RNN(3, 4)(Z(2, 2, 2, 3))
nn.RNN(3, 4)(Z(5, 2, 7))
nn.RNN(3, 4)(Z(5, 7))
nn.RNN(3, 4)(Z(5, 2, 3), Z(2, 4))
nn.RNN(3, 4)(Z(5, 3), Z(1, 1, 4))
nn.RNN(3, 4)(Z(5, 2, 3), Z(1, 3, 4))
nn.RNN(3, 4)(Z(5, 2, 3), Z(2, 2, 4))
nn.RNN(3, 4)(Z(5, 2, 3), Z(1, 2, 5))
nn.RNN(3, 4)(Z(5, 3), Z(2, 4))
nn.RNN(3, 4, batch_first=True)(Z(2, 5, 3), Z(2, 1, 4))
nn.RNN(3, 4)(Z(5, 2, 3).double())
nn.RNN(3, 4)(Z(5, 2, 3).long())
nn.RNN(3, 4)(Z(5, 2, 3).bool())
nn.RNN(3, 4).double()(Z(5, 2, 3))
nn.RNN(3, 4)(Z(5, 2, 7).double(), Z(2, 4))
nn.RNN(3, 4)(Z(5, 2, 7).double(), Z(1, 2, 5))
nn.RNN(3, 4)(Z(0, 2, 7))
nn.RNN(3, 4)(Z(0, 2, 3), Z(1, 3, 4))
nn.RNN(3, 4)(Z(5, 2, 3), Z(1, 2, 4).double())
nn.RNN(3, 4, bias=False)(Z(5, 2, 3), Z(1, 2, 4).double())
nn.RNN(3, 4)(Z(0, 2, 3))
nn.RNN(3, 4)(Z(0, 3))
nn.RNN(3, 4, batch_first=True)(Z(2, 0, 3))
nn.RNN(3, 4)([1, 2, 3])
nn.RNN(3, 4)(None)
nn.RNN(3, 4)(5)
nn.RNN(3, 4)('x')
nn.RNN(3, 4)({})
nn.RNN(3, 4)(Z(5, 2, 3), 5)
nn.RNN(3, 4)(Z(5, 2, 3), [Z(1, 2, 4)])
assigned('weight_ih_l0', None)(Z(5, 2, 3))
assigned('weight_hh_l0', None)(Z(5, 2, 3))
assigned('bias_hh_l0', None)(Z(5, 2, 3))
nn.RNNCell(3, 4)(Z(1, 2, 3))
nn.RNNCell(3, 4)(Z())
nn.RNNCell(3, 4)(Z(2, 3), Z(1, 2, 4))
nn.RNNCell(3, 4)(Z(2, 7))
nn.RNNCell(3, 4)(Z(7))
nn.RNNCell(3, 4)(Z(2, 3), Z(3, 4))
nn.RNNCell(3, 4)(Z(2, 3), Z(2, 5))
nn.RNNCell(3, 4)(Z(2, 3), Z(4))
nn.RNNCell(3, 4)(Z(3), Z(1, 4))
nn.RNNCell(3, 4)(Z(2, 3).double())
nn.RNNCell(3, 4)(Z(2, 3).long())
nn.RNNCell(3, 4)(Z(2, 3), Z(2, 4).double())
nn.RNNCell(3, 4, bias=False)(Z(2, 3).double())
nn.RNNCell(3, 4, nonlinearity='gelu')(Z(2, 3))
nn.RNNCell(3, 4)(5)
nn.RNNCell(3, 4)(None)
nn.RNNCell(3, 4)(Z(2, 3), 5)
nn.Linear(-1, 2)
nn.Linear(2.5, 3)
nn.Linear(3, 2)(Z(2, 4))
nn.Linear(3, 2)(Z(2, 3).double())
nn.Linear(3, 2, bias=False)(Z(2, 3).double())
nn.Dropout(1.5)
nn.Dropout(-1)
nn.Module()(3)
nn.RNN(3, 4).train('x')
nn.RNN(3, 4).to(torch.int64)
nn.RNN(3, 4).to('cuda')
nn.RNN(3, 4).to('foo')
nn.RNN(3, 4).cuda()
nn.RNN(3, 4).load_state_dict(nn.RNN(3, 4).state_dict())
nn.RNN(3, 4).load_state_dict(without(nn.RNN(3, 4).state_dict(), 'bias_hh_l0'))
nn.RNN(3, 4).load_state_dict(without(nn.RNN(3, 4).state_dict(), 'bias_hh_l0'), strict=False)
nn.RNN(3, 4).load_state_dict(changed({'foo': Z(1)}))
nn.RNN(3, 4).load_state_dict(changed({'foo': Z(1)}), strict=False)
nn.RNN(3, 4).load_state_dict(changed({'weight_ih_l0': Z(4, 5)}))
nn.RNN(3, 4).load_state_dict(changed({'weight_ih_l0': Z(4, 5)}), strict=False)
nn.RNN(3, 4).load_state_dict(changed({'bias_ih_l0': Z(1)}))
nn.RNN(3, 4).load_state_dict(nn.RNN(3, 4, num_layers=2, bidirectional=True).state_dict())
nn.RNN(3, 4, bias=False).load_state_dict(nn.RNN(3, 4).state_dict())
nn.RNN(3, 4).load_state_dict({'weight_ih_l0': Z(9, 9), 'foo': Z(1)})
nn.RNN(3, 4).load_state_dict({})
nn.RNN(3, 4).load_state_dict([])
nn.RNN(3, 4).load_state_dict(5)
nn.RNN(3, 4).load_state_dict(None)
nn.RNN(3, 4).load_state_dict(changed({'bias_ih_l0': [1, 2, 3, 4]}))
nn.RNNCell(3, 4, bias=False).load_state_dict(nn.RNNCell(3, 4).state_dict())
Net().load_state_dict({})
Net().load_state_dict(merged(Net().state_dict(), {'rnn.foo': Z(1), 'fc.deep.er': Z(1), 'other.x': Z(1)}))
assigned('weight_ih_l0', Z(4, 3))
assigned('weight_ih_l0', None)
assigned('weight_ih_l0', 5)
nn.Module().register_parameter('x', Z(2))
nn.Module().register_parameter('x', 3)
nn.Module().register_parameter('a.b', None)
nn.Module().register_parameter('', None)
nn.Module().register_parameter('training', None)
Net().register_parameter('rnn', None)
Net().register_parameter('fc', nn.Parameter(Z(2)))
nn.RNN(3, 4).register_parameter('weight_ih_l0', nn.Parameter(Z(2)))
nn.Module().register_buffer('x', 3)
nn.Module().register_buffer('a.b', Z(2))
nn.Module().register_buffer('', Z(2))
nn.RNN(3, 4).register_buffer('weight_ih_l0', Z(2))
nn.Module().add_module('x', 3)
nn.Module().add_module('x', Z(2))
nn.Module().add_module('a.b', nn.Tanh())
nn.Module().add_module('', nn.Tanh())
nn.RNN(3, 4).add_module('weight_ih_l0', nn.Tanh())
nn.Parameter(Z(2).long())
nn.RNN(3, 4).get_parameter('weight_ih_l7')
nn.RNN(3, 4).get_parameter('training')
nn.RNN(3, 4).get_parameter('a.b')
nn.RNN(3, 4).get_submodule('a')
nn.RNN(3, 4).get_submodule('weight_ih_l0')
nn.RNN(3, 4).get_buffer('weight_ih_l0')
nn.RNN(3, 4).get_buffer('x')
Net().get_parameter('rnn.x')
nn.ModuleDict({'a': nn.Tanh()})['b']
nn.ModuleList([nn.Tanh()])[1]
nn.ModuleList([nn.Tanh()])[-2]
nn.ModuleList([3])
nn.Sequential(3)
nn.ModuleDict({'a.b': nn.Tanh()})
nn.ModuleDict({'keys': nn.Tanh()})
deepcopy(double(nn.Parameter(Z(2))))
"""


def answer(call):
    try:
        return ["OK", repr(eval(call, globals() | {"nan": float("nan")}))]
    except Exception as error:
        return [type(error).__name__, str(error.args[0])]


def make():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {call: answer(call) for call in CALLS.strip().split("\n")}
