"""Operations on tensors: values, shapes, dtypes, strides, node names, first and second derivatives.

Each line of operations.txt is a Python expression over the inputs below (statements before the last `;` are run first).
test/autograd/operations/*.ts has the same expression in TypeScript, keyed by this text.
"""

import math
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812

warnings.simplefilter("ignore")


def numbers(seed, count, low=-20.5, scale=8):
    """Distinct numbers that are no zeros and exact in float32."""
    return [((k * 37 + seed * 17) % 41 + low) / scale for k in range(count)]


INPUTS = {
    # Floats: their dtype is float64 or, in the second run, float32.
    "x": ((2, 3), numbers(1, 6)),
    "y": ((2, 3), numbers(2, 6)),
    "z": ((3, 2), numbers(3, 6)),
    "v": ((3,), numbers(4, 3)),
    "w": ((2, 1), numbers(5, 2)),
    "s": ((), numbers(6, 1)),
    "m": ((3, 5), numbers(7, 15)),
    "r": ((5,), numbers(8, 5)),
    "q": ((3, 3), numbers(9, 9)),
    "u": ((2, 3, 5), numbers(10, 30)),
    "b": ((2, 5, 3), numbers(11, 30)),
    "p": ((2, 3), numbers(12, 6, 4, 16)),
    "o": ((2, 3), numbers(13, 6, -20.5, 32)),
    "a": ((2, 3), [1.5, 0, -2, 0, 0, 0.5]),
    "t": ((2, 3), [1, 2, 2, 2, 1, 2]),
    "e": ((0, 3), []),
    "n": ((2, 3), [math.nan, math.inf, -math.inf, 0.0, -1.5, 2.5]),
    # Integers and masks.
    "k": ((2, 3), [3, -7, 2, 0, 5, -4]),
    "j": ((2, 3), [2, 3, -3, 5, -2, 7]),
    "i": ((2, 3), [2, 0, 1, 1, 2, 0]),
    "h": ((3,), [2, 0, 2]),
    "c": ((2, 3), [True, False, True, False, False, True]),
    "d": ((2, 3), [True, True, False, False, True, False]),
}
FLOATS = "xyzvwsmrqubpoaten"


def seeded(seed, draw):
    torch.manual_seed(seed)
    return draw()


def weights(shape, start):
    """What an output's gradient is, and the direction in which a gradient is looked at."""
    count = math.prod(shape)
    values = [((k * 5 + 3 * start) % 13 - 6.5) / 4 for k in range(count)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def inputs(dtype):
    result = {}
    for name, (shape, values) in INPUTS.items():
        kind = dtype if name in FLOATS else None
        result[name] = torch.tensor(values, dtype=kind).reshape(shape)
        if name in FLOATS and name != "n":
            result[name].requires_grad_()
    return result


def evaluate(expression, names):
    *statements, last = expression.split("; ")
    scope = {**names, "torch": torch, "F": F, "seeded": seeded}
    if statements:
        exec("\n".join(statements), scope)
    return eval(last, scope)


def coded(values, digits):
    def one(value):
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, int):
            return value if abs(value) < 2**53 else str(value)
        if not math.isfinite(value):
            return str(value)
        value = float(f"{value:.{digits}g}")
        return int(value) if value.is_integer() and abs(value) < 2**53 and str(value) != "-0.0" else value

    return [one(value) for value in values]


def shortened(values):
    """Enough digits for float32."""
    return [float(f"{value:.9g}") if isinstance(value, float) else value for value in values]


def listed(result):
    return list(result) if isinstance(result, (list, tuple)) else [result]


def described(tensor, digits):
    node = type(tensor.grad_fn).__name__ if tensor.grad_fn is not None else None
    if node == "CppFunction":
        node = tensor.grad_fn.name().rsplit("::")[-1]
    return {
        "dtype": str(tensor.dtype)[6:],
        "shape": list(tensor.shape),
        "stride": list(tensor.stride()),
        **({"node": node} if node else {}),
        "value": coded(tensor.detach().reshape(-1).tolist(), digits),
    }


def derivatives(outputs, names):
    """Gradients by every float input for fixed gradients of the outputs, and the second ones along a direction."""
    outputs = [output for output in outputs if output.requires_grad and output.dtype == torch.float64]
    leaves = {name: tensor for name, tensor in names.items() if tensor.requires_grad}
    if not outputs or any("NotImplemented" in output.grad_fn.name() for output in outputs):
        return {}
    given = [weights(output.shape, at) for at, output in enumerate(outputs)]
    grads = torch.autograd.grad(outputs, list(leaves.values()), given, create_graph=True, allow_unused=True)
    found = {name: grad for name, grad in zip(leaves, grads) if grad is not None}
    result = {"grads": {name: coded(grad.detach().reshape(-1).tolist(), 13) for name, grad in found.items()}}
    slope = sum((grad * weights(grad.shape, 1)).sum() for grad in found.values())
    if isinstance(slope, torch.Tensor) and slope.requires_grad:
        try:
            again = torch.autograd.grad(slope, list(leaves.values()), allow_unused=True)
        except RuntimeError as error:  # hardsigmoid has no second derivative in torch
            if "not implemented" not in str(error):
                raise
            return result
        result["second"] = {
            name: coded([(grad * weights(grad.shape, 2)).sum().item()], 13)[0]
            for name, grad in zip(leaves, again)
            if grad is not None
        }
    return result


def case(expression, exact):
    digits = 17 if exact else 13
    names = inputs(torch.float64)
    outputs = listed(evaluate(expression, names))
    result = {"outputs": [described(output, digits) for output in outputs], **derivatives(outputs, names)}
    single = [described(output, 17) for output in listed(evaluate(expression, inputs(torch.float32)))]
    types = [output["dtype"] for output in single]
    if types != ["float32" if output["dtype"] == "float64" else output["dtype"] for output in result["outputs"]]:
        result["single_dtypes"] = types
    if exact:
        rounded = [output.float() if output.dtype == torch.float64 else output for output in outputs]
        if any(one["value"] != coded(other.reshape(-1).tolist(), 17) for one, other in zip(single, rounded)):
            result["single"] = [shortened(one["value"]) for one in single]
    return result


def groups():
    """(name of the group, whether its float32 results are exactly rounded, expressions)."""
    result = []
    for line in (Path(__file__).parent / "operations.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name, _, how = line[2:].partition(" exact")
            result.append((name, line.endswith(" exact"), []))
        elif line:
            result[-1][2].append(line)
    return result


def make(part=0):
    values = {
        name: {"exact": exact, "cases": {expression: case(expression, exact) for expression in expressions}}
        for at, (name, exact, expressions) in enumerate(groups())
        if (at >= 7) == part
    }
    given = {
        name: {"shape": list(shape), "value": coded(entries, 17), "float": name in FLOATS, "bool": name in "cd"}
        for name, (shape, entries) in INPUTS.items()
    }
    return {**({} if part else {"inputs": given}), "groups": values}
