"""How torch 2.13.0 prints tensors, and Python 3.11 the containers they come in."""

import math
import random
from collections import OrderedDict

import torch

inf, nan = math.inf, math.nan
DTYPES = [
    torch.float32, torch.float64, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
]  # fmt: skip


def number(x):
    """A value for JSON: what JSON cannot hold is text."""
    if isinstance(x, float) and not math.isfinite(x):
        return str(x)
    if isinstance(x, int) and abs(x) >= 2**53:
        return str(x)
    return x


def short(tensor):
    """The elements with no more digits than their dtype needs."""
    if tensor.dtype.is_floating_point and tensor.dtype != torch.float64:
        return [float(f"{x:.9g}") for x in tensor.tolist()]
    return tensor.tolist()


def case(tensor, options=None, values=None):
    """Values are listed, or described as `{"step": s}`: the i-th is i·s, rounded to the dtype."""
    record = {"dtype": str(tensor.dtype)[6:], "shape": list(tensor.shape)}
    record["values"] = values or [number(x) for x in short(tensor.detach().flatten())]
    if options:
        record["options"] = options
    if tensor.grad_fn is not None:
        record["gradFn"] = tensor.grad_fn.name()
    elif tensor.requires_grad:
        record["requiresGrad"] = True
    if torch.get_default_dtype() != torch.float32:
        record["defaultDtype"] = str(torch.get_default_dtype())[6:]
    with torch._tensor_str.printoptions(**(options or {})):
        record["text"] = str(tensor)
    return record


def steps(shape, step=1, dtype=torch.float32, options=None):
    count = math.prod(shape)
    tensor = (torch.arange(count, dtype=torch.float64) * step).to(dtype).reshape(shape)
    return case(tensor, options, {"step": step})


def measured():
    """The tensors of the project's measurements of torch."""
    T = torch.tensor
    double, long = torch.float64, torch.int64
    for value in [3.5, 3, True, 3.0, -0.0, 1e-5, 1e10, nan, inf]:
        yield case(T(value))
    yield case(T(3.5, dtype=double))
    yield case(T(3.5, requires_grad=True))
    yield case(torch.ones(2, requires_grad=True).sum())
    yield case(T(3.5).half())
    yield case(T(3, dtype=torch.int32))
    yield case(T(200, dtype=torch.uint8))
    for dtype in [torch.float32, long, double]:
        for shape in [(0,), (0, 3), (2, 0), (1001, 0), (0, 2, 3)]:
            yield case(torch.empty(shape, dtype=dtype))
    yield case(torch.empty(0, requires_grad=True))
    yield case(torch.empty(2, 0, requires_grad=True))
    for values in [
        [1, 2, 3], [1, -20, 300], [True, False], [[True], [False]], [1.0, 2.0, 3.0], [1.0, -2.0, 3.0], [0.0, 0.0],
        [-0.0, 0.0], [-0.0], [-0.0001], [-0.00004, 1.0], [0.5, -0.0], [nan, 1.0], [nan, 1.5], [nan, nan], [inf, 1.0],
        [-inf, 1.5], [inf, -inf, nan, 0.0], [inf, -inf, nan, -1.25], [1e-4, 1.0], [9.9e-5, 1.0], [1e-4, 0.1], [1e-3, 1.0],
        [1e-3, 1.0001], [1.0, 1000.0], [1.0, 1001.0], [1.5, 1000.0], [1.5, 1501.0], [1e8], [1e8 + 8], [100000001.0],
        [1.5e8], [99999999.0], [1e-10, 0.0], [1.0, 100000.0], [0.1, 0.2, 0.3], [12345.678], [123456.789, 1.0], [0.00012345],
        [1 / 3], [2.5, 3.5], [0.12345], [0.00005], [1e38, 1.0], [1e-45], [16777217.0],
    ]:  # fmt: skip
        yield case(T(values))
    for dtype in [torch.int32, torch.uint8]:
        yield case(T([1, 2], dtype=dtype))
    for dtype in [double, torch.float16, torch.bfloat16]:
        yield case(T([1.5, 2], dtype=dtype))
    yield case(T([0.1], dtype=double))
    yield case(T([1e300, 1e-300], dtype=double))
    yield case(T([2**63 - 1, -(2**63)]))
    for shape, step, dtype in [
        ((5,), 1, long), ((5,), 1, torch.float32), ((30,), 1, long), ((30,), 1, torch.float32), ((25,), 1000, long),
        ((1001,), 1, long), ((1001,), 1, torch.float32), ((1001,), 7919, long), ((2, 3, 4), 1, torch.float32),
        ((2, 2, 2, 2), 1, torch.float32), ((40, 40), 0, torch.float32), ((3, 1000), 1, torch.float32),
        ((2, 20, 30), 1, torch.float32), ((20, 2, 30), 1, long), ((7, 150), 1, torch.float32), ((6, 176), 1, torch.float32),
        ((1001, 1), 0, torch.float32), ((1, 1001), 0, torch.float32), ((9, 2, 8, 8), 0.25, double),
        ((500, 500), 1, torch.int32), ((1100,), 1, torch.bool),
    ]:  # fmt: skip
        yield steps(shape, step, dtype)
    yield case(torch.zeros(2, 3, requires_grad=True))
    for count, dtype in [(18, torch.float32), (16, torch.float32), (9, double), (7, double)]:
        yield case(torch.ones(count, dtype=dtype, requires_grad=True) * 1.5)


