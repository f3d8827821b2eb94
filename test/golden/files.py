"""Small files of torch.save, in base64, and what is in them."""
import base64
import collections
import io
import struct
import zipfile

import torch


def memory(tensor):
    """The elements in logical order; 16-bit floats are widened bit by bit, so that every NaN keeps its payload."""
    tensor = tensor.detach().contiguous().reshape(-1)
    if tensor.dtype == torch.float16:
        return tensor.numpy().astype("float32").tobytes()
    if tensor.dtype == torch.bfloat16:
        return (tensor.view(torch.int16).to(torch.int32) << 16).numpy().tobytes()
    return tensor.numpy().tobytes()


def describe(value, seen=None):
    """The value in JSON, with types; objects and storages are numbered in the order in which they come up."""
    seen = {"tensors": {}, "storages": {}, "alive": []} if seen is None else seen
    again = lambda x: describe(x, seen)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": struct.pack(">d", value).hex()}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, torch.Size):
        return {"size": list(value)}
    if isinstance(value, (torch.device, torch.dtype)):
        return {"named": repr(value)}
    if isinstance(value, torch.Tensor):
        return describe_tensor(value, seen)
    if isinstance(value, collections.OrderedDict):
        items = [[again(k), again(v)] for k, v in value.items()]
        return {"OrderedDict": items, **({"metadata": again(value._metadata)} if hasattr(value, "_metadata") else {})}
    if isinstance(value, dict):
        return {"dict": [[again(k), again(v)] for k, v in value.items()]}
    return {type(value).__name__: [again(item) for item in value]}


def describe_tensor(tensor, seen):
    storage = tensor.untyped_storage()
    seen["alive"].append(storage)
    index = seen["tensors"].setdefault(id(tensor), len(seen["tensors"]))
    return {
        "tensor": index,
        "storage": seen["storages"].setdefault(storage._cdata, len(seen["storages"])),
        "count": storage.nbytes() // tensor.element_size(),
        "dtype": str(tensor.dtype),
        "shape": list(tensor.shape),
        "strides": list(tensor.stride()),
        "offset": tensor.storage_offset(),
        "requiresGrad": tensor.requires_grad,
        "isParameter": isinstance(tensor, torch.nn.Parameter),
        "bytes": base64.b64encode(memory(tensor)).decode(),
    }


def saved(value, **options):
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


def repacked(data, change=lambda name, content: content):
    """The same archive from another writer: ordinary local headers, no alignment."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name.partition("/")[2], old.read(name)))
    return stream.getvalue()


def big_endian(data, size):
    def change(name, content):
        if name == "byteorder":
            return b"big"
        if not name.startswith("data/"):
            return content
        return b"".join(content[at:at + size][::-1] for at in range(0, len(content), size))
    return repacked(data, change)


def without_checksums(value):
    torch.serialization.set_crc32_options(False)
    try:
        return saved(value)
    finally:
        torch.serialization.set_crc32_options(True)


DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
          torch.int8, torch.uint8, torch.bool]


def model():
    torch.manual_seed(23435)
    return torch.nn.Sequential(collections.OrderedDict(rnn=torch.nn.LSTM(2, 3), norm=torch.nn.BatchNorm1d(5)))


def adam():
    torch.manual_seed(7)
    linear = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(linear.parameters(), lr=1.0, weight_decay=0.5)
    for _ in range(2):
        optimizer.zero_grad()
        linear(torch.randn(4, 3)).sum().backward()
        optimizer.step()
    return optimizer.state_dict()


def views():
    base = torch.arange(35.0).reshape(5, 7)
    return {"base": base, "transposed": base.t(), "window": base[1:4, ::2], "row": base[2], "again": base,
            "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 3), "empty": torch.zeros(0, 3), "value": base[3, 4]}


def dtypes():
    values = {str(dtype): torch.tensor([0, 1, 3], dtype=dtype) for dtype in DTYPES}
    small = torch.tensor([2**-24, -(2**-15), 65504.0, float("inf"), float("nan"), -0.0])
    values["halves"] = small.half()
    values["brains"] = torch.tensor([2**-133, -3.0e38, float("-inf"), float("nan"), 1 / 3]).bfloat16()
    values["payload"] = torch.tensor([0x7FA00001, -0x5FFFFF], dtype=torch.int32).view(torch.float32)
    values["long"] = torch.tensor([-(2**63), 2**63 - 1])
    return values


def plain():
    return {"ints": [0, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**53 - 1, 2**53 + 1, -(2**63), 2**200],
            "floats": [0.5, 1.0, -0.0, 1e22, float("inf"), float("nan"), 5e-324], "text": "é 中 😀\n", "none": None,
            "tuples": ((), (1,), (1, 2), (1, 2, 3), (True, False, None, "x")), "empty": [[], {}, ""],
            "bytes": b"a\xff\x00", "array": bytearray(b"ab"), "set": {1}, "size": torch.Size([2, 3]),
            "device": torch.device("cpu"), "gpu": torch.device("cuda", 1), "dtype": torch.float32, 1: "1", "1": 1,
            None: 0, (1, "a"): 2, "__proto__": "data", "deep": [[[[{"x": (1.5,)}]]]]}


def make():
    parameters = [torch.nn.Parameter(torch.ones(2, 3)), torch.ones(2, requires_grad=True),
                  torch.nn.Parameter(torch.ones(2), requires_grad=False)]
    tied = torch.ones(2)
    wide = {str(dtype): torch.tensor([1, 2, 3], dtype=dtype) for dtype in DTYPES if dtype.itemsize == 4}
    many = {f"weight_{i}": tied for i in range(130)}
    old = {"_use_new_zipfile_serialization": False}
    files = {
        "state dict": (model().state_dict(), saved(model().state_dict())),
        "optimiser": (adam(), saved(adam())),
        "views": (views(), saved(views())),
        "dtypes": (dtypes(), saved(dtypes())),
        "plain values": (plain(), saved(plain())),
        "parameters": (parameters, saved(parameters)),
        "tied": (many, saved(many)),
        "protocol 3": (views(), saved(views(), pickle_protocol=3)),
        "other writer": (wide, repacked(saved(wide))),
        "big-endian": (wide, big_endian(saved(wide), 4)),
        "no checksums": (wide, without_checksums(wide)),
        "old state dict": (model().state_dict(), saved(model().state_dict(), **old)),
        "old views": (views(), saved(views(), **old)),
        "old dtypes": (dtypes(), saved(dtypes(), **old)),
    }
    return {"files": {name: {"value": describe(value), "base64": base64.b64encode(data).decode()}
                      for name, (value, data) in files.items()}}
