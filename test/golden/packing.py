"""torch.nn.utils and torch.nn.utils.rnn: what is packed and padded, in which order, with which gradients and errors."""

import random

import torch
from torch import tensor as t  # noqa: F401 (named in expressions)
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.nn.utils.rnn import *  # noqa: F403
from torch.nn.utils.rnn import PackedSequence, invert_permutation  # noqa: F401
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence
from torch.nn.utils.rnn import unpack_sequence, unpad_sequence


def numbers(shape, dtype="float32"):
    """0, 1, ..., 9 and from the start again; the tests count the same way."""
    return (torch.arange(torch.Size(shape).numel()) % 10).reshape(shape).to(getattr(torch, dtype))


def orders():
    """Lengths with many ties, and patterns that drive the quicksort into its limit."""
    rng = random.Random(7)
    cases = [[rng.randint(1, most) for _ in range(n)]
             for n in (0, 1, 2, 16, 17, 18, 23, 31, 40, 40, 64, 129) for most in (1, 3, 12, 400)]
    for n in (17, 45, 59, 73, 101):
        cases += [[i if i % 2 else n - i for i in range(n)], list(range(n)), [min(i, n - i) for i in range(n)],
                  [i % 7 for i in range(n)]]
    return [[case, torch.sort(torch.tensor(case, dtype=torch.int64), descending=True)[1].tolist()] for case in cases]


def batches():
    """Padded batches: packed, padded again in several ways, and taken apart."""
    rng = random.Random(11)
    cases = []
    for _ in range(36):
        T, B = rng.randint(1, 7), rng.choice([1, 2, 3, 3, 5, 5, 7, 17, 40])
        features = rng.choice([[], [], [1], [2], [3, 2]]) if B < 10 else []
        dtype = rng.choice(["float32", "float32", "float64", "int64", "int32", "uint8", "bool", "float16"])
        batch_first, enforce = rng.random() < 0.5, rng.random() < 0.3
        lengths = [rng.randint(1, T) for _ in range(B)]
        if enforce:
            lengths.sort(reverse=True)
        shape = ([B, T] if batch_first else [T, B]) + features
        packed = pack_padded_sequence(numbers(shape, dtype), lengths, batch_first, enforce)
        pads = []
        for first, value, extra in ((False, 0.0, None), (True, rng.choice([1.0, 7.0, 2.5]), rng.randint(0, 2))):
            total = None if extra is None else max(lengths) + extra
            padded = pad_packed_sequence(packed, first, value, total)
            pads.append({"batchFirst": first, "paddingValue": value, "totalLength": total, "text": str(padded)})
        cases.append({"shape": shape, "dtype": dtype, "lengths": lengths, "batchFirst": batch_first,
                      "enforceSorted": enforce, "packed": str(packed), "pads": pads,
                      "unpacked": str(unpack_sequence(packed))})
    return cases


def lists():
    """Lists of sequences: padded on either side, packed, taken apart."""
    rng = random.Random(13)
    cases = []
    for _ in range(24):
        B, features = rng.choice([1, 2, 3, 5, 19]), rng.choice([[], [2], [2, 3]])
        dtype = rng.choice(["float32", "float64", "int64", "int16", "bfloat16"])
        lengths = [rng.randint(0, 5) for _ in range(B)]
        options = {"batchFirst": rng.random() < 0.5, "paddingValue": rng.choice([0.0, -1.0, 2.5]),
                   "paddingSide": rng.choice(["left", "right"])}
        sequences = [numbers([length, *features], dtype) + b for b, length in enumerate(lengths)]
        padded = pad_sequence(sequences, options["batchFirst"], options["paddingValue"], options["paddingSide"])
        case = {"lengths": lengths, "features": features, "dtype": dtype, "options": options, "padded": str(padded)}
        if min(lengths) > 0:
            case["packed"] = str(pack_sequence(sequences, enforce_sorted=False))
        if options["paddingSide"] == "right":
            case["unpadded"] = str(unpad_sequence(padded, torch.tensor(lengths), options["batchFirst"]))
        cases.append(case)
    return cases