def with_options():
    x = torch.tensor([[0.12345679, -12.5], [0.001, 100.0]])
    for options in [
        {"precision": 2}, {"precision": 0}, {"precision": 8}, {"sci_mode": True}, {"sci_mode": False},
        {"precision": 2, "sci_mode": True}, {"profile": "short"}, {"profile": "full"}, {"profile": "full", "precision": 6},
        {"linewidth": 20}, {"linewidth": 1}, {"profile": "foo"},
    ]:  # fmt: skip
        yield case(x, options)
        yield case(x.double().clone().requires_grad_(), options)
    for options in [
        {"threshold": 5}, {"threshold": 5, "edgeitems": 1}, {"threshold": 5, "edgeitems": 2}, {"edgeitems": 1},
        {"threshold": 0}, {"threshold": 5, "edgeitems": 0}, {"edgeitems": 0}, {"profile": "short", "threshold": 5},
        {"threshold": 5, "edgeitems": 2, "linewidth": 24}, {"threshold": 5, "edgeitems": 7},
    ]:  # fmt: skip
        yield steps((4, 6), 0.25, options=options)
        yield steps((10,), 1, torch.int64, options=options)
        yield steps((5, 3, 7), 0.5, torch.float64, options=options)
        yield steps((), options=options)
    yield steps((8,), 0.125, options={"linewidth": 40})
    for values in [[1, 2], [1.0, 2.0], [1e10, 1e-10], [1e10, 1.0], [nan, 1.5, inf], [0.0, 0.0], [0.4, 1.5, 2.5]]:
        for options in [{"sci_mode": True}, {"sci_mode": False}, {"precision": 2}, {"precision": 0}]:
            yield case(torch.tensor(values), options)
    yield case(torch.ones(3, requires_grad=True) * 1.5, {"linewidth": 30})


