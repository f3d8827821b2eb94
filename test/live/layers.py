"""Random layers, cells, losses and training runs, computed by torch: `layers.py COUNT SEED FILE` writes what conformance.test.ts compares.

Each case is a recipe (`spec`) that both sides follow from the same seed, and the tensors that come out of it: torch's own,
and for float32 the float64 truth, computed from the very same numbers.
"""

import base64
import copy
import json
import random
import sys
import warnings

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

DTYPES = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16}
HALVES = (torch.float16, torch.bfloat16)


def encoded(tensor):
    tensor = tensor.detach().contiguous()
    return base64.b64encode((tensor.float() if tensor.dtype in HALVES else tensor).numpy().tobytes()).decode()


def described(tensor, truth):
    """A tensor as it is seen from outside, its numbers, and the truth about them."""
    return {
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
        "strides": list(tensor.stride()),
        "gradFn": tensor.grad_fn.name().removeprefix("torch::autograd::") if tensor.grad_fn else None,
        "requiresGrad": tensor.requires_grad,
        "data": encoded(tensor),
        "truth": encoded(truth) if truth is not None and tensor.dtype != torch.float64 else None,
    }


def widths(rng):
    return rng.randint(1, 8) if rng.random() < 0.5 else rng.randint(1, 67)


def case(spec, module, exact, results, truths):
    """`exact` must come out bit-equal, `results` near the truth; the draw afterwards shows the generator's state."""
    return {
        "spec": spec,
        "repr": repr(module),
        "exact": {name: described(tensor, None) for name, tensor in exact.items()},
        "results": {name: described(tensor, truths[name]) for name, tensor in results.items()},
        "next": torch.rand(3).tolist(),
    }


def with_gradients(run, module, inputs, create_graph=False):
    """What `run(module, inputs)` gives, and the gradients of everything that wants one."""
    results = run(module, inputs)
    loss = results.pop("loss")
    seen = dict(results)
    if loss.requires_grad and create_graph:
        leaves = {name: x for name, x in [*inputs.items(), *module.named_parameters()] if x.requires_grad}
        slopes = torch.autograd.grad(loss, list(leaves.values()), create_graph=True, allow_unused=True)
        seen |= {f"d{name}": slope for name, slope in zip(leaves, slopes) if slope is not None}
    elif loss.requires_grad:
        loss.backward()
        seen |= {f"d{name}": x.grad for name, x in inputs.items() if x.grad is not None}
        seen |= {f"d{name}": p.grad for name, p in module.named_parameters() if p.grad is not None}
    return seen


def truth_of(run, module, inputs, state):
    """The same in float64, with the same dropout masks. The generator is left as it was."""
    after = torch.get_rng_state()
    torch.set_rng_state(state)
    double = copy.deepcopy(module).double()
    double.zero_grad()
    wide = {
        name: (x.detach().double() if x.is_floating_point() else x).requires_grad_(x.requires_grad)
        for name, x in inputs.items()
    }
    results = with_gradients(run, double, wide)
    torch.set_rng_state(after)
    return results


def compared(spec, module, inputs, run):
    exact = {name: p.detach().clone() for name, p in module.named_parameters()}
    exact |= {name: x.detach().clone() for name, x in inputs.items()}
    state = torch.get_rng_state()
    results = with_gradients(run, module, inputs, spec.get("createGraph", False))
    return case(spec, module, exact, results, truth_of(run, module, inputs, state))


