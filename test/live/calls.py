"""Random calls, right and wrong, of layers, cells, packing and what is around them: `calls.py COUNT SEED FILE`.

A call is a Python expression. Its line in the file holds the text, the expression as a tree that calls.test.ts follows in
TypeScript, and what torch answers: ["OK", repr], or the class of the error and its text. Expressions use keywords only where
TypeScript has an option, whole numbers only where floats are not told apart from them, and tuples for states.
"""

import ast
import json
import os
import random
import sys
import warnings

import torch
import torch.nn.functional as F  # noqa: F401 (used by calls)
from torch import nn
from torch.nn.utils import (  # noqa: F401 (used by calls)
    clip_grad_norm_,
    clip_grad_value_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)
from torch.nn.utils.rnn import (  # noqa: F401 (used by calls)
    PackedSequence,
    invert_permutation,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpack_sequence,
    unpad_sequence,
)


def Z(*shape):
    """Numbers that are no zeros, and the same on both sides: eighths from -3/8 to 3/8."""
    return ((torch.arange(torch.Size(shape).numel()) % 7 - 3) / 8).reshape(shape)


def G(*shape):
    """The same, wanting a gradient."""
    return Z(*shape).requires_grad_()


def n(*values):
    return torch.tensor(values, dtype=torch.int64)


def P(data, sizes, order=None):
    return PackedSequence(data, n(*sizes), None if order is None else n(*order))


def without(state, name):
    return {key: value for key, value in state.items() if key != name}


def merged(state, changes):
    return {**state, **changes}


def graded(shape, value):
    """A parameter with a gradient."""
    parameter = nn.Parameter(Z(*shape))
    parameter.grad = torch.full(shape, value)
    return parameter


def hooked(module, what):
    """A module whose hook gives back `what`."""
    module.register_forward_hook(lambda *_: what)
    return module


def prepared(module, what):
    """A module whose hook puts `what` in place of the arguments."""
    module.register_forward_pre_hook(lambda *_: what)
    return module


def put(target, name, value):
    setattr(target, name, value)
    return target


def text(*shape):
    return f"Z({', '.join(map(str, shape))})"


def options(rng, pools, most=3):
    """Some of the keywords, each with one of its values."""
    names = rng.sample(sorted(pools), rng.randint(0, min(most, len(pools))))
    return "".join(f", {name}={rng.choice(pools[name])}" for name in names)


SIZES = ["1", "2", "3", "5"]
WRONG_SIZES = [*SIZES, *SIZES, "0", "-1", "'3'", "None", "2.5"]
OPTIONS = {
    "num_layers": ["1", "2", "3", "0", "-1", "'2'", "None", "1.5"],
    "bias": ["True", "False", "1", "None", "'x'", "0.5"],
    "batch_first": ["True", "False", "1", "None", "'x'"],
    "dropout": ["0", "0.5", "1", "1.5", "-0.1", "True", "None", "'a'", "'0.5'", "nan", "'nan'", "''", "' 1e400 '"],
    "bidirectional": ["True", "False", "1", "0", "None", "'yes'"],
    "dtype": ["torch.float64", "torch.float32", "torch.float16", "torch.bfloat16", "torch.int64", "torch.bool"],
    "device": ["'cpu'", "'cuda'", "'foo'", "'cpu:0'", "None", "'cuda:0'"],
}
OWN = {
    "RNN": {"nonlinearity": ["'tanh'", "'relu'", "'gelu'", "None", "True", "1"], "proj_size": ["0", "1"], "foo": ["1"]},
    "LSTM": {"proj_size": ["0", "1", "2", "5", "-1", "'2'", "None"], "nonlinearity": ["'tanh'"]},
    "GRU": {"proj_size": ["0", "1"], "nonlinearity": ["'tanh'"], "foo": ["None"]},
}
CELL_OPTIONS = {
    "bias": ["True", "False", "1", "0", "None", "'no'", "''"],
    "dtype": OPTIONS["dtype"],
    "device": OPTIONS["device"],
    "foo": ["1"],
}