def drawn(count=210):
    """Random dtypes, ranks, magnitudes, special values, ties and options."""
    draw = random.Random(20)
    torch.manual_seed(20)
    for at in range(count):
        dtype = DTYPES[at % len(DTYPES)]
        shape = [draw.randint(1, 4) for _ in range(draw.randint(0, 4))]
        if at % 25 == 3:
            shape[:1] = [0]
        options = {}
        for name, choices in {
            "precision": [0, 1, 2, 3, 6, 10], "threshold": [3, 10, inf], "edgeitems": [0, 1, 2], "linewidth": [10, 25, 40, 120],
            "sci_mode": [True, False], "profile": ["default", "short", "full"],
        }.items():  # fmt: skip
            if draw.random() < 0.2:
                options[name] = draw.choice(choices)
        if dtype.is_floating_point:
            tensor = torch.randn(shape, dtype=torch.float64) * 10.0 ** draw.choice([0, 0, 0, -2, -5, 2, 4, 8])
            kind = draw.randrange(5)
            if kind == 1:  # ties
                tensor = (tensor * 32).round() / 32
            if kind == 2:
                tensor = tensor.round()
            if kind == 3:
                special = torch.tensor([inf, -inf, nan, -0.0, 0.0, 1.0])[torch.randint(6, shape)]
                tensor = torch.where(torch.rand(shape) < 0.5, special, tensor)
            tensor = tensor.to(dtype)
            if draw.random() < 0.3:
                tensor.requires_grad_()
                tensor = tensor.clone() if draw.random() < 0.5 else tensor
        else:
            tensor = torch.randint(-(10 ** draw.randint(1, 9)), 10 ** draw.randint(1, 9), shape).to(dtype)
        torch.set_default_dtype(torch.float64 if at % 11 == 0 else torch.float32)
        yield case(tensor, options)
        torch.set_default_dtype(torch.float32)


def random_value(draw, depth):
    """A random value, tagged for JSON, and the value itself."""
    kind = draw.randrange(12 if depth else 6)
    if kind == 0:
        x = draw.choice([0, 1, -5, 12345, 2**53 - 1, -(2**40)])
        return x, x
    if kind == 1:
        x = draw.choice([0.5, 1.0, -0.0, 1e-5, 1e16, 1e22, 0.1, nan, inf, -inf, 123456.789, 2.0**60])
        return {"float": number(x)}, x
    if kind == 2:
        x = draw.choice([True, False, None])
        return x, x
    if kind == 3:
        x = draw.choice(["", "a", "it's", 'say "hi"', "both ' and \"", "line\nend\t\\", "é中", "\x00\x7f\xa0\xad\u200b\u2028", "😀", "\U000e0001"])
        return {"text": x}, x
    if kind == 4:
        x = draw.choice([10**20, -(2**63)])
        return {"bigint": str(x)}, x
    if kind == 5:
        x = draw.choice([[1.5], [[1.0, 2.0], [3.0, 4.0]], [nan]])
        return {"tensor": [number(v) for v in torch.tensor(x).flatten().tolist()], "shape": list(torch.tensor(x).shape)}, torch.tensor(x)
    items = [random_value(draw, depth - 1) for _ in range(draw.randrange(4))]
    tagged, plain = [t for t, _ in items], [p for _, p in items]
    keys = ["a", "weight_ih_l0", "it's"][: len(items)]
    if kind in (6, 7):
        return {"list": tagged}, plain
    if kind in (8, 9):
        return {"tuple": tagged}, tuple(plain)
    if kind == 10:
        return {draw.choice(["object", "map"]): [list(pair) for pair in zip(keys, tagged)]}, dict(zip(keys, plain))
    return {"ordered": [list(pair) for pair in zip(keys, tagged)]}, OrderedDict(zip(keys, plain))


def containers(count=250):
    draw = random.Random(7)
    for _ in range(count):
        tagged, value = random_value(draw, 4)
        yield {"value": tagged, "repr": repr(value)}


def returned():
    x = torch.tensor([[1.0, 2.0], [4.0, 3.0]])
    return {"max": str(x[1].max(0)), "sort": str(x.sort()), "inTuple": str((x[1].max(0),))}


def make() -> dict:
    tensors = [*measured(), *with_options(), *drawn()]
    for record in tensors:
        if record.get("options", {}).get("threshold") == inf:
            record["options"]["threshold"] = "inf"
    return {"tensors": tensors, "containers": list(containers()), "returned": returned()}
