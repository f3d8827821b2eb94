"""Random draws of torch: values, the draw after them (which counts the outputs used), states and error texts.

Values are the bytes of the memory in which the library keeps them, so 16-bit floats come as float32. Above 600
elements only their SHA-256 is kept.
"""
import base64
import hashlib
import math

import mpmath
import torch
import torch.nn.functional as F
from torch.nn import init
from torch.utils import data

TYPES = {name: getattr(torch, name) for name in (
    "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")}
FLOATS = ("float32", "float64", "float16", "bfloat16")
LARGE = 50021


def memory(tensor):
    tensor = tensor.detach().contiguous().reshape(-1)
    if tensor.dtype in (torch.float16, torch.bfloat16):
        tensor = tensor.float()
    return tensor.view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def encode(tensor):
    raw = memory(tensor)
    if tensor.numel() > 600:
        return {"sha256": hashlib.sha256(raw).hexdigest()}
    return {"base64": base64.b64encode(raw).decode()}


def error(call):
    try:
        call()
    except Exception as raised:
        return {"error": type(raised).__name__, "message": str(raised).split("\n")[0]}
    raise AssertionError("no error")


CASES = []


def case(draw, dtype, length, args, call, seed=23435):
    torch.manual_seed(seed)
    out = call()
    CASES.append({"draw": draw, "dtype": dtype, "length": length, "args": args, "seed": seed, **encode(out),
                  "next": torch.rand(1).item()})


def method(name, dtype, length, *args, label=None):
    case(label or name, dtype, length, [str(a) if abs(a) >= 2**53 else a for a in args],
         lambda: getattr(torch.empty(length, dtype=TYPES[dtype]), name)(*args))


def draws():
    for dtype in FLOATS:
        for length in (1, 5, 37, LARGE):
            method("uniform_", dtype, length, 0, 1)
            method("uniform_", dtype, length, -0.577, 0.91)
            count = 500 if dtype == "float64" and length == LARGE else length  # float64 normals cannot be hashed
            method("normal_", dtype, count, 0, 1)
            method("normal_", dtype, count, 1.3, 0.7)
        method("uniform_", dtype, LARGE, 1000.0, 1001.0)
        for length in (16, 17, 32):
            method("normal_", dtype, length, 0, 1)
        case("normal_strided", dtype, 37, [1.3, 0.7],
             lambda: torch.empty(37, 2, dtype=TYPES[dtype])[:, 0].normal_(1.3, 0.7))
        for length in (41, LARGE):
            method("exponential_", dtype, length, 1.7)
            if length < LARGE or dtype != "float64":
                method("cauchy_", dtype, length, 0.3, 1.7)
                method("log_normal_", dtype, length, 0.3, 0.7)
        for p in (0.5, 0.3):
            case("dropout", dtype, 41, [p], lambda: F.dropout(ramp(41, dtype), p))
            case("alpha_dropout", dtype, 41, [p], lambda: F.alpha_dropout(ramp(41, dtype), p, training=True))
        case("dropout", dtype, LARGE, [0.4], lambda: F.dropout(ramp(LARGE, dtype), 0.4))
        for p in (0, 1):
            case("dropout", dtype, 5, [p], lambda: F.dropout(ramp(5, dtype), p))
            case("alpha_dropout", dtype, 5, [p], lambda: F.alpha_dropout(ramp(5, dtype), p, training=True))
        for length in (5, 37, 9973):
            for args in ([0, 1, -2, 2], [0, 1, 1, 1.5], [0.5, 0.2, 0.4, 0.6]):
                if length < 9973 or dtype != "float64" or args[2] == 1:
                    case("trunc_normal_", dtype, length, args,
                         lambda: init.trunc_normal_(torch.empty(length, dtype=TYPES[dtype]), *args))
        for length in (7, 37):
            means, stds = ramp(length, dtype), torch.linspace(1, 2, length).to(TYPES[dtype])
            case("normal_each", dtype, length, [0.37, "each"], lambda: torch.normal(0.37, stds))
            case("normal_each", dtype, length, ["each", 1.37], lambda: torch.normal(means, 1.37))
            case("normal_each", dtype, length, ["each", "each"], lambda: torch.normal(means, stds))
        case("bernoulli_each", dtype, 41, [], lambda: torch.bernoulli(torch.linspace(0, 1, 41).to(TYPES[dtype])))
        case("multinomial", dtype, 3, [1, True], lambda: torch.multinomial(weights(dtype), 1, True))
        case("multinomial", dtype, 21, [7, True], lambda: torch.multinomial(weights(dtype), 7, True))
        case("multinomial", dtype, 1500, [500, True], lambda: torch.multinomial(weights(dtype), 500, True))
        if dtype in ("float32", "float64"):
            case("multinomial", dtype, 21, [7, False], lambda: torch.multinomial(weights(dtype), 7, False))
            case("sparse_", dtype, 63, [9, 0.3, 0.01],
                 lambda: init.sparse_(torch.empty(9, 7, dtype=TYPES[dtype]), 0.3, 0.01))
            for rows, columns in ((7, 3), (3, 7), (5, 5)):
                case("orthogonal_", dtype, rows * columns, [rows, 1.5],
                     lambda: init.orthogonal_(torch.empty(rows, columns, dtype=TYPES[dtype]), 1.5))
    for dtype in TYPES:
        method("random_", dtype, 31)
        method("random_", dtype, LARGE)
        method("random_", dtype, 31, 0, 2, label="randint")
        method("bernoulli_", dtype, 31, 0.3)
        method("bernoulli_", dtype, LARGE, 0.5)
        case("random_from", dtype, 31, [1], lambda: torch.empty(31, dtype=TYPES[dtype]).random_(1, None))
        if dtype != "bool":
            method("geometric_", dtype, 31, 0.03)
            method("random_", dtype, 31, 3, 100, label="randint")
    for low, high in ((-5, 12), (0, 2**28 - 1), (0, 2**28), (0, 2**40 + 3), (-2**62, 2**62), (-2**63, 2**63 - 1)):
        method("random_", "int64", 31, low, high, label="randint")
        method("random_", "float64", 31, low, high, label="randint")
    method("random_", "int64", LARGE, -10**12, 10**12, label="randint")
    for low, high in ((2**24 + 1, 2**24 + 3), (0, 2**30), (-2**30, 3)):
        method("random_", "float32", 31, low, high, label="randint")
    method("random_", "bfloat16", 31, 300, 1000, label="randint")
    case("random_from", "int64", 31, [str(-2**63)], lambda: torch.empty(31, dtype=torch.int64).random_(-2**63, None))
    case("random_from", "float64", 31, [str(-2**63)],
         lambda: torch.empty(31, dtype=torch.float64).random_(-2**63, None))
    for length in (0, 1, 2, 37, LARGE):
        case("randperm", "int32", length, [], lambda: torch.randperm(length, dtype=torch.int32))