def constructor(rng):
    kind = rng.choice(["RNN", "LSTM", "GRU", "RNNBase", "RNNCell", "LSTMCell", "GRUCell"])
    sizes = [rng.choice(WRONG_SIZES) for _ in range(rng.choice([0, 1, 2, 2, 2, 2, 2, 2, 2]))]
    if rng.random() < 0.6:
        sizes = ["3", "4"]
    if kind.endswith("Cell"):
        # Cells look at nothing: what is no number fails somewhere in Python.
        sizes = [size if size.lstrip("-").isdigit() else "4" for size in sizes]
    given = options(rng, CELL_OPTIONS | ({"nonlinearity": OWN["RNN"]["nonlinearity"]} if rng.random() < 0.3 else {}), 2)
    if not kind.endswith("Cell"):
        given = options(rng, OPTIONS | OWN[kind if kind in OWN else "LSTM"])
    if kind == "RNNBase":
        mode = rng.choice(["'LSTM'", "'GRU'", "'RNN_TANH'", "'RNN_RELU'", "'FOO'", "None", "5", "'lstm'"])
        given = given if mode in ("'LSTM'", "'GRU'", "'RNN_TANH'", "'RNN_RELU'") else ""
        sizes = [mode, *sizes] if sizes else []
    # JavaScript has no keywords after missing arguments.
    given = given if len(sizes) == (3 if kind == "RNNBase" else 2) else ""
    return f"nn.{kind}({', '.join(sizes)}{given})"


# The shape or dtype that is wrong in the call being made: of two mistakes torch may name either, by the path it takes.
MISTAKES = []


def near(rng, shape, of="any rank"):
    """The shape, or one that is not quite it."""
    if MISTAKES:
        return list(shape)
    made = another(rng, shape, of)
    if made != list(shape):
        MISTAKES.append(made)
    return made


def another(rng, shape, of):
    shape, luck = list(shape), rng.random()
    if luck < 0.5 or of == "this shape":
        return shape
    if of == "these rows":
        return [*shape[:1], *(rng.choice([0, 1, 2, 3, 4, 5]) for _ in shape[1:])]
    if (luck < 0.8 or of == "this rank") and shape:
        shape[rng.randrange(len(shape))] = rng.choice([0, 1, 2, 3, 4, 5])
    elif luck < 0.9 and shape:
        del shape[rng.randrange(len(shape))]
    else:
        shape.insert(rng.randint(0, len(shape)), rng.choice([1, 2]))
    return shape


def tensor(rng, shape, dtype="", of="any rank"):
    """A tensor of about this shape, mostly of this dtype."""
    if rng.random() < 0.12 and not MISTAKES and not (of == "this shape" and dtype == ".bfloat16()"):
        dtype = rng.choice(["", ".double()", ".long()", ".half()", ".bfloat16()"])
        MISTAKES.append(dtype)
    return text(*near(rng, shape, of)) + dtype


def unguarded(kind, sizes, dtype):
    """Whether torch's fused kernel would read beyond a tensor that is too small: nobody asks it about sizes."""
    return kind == "LSTM" and not sizes["P"] and dtype in ("", ".bfloat16()")


NO_TENSORS = ["5", "2.5", "'ab'", "[1, 2, 3]", "{}", "True", "''", "[]"]
# Where states stand, an array in TypeScript is a tuple in Python.
NO_STATES = ["5", "2.5", "'ab'", "(1, 2, 3)", "{}", "True", "''", "()", "(1,)"]


def layer(rng):
    kind = rng.choice(["RNN", "LSTM", "LSTM", "GRU"])
    sizes = {"layers": rng.choice([1, 1, 2]), "D": rng.choice([1, 1, 2]), "P": rng.choice([0, 0, 2]) if kind == "LSTM" else 0}
    batch_first = rng.random() < 0.3
    given = ", num_layers=2" * (sizes["layers"] == 2) + ", bidirectional=True" * (sizes["D"] == 2)
    given += ", proj_size=2" * (sizes["P"] > 0) + ", batch_first=True" * batch_first + ", bias=False" * (rng.random() < 0.2)
    dtype = rng.choice(["", "", "", ".double()", ".half()", ".bfloat16()"])
    return kind, sizes, batch_first, dtype, f"nn.{kind}(3, 4{given}){dtype}"


