"""nn.RNN and nn.RNNCell: weights, outputs, states and gradients, in float64 and float32, for small configurations.

Numbers are base64 of their bytes. The weights are float32, so that both precisions compute from the same numbers.
"""

import base64
import warnings

import torch
from torch import nn

SEED = 7


def coded(tensor):
    return base64.b64encode(tensor.detach().contiguous().numpy().tobytes()).decode()


def seen(tensor):
    return {
        "shape": list(tensor.shape),
        "gradFn": tensor.grad_fn.name() if tensor.grad_fn else None,
        "data": coded(tensor),
    }


def layers():
    """One change at a time from a plain layer, and then everything at once. Sizes are distinct primes."""
    plain = {"T": 5, "B": 2, "batched": True, "state": True, "training": True, "options": {}}
    one = [
        {}, {"nonlinearity": "relu"}, {"bias": False}, {"batch_first": True}, {"num_layers": 2},
        {"bidirectional": True}, {"num_layers": 2, "dropout": 0.3}, {"num_layers": 2, "dropout": 1.0},
    ]  # fmt: skip
    for options in one:
        yield plain | {"options": options}
        yield plain | {"options": options, "state": False}
        yield plain | {"options": options, "batched": False}
    yield plain | {"options": {"num_layers": 2, "dropout": 0.3}, "training": False}
    yield plain | {"T": 1}
    yield plain | {"B": 1, "options": {"batch_first": True}}
    yield plain | {"B": 0}
    yield plain | {"T": 1, "B": 1, "options": {"bidirectional": True}}
    all_options = {"num_layers": 3, "nonlinearity": "relu", "batch_first": True, "dropout": 0.5, "bidirectional": True}
    yield plain | {"T": 3, "options": all_options}
    yield plain | {"T": 3, "options": all_options | {"bias": False, "nonlinearity": "tanh"}, "batched": False}


def layer(case):
    torch.manual_seed(SEED)
    rnn = nn.RNN(3, 4 - bool(case["options"].get("bidirectional")), **case["options"]).train(case["training"])
    T, B = case["T"], case["B"]
    lead = [T] if not case["batched"] else [B, T] if rnn.batch_first else [T, B]
    D, H = 1 + rnn.bidirectional, rnn.hidden_size
    state_shape = [D * rnn.num_layers, *([B] if case["batched"] else []), H]
    x = torch.randn(*lead, 3, requires_grad=True)
    h0 = torch.randn(state_shape, requires_grad=True) if case["state"] else None
    towards = torch.randn(*lead, D * H), torch.randn(state_shape)
    start = torch.get_rng_state()

    def run():
        torch.set_rng_state(start)
        given = [t.detach().to(rnn.weight_ih_l0.dtype).requires_grad_() for t in (x, h0) if t is not None]
        output, hn = rnn(*given)
        loss = (output * towards[0]).sum() + (hn * towards[1]).sum()
        rnn.zero_grad()
        loss.backward()
        grads = {f"d{name}": p.grad for name, p in rnn.named_parameters()}
        grads |= {name: t.grad for name, t in zip(("dx", "dh0"), given)}
        return {name: seen(t) for name, t in ({"output": output, "hn": hn} | grads).items()}

    values = {"text": str(rnn), "weights": coded(torch.cat([p.detach().flatten() for p in rnn.parameters()]))}
    values["float32"] = run()
    rnn.double()
    values["float64"] = {name: value["data"] for name, value in run().items()}
    return case | values | {"next": torch.rand(2).tolist()}


def cells():
    for nonlinearity in ["tanh", "relu"]:
        for bias in [True, False]:
            for batched in [True, False]:
                for state in [True, False]:
                    yield {"nonlinearity": nonlinearity, "bias": bias, "batched": batched, "state": state}


def cell(case):
    torch.manual_seed(SEED)
    cell = nn.RNNCell(3, 5, case["bias"], case["nonlinearity"])
    lead = [2] if case["batched"] else []
    x = torch.randn(*lead, 3)
    h = torch.randn(*lead, 5) if case["state"] else None

    def run():
        given = [t.detach().to(cell.weight_ih.dtype).requires_grad_() for t in (x, h) if t is not None]
        cell.zero_grad()
        y = cell(*given)
        y.square().sum().backward()
        grads = {f"d{name}": p.grad for name, p in cell.named_parameters()}
        grads |= {name: t.grad for name, t in zip(("dx", "dh"), given)}
        return {name: seen(t) for name, t in ({"h": y} | grads).items()}

    values = {"text": str(cell), "float32": run()}
    cell.double()
    values["float64"] = {name: value["data"] for name, value in run().items()}
    return case | values


def make():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "seed": SEED,
            "layers": [layer(case) for case in layers()],
            "cells": [cell(case) for case in cells()],
        }
