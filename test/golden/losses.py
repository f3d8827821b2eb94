"""Losses: values, node names, gradients of input and target, and error texts, from torch."""

import re
import warnings

import torch
import torch.nn.functional as F

SHAPES = {"pairs": (3, 5), "C": (5,), "NC": (3, 5), "NCd": (2, 3, 2), "NCdd": (2, 3, 2, 2), "NCddd": (1, 3, 2, 1, 2)}
REDUCTIONS = ("mean", "sum", "none")


def snake(name):
    return re.sub(r"[A-Z]", lambda m: "_" + m[0].lower(), name)


def function(name):
    return getattr(F, snake(name))


def flat(x):
    """Twelve digits are enough to compare with, and inputs have three."""
    return None if x is None else [float(f"{v:.12g}") for v in x.detach().flatten().tolist()]


def case(loss, x, t, **options):
    x = x.clone().requires_grad_()
    t = t.clone().requires_grad_(t.dtype.is_floating_point and loss not in ("nllLoss",))
    arguments = {snake(k): torch.tensor(v, dtype=x.dtype) if isinstance(v, list) else v for k, v in options.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = function(loss)(x, t, **arguments)
    # Not the same gradient everywhere, so that no element can take another's place.
    (y * (torch.arange(y.numel(), dtype=y.dtype).reshape(y.shape) + 1.5)).sum().backward()
    return {"loss": loss, "options": options, "x": flat(x), "t": flat(t), "shapes": [list(x.shape), list(t.shape)],
            "integer": not t.dtype.is_floating_point, "value": flat(y), "shape": list(y.shape),
            "node": y.grad_fn.name(), "forX": flat(x.grad), "forT": flat(t.grad)}


def cases():
    out = []
    draw = lambda *shape: (torch.randn(*shape, dtype=torch.float64) * 1000).round() / 1000
    chance = lambda *shape: (torch.rand(*shape, dtype=torch.float64) * 1000).round() / 1000
    x, t = draw(3, 5), draw(3, 5)
    w = [0.5, 1.5, 0.25, 2.0, 1.25]
    for r in REDUCTIONS:
        for loss in ("mseLoss", "l1Loss", "smoothL1Loss", "huberLoss"):
            out.append(case(loss, x, t, reduction=r))
        out.append(case("mseLoss", draw(3, 1), draw(5), reduction=r))
        out.append(case("smoothL1Loss", x, t, reduction=r, beta=0.7))
        out.append(case("smoothL1Loss", x, t, reduction=r, beta=0))
        out.append(case("huberLoss", x, t, reduction=r, delta=0.7))
        out.append(case("binaryCrossEntropy", chance(3, 5), chance(3, 5), reduction=r))
        out.append(case("binaryCrossEntropy", chance(3, 5), chance(3, 5), reduction=r, weight=w))
        out.append(case("binaryCrossEntropyWithLogits", x, chance(3, 5), reduction=r))
        out.append(case("binaryCrossEntropyWithLogits", x, chance(3, 5), reduction=r, weight=w))
        out.append(case("binaryCrossEntropyWithLogits", x, chance(3, 5), reduction=r, posWeight=w, weight=w))
        for name in ("C", "NC", "NCd", "NCdd", "NCddd"):
            shape = SHAPES[name]
            classes = shape[0] if name == "C" else shape[1]
            targets = () if name == "C" else (shape[0], *shape[2:])
            y = torch.randint(0, classes, targets)
            for options in ({}, {"weight": w[:classes], "ignoreIndex": 1}):
                out.append(case("nllLoss", draw(*shape), y, reduction=r, **options))
                out.append(case("crossEntropy", draw(*shape), y, reduction=r, **options))
                out.append(case("crossEntropy", draw(*shape), y, reduction=r, labelSmoothing=0.1, **options))
            for options in ({}, {"weight": w[:classes]}, {"labelSmoothing": 0.3}):
                out.append(case("crossEntropy", draw(*shape), chance(*shape), reduction=r, **options))
        for logs in (False, True):
            out.append(case("klDiv", x, chance(3, 5), reduction=r, logTarget=logs))
    out.append(case("klDiv", x, chance(3, 5), reduction="batchmean"))
    out.append(case("klDiv", x[0, 0], chance(1)[0], reduction="batchmean"))
    certain = torch.tensor([1e-14, 0.5], dtype=torch.float64)
    out.append(case("binaryCrossEntropy", certain, chance(2), reduction="sum"))
    return out


def failure(loss, x, t, dtype="float32", **options):
    """`t` is a shape of zeros, or the list of the targets themselves."""
    values = torch.tensor(t[1]) if t and t[0] == "values" else torch.zeros(t)
    arguments = {snake(k): torch.ones(v) if isinstance(v, list) else v for k, v in options.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(loss)(torch.full(x, 0.5), values.to(getattr(torch, dtype)), **arguments)
    except Exception as error:
        return {"loss": loss, "x": x, "t": list(t), "dtype": dtype, "options": options,
                "error": type(error).__name__, "message": str(error)}
    raise AssertionError(loss)


def failures():
    long = {"dtype": "int64"}
    out = [failure(loss, [3, 4], [3, 4], reduction="x") for loss in (
        "mseLoss", "l1Loss", "huberLoss", "smoothL1Loss", "binaryCrossEntropy", "binaryCrossEntropyWithLogits", "klDiv")]
    out += [
        failure("mseLoss", [3, 4], [5]),
        failure("smoothL1Loss", [3, 4], [3, 4], beta=-1),
        failure("huberLoss", [3, 4], [3, 4], delta=0),
        failure("binaryCrossEntropy", [3, 4], [4]),
        failure("binaryCrossEntropy", [2], ["values", [0.5, 2]]),
        failure("binaryCrossEntropy", [2], ["values", [0.5, 1]], dtype="float64"),
        failure("binaryCrossEntropyWithLogits", [3, 4], [4]),
        failure("binaryCrossEntropyWithLogits", [3, 4], [3, 4], **long),
        failure("crossEntropy", [3, 4], [3, 4], **long),
        failure("crossEntropy", [3, 4], [3, 4], labelSmoothing=2),
        failure("crossEntropy", [3, 4], [3, 4], ignoreIndex=1),
        failure("crossEntropy", [3, 4], [3, 4], weight=[3]),
    ]
    for loss in ("nllLoss", "crossEntropy"):
        out += [
            failure(loss, [3, 4], [3], reduction="x", **long),
            failure(loss, [3, 4], [2], **long),
            failure(loss, [3, 4], [], **long),
            failure(loss, [3, 4], [3], dtype="float32"),
            failure(loss, [3, 4], [3], dtype="int32"),
            failure(loss, [2, 4], ["values", [0, 4]], **long),
            failure(loss, [2, 4], ["values", [-1, 0]], **long),
            failure(loss, [3, 4], [3, 1], **long),
            failure(loss, [4], [3], **long),
            failure(loss, [2, 4, 3], [2, 2], **long),
            failure(loss, [2, 4, 3], [1, 3], **long),
            failure(loss, [2, 4, 3, 2], [2, 2, 2], **long),
            failure(loss, [2, 4, 3, 2], [2, 3], **long),
            failure(loss, [3, 4], [3], weight=[3], **long),
            failure(loss, [2, 4, 3, 2], [2, 3, 2], weight=[3], **long),
        ]
    out.append(failure("nllLoss", [], [], **long))
    return out


def make():
    torch.manual_seed(11)
    return {"cases": cases(), "failures": failures()}