def states(rng, kind, sizes, rows, dtype, of="any rank"):
    if rng.random() < 0.06:
        return rng.choice(NO_STATES)
    h, c = [*rows, sizes["P"] or 4], [*rows, 4]
    if kind != "LSTM":
        return tensor(rng, h, dtype) if rng.random() < 0.9 else f"({tensor(rng, h, dtype)},)"
    if rng.random() < 0.1:
        return text(*rng.choice([h, [2, *h]])) + dtype
    parts = [tensor(rng, h, dtype, of), tensor(rng, c, dtype, of)]
    luck = rng.random()
    if luck < 0.05:
        parts = [text(*h) + dtype]
    elif luck < 0.1:
        parts.append(tensor(rng, c, dtype))
    elif luck < 0.15:
        parts[rng.randrange(2)] = rng.choice([*NO_STATES, "None"])
    return f"({', '.join(parts)},)"


def forward(rng):
    kind, sizes, batch_first, dtype, made = layer(rng)
    batched = rng.random() < 0.75
    rows = [sizes["D"] * sizes["layers"], *([2] if batched else [])]
    shape = ([2, 5, 3] if batch_first else [5, 2, 3]) if batched else [5, 3]
    x = rng.choice([*NO_TENSORS, "None"]) if rng.random() < 0.04 else tensor(rng, shape, dtype)
    hx = f", {states(rng, kind, sizes, rows, dtype)}" if rng.random() < 0.7 else rng.choice(["", ", None"])
    return f"{made}({x}{hx})"


def packed_forward(rng):
    kind, sizes, _, dtype, made = layer(rng)
    batch_sizes, order = rng.choice([([2, 2, 1], None), ([2, 2], None), ([3, 1], [1, 2, 0]), ([1, 1], [0]), ([2, 2, 2], [1, 0])])
    if rng.random() < 0.05:
        batch_sizes, order = rng.choice([[2, 3], [3, 2, 2]]), None
    of = "this shape" if unguarded(kind, sizes, dtype) and len(set(batch_sizes)) == 1 else "any rank"
    # A projection is told by the widths of the states: without one, the fused kernel is not far.
    of = "this rank" if sizes["P"] else of
    x = tensor(rng, [sum(batch_sizes), 3], dtype, of)
    given = f"P({x}, {batch_sizes}{'' if order is None else f', {order}'})"
    rows = [sizes["D"] * sizes["layers"], batch_sizes[0]]
    hx = f", {states(rng, kind, sizes, rows, dtype, of)}" if rng.random() < 0.7 else ""
    if order and sizes["P"] and "(" not in hx[:3]:
        # Of a state that is no tuple torch arranges the first part, which may be too narrow, before it asks for the second.
        hx = ""
    return f"{made}({given}{hx})"


def cell_forward(rng):
    kind = rng.choice(["RNNCell", "LSTMCell", "GRUCell"])
    lead = rng.choice([[2], [2], []])
    dtype = rng.choice(["", "", "", ".double()", ".bfloat16()"])
    given = rng.choice(["", "", ", bias=False"]) + rng.choice(["", ", nonlinearity='relu'", ", nonlinearity='gelu'"]) * (kind == "RNNCell")
    x = rng.choice([*NO_TENSORS, "None"]) if rng.random() < 0.05 else tensor(rng, [*lead, 3], dtype)
    hx = f", {states(rng, kind.removesuffix('Cell'), {'P': 0}, lead, dtype)}" if rng.random() < 0.75 else rng.choice(["", ", None"])
    return f"nn.{kind}(3, 4{given}){dtype}({x}{hx})"


def weights(rng, kind, sizes, bias, dtype, of="this rank", some=True):
    gates = {"LSTM": 4, "GRU": 3}.get(kind, 1) * 4
    P = sizes["P"] or 4
    every = []
    for k in range(sizes["layers"]):
        for _ in range(sizes["D"]):
            every += [[gates, 3 if k == 0 else sizes["D"] * P], [gates, P], *([[gates], [gates]] if bias else [])]
            every += [[P, 4]] if sizes["P"] else []
    if rng.random() < 0.3:
        which = rng.randrange(len(every))
        every[which] = near(rng, every[which], of)
    if rng.random() < 0.1 and some:
        del every[rng.randrange(len(every))]
    return f"[{', '.join(text(*shape) + dtype for shape in every)}]"