def recurrent(rng, seed):
    kind = rng.choice(["RNN", "LSTM", "LSTM", "GRU", "GRU"])
    spec = {
        "kind": kind, "seed": seed, "inputSize": widths(rng), "hiddenSize": widths(rng), "T": rng.randint(1, 25),
        "B": rng.choice([0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 19]), "numLayers": rng.randint(1, 3),
        "nonlinearity": rng.choice(["tanh", "tanh", "relu"]), "bias": rng.random() < 0.8,
        "batchFirst": rng.random() < 0.5, "dropout": rng.choice([0, 0, 0.3, 0.5, 1]),
        "bidirectional": rng.random() < 0.4, "dtype": rng.choice([*["float32", "float64"] * 4, "float32", "float32", "float16", "bfloat16"]),
        "batched": rng.random() < 0.8, "state": rng.random() < 0.5, "training": rng.random() < 0.7,
        "inputGrad": rng.random() < 0.8, "weightGrad": rng.random() < 0.9,
        "through": rng.choice(["both", "output", "states"]),
        "packing": rng.choice([None, None, "sorted", "unsorted", "lengths"]),
        "layout": rng.choice([None, None, None, "transposed", "sliced", "expanded"]), "createGraph": rng.random() < 0.3, **special(rng),
    }  # fmt: skip
    H, T, B = spec["hiddenSize"], spec["T"], spec["B"]
    spec["projSize"] = rng.randint(1, H - 1) if kind == "LSTM" and H > 1 and rng.random() < 0.4 else 0
    if not spec["batched"] or B == 0:
        spec["packing"] = None
    if spec["packing"]:
        spec["lengths"] = [rng.randint(1, T) for _ in range(B)]
        if spec["packing"] == "sorted":
            spec["lengths"].sort(reverse=True)
    dtype = DTYPES[spec["dtype"]]
    # torch's fused kernel has a derivative of its own making, whose nodes are nobody else's.
    fused = kind == "LSTM" and spec["dtype"] in ("float32", "bfloat16") and spec["projSize"] == 0
    spec["createGraph"] = spec["createGraph"] and not fused
    torch.manual_seed(seed)
    options = {"num_layers": "numLayers", "bias": "bias", "batch_first": "batchFirst", "dropout": "dropout",
               "bidirectional": "bidirectional"}  # fmt: skip
    options |= {"RNN": {"nonlinearity": "nonlinearity"}, "LSTM": {"proj_size": "projSize"}, "GRU": {}}[kind]
    # Halves are drawn as float32.
    drawn = torch.float32 if dtype in HALVES else dtype
    layer = getattr(nn, kind)(spec["inputSize"], H, dtype=drawn, **{k: spec[v] for k, v in options.items()}).to(dtype)
    layer.train(spec["training"]).requires_grad_(spec["weightGrad"])
    D, P = 1 + spec["bidirectional"], spec["projSize"] or H
    lead = ([B, T] if spec["batchFirst"] else [T, B]) if spec["batched"] else [T]
    rows = [D * spec["numLayers"], B] if spec["batched"] else [D * spec["numLayers"]]
    sizes = {"h": P, "c": H} if kind == "LSTM" else {"h": P}
    normal = lambda *shape: torch.randn(*shape, dtype=drawn).to(dtype)  # noqa: E731
    inputs = {"x": normal(*laid_out(spec, [*lead, spec["inputSize"]]))}
    make_special(inputs["x"], spec)
    if spec["state"]:
        inputs |= {f"{name}0": normal(*laid_out(spec, [*rows, size])) for name, size in sizes.items()}
    for x in inputs.values():
        x.requires_grad_(spec["inputGrad"])
    packed = spec["packing"] in ("sorted", "unsorted")
    inputs["towards"] = normal(*([sum(spec["lengths"])] if packed else lead), D * P)
    inputs |= {f"towards_{name}": normal(*rows, size) for name, size in sizes.items()}

    def run(module, given):
        x = seen_as(spec, given["x"], lead[1:2])
        state = tuple(seen_as(spec, given[f"{name}0"], rows[1:2]) for name in sizes if f"{name}0" in given)
        if spec["packing"]:
            x = pack_padded_sequence(x, spec["lengths"], spec["batchFirst"], spec["packing"] == "sorted")
        output, states = module(x, (state if kind == "LSTM" else state[0]) if state else None)
        if packed:
            output = output.data
        elif spec["packing"]:
            output, _ = pad_packed_sequence(output, spec["batchFirst"], total_length=T)
        states = dict(zip(sizes, states if kind == "LSTM" else [states]))
        parts = {"output": (output * given["towards"]).sum()}
        parts["states"] = sum((value * given[f"towards_{name}"]).sum() for name, value in states.items())
        loss = parts["output"] + parts["states"] if spec["through"] == "both" else parts[spec["through"]]
        return {"output": output, **{f"{name}n": value for name, value in states.items()}, "loss": loss}

    return compared(spec, layer, inputs, run)


