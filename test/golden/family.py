"""nn.LSTM, nn.GRU, nn.RNN and their cells: outputs, states and gradients, padded, packed, projected, with special inputs.

Numbers are base64 of their bytes. The weights are float32, so that both precisions compute from the same numbers.
"""

import base64
import warnings

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SEED = 7
T, B, F, H = 4, 3, 2, 3


def coded(tensor):
    return base64.b64encode(tensor.detach().contiguous().numpy().tobytes()).decode()


def name_of(tensor):
    return tensor.grad_fn.name() if tensor.grad_fn else None


def seen(tensor, truth):
    """How a float32 tensor looks from outside, and how far it is from the truth where that is finite."""
    off = (tensor.double() - truth)[truth.isfinite()].abs()
    return {
        "shape": list(tensor.shape),
        "strides": list(tensor.stride()),
        "gradFn": [name_of(tensor), name_of(truth)],
        "off": off.max().item() if off.numel() else 0,
    }


def layers():
    """One change at a time from a plain layer, packed layers, and then everything at once."""
    plain = {"kind": "LSTM", "options": {}, "batched": True, "state": True, "packing": None, "lengths": [], "special": None}
    for kind in ["LSTM", "GRU"]:
        own = plain | {"kind": kind}
        for options in [{}, {"bias": False}, {"batch_first": True}, {"bidirectional": True}, {"num_layers": 2, "dropout": 0.3}]:
            yield own | {"options": options}
        yield own | {"state": False}
        yield own | {"batched": False}
        yield own | {"packing": "sorted", "lengths": [4, 2, 1], "options": {"bidirectional": True}}
        yield own | {"packing": "sorted", "lengths": [3, 3, 3], "state": False}
        yield own | {"packing": "unsorted", "lengths": [2, 4, 1], "options": {"num_layers": 2, "dropout": 0.5}}
        yield own | {"packing": "unsorted", "lengths": [3, 3, 3], "options": {"batch_first": True}}
        yield own | {"packing": "lengths", "lengths": [1, 4, 2], "options": {"batch_first": True, "bidirectional": True}}
        for special in ["nan", "inf"]:
            yield own | {"special": special}
    for options in [{}, {"bidirectional": True, "batch_first": True}, {"num_layers": 2, "bias": False}]:
        yield plain | {"options": {"proj_size": 2} | options}
    yield plain | {"options": {"proj_size": 2}, "batched": False, "state": False}
    yield plain | {"options": {"proj_size": 2, "bidirectional": True}, "packing": "unsorted", "lengths": [2, 4, 1]}
    yield plain | {"options": {"proj_size": 1}, "packing": "sorted", "lengths": [2, 2, 2]}
    rnn = plain | {"kind": "RNN"}
    yield rnn | {"packing": "sorted", "lengths": [4, 2, 1], "options": {"bidirectional": True}}
    yield rnn | {"packing": "unsorted", "lengths": [2, 4, 1], "options": {"nonlinearity": "relu", "batch_first": True}}
    for special in ["nan", "inf", "-inf"]:
        yield rnn | {"special": special, "options": {"nonlinearity": "relu"}}


def made_special(x, special):
    if special:
        x.view(-1)[3] = float(special)
    return x


def layer(case):
    torch.manual_seed(SEED)
    module = getattr(nn, case["kind"])(F, H, **case["options"])
    batch_first, batched = module.batch_first, case["batched"]
    D, P = 1 + module.bidirectional, module.proj_size or H
    lead = ([B, T] if batch_first else [T, B]) if batched else [T]
    rows = [D * module.num_layers, *([B] if batched else [])]
    sizes = {"h": P, "c": H} if case["kind"] == "LSTM" else {"h": P}
    inputs = {"x": made_special(torch.randn(*lead, F), case["special"])}
    if case["state"]:
        inputs |= {f"{name}0": torch.randn(*rows, size) for name, size in sizes.items()}
    packed = case["packing"] in ("sorted", "unsorted")
    towards = torch.randn(*([sum(case["lengths"])] if packed else lead), D * P)
    towards_states = [torch.randn(*rows, size) for size in sizes.values()]
    start = torch.get_rng_state()

    def run(dtype):
        torch.set_rng_state(start)
        module.to(dtype).zero_grad()
        given = {name: x.detach().to(dtype).requires_grad_() for name, x in inputs.items()}
        x, *state = given.values()
        if case["packing"]:
            x = pack_padded_sequence(x, case["lengths"], batch_first, case["packing"] == "sorted")
        output, states = module(x, (tuple(state) if case["kind"] == "LSTM" else state[0]) if state else None)
        if packed:
            output = output.data
        elif case["packing"]:
            output, _ = pad_packed_sequence(output, batch_first, total_length=T)
        states = states if case["kind"] == "LSTM" else [states]
        loss = (output * towards).sum() + sum((a * b).sum() for a, b in zip(states, towards_states))
        loss.backward()
        grads = {f"d{name}": x.grad for name, x in [*given.items(), *module.named_parameters()]}
        return {"output": output} | {f"{name}n": value for name, value in zip(sizes, states)} | grads

    return case | results(module, run)


def results(module, run):
    """The numbers in float64, the rest in float32."""
    singles = run(torch.float32)
    truths = run(torch.float64)
    return {
        "text": str(module),
        "float32": {name: seen(x, truths[name]) for name, x in singles.items()},
        "float64": {name: coded(x) for name, x in truths.items()},
    }


def cells():
    for kind in ["LSTMCell", "GRUCell"]:
        plain = {"kind": kind, "bias": True, "batched": True, "state": True, "special": None}
        yield plain
        yield plain | {"bias": False}
        yield plain | {"batched": False}
        yield plain | {"state": False, "batched": False}
        yield plain | {"special": "nan"}
        yield plain | {"special": "inf"}


def cell(case):
    torch.manual_seed(SEED)
    module = getattr(nn, case["kind"])(F, H, case["bias"])
    lead = [2] if case["batched"] else []
    names = ["h", "c"] if case["kind"] == "LSTMCell" else ["h"]
    inputs = {"x": made_special(torch.randn(*lead, F), case["special"])}
    if case["state"]:
        inputs |= {f"{name}0": torch.randn(*lead, H) for name in names}

    def run(dtype):
        module.to(dtype).zero_grad()
        given = {name: x.detach().to(dtype).requires_grad_() for name, x in inputs.items()}
        x, *state = given.values()
        states = module(x, (tuple(state) if case["kind"] == "LSTMCell" else state[0]) if state else None)
        states = states if case["kind"] == "LSTMCell" else [states]
        sum(value.square().sum() for value in states).backward()
        grads = {f"d{name}": x.grad for name, x in [*given.items(), *module.named_parameters()]}
        return {f"{name}n": value for name, value in zip(names, states)} | grads

    return case | results(module, run)


def make():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"seed": SEED, "layers": [layer(case) for case in layers()], "cells": [cell(case) for case in cells()]}
