"""Our exports, checked by onnx and run by onnxruntime: `onnx_exports.py FILE OUT` writes what is wrong, a complaint a line."""

import base64
import json
import sys

import numpy as np
import onnx
import onnxruntime


def array(coded):
    return np.frombuffer(base64.b64decode(coded["data"]), coded["dtype"]).reshape(coded["shape"])


def complaints(case):
    model = base64.b64decode(case["model"])
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    if names != list(case["outputs"]):
        yield f"outputs {names}"
    results = session.run(names, {name: array(value) for name, value in case["inputs"].items()})
    for name, result in zip(names, results):
        wanted = array(case["outputs"][name])
        if result.shape != wanted.shape:
            yield f"{name} has shape {result.shape}, not {wanted.shape}"
        elif not np.allclose(result, wanted, rtol=1e-5, atol=1e-5):
            yield f"{name} by {np.abs(result - wanted).max()}"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file, open(sys.argv[2], "w", encoding="utf-8") as out:
        for line in file:
            case = json.loads(line)
            try:
                wrong = list(complaints(case))
            except Exception as error:
                wrong = [f"{type(error).__name__}: {error}"]
            for text in wrong:
                out.write(f"{case['spec']}: {text}".replace("\n", " ") + "\n")