def function(rng):
    """Layers and cells as functions."""
    kind, sizes, batch_first, dtype, _ = layer(rng)
    bias = rng.random() < 0.7
    name = {"RNN": rng.choice(["rnn_tanh", "rnn_relu"]), "LSTM": "lstm", "GRU": "gru"}[kind]
    # These functions are typed: torch tells a wrong type before it looks at any tensor, and so does TypeScript.
    if rng.random() < 0.4:
        sizes = sizes | {"layers": 1, "D": 1, "P": 0}
        x_of, h_of, w_of = rng.choices(["this rank", "this shape"], k=3)
        x = tensor(rng, [2, 3], dtype, x_of) if x_of == "this rank" else text(2, 3) + dtype
        parts = [text(*near(rng, [2, 4], h_of)) + dtype for _ in range(2 if kind == "LSTM" else 1)]
        given = weights(rng, kind, sizes, bias, dtype, w_of, some=False).strip("[]")
        return f"torch.{name}_cell({x}, {parts[0] if len(parts) == 1 else '(' + ', '.join(parts) + ')'}, {given})"
    rows = [sizes["D"] * sizes["layers"], 2]
    of = "this shape" if unguarded(kind, sizes, dtype) or sizes["P"] else "this rank"
    h_of = "this shape" if kind == "GRU" else of  # its three sums have one another's shapes in messages
    parts = [text(*near(rng, [*rows, sizes["P"] or 4], h_of)) + dtype, text(*near(rng, [*rows, 4], h_of)) + dtype]
    hx = f"({', '.join(parts)})" if kind == "LSTM" else parts[0]
    w_of = "these rows" if kind == "GRU" and of != "this shape" else of
    params = weights(rng, kind, sizes, bias, dtype, w_of, of != "this shape")
    settings = f"{bias}, {sizes['layers']}, 0, False, {sizes['D'] == 2}"
    if rng.random() < 0.3:
        return f"torch.{name}({tensor(rng, [5, 3], dtype, of)}, n(2, 2, 1), {hx}, {params}, {settings})"
    x = tensor(rng, [2, 5, 3] if batch_first else [5, 2, 3], dtype, of)
    return f"torch.{name}({x}, {hx}, {params}, {settings}, {batch_first})"


def lengths(rng, B, T):
    """Lengths for a batch, mostly possible ones."""
    given = [rng.randint(1, T) for _ in range(B)]
    luck = rng.random()
    if luck < 0.5:
        given.sort(reverse=True)
    elif luck < 0.6 and given:
        given[rng.randrange(B)] = rng.choice([0, -1, T + 2])
    elif luck < 0.65:
        given = given[1:]
    return given


def padded(rng):
    B, T = rng.choice([0, 1, 2, 3, 3, 4, 19]), rng.choice([1, 2, 3, 5])
    rest = rng.choice([[], [], [2], [2, 1]])
    return B, T, [*rest]


def pack(rng):
    """A packed batch: a call of pack_padded_sequence or pack_sequence."""
    B, T, rest = padded(rng)
    dtype = rng.choice(["", "", "", ".long()", ".double()", ".half()", ".bool()"])
    counts = lengths(rng, B, T)
    sort = ", enforce_sorted=False" if rng.random() < 0.6 else rng.choice(["", ", enforce_sorted=True"])
    if rng.random() < 0.3:
        parts = ", ".join(text(max(count, 0), *(near(rng, rest) if rng.random() < 0.1 else rest)) + dtype for count in counts)
        return f"pack_sequence([{parts}]{sort})"
    batch_first = rng.random() < 0.4
    shape = [B, T, *rest] if batch_first else [T, B, *rest]
    kind = rng.choice(["{}", "{}", "n(*{})"])
    how = kind.format(counts) if "*" not in kind else f"n({', '.join(map(str, counts))})"
    luck = rng.random()
    if luck < 0.03 and sort != ", enforce_sorted=False":
        how = rng.choice(["3", "None", "'ab'", "n(3)", "Z(2)", "['a', 'b']"])
    given = text(*shape) + dtype
    if rng.random() < 0.05:
        given = rng.choice(["Z()", "Z(3)", "5", "None", "[Z(3)]"])
    return f"pack_padded_sequence({given}, {how}{', batch_first=True' * batch_first}{sort})"


