"""Random recurrent nodes over all attributes, answered by onnxruntime: `onnx_nodes.py COUNT SEED FILE`, a case a line.

onnxruntime refuses layout=1: such a node is answered by one with layout=0, its arrays turned.
"""

import base64
import json
import random
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
ACTIVATIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}
# Their constants; those in capitals must be said. (Without an alpha, onnxruntime's ThresholdedRelu takes 0, the operator 1.)
CONSTANTS = {
    "Relu": "", "Tanh": "", "Sigmoid": "", "Softsign": "", "Softplus": "", "LeakyRelu": "a", "ThresholdedRelu": "A",
    "Elu": "a", "HardSigmoid": "ab", "Affine": "AB", "ScaledTanh": "AB",
}  # fmt: skip
TURN = {"X": (1, 0, 2), "initial_h": (1, 0, 2), "initial_c": (1, 0, 2), "Y": (2, 0, 1, 3), "Y_h": (1, 0, 2), "Y_c": (1, 0, 2)}


def coded(array):
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def activations(rng, kind, directions):
    """Names, alphas and betas. One entry for each activation that takes one; all of them or none."""
    names = [rng.choice(list(CONSTANTS)) for _ in range(ACTIVATIONS[kind] * directions)]
    # onnxruntime's RNN reads the constants by direction, not in order: only where both are the same.
    if kind == "RNN" and directions == 2:
        names = [rng.choice(["Relu", "Tanh", "Sigmoid", "Softsign", "Softplus"]) for _ in names]
        return {"activations": names}
    attributes = {"activations": names}
    given = rng.random() < 0.7 or any("A" in CONSTANTS[name] for name in names)
    if given:
        alphas = [round(rng.uniform(0.1, 0.9), 3) for name in names if CONSTANTS[name].lower().startswith("a")]
        betas = [round(rng.uniform(0.1, 0.9), 3) for name in names if CONSTANTS[name].lower().endswith("b")]
        if alphas:
            attributes["activation_alpha"] = alphas
        if betas:
            attributes["activation_beta"] = betas
    return attributes


def spec(rng):
    kind = rng.choice(list(GATES))
    direction = rng.choice(["forward", "reverse", "bidirectional"])
    directions = 2 if direction == "bidirectional" else 1
    attributes = {"hidden_size": rng.choice([1, 3, 5, 8])}
    if direction != "forward" or rng.random() < 0.5:
        attributes["direction"] = direction
    if rng.random() < 0.5:
        attributes |= activations(rng, kind, directions)
    if rng.random() < 0.3:
        attributes["clip"] = round(rng.uniform(0.2, 1.5), 3)
    if kind == "GRU" and rng.random() < 0.6:
        attributes["linear_before_reset"] = rng.choice([0, 1])
    if kind == "LSTM" and rng.random() < 0.3:
        attributes["input_forget"] = rng.choice([0, 1])
    if rng.random() < 0.3:
        attributes["layout"] = rng.choice([0, 1])
    return kind, directions, attributes


def arrays(rng, numbers, kind, D, H):
    T, B, F = rng.choice([1, 2, 7]), rng.choice([1, 3]), rng.choice([1, 2, 5])

    def normal(*shape):
        return numbers.normal(size=shape).astype(np.float32)

    G = GATES[kind]
    made = {"X": normal(T, B, F), "W": normal(D, G * H, F), "R": normal(D, G * H, H)}
    if rng.random() < 0.7:
        made["B"] = normal(D, 2 * G * H)
    if rng.random() < 0.4:
        made["sequence_lens"] = np.array([rng.randint(0 if rng.random() < 0.2 else 1, T) for _ in range(B)], np.int32)
    if rng.random() < 0.5:
        made["initial_h"] = normal(D, B, H)
    if kind == "LSTM" and rng.random() < 0.5:
        made["initial_c"] = normal(D, B, H)
    if kind == "LSTM" and rng.random() < 0.4:
        made["P"] = normal(D, 3 * H)
    return made


def model(kind, attributes, made, constant, outputs):
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
    names = [name if name in made else "" for name in order]
    while names[-1] == "":
        names.pop()
    node = helper.make_node(kind, names, outputs, name="node", **attributes)
    types = {"sequence_lens": TensorProto.INT32}
    inputs = [
        helper.make_tensor_value_info(name, types.get(name, TensorProto.FLOAT), list(array.shape))
        for name, array in made.items()
        if name not in constant
    ]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs if name]
    initializers = [numpy_helper.from_array(made[name], name) for name in constant]
    graph = helper.make_graph([node], "graph", inputs, results, initializers)
    made_model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return made_model.SerializeToString(), [value.name for value in inputs], [name for name in outputs if name]


def answer(bytes_, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(bytes_, options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def case(rng, numbers):
    kind, D, attributes = spec(rng)
    made = arrays(rng, numbers, kind, D, attributes["hidden_size"])
    weights = [name for name in ("W", "R", "B", "P") if name in made]
    constant = weights if rng.random() < 0.8 else []
    outputs = ["Y", "Y_h", "Y_c"][: 3 if kind == "LSTM" else 2]
    plain = {name: value for name, value in attributes.items() if name != "layout"}
    asked, names, _ = model(kind, plain, made, constant, outputs)
    results = dict(zip(outputs, answer(asked, {name: made[name] for name in names})))
    if not all(np.isfinite(value).all() and np.abs(value).max() < 100 for value in results.values()):
        return None  # a network that explodes has no digits to compare
    if attributes.get("layout") == 1:
        made = {name: value.transpose(TURN[name]) if name in TURN else value for name, value in made.items()}
        results = {name: value.transpose(TURN[name]) for name, value in results.items()}
    bytes_, names, _ = model(kind, attributes, made, constant, outputs)
    return {
        "spec": {"kind": kind, **attributes, "inputs": list(made), "constant": bool(constant)},
        "model": base64.b64encode(bytes_).decode(),
        "inputs": {name: coded(made[name]) for name in names},
        "outputs": {name: coded(value) for name, value in results.items()},
    }


if __name__ == "__main__":
    count, seed, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    with open(path, "w", encoding="utf-8") as file:
        written = 0
        while written < count:
            made = case(rng, numbers)
            if made:
                file.write(json.dumps(made) + "\n")
                written += 1
