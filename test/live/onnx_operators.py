"""The official node tests of ONNX for some operators: `onnx_operators.py NAME,NAME... FILE`, a case a line."""

import base64
import json
import sys
import warnings

import numpy as np
from onnx_nodes import coded

KNOWN = {"bool", "float32", "float64", "int32", "int64"}


def arrays(values):
    return [np.asarray(value) if isinstance(value, (np.ndarray, np.generic)) else None for value in values]


def usable(values):
    return all(value is not None and value.dtype.name in KNOWN for value in values)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    from onnx.backend.test.case.node import collect_testcases

    wanted = set(sys.argv[1].split(","))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        for case in collect_testcases(None):
            used = {node.op_type for node in case.model.graph.node}
            if not used <= wanted or case.model.functions:
                continue
            inputs, outputs = (arrays(values) for values in case.data_sets[0])
            if not usable(inputs + outputs):
                continue
            line = {
                "spec": case.name,
                "model": base64.b64encode(case.model.SerializeToString()).decode(),
                "inputs": [coded(value) for value in inputs],
                "outputs": [coded(value) for value in outputs],
            }
            file.write(json.dumps(line) + "\n")
