"""PeepholeLSTM, CoupledLSTM, MGU and IndRNN as anybody would write them in torch: one sequence and one step at a time.

Numbers are base64 of their bytes. The weights are float32, so that both precisions compute from the same numbers.
"""

import base64
import math
from typing import NamedTuple

import torch
from torch import nn

SEED = 11


class Sizes(NamedTuple):
    T: int
    B: int
    F: int
    H: int
    L: int


T, B, F, H = 5, 3, 11, 7


class Layers(nn.Module):
    """A stack in both directions. `gates`, `matrix` and `vectors` say what weights there are, `step` what is computed."""

    gates, matrix, vectors, states = 1, True, (), 1

    def __init__(self, bias, F, H, L):
        super().__init__()
        self.L = L
        rows = self.gates * H
        for layer in range(L):
            for end in (f"_l{layer}", f"_l{layer}_reverse"):
                shapes = {"weight_ih": (rows, F if layer == 0 else 2 * H)}
                if self.matrix:
                    shapes["weight_hh"] = (rows, H)
                if bias:
                    shapes["bias_ih"] = (rows,)
                if bias and self.matrix:
                    shapes["bias_hh"] = (rows,)
                shapes |= {f"weight_{name}": (H,) for name in self.vectors}
                for name, shape in shapes.items():
                    weight = torch.empty(shape).uniform_(-1 / math.sqrt(H), 1 / math.sqrt(H))
                    self.register_parameter(name + end, nn.Parameter(weight))

    def side(self, x, state, end, reverse):
        def weight(name):
            return getattr(self, name + end, None)

        outputs = []
        for x_t in reversed(x) if reverse else x:
            xs = weight("weight_ih") @ x_t
            if weight("bias_ih") is not None:
                xs = xs + weight("bias_ih")
            hs = weight("weight_hh") @ state[0] if self.matrix else x_t.new_zeros(self.gates * state[0].shape[0])
            if weight("bias_hh") is not None:
                hs = hs + weight("bias_hh")
            state = self.step(xs.chunk(self.gates), hs.chunk(self.gates), state, weight)
            outputs.append(state[0])
        return torch.stack(outputs[::-1] if reverse else outputs), state

    def forward(self, x, start):
        """One sequence (T, F) from states (2L, H) each."""
        ends = []
        for layer in range(self.L):
            sides = []
            for d, end in enumerate((f"_l{layer}", f"_l{layer}_reverse")):
                output, state = self.side(x, [s[2 * layer + d] for s in start], end, d == 1)
                sides.append(output)
                ends.append(state)
            x = torch.cat(sides, -1)
        return x, [torch.stack(states) for states in zip(*ends)]


class PeepholeLSTM(Layers):
    gates, vectors, states = 4, ("ci", "cf", "co"), 2

    def step(self, x, r, state, weight):
        _, c = state
        i = torch.sigmoid(x[0] + r[0] + weight("weight_ci") * c)
        f = torch.sigmoid(x[1] + r[1] + weight("weight_cf") * c)
        g = torch.tanh(x[2] + r[2])
        c = f * c + i * g
        o = torch.sigmoid(x[3] + r[3] + weight("weight_co") * c)
        return [o * torch.tanh(c), c]


class CoupledLSTM(Layers):
    gates, states = 3, 2

    def step(self, x, r, state, weight):
        _, c = state
        f, g, o = torch.sigmoid(x[0] + r[0]), torch.tanh(x[1] + r[1]), torch.sigmoid(x[2] + r[2])
        c = f * c + (1 - f) * g
        return [o * torch.tanh(c), c]


class MGU(Layers):
    gates = 2

    def step(self, x, r, state, weight):
        (h,) = state
        f = torch.sigmoid(x[0] + r[0])
        n = torch.tanh(x[1] + f * r[1])
        return [(1 - f) * h + f * n]


class IndRNN(Layers):
    matrix, vectors = False, ("u",)

    def step(self, x, r, state, weight):
        (h,) = state
        return [torch.relu(x[0] + weight("weight_u") * h)]


def coded(tensor):
    return base64.b64encode(tensor.detach().contiguous().numpy().tobytes()).decode()


def answers(kind, seed, sizes, lengths, bias):
    """Results and gradients by name, in float32 and in float64."""
    T, B, F, H, L = sizes
    torch.manual_seed(seed)
    module = kind(bias, F, H, L)
    x = torch.randn(T, B, F)
    starts = [torch.randn(2 * L, B, H) for _ in range(kind.states)]
    towards = torch.randn(T, B, 2 * H)
    towards_states = [torch.randn(2 * L, B, H) for _ in range(kind.states)]

    def run(dtype):
        module.to(dtype).zero_grad()
        given = [value.detach().to(dtype).requires_grad_() for value in [x, *starts]]
        outputs, ends = [], []
        for b, length in enumerate(lengths):
            output, states = module(given[0][:length, b], [start[:, b] for start in given[1:]])
            outputs.append(torch.cat([output, output.new_zeros(T - length, 2 * H)]))
            ends.append(states)
        output = torch.stack(outputs, 1)
        states = [torch.stack(own, 1) for own in zip(*ends)]
        loss = (output * towards).sum() + sum((a * b).sum() for a, b in zip(states, towards_states))
        loss.backward()
        named = {"output": output} | {f"state{i}": state for i, state in enumerate(states)}
        named |= {"dx": given[0].grad} | {f"dstate{i}": start.grad for i, start in enumerate(given[1:])}
        # a module that is converted takes its gradients along
        return named | {f"d{name}": weight.grad.clone() for name, weight in module.named_parameters()}

    return run(torch.float32), run(torch.float64)


def case(kind, L, lengths, bias):
    sizes = Sizes(T, B, F, H, L)
    singles, truths = answers(kind, SEED, sizes, lengths, bias)
    return {
        "kind": kind.__name__,
        "sizes": sizes._asdict(),
        "lengths": lengths,
        "bias": bias,
        "float32": {
            name: {"shape": list(value.shape), "gradFn": None, "off": (value.double() - truths[name]).abs().max().item()}
            for name, value in singles.items()
        },
        "float64": {name: coded(value) for name, value in truths.items()},
    }


KINDS = [PeepholeLSTM, CoupledLSTM, MGU, IndRNN]


def make():
    settings = [(1, [T] * B, True), (2, [2, 5, 3], False)]
    return {"seed": SEED, "cases": [case(kind, *rest) for kind in KINDS for rest in settings]}
