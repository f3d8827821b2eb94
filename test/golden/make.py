"""Writes the expected values of the tests: `make.py [NAME ...]` writes NAME.json from NAME.py, by default all of them."""

import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = [
    "arrays",
    "draws",
    "errors",
    "family",
    "files",
    "fit",
    "formatting",
    "history",
    "initialisers",
    "losses",
    "module-errors",
    "modules",
    "onnx-graphs",
    "onnx-nodes",
    "operations",
    "operations2",
    "optimizers",
    "packing",
    "printing",
    "rnn",
]

if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    for name in sys.argv[1:] or NAMES:
        values = importlib.import_module(name).make()
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(name, len(text), "bytes")