PAD_OPTIONS = {
    "batch_first": ["True", "False"],
    "padding_value": ["0", "1.5", "-1.5", "nan", "-2", "inf"],
    "total_length": ["5", "7", "1", "None", "2"],
}


def pad_packed(rng):
    given = pack(rng) if rng.random() < 0.85 else rng.choice(
        ["P(Z(5, 3), [2, 2, 1])", "P(Z(4), [2, 2, 1])", "P(Z(5), [2, 2])", "P(Z(3), [2, 1], [1, 0])", "P(Z(3), [])", "Z(3)", "5", "None", "[Z(3), n(3)]"]
    )  # fmt: skip
    return f"pad_packed_sequence({given}{options(rng, PAD_OPTIONS)})"


def unpack(rng):
    return f"unpack_sequence({pack(rng)})"


def packed_method(rng):
    made = pack(rng) if rng.random() < 0.6 else "P(Z(5), [2, 2, 1], [1, 0])"
    what = rng.choice(
        ["double()", "float()", "half()", "long()", "int()", "short()", "char()", "byte()", "cpu()", "cuda()", "to(torch.float64)",
         "to('cpu')", "to('cuda')", "to(torch.int32)", "to('foo')", "is_cuda", "data", "batch_sizes", "sorted_indices", "unsorted_indices",
         "to(Z(1).double())", "pin_memory", "foo"]
    )  # fmt: skip
    if what in ("pin_memory", "foo"):
        what = "data"
    return f"{made}.{what}"


def pad(rng):
    B, T, rest = padded(rng)
    dtype = rng.choice(["", "", ".long()", ".double()", ".bool()"])
    parts = [text(rng.randint(0, T), *(near(rng, rest) if rng.random() < 0.08 else rest)) + dtype for _ in range(min(B, 4))]
    luck = rng.random()
    if luck < 0.05 and parts:
        parts[rng.randrange(len(parts))] = rng.choice(["5", "None", "'a'", "Z()", "[1]"])
    given = f"[{', '.join(parts)}]"
    if luck > 0.95:
        given = rng.choice(["5", "None", "'ab'", "Z()", "Z(2, 3)", "Z(0, 3)", "Z(3)"])
    pools = {
        "batch_first": ["True", "False"],
        "padding_value": ["0", "-1.7", "2", "nan"],
        "padding_side": ["'left'", "'left'", "'right'", "'middle'"],
    }
    return f"pad_sequence({given}{options(rng, pools)})"


def unpad(rng):
    B, T, rest = padded(rng)
    B = min(B, 4)
    batch_first = rng.random() < 0.5
    shape = [B, T, *rest] if batch_first else [T, B, *rest]
    counts = [rng.choice([0, 1, 2, T, T + 1]) for _ in range(B if rng.random() < 0.9 else B + rng.choice([-1, 1]))]
    how = f"n({', '.join(map(str, counts))})"
    if rng.random() < 0.05:
        how = rng.choice(["[1, 2]", "5", "None", "n(2).reshape([])", "Z(2)"])
    given = text(*shape) if rng.random() < 0.95 else rng.choice(["Z(3)", "Z()", "5", "None"])
    return f"unpad_sequence({given}, {how}{', True' * batch_first})"


