"""files.py write FOLDER OUT: files of torch.save, their names in OUT. files.py check FOLDER OUT: what was read and written
again (NAME.again) is loaded with weights_only=True and compared; what differs is a line of OUT."""
import collections
import itertools
import math
import sys
from pathlib import Path

import torch
from torch import nn, optim


def layers():
    for kind, layer_count, bidirectional, bias, proj, dtype in itertools.product(
            ["RNN", "LSTM", "GRU"], [1, 2], [False, True], [True, False], [0, 2],
            [torch.float32, torch.float64, torch.float16, torch.bfloat16]):
        if proj and kind != "LSTM":
            continue
        options = {"num_layers": layer_count, "bidirectional": bidirectional, "bias": bias, "dtype": dtype}
        if proj:
            options["proj_size"] = proj
        yield f"{kind}-{layer_count}-{bidirectional}-{bias}-{proj}-{str(dtype)[6:]}", getattr(nn, kind)(3, 5, **options)
    for kind, bias in itertools.product(["RNNCell", "LSTMCell", "GRUCell"], [True, False]):
        yield f"{kind}-{bias}", getattr(nn, kind)(3, 5, bias=bias)


def optimisers():
    for name, options in [("SGD", {}), ("SGD", {"momentum": 0.9, "nesterov": True}), ("Adam", {}), ("Adam", {"amsgrad": True}),
                          ("AdamW", {"lr": 1.0}), ("RMSprop", {"momentum": 0.5, "centered": True}), ("Adagrad", {})]:
        model = nn.LSTM(3, 5, num_layers=2)
        optimizer = getattr(optim, name)(model.parameters(), **{"lr": 0.1, **options})
        scheduler = optim.lr_scheduler.StepLR(optimizer, 2)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.randn(4, 3))[0].sum().backward()
            optimizer.step()
            scheduler.step()
        yield f"{name}-{'-'.join(options)}", {"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                                              "scheduler": scheduler.state_dict(), "epoch": 3, "loss": 0.5, "best": 1.0}


def values():
    yield from ((name, layer.state_dict()) for name, layer in layers())
    yield from optimisers()
    yield "generator", {"default": torch.get_rng_state(), "own": torch.Generator().manual_seed(7).get_state()}
    base = torch.arange(35.0).reshape(5, 7)
    tied = nn.Parameter(torch.randn(4, 4))
    yield "shared", {"base": base, "t": base.t(), "part": base[1:3, ::3], "row": base[2], "again": base, "tied": [tied, tied],
                     "expanded": torch.ones(1, 1).expand(3, 5), "frozen": nn.Parameter(torch.ones(2), requires_grad=False)}
    yield "plain", {"list": [1, 1.0, -0.0, math.inf, 2**70, None, True, "é😀", (1, (2.5,)), b"\0\xff", {1, 2}],
                    1: {"1": [], "": ()}, (1, "a"): torch.Size([2, 3]), "dtype": torch.bfloat16, "device": torch.device("cpu"),
                    "ordered": collections.OrderedDict(b=1, a=2)}


def differences(a, b, path, seen):
    """Where two values differ, in type, order, bits, layout or sharing."""
    if type(a) is not type(b):
        yield f"{path}: {type(a)} is now {type(b)}"
    elif isinstance(a, torch.Tensor):
        facts = [(x.dtype, x.shape, x.stride(), x.storage_offset(), x.requires_grad, x.untyped_storage().nbytes()) for x in (a, b)]
        if facts[0] != facts[1]:
            yield f"{path}: {facts[0]} is now {facts[1]}"
        elif bytes(a.untyped_storage()) != bytes(b.untyped_storage()):
            yield f"{path}: other bits"
        for key in ((id(a), id(b)), (a.untyped_storage()._cdata, b.untyped_storage()._cdata)):
            if seen.setdefault(key[0], key[1]) != key[1]:
                yield f"{path}: shared otherwise"
    elif isinstance(a, dict):
        if list(map(repr, a)) != list(map(repr, b)):
            yield f"{path}: keys {list(a)} are now {list(b)}"
        else:
            for key, other in zip(a, b):
                yield from differences(a[key], b[other], f"{path}.{key}", seen)
        if getattr(a, "_metadata", None) != getattr(b, "_metadata", None):
            yield f"{path}: other _metadata"
    elif isinstance(a, (list, tuple)):
        if len(a) != len(b):
            yield f"{path}: {len(a)} items are now {len(b)}"
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{path}[{i}]", seen)
    elif repr(a) != repr(b):
        yield f"{path}: {a!r} is now {b!r}"


def write(folder):
    torch.manual_seed(5)
    names = []
    for name, value in values():
        for form, options in [("zip", {}), ("old", {"_use_new_zipfile_serialization": False})]:
            torch.save(value, folder / f"{name}-{form}.pt", **options)
            names.append(f"{name}-{form}.pt")
    return names


def check(folder):
    for path in sorted(folder.glob("*.again")):
        again = torch.load(path, weights_only=True)
        yield from differences(torch.load(path.with_suffix(""), weights_only=True), again, path.name, {})
        yield f"checked {path.name}"


if __name__ == "__main__":
    what, folder, out = sys.argv[1:]
    lines = {"write": write, "check": check}[what](Path(folder))
    Path(out).write_text("".join(f"{line}\n" for line in lines))
