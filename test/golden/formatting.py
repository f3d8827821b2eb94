"""Python 3.11's `format(value, spec)` and `repr(float)`."""

import math
import random

NUMBERS = [
    0.0, -0.0, 1.5, -2.5, 0.5, 0.125, -0.03125, 1 / 3, 2 / 3, 1e-5, 1e-4, 0.00012345, 9.9999e-5, 123.456, 1234.5, 999999.5,
    9.995, 0.9995, 1e15, 1e16, 1e17, 1e20, 1e21, 1e22, 1e23, 1.5e300, 5e-324, 1.7976931348623157e308, 12345678.9, 1e100,
    math.inf, -math.inf, math.nan, math.pi, -math.e * 1e6, 100.0, 1000.0, 0.045, 2.675, 1.005, 8.5, 1e-7,
]  # fmt: skip
INTEGERS = [0, 1, -1, 7, 42, -123, 999, 1000, -1234, 65, 8364, 128512, 123456, 1234567, -98765432, 2**31, 2**53 - 1]
BIG = [10**20, -(2**64), 123456789012345678901234567890]
TEXTS = ["", "a", "weight_ih_l0", "weight", "é中", "😀b", "nan"]


def attempt(value, spec):
    try:
        return {"text": format(value, spec)}
    except (ValueError, OverflowError) as error:
        return {"error": str(error)}


def number(x):
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x


def random_spec(draw, types):
    spec = ""
    if draw.random() < 0.3:
        spec += draw.choice(["", "", "*", "0", "x", "é", "=", "<"]) + draw.choice("<>^=")
    if draw.random() < 0.25:
        spec += draw.choice("+- ")
    if draw.random() < 0.05:
        spec += "z"
    if draw.random() < 0.12:
        spec += "#"
    if draw.random() < 0.2:
        spec += "0"
    if draw.random() < 0.5:
        spec += str(draw.choice([1, 3, 5, 8, 10, 12, 15]))
    if draw.random() < 0.15:
        spec += draw.choice(",,_")
    if draw.random() < 0.5:
        spec += "." + str(draw.choice([0, 1, 2, 3, 4, 6, 10, 17, 30]))
    return spec + draw.choice(types)


def formats():
    """Rows `[kind, value, spec, text]`, with `{"error": ...}` for a text where Python refuses."""
    draw = random.Random(11)
    rows = []
    common = [".4f", ".2f", ".0f", ".4e", ".10g", "g", ".1%", "%", ">10.3e", "+.2f", "8", ".3", ",.2f"]
    for value in NUMBERS:
        rows += [("float", value, spec) for spec in common]
    for value in INTEGERS:
        rows += [("int", value, spec) for spec in ["5", "5d", "05d", "<4", ">6", ",", "+", "x", "#b", "o", "X", "_x", "c", ".2f", "g", "e"]]
    for value in TEXTS:
        rows += [("str", value, spec) for spec in ["<15", ">10", "^9", "*^9", ".2", "05", "s", "10s", "<32"]]
    for _ in range(700):
        value = draw.choice(NUMBERS) if draw.random() < 0.4 else draw.gauss(0, 1) * 10.0 ** draw.randint(-8, 12)
        if draw.random() < 0.3:
            value = round(value * 16) / 16 if abs(value) < 1e300 else value
        rows.append(("float", value, random_spec(draw, ["", "f", "e", "g", "F", "E", "G", "%", "n", "f", "g", "d", "x", "q"])))
    for _ in range(450):
        value = draw.choice(INTEGERS) if draw.random() < 0.6 else draw.randint(-(10**9), 10**9)
        spec = random_spec(draw, ["", "d", "d", "b", "o", "x", "X", "n", "c", "s", "f", "e", "g", "%"])
        rows.append(("int", value, spec))
    for _ in range(100):
        rows.append(("bigint", draw.choice(BIG), random_spec(draw, ["", "d", "x", ",", "f", "g", "e"])))
        rows.append(("bool", draw.random() < 0.5, random_spec(draw, ["", "d", "f", "s", "b"])))
    for _ in range(200):
        rows.append(("str", draw.choice(TEXTS), random_spec(draw, ["", "", "s", "s", "d", "f"])))
    for spec in [
        ",,", ",_", "_,", ",s", "q", ".", ".f", "5.2ff", "hello", "+c", "#c", ",c", "{", "99999999999999999999d", "a05", "d ",
        "=5", "_n", ",n", "_c", "zd", "\n<5", "=^5", ">>8", "08,", "010,.1f", "09_x", "#.0f", "#.0e", "#g", "#.0g", ".0", "#",
    ]:  # fmt: skip
        rows += [("int", 3, spec), ("float", 3.5, spec), ("str", "a", spec), ("bool", True, spec)]
    for kind, value, spec in rows:
        result = attempt(value, spec)
        yield [kind, str(value) if kind == "bigint" else number(value), spec, result.get("text", result)]


def representations():
    draw = random.Random(3)
    values = [x for x in NUMBERS if math.isfinite(x)]
    values += [draw.gauss(0, 1) * 10.0 ** draw.randint(-25, 25) for _ in range(200)]
    values += [float(draw.randint(0, 10**17)) for _ in range(50)] + [2.0**n for n in range(-1074, 1024, 61)]
    return [[x, repr(x)] for x in values]


def make() -> dict:
    return {"formats": list(formats()), "representations": representations()}
