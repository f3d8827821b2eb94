"""The official node tests of ONNX for RNN, GRU and LSTM: models, inputs and outputs as the package `onnx` has them."""

import base64
import warnings

import numpy as np


def coded(array):
    kinds = {"float32": "float32", "float64": "float64", "int32": "int32", "int64": "int64"}
    return {
        "dtype": kinds[array.dtype.name],
        "shape": list(array.shape),
        "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode(),
    }


def make():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    chosen = [case for case in cases if {node.op_type for node in case.model.graph.node} & {"RNN", "GRU", "LSTM"}]
    return [
        {
            "name": case.name,
            "model": base64.b64encode(case.model.SerializeToString()).decode(),
            "inputs": [coded(np.asarray(value)) for value in case.data_sets[0][0]],
            "outputs": [coded(np.asarray(value)) for value in case.data_sets[0][1]],
        }
        for case in sorted(chosen, key=lambda case: case.name)
    ]
