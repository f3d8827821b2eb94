"""Small files of safetensors and numpy, in base64, and what is in them."""
import base64
import io

import numpy
import torch
from safetensors.torch import save

from files import DTYPES, describe


def tensors():
    return {str(dtype)[6:]: torch.tensor([[0, 1, 3], [2, 1, 0]], dtype=dtype) for dtype in DTYPES}


def arrays():
    names = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "?"]
    return {name: numpy.array([[0, 1, 3], [2, 1, 0]]).astype(name) for name in names}


def npy(array, version=None):
    stream = io.BytesIO()
    numpy.lib.format.write_array(stream, array, version)
    return stream.getvalue()


def npz(values):
    stream = io.BytesIO()
    numpy.savez(stream, **values)
    return stream.getvalue()


def native(array):
    """numpy's array as a tensor: little-endian, row-major."""
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C"))


def entry(value, data):
    tensors = [[name, native(one) if isinstance(one, numpy.ndarray) else one] for name, one in value.items()]
    return {"value": [[name, {"dtype": str(one.dtype), "shape": list(one.shape), "bytes": describe(one)["bytes"]}]
                      for name, one in tensors], "base64": base64.b64encode(data).decode()}


def make():
    odd = {"": torch.ones(2), "__proto__": torch.zeros(2), "é \" \\ \n 😀": torch.tensor(3.0), "empty": torch.zeros(0, 3),
           "b": torch.ones(1, dtype=torch.uint8), "a": torch.ones(1, dtype=torch.uint8)}
    matrix = numpy.arange(6.0, dtype="f4").reshape(2, 3)
    safetensors = {"dtypes": (tensors(), None), "odd names": (odd, None), "nothing": ({}, None),
                   "metadata": ({"x": torch.arange(3.0)}, {"format": "pt"})}
    npys = {name: (array, npy(array)) for name, array in arrays().items()}
    npys |= {f"version {v}": (matrix, npy(matrix, (v, 0))) for v in (1, 2, 3)}
    npys |= {f"big-endian {name}": (array.astype(">" + name), npy(array.astype(">" + name)))
             for name, array in arrays().items() if name not in ("i1", "u1", "?")}
    npys |= {"fortran": (matrix, npy(numpy.asfortranarray(matrix))), "scalar": (numpy.array(3.0), npy(numpy.array(3.0))),
             "empty": (numpy.zeros((0, 3)), npy(numpy.zeros((0, 3)))), "vector": (numpy.ones(3), npy(numpy.ones(3)))}
    return {"safetensors": {name: {**entry(value, save(value, metadata)), "metadata": metadata or {}}
                            for name, (value, metadata) in safetensors.items()},
            "npy": {name: entry({"": array}, data) for name, (array, data) in npys.items()},
            "npz": {"arrays": entry(arrays(), npz(arrays()))}}