def ramp(length, dtype):
    return (torch.arange(1, length + 1, dtype=torch.float64) * 0.37).to(TYPES[dtype])


def weights(dtype):
    row = (torch.arange(29, dtype=torch.float64) * 7 % 11 + 0.5)
    return torch.stack([row, row.flip(0), torch.ones(29)]).to(TYPES[dtype])


def states():
    result = []
    for seed, prepare in ((7, lambda: None), (-1, lambda: torch.rand(5)), (2**64 - 2, lambda: torch.randn(3)),
                          (2**32 + 7, lambda: torch.rand(624))):
        torch.manual_seed(seed)
        prepare()
        result.append({"seed": str(seed), "initialSeed": str(torch.initial_seed()), **encode(torch.get_rng_state()),
                       "normals": torch.randn(2, dtype=torch.float64).tolist(), "next": torch.rand(1).item()})
    return result


def errors():
    def empty(dtype="float32"):
        return torch.empty(2, dtype=TYPES[dtype])

    result = {}
    for dtype, low, high in (("float32", 1.5, 0.25), ("float32", 123456.789, 1e-7), ("float32", 0, float("inf")),
                             ("float64", float("nan"), 1), ("float16", 0, 65505), ("bfloat16", -3e38, 3e38)):
        result[f"uniform {dtype} {low} {high}"] = error(lambda: empty(dtype).uniform_(low, high))
    result["normal"] = error(lambda: empty().normal_(0, -0.5))
    result["normal each"] = error(lambda: torch.normal(0.0, torch.tensor([1.0, -1.0])))
    result["bernoulli"] = error(lambda: empty().bernoulli_(1.5))
    result["bernoulli each"] = error(lambda: torch.bernoulli(torch.tensor([0.5, 1.5])))
    result["exponential"] = error(lambda: empty().exponential_(0))
    result["cauchy"] = error(lambda: empty().cauchy_(0, -1))
    result["log normal"] = error(lambda: empty().log_normal_(0, 0))
    result["geometric"] = error(lambda: empty().geometric_(1))
    result["dropout"] = error(lambda: F.dropout(torch.ones(2), 1.5))
    for dtype, low, high in (("int64", 5, 5), ("int8", 0, 1000), ("int16", -40000, 3), ("uint8", -1, 3), ("bool", 0, 3),
                             ("int32", 0, 2**40), ("float16", 0, 65520), ("float32", 2**40 + 1, 2**40 + 3)):
        result[f"randint {dtype} {low} {high}"] = error(lambda: empty(dtype).random_(low, high))
    for dtype, low in (("int8", 500), ("float32", 2**24), ("float16", -2**63), ("bool", -2**63), ("int32", -2**63)):
        result[f"random from {dtype} {low}"] = error(lambda: empty(dtype).random_(low, None))
    result["randperm"] = error(lambda: torch.randperm(-1))
    for row in ([0.5, -1.0], [0.5, float("inf")], [float("nan"), 1.0], [0.0, 0.0]):
        for count, replacement in ((1, False), (2, True), (3, False), (0, True)):
            result[f"multinomial {row} {count} {replacement}"] = error(
                lambda: torch.multinomial(torch.tensor(row), count, replacement))
    result["manual seed high"] = error(lambda: torch.manual_seed(2**64))
    result["manual seed low"] = error(lambda: torch.manual_seed(-2**63 - 1))
    result["state size"] = error(lambda: torch.Generator().set_state(torch.zeros(3, dtype=torch.uint8)))
    result["state content"] = error(lambda: torch.Generator().set_state(torch.zeros(5056, dtype=torch.uint8)))
    result["state type"] = error(lambda: torch.Generator().set_state(torch.zeros(5056)))
    result["gain"] = error(lambda: init.calculate_gain("softsign"))
    result["fans"] = error(lambda: init.xavier_uniform_(torch.ones(3)))
    result["mode"] = error(lambda: init.kaiming_uniform_(torch.ones(3, 2), mode="both"))
    result["num_samples"] = error(lambda: data.RandomSampler(range(3), num_samples=0))
    result["split sum"] = error(lambda: data.random_split(range(17), [10, 4]))
    result["split share"] = error(lambda: data.random_split(range(17), [0.5, -0.1, 0.6]))
    return result