x = torch.arange(6.).view(3, 2)
b = torch.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
Z, ones, int64 = torch.zeros, torch.ones, torch.int64
EXPRESSIONS = """
pack_padded_sequence(x, [3, 2])
pack_padded_sequence(x, [4, 2])
pack_padded_sequence(x, [2, 1])
pack_padded_sequence(x, [3.9, 2.9])
pack_padded_sequence(x, t([3., 2.]))
pack_padded_sequence(x, [2], enforce_sorted=False)
pack_padded_sequence(x, [3, 2], enforce_sorted=False)
pack_padded_sequence(x, [2, 3])
pack_padded_sequence(x, [3, 0])
pack_padded_sequence(x, [0, 3])
pack_padded_sequence(x, [0, 3], enforce_sorted=False)
pack_padded_sequence(x, [3, -1])
pack_padded_sequence(x, [3])
pack_padded_sequence(x, [])
pack_padded_sequence(x, [], enforce_sorted=False)
pack_padded_sequence(x, t([[3, 2]]))
pack_padded_sequence(x, t([[3, 2]]), enforce_sorted=False)
pack_padded_sequence(x, 3)
pack_padded_sequence(t([1, 2, 3]), [3])
pack_padded_sequence(t([1, 2, 3]), [3], True)
pack_padded_sequence(t([1, 2, 3]), [3], enforce_sorted=False)
pack_padded_sequence(Z(0, 2), [1, 1])
pack_padded_sequence(Z(3, 2, 0), [3, 2])
pad_packed_sequence(pack_padded_sequence(x, [3, 2]), padding_value=-1.5)
pad_packed_sequence(pack_padded_sequence(x, [3, 2]), padding_value=float('nan'))
pad_packed_sequence(pack_padded_sequence(x.half(), [3, 2]), padding_value=0.1)
pad_packed_sequence(pack_padded_sequence(b, [2, 1, 3], True, False), padding_value=-1.5)
pad_packed_sequence(pack_padded_sequence(x, [3, 2]), total_length=2)
pad_packed_sequence(pack_padded_sequence(x, [4, 2]))
pad_packed_sequence(PackedSequence(t([1, 2, 3, 4, 5]), t([2, 1]), t([1, 0])))
pad_packed_sequence(PackedSequence(t([1, 2, 3]), t([], dtype=int64)))
pad_packed_sequence(x)
pack_sequence([t([1, 2, 3]), t([4, 5]), t([6])])
pack_sequence([t([6]), t([1, 2, 3])])
pack_sequence([t([]), t([1.])], enforce_sorted=False)
pack_sequence([])
pack_sequence([t(1), t(2)])
pack_sequence(5)
pack_sequence([1, 2])
pack_sequence(t([[1, 2], [3, 4]]))
pad_sequence(t([[1, 2], [3, 4]]))
pad_sequence([t([1, 2, 3]), t([4])], True, -1.7)
pad_sequence([t([1, 2]), t([1.5])])
pad_sequence([t([1.5]), t([1, 2])])
pad_sequence([Z(2, 3), ones(1, 1)])
pad_sequence([t([1, 2, 3]), t([4])], padding_side='middle')
pad_sequence([])
pad_sequence(5)
pad_sequence('ab')
pad_sequence([1, 2])
pad_sequence([t([1.]), None])
pad_sequence([t(1)])
pad_sequence([t([1, 2]), t(3)])
pad_sequence(t(1))
pad_sequence([Z(2, 3), ones(1, 4)])
pad_sequence([Z(2, 1), ones(1, 3)])
pad_sequence([t([1, 2]), t([[3]])])
unpad_sequence(b, t([5, 0, 2]), True)
unpad_sequence(b, t([2.5, -1, 1]), True)
unpad_sequence(b, t([3]), True)
unpad_sequence(b, t([3, 2, 1, 1]), True)
unpad_sequence(b, t(3), True)
unpad_sequence(b, [3, 1, 1], True)
unpad_sequence(t([1, 2, 3]), t([3]))
unpad_sequence(t([1, 2, 3]), t([3]), True)
unpack_sequence(x)
invert_permutation(t([2, 0, 1]))
invert_permutation(None)
invert_permutation(t([], dtype=int64))
invert_permutation(t([5, 0, 1]))
invert_permutation(t([2., 0.]))
PackedSequence(t([1, 2, 3]), t([2, 1]))
PackedSequence(t([1, 2, 3]), t([2, 1]), t([1, 0]))
PackedSequence([t([1, 2, 3]), t([2, 1])])
PackedSequence(t([1, 2, 3]))
PackedSequence(t([1, 2, 3]), t([2, 1])).cuda()
PackedSequence(t([[1, 2], [3, 4]]), t([2]), t([1, 0])).double()
len(PackedSequence(t([1, 2, 3]), t([2, 1])))
pack_sequence([t([1.7, 300.0])]).byte()
pack_sequence([t([1.7, -2.5])]).char()
pack_sequence([t([1.7, -2.5])]).half()
pack_sequence([t([1.7, -2.5])]).long()
""".strip().split("\n")