def laid_out(spec, shape):
    """The shape of what is made, for its view of this shape not to lie together in memory."""
    if spec["layout"] == "transposed":
        return [shape[1], shape[0], *shape[2:]]
    if spec["layout"] == "sliced":
        return [*shape[:-1], 2 * shape[-1]]
    return [shape[0], 1, shape[2]] if spec["layout"] == "expanded" and len(shape) == 3 else shape


def seen_as(spec, x, second):
    """The view of what `laid_out` has made."""
    if spec["layout"] == "transposed":
        return x.transpose(0, 1)
    if spec["layout"] == "sliced":
        return x[..., ::2]
    return x.expand(-1, *second, -1) if spec["layout"] == "expanded" and x.dim() == 3 else x


def special(rng):
    """Rarely, numbers that are none, at some places of the input."""
    if rng.random() < 0.85:
        return {"special": None, "places": []}
    return {"special": rng.choice(["nan", "inf", "-inf"]), "places": [rng.randrange(1000) for _ in range(2)]}


def make_special(x, spec):
    for place in spec["places"]:
        if x.numel() > 0:
            x.view(-1)[place % x.numel()] = float(spec["special"])


def cell(rng, seed):
    kind = rng.choice(["RNNCell", "LSTMCell", "GRUCell"])
    spec = {
        "kind": kind, "seed": seed, "inputSize": widths(rng), "hiddenSize": widths(rng), "T": rng.randint(1, 12),
        "B": rng.choice([0, 1, 2, 3, 5, 9]), "nonlinearity": rng.choice(["tanh", "relu"]), "bias": rng.random() < 0.8,
        "dtype": rng.choice(["float32", "float32", "float64"]), "batched": rng.random() < 0.8, "state": rng.random() < 0.5,
        "createGraph": rng.random() < 0.3, **special(rng),
    }  # fmt: skip
    dtype = DTYPES[spec["dtype"]]
    torch.manual_seed(seed)
    options = {"nonlinearity": spec["nonlinearity"]} if kind == "RNNCell" else {}
    module = getattr(nn, kind)(spec["inputSize"], spec["hiddenSize"], spec["bias"], dtype=dtype, **options)
    lead = [spec["B"]] if spec["batched"] else []
    inputs = {"x": torch.randn(spec["T"], *lead, spec["inputSize"], dtype=dtype)}
    make_special(inputs["x"], spec)
    names = ["h", "c"] if kind == "LSTMCell" else ["h"]
    if spec["state"]:
        inputs |= {f"{name}0": torch.randn(*lead, spec["hiddenSize"], dtype=dtype) for name in names}
    for x in inputs.values():
        x.requires_grad_()
    inputs |= {f"towards_{name}": torch.randn(*lead, spec["hiddenSize"], dtype=dtype) for name in names}

    def run(module, given):
        state = tuple(given[f"{name}0"] for name in names if f"{name}0" in given)
        state = (state if kind == "LSTMCell" else state[0]) if state else None
        for x in given["x"]:
            state = module(x, state)
        states = dict(zip(names, state if kind == "LSTMCell" else [state]))
        loss = sum((value * given[f"towards_{name}"]).sum() for name, value in states.items())
        return {**{f"{name}n": value for name, value in states.items()}, "loss": loss}

    return compared(spec, module, inputs, run)