def permutation(rng):
    count = rng.randint(0, 6)
    order = rng.sample(range(count), count)
    if rng.random() < 0.15 and order:
        order[rng.randrange(count)] = rng.choice([7, -1])
    return rng.choice(
        [f"invert_permutation(n({', '.join(map(str, order))}))", f"P(Z({count}), [{count}], {order})", "invert_permutation(None)",
         "invert_permutation(Z(2))", "PackedSequence(Z(3))", "PackedSequence(Z(3), None)", "PackedSequence([Z(3), n(2, 1)])",
         "PackedSequence([Z(3)])", "PackedSequence(Z(3), n(2, 1), n(1, 0), n(1, 0))"]
    )  # fmt: skip


def through(rng):
    """A packed batch through a layer, printed."""
    kind, sizes, batch_first, _, made = layer(rng)
    B, T = rng.choice([1, 2, 3, 4]), rng.choice([1, 2, 4])
    counts = sorted([rng.randint(1, T) for _ in range(B)], reverse=True)
    sort = ""
    if rng.random() < 0.5:
        rng.shuffle(counts)
        sort = ", enforce_sorted=False"
    made = made.split(")")[0] + ")" + rng.choice(["", ".double()"])
    dtype = ".double()" if made.endswith(".double()") else ""
    shape = [B, T, 3] if batch_first else [T, B, 3]
    packed = f"pack_padded_sequence({rng.choice('ZG')}({', '.join(map(str, shape))}){dtype}, {counts}{', batch_first=True' * batch_first}{sort})"
    rows = [sizes["D"] * sizes["layers"], B]
    h, c = text(*rows, sizes["P"] or 4) + dtype, text(*rows, 4) + dtype
    hx = rng.choice(["", f", ({h}, {c})" if kind == "LSTM" else f", {h}"])
    call = f"{made}({packed}{hx})"
    return call if rng.random() < 0.6 else f"pad_packed_sequence({call}[0]{options(rng, PAD_OPTIONS, 2)})"


INIT = [
    "nn.init.uniform_({x})", "nn.init.uniform_({x}, {a}, {b})", "nn.init.normal_({x})", "nn.init.normal_({x}, {a}, {b})",
    "nn.init.trunc_normal_({x})", "nn.init.constant_({x}, {a})", "nn.init.ones_({x})",
    "nn.init.zeros_({x})", "nn.init.eye_({x})", "nn.init.xavier_uniform_({x})", "nn.init.xavier_normal_({x}, {b})",
    "nn.init.kaiming_uniform_({x}{o})", "nn.init.kaiming_normal_({x}{o})", "nn.init.orthogonal_({x})", "nn.init.sparse_({x}, 0.5)",
    "nn.init.calculate_gain({f})", "nn.init.calculate_gain('leaky_relu', {p})", "nn.init.dirac_({x})",
]  # fmt: skip


def init(rng):
    call = rng.choice([one for one in INIT if "dirac" not in one])
    x = rng.choice(["Z(2, 3)", "Z(3, 2)", "Z(3)", "Z()", "Z(2, 3, 2)", "Z(0, 3)", "Z(2, 3).double()", "nn.Parameter(Z(2, 3))", "G(2, 3)",
                    "Z(2, 3).half()"])  # fmt: skip
    pools = {
        "a": ["0", "0.3", "2"], "mode": ["'fan_in'", "'fan_out'", "'fan'"],
        "nonlinearity": ["'relu'", "'tanh'", "'selu'", "'linear'", "'gelu'"],
    }  # fmt: skip
    f = rng.choice(["'tanh'", "'relu'", "'sigmoid'", "'linear'", "'selu'", "'leaky_relu'", "'conv2d'", "'gelu'", "None"])
    p = rng.choice(["0.2", "None", "0.5", "'a'", "True"])
    return call.format(x=x, a=rng.choice(["0", "-1", "0.5", "2"]), b=rng.choice(["1", "2", "0.5", "0", "-1"]), o=options(rng, pools), f=f, p=p)