def expressions():
    found = []
    for expression in EXPRESSIONS:
        try:
            found.append([expression, {"text": str(eval(expression))}])
        except Exception as error:  # noqa: BLE001
            found.append([expression, {"error": type(error).__name__, "text": str(error)}])
    return found


def gradients():
    """d/dx of sum(w·y²) and of the square of that gradient, through packing and padding."""
    cases = []
    for batch_first, enforce, lengths in ((False, True, [4, 2, 1]), (True, True, [3, 3, 1]), (False, False, [1, 4, 2]),
                                          (True, False, [2, 4, 4])):
        shape = [3, 4, 2] if batch_first else [4, 3, 2]
        leaf = (numbers(shape, "float64") / 8).requires_grad_()
        packed = pack_padded_sequence(leaf, lengths, batch_first, enforce)
        padded, _ = pad_packed_sequence(PackedSequence(packed.data ** 3, *packed[1:]), batch_first, 2.0, 5)
        names = [packed.data.grad_fn.name(), padded.grad_fn.name()]
        weights = numbers(padded.shape, "float64") - 7
        first, = torch.autograd.grad((weights * padded).sum(), leaf, create_graph=True)
        second, = torch.autograd.grad((first ** 2).sum(), leaf)
        cases.append({"shape": shape, "lengths": lengths, "batchFirst": batch_first, "enforceSorted": enforce,
                      "names": [name.split("::")[-1] for name in names],
                      "first": first.flatten().tolist(), "second": second.flatten().tolist()})
    return cases


def gradients_of_lists():
    cases = []
    for batch_first, side in ((False, "right"), (True, "left")):
        leaves = [(numbers([length, 2], "float64") / 8 + 1).requires_grad_() for length in (2, 3, 1)]
        padded = pad_sequence([leaf ** 2 for leaf in leaves], batch_first, 0.5, side)
        weights = numbers(padded.shape, "float64") - 7
        pieces = unpad_sequence(padded * weights, torch.tensor([3, 1, 2]), batch_first)
        found = torch.autograd.grad(sum((piece ** 2).sum() for piece in pieces), leaves)
        cases.append({"batchFirst": batch_first, "paddingSide": side,
                      "names": [padded.grad_fn.name().split("::")[-1], pieces[0].grad_fn.name()],
                      "gradients": [gradient.flatten().tolist() for gradient in found]})
    return cases


def clipping():
    """Gradients of two parameters before and after; what is called and what it gives."""
    cases = []

    def case(function, first, second, *arguments, dtype="float32", **options):
        parameters = [torch.nn.Parameter(torch.zeros(2, dtype=getattr(torch, dtype))) for _ in range(2)]
        for parameter, gradient in zip(parameters, (first, second)):
            parameter.grad = None if gradient is None else torch.tensor(gradient, dtype=parameter.dtype)
        try:
            result = str(function(parameters, *arguments, **options))
        except RuntimeError as error:
            result = str(error)
        cases.append({"function": function.__name__, "gradients": [first, second], "dtype": dtype,
                      "arguments": [str(a) for a in arguments], "strict": "error_if_nonfinite" in options,
                      "result": result, "after": str([parameter.grad for parameter in parameters])})

    infinity = float("inf")
    for norm in (2.0, 1.0, 3.0, 2.5, infinity):
        for most in (1.0, 0.3, 100.0):
            case(clip_grad_norm_, [3.0, 0.0], [-4.0, 0.0], most, norm)
            case(clip_grad_norm_, [0.7, -0.2], [1.9, 5.3], most, norm, dtype="float64")
    case(clip_grad_norm_, [3.0, 0.5], None, 1.0, 2.0)
    case(clip_grad_norm_, None, None, 1.0, 2.0)
    for value in (2.0, 0.1):
        case(clip_grad_value_, [3.0, -1.0], [-4.0, 0.05], value)
        case(clip_grad_value_, [3.0, -1.0], None, value)
    return cases


def make():
    return {"orders": orders(), "batches": batches(), "lists": lists(), "expressions": expressions(),
            "gradients": gradients(), "gradientsOfLists": gradients_of_lists(), "clipping": clipping()}
