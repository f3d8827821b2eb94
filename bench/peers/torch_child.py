"""torch, asked over standard input: one line of JSON and the floats it announces; answered in the same form.

{"do": "prepare", ..., "tensors": [[name, shape], ...]}   then the float32 of all tensors
{"do": "check"}                                           answered with {"count": n} and n float32
{"do": "repeat", "calls": n}                              answered with {"milliseconds": t}
"""
import json
import sys
import time

import numpy as np
import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]))
source, sink = sys.stdin.buffer, sys.stdout.buffer
KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def answer(values=None, **header):
    sink.write(json.dumps(header).encode() + b"\n")
    if values is not None:
        sink.write(np.ascontiguousarray(values, np.float32).tobytes())
    sink.flush()


def read_tensors(plan):
    tensors = {}
    for name, shape in plan:
        count = int(np.prod(shape, dtype=np.int64))
        data = np.frombuffer(source.read(4 * count), np.float32).reshape(shape)
        tensors[name] = torch.from_numpy(data.copy())
    return tensors


def prepare(request):
    given = read_tensors(request["tensors"])
    F, H, mode, classes = (request[key] for key in ("F", "H", "mode", "classes"))
    net = KINDS[request["cell"]](F, H, num_layers=request["layers"], bidirectional=request["directions"] == 2)
    net.load_state_dict({name: given[name] for name, _ in net.named_parameters()})
    x = given["x"]
    if mode == "run":
        def call():
            with torch.inference_mode():
                return net(x)[0]
    elif mode == "step":
        state = [None]

        def call():
            with torch.inference_mode():
                y, state[0] = net(x, state[0])
                return y
    else:
        head = None
        if classes:
            head = nn.Linear(H, classes)
            head.load_state_dict({"weight": given["head.weight"], "bias": given["head.bias"]})
            target = given["target"].reshape(-1, classes).argmax(1)
        else:
            target = given["target"]
        optimizer = torch.optim.SGD([*net.parameters(), *(head.parameters() if head else [])], lr=request["rate"])

        def call():
            optimizer.zero_grad()
            y = net(x)[0]
            if head:
                loss = nn.functional.cross_entropy(head(y).view(-1, classes), target)
            else:
                loss = nn.functional.mse_loss(y, target)
            loss.backward()
            optimizer.step()
            return loss.item()
    return call


call, mode = None, None
answer(version=torch.__version__)
for line in iter(source.readline, b""):
    request = json.loads(line)
    if request["do"] == "prepare":
        mode, call = request["mode"], prepare(request)
        answer()
    elif request["do"] == "check":
        seen = [call() for _ in range(1 if mode == "run" else request["steps"])]
        values = np.array(seen, np.float32) if mode == "train" else seen[-1].numpy()
        answer(values, count=values.size)
    else:
        start = time.perf_counter()
        for _ in range(request["calls"]):
            call()
        answer(milliseconds=(time.perf_counter() - start) * 1e3)