def around(rng):
    """Gradients, vectors, hooks, state dicts, attributes."""
    kind = rng.choice(["RNN", "LSTM", "GRU"])
    made = f"nn.{kind}(3, 4{rng.choice(['', ', num_layers=2', ', bidirectional=True', ', bias=False'])})"
    other = f"nn.{rng.choice(['RNN', 'LSTM', 'GRU'])}({rng.choice(['3, 4', '3, 4', '3, 5', '2, 4'])}{rng.choice(['', ', num_layers=2', ', bias=False'])})"
    name = rng.choice(["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "weight_ih_l1", "weight_ih_l7", "bias_hh_l0_reverse", "foo", "training"])
    weight = name if name not in ("foo", "training") else "weight_ih_l0"
    grads = f"[graded([{rng.randint(1, 3)}], {rng.choice(['1.5', '-2.5', 'nan', 'inf'])}), nn.Parameter(Z(2)), graded([2, 2], 0.5)]"
    value = rng.choice(["Z(4, 3)", "None", "5", "nn.Parameter(Z(4, 3))", "'a'", "[Z(2)]", "Z(4, 3).double()", "True"])
    shape = rng.choice(["Z(4)", "Z(16, 3)", "Z(4, 3)", "Z()", "5", "None", "'a'", "[1, 2]"])
    return rng.choice([
        f"{made}.{weight}.shape",
        f"{made}.get_parameter('{name}')",
        f"{made}.get_parameter('{name}.x')",
        f"{made}.get_buffer('{name}')",
        f"{made}.get_submodule('{name}')",
        f"put({made}, '{rng.choice(['weight_ih_l0', 'bias_ih_l0'])}', {value})",
        # With a weight that is too small, torch's fused kernel reads what lies behind it, and its GRU names the size of a gate.
        f"put({made}, 'weight_ih_l0', {value})(Z(5, 2, 3))" if value == "None" or (value == "nn.Parameter(Z(4, 3))" and kind == "RNN")
        else f"{made}.training",
        f"{made}.register_parameter('{rng.choice(['x', 'a.b', '', 'weight_ih_l0', 'forward', 'training'])}', {value})",
        f"{made}.register_buffer('{rng.choice(['x', 'a.b', '', 'weight_ih_l0', 'forward'])}', {value})",
        f"{made}.add_module('{rng.choice(['x', 'a.b', '', 'weight_ih_l0', 'forward'])}', {rng.choice([value, 'nn.Tanh()'])})",
        f"{made}.load_state_dict({other}.state_dict())",
        f"{made}.load_state_dict({other}.state_dict(), strict=False)",
        f"{made}.load_state_dict(without({made}.state_dict(), 'weight_hh_l0'), strict={rng.choice(['True', 'False'])})",
        f"{made}.load_state_dict(merged({made}.state_dict(), {{'{name}': {shape}}}), strict={rng.choice(['True', 'False'])})",
        f"{made}.load_state_dict(merged({made}.state_dict(), {{'{name}': {shape}}}), assign={rng.choice(['True', 'False'])})",
        f"{made}.load_state_dict({rng.choice(['5', 'None', '[]', 'Z(2)', chr(39) + 'a' + chr(39), '{}', 'True'])})",
        f"nn.ModuleList([{made}, nn.Linear(4, 2)]).load_state_dict(nn.ModuleList([{other}, nn.Linear(4, 2)]).state_dict())",
        f"clip_grad_norm_({grads}, {rng.choice(['1', '0', '2.5', '-1'])}{options(rng, {'norm_type': ['1', '2', 'inf', '3', '0', '-inf'], 'error_if_nonfinite': ['True', 'False']})})",
        f"clip_grad_value_({grads}, {rng.choice(['1', '0.5', '0', '-1'])})",
        f"get_total_norm({rng.choice(['[Z(2), Z(3)]', '[]', 'Z(3)', '[Z(2), Z(3).double()]', '[Z(2), n(1)]', '[n(1)]'])})",
        f"clip_grad_norm_({rng.choice(['[]', 'Z(2)', '[Z(2)]', '5', 'None'])}, 1)",
        f"parameters_to_vector({rng.choice(['[Z(2, 3), Z(2)]', '[]', 'Z(2, 3)', '[Z(2), Z(2).double()]', made + '.parameters()', '[5]', '5', 'None', '[Z(2, 3).t()]', '[G(2), Z()]'])})",
        f"vector_to_parameters({rng.choice(['Z(5)', 'Z(3)', 'Z(9)', 'Z(2, 3)', '5', 'None', '[1, 2]'])}, [Z(2), Z(3)])",
        f"hooked({made}, {rng.choice(['5', 'None', 'Z(2)'])})({rng.choice(['Z(5, 2, 3)', 'Z(5, 2, 2)', '5'])})",
        f"prepared({made}, {rng.choice(['5', 'None', 'Z(5, 3)', '(Z(5, 3),)', '(Z(5, 3), 5)'])})(Z(5, 2, 3))",
        f"{made}.train({rng.choice(['True', 'False', '5', 'None', chr(39) + 'a' + chr(39)])})",
        f"{made}.to({rng.choice(['torch.int64', 'torch.float64', chr(39) + 'cpu' + chr(39), chr(39) + 'cuda' + chr(39), chr(39) + 'foo' + chr(39), 'torch.bool'])})",
        f"{made}.requires_grad_({rng.choice(['True', 'False'])})",
        f"{made}.all_weights[0][0].shape",
        f"list({made}.state_dict())" if False else f"{made}.flatten_parameters()",
        f"nn.Parameter({rng.choice(['Z(2)', 'Z(2).long()', 'Z(2).bool()', 'Z()', 'G(2)'])})",
    ])  # fmt: skip


FAMILIES = [
    (constructor, 2), (forward, 3), (packed_forward, 3), (cell_forward, 2), (function, 2), (pack, 1), (pad_packed, 1), (unpack, 1),
    (packed_method, 1), (pad, 1), (unpad, 1), (permutation, 0.4), (through, 1.5), (init, 1), (around, 2),
]  # fmt: skip


def call(rng, family):
    MISTAKES.clear()
    return family(rng)


def tree(node):
    """An expression as lists that JSON can hold."""
    match node:
        case ast.Expression(body):
            return tree(body)
        case ast.Constant(value):
            return ["value", value]
        case ast.UnaryOp(ast.USub(), ast.Constant(value)):
            return ["value", -value]
        case ast.UnaryOp(ast.USub(), ast.Name(id)):
            return ["value", "-" + id]
        case ast.Name(id):
            return ["name", id]
        case ast.Attribute(owner, name):
            return ["attribute", tree(owner), name]
        case ast.Call(function, args, keywords):
            return ["call", tree(function), [tree(arg) for arg in args], {k.arg: tree(k.value) for k in keywords}]
        case ast.List(items):
            return ["list", [tree(item) for item in items]]
        case ast.Tuple(items):
            return ["tuple", [tree(item) for item in items]]
        case ast.Dict(keys, values):
            return ["dict", [[key.value, tree(value)] for key, value in zip(keys, values)]]
        case ast.Subscript(owner, index):
            return ["item", tree(owner), tree(index)]
    raise ValueError(ast.dump(node))


def answer(call):
    torch.manual_seed(1)
    try:
        return ["OK", repr(eval(call, globals() | {"nan": float("nan"), "inf": float("inf")}))]
    except Exception as error:
        return [type(error).__name__, str(error.args[0]) if error.args else ""]


def answers(calls):
    """Each call and its answer, from a process of its own: some wrong calls end torch's, and those have no answer."""
    waiting = list(calls)
    while waiting:
        reading, writing = os.pipe()
        if os.fork() == 0:
            with os.fdopen(writing, "w") as pipe:
                for call in waiting:
                    print(json.dumps(answer(call)), file=pipe, flush=True)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            given = [json.loads(line) for line in pipe]
        os.wait()
        yield from zip(waiting, given)
        waiting = waiting[len(given) + 1 :]


if __name__ == "__main__":
    count, seed, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    warnings.simplefilter("ignore")
    rng = random.Random(seed)
    families = [family for family, _ in FAMILIES]
    drawn = rng.choices(families, [weight for _, weight in FAMILIES], k=count)
    torch.set_num_threads(1)
    calls = dict.fromkeys(call(rng, family) for family in drawn)
    with open(path, "w", encoding="utf-8") as file:
        for call, given in answers(calls):
            line = {"call": call, "tree": tree(ast.parse(call, mode="eval")), "answer": given}
            file.write(json.dumps(line) + "\n")