def gains():
    shapes = [[3, 2], [1009, 13], [4, 3, 5], [128, 784], [5, 7, 3, 3]]
    names = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", "conv1d", "conv_transpose3d"]
    result = {"calculateGain": {name: init.calculate_gain(name) for name in names},
              "slope": init.calculate_gain("leaky_relu", 5**0.5), "shapes": []}
    bounds = {}
    keep = init._no_grad_uniform_, init._no_grad_normal_

    def record(tensor, low, high, *rest, **named):
        bounds["value"] = high
        return tensor

    init._no_grad_uniform_ = init._no_grad_normal_ = record
    original = torch.Tensor.uniform_, torch.Tensor.normal_
    torch.Tensor.uniform_ = torch.Tensor.normal_ = record

    def value(function, *args, **named):
        function(*args, **named)
        return bounds["value"]

    for shape in shapes:
        w = torch.empty(shape)
        result["shapes"].append({
            "shape": shape, "fans": list(init._calculate_fan_in_and_fan_out(w)),
            "kaimingUniform": value(init.kaiming_uniform_, w, a=5**0.5),
            "kaimingNormal": value(init.kaiming_normal_, w, mode="fan_out", nonlinearity="relu"),
            "xavierUniform": value(init.xavier_uniform_, w, gain=5 / 3),
            "xavierNormal": value(init.xavier_normal_, w)})
    init._no_grad_uniform_, init._no_grad_normal_ = keep
    torch.Tensor.uniform_, torch.Tensor.normal_ = original
    return result


def orders():
    torch.manual_seed(5)
    result = {
        "random": list(data.RandomSampler(range(7))),
        "more": list(data.RandomSampler(range(7), num_samples=17)),
        "replacement": list(data.RandomSampler(range(7), replacement=True, num_samples=40)),
        "given": list(data.RandomSampler(range(7), generator=torch.Generator().manual_seed(3))),
        "subset": list(data.SubsetRandomSampler([2, 3, 5, 7, 11, 13])),
        "weighted": list(data.WeightedRandomSampler([0.1, 0.9, 0.4, 3.0], 9)),
        "weightedOnce": list(data.WeightedRandomSampler([0.1, 0.9, 0.4, 3.0], 3, replacement=False)),
        "split": [list(part.indices) for part in data.random_split(range(23), [13, 7, 3])],
        "shares": [list(part.indices) for part in data.random_split(range(23), [0.3, 0.3, 0.4])],
        "baseSeed": str(data.DataLoader(range(3)).__iter__()._base_seed),
    }
    return {**result, "next": torch.rand(1).item()}


def functions():
    """log1p of the C library; the others rounded correctly from 60 digits, by mpmath."""
    mpmath.mp.dps = 60
    generator = torch.Generator().manual_seed(3)
    unit = torch.rand(40, generator=generator, dtype=torch.float64).tolist()
    small = [2.0**-53, 2.0**-40, 2.0**-30, 1e-7, 1e-3, 0.25, 0.2928, 0.2929, 0.293, 0.5, 1 - 2.0**-20, 1 - 2.0**-53]
    inputs = {
        "log1p": [-x for x in small + unit], "log": small + unit + [1.0, 0.70710678, 0.7071068, 2.0, 1e100],
        "sin": [0.0, 1e-9] + [6.28 * x for x in unit], "cos": [0.0, 1e-9] + [6.28 * x for x in unit],
        "tan": [0.0, 1e-9, 1.5707963267948966] + [3.14 * (x - 0.5) for x in unit],
        "exp": [0.0, 1e-9, -700.5, 709.0, -745.0] + [40 * x - 20 for x in unit],
    }
    values = {name: [float(getattr(mpmath, name)(mpmath.mpf(x))) for x in xs] for name, xs in inputs.items()}
    values["log1p"] = [math.log1p(x) for x in inputs["log1p"]]
    return {name: list(zip(xs, values[name])) for name, xs in inputs.items()}


def make() -> dict:
    torch.set_num_threads(1)
    CASES.clear()
    draws()
    return {"torch": torch.__version__, "cases": CASES, "states": states(), "errors": errors(), "gains": gains(),
            "functions": functions(), "orders": orders()}