def linear(rng, seed):
    spec = {
        "kind": "Linear", "seed": seed, "inputSize": widths(rng), "hiddenSize": widths(rng), "bias": rng.random() < 0.8,
        "lead": [rng.randint(0, 7) for _ in range(rng.randint(0, 3))], "transposed": rng.random() < 0.3,
        "dtype": rng.choice(["float32", "float32", "float64"]), "createGraph": rng.random() < 0.3,
    }  # fmt: skip
    dtype = DTYPES[spec["dtype"]]
    torch.manual_seed(seed)
    layer = nn.Linear(spec["inputSize"], spec["hiddenSize"], spec["bias"], dtype=dtype)
    inputs = {"x": torch.randn(*spec["lead"], spec["inputSize"], dtype=dtype).requires_grad_()}
    swap = spec["transposed"] and len(spec["lead"]) > 1
    lead = [*spec["lead"][1::-1], *spec["lead"][2:]] if swap else spec["lead"]
    inputs["co"] = torch.randn(*lead, spec["hiddenSize"], dtype=dtype)

    def run(module, given):
        y = module(given["x"].transpose(0, 1) if swap else given["x"])
        return {"output": y, "loss": (y * given["co"]).sum()}

    return compared(spec, layer, inputs, run)


def training(rng, seed):
    """A small tagger trained for some steps: embedding, layer, head, loss, optimiser."""
    spec = {
        "kind": "training", "seed": seed, "words": rng.randint(2, 11), "inputSize": rng.randint(1, 7),
        "hiddenSize": rng.randint(1, 9), "classes": rng.randint(2, 5), "T": rng.randint(1, 9), "B": rng.randint(1, 4),
        "dtype": rng.choice(["float32", "float64"]), "steps": rng.randint(1, 6), "lr": rng.choice([0.01, 0.1, 0.5]),
        "momentum": rng.choice([0, 0.9]), "weightDecay": rng.choice([0, 0.01]), "nesterov": rng.random() < 0.3,
        "loss": rng.choice(["CrossEntropyLoss", "MSELoss", "BCEWithLogitsLoss", "L1Loss", "SmoothL1Loss"]),
    }  # fmt: skip
    dtype = DTYPES[spec["dtype"]]
    torch.manual_seed(seed)
    model = nn.ModuleDict({
        "embedding": nn.Embedding(spec["words"], spec["inputSize"], dtype=dtype),
        "rnn": nn.RNN(spec["inputSize"], spec["hiddenSize"], dtype=dtype),
        "head": nn.Linear(spec["hiddenSize"], spec["classes"], dtype=dtype),
    })  # fmt: skip
    words = torch.randint(0, spec["words"], (spec["T"], spec["B"]))
    classes = spec["loss"] == "CrossEntropyLoss"
    target = torch.randint(0, spec["classes"], (spec["B"],)) if classes else torch.rand(spec["B"], spec["classes"], dtype=dtype)
    exact = {name: p.detach().clone() for name, p in model.named_parameters()}

    def run(module, y):
        optimizer = torch.optim.SGD(module.parameters(), lr=spec["lr"], momentum=spec["momentum"],
                                    weight_decay=spec["weightDecay"], nesterov=spec["nesterov"] and spec["momentum"] > 0)  # fmt: skip
        criterion = getattr(nn, spec["loss"])()
        losses = []
        for _ in range(spec["steps"]):
            optimizer.zero_grad()
            output, _ = module["rnn"](module["embedding"](words))
            loss = criterion(module["head"](output[-1]), y)
            loss.backward()
            optimizer.step()
            losses.append(loss)
        trained = {name: p.detach().clone() for name, p in module.named_parameters()}
        return {f"loss{i}": loss for i, loss in enumerate(losses)} | trained

    double = copy.deepcopy(model).double()
    truths = run(double, target if classes else target.double())
    return case(spec, model, exact, run(model, target), truths)


if __name__ == "__main__":
    count, seed, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    assert torch.__version__.split("+")[0] == "2.13.0", f"torch 2.13.0 is wanted, this is {torch.__version__}"
    warnings.simplefilter("ignore")
    rng = random.Random(seed)
    kinds = [(recurrent, count), (cell, count // 3), (linear, count // 3), (training, count // 3)]
    with open(path, "w", encoding="utf-8") as file:
        for make, number in kinds:
            for _ in range(number):
                file.write(json.dumps(make(rng, rng.randrange(2**32))) + "\n")
