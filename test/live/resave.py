"""resave.py FROM TO OUT: loads a file as safely as Python can, saves it again, and says so in OUT."""
import sys
from pathlib import Path

import torch

source, target, out = sys.argv[1:]
if source.endswith(".safetensors"):
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(source, "pt") as file:
        save_file({name: file.get_tensor(name) for name in file.keys()}, target, file.metadata())
else:
    torch.save(torch.load(source, weights_only=True), target)
Path(out).write_text("saved\n")
