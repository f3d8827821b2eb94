"""Whole networks as torch exports them, with both of its exporters, and torch's own answers: `onnx_graphs.py FILE`.

The newer exporter needs the package `onnxscript`; it cannot export packed sequences.
"""

import base64
import io
import json
import sys
import warnings

import torch
from onnx_nodes import coded
from torch import nn


class Classify(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.rnn = getattr(nn, kind)(3, 5, batch_first=True, **options)
        self.fc = nn.Linear(5 * (1 + self.rnn.bidirectional), 4)

    def forward(self, x):
        output, _ = self.rnn(x)
        return torch.log_softmax(self.fc(output[:, -1]), -1)


class Tag(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 3)
        self.rnn = nn.LSTM(3, 5, 2, bidirectional=True)
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(10, 4)

    def forward(self, x):
        output, (h, c) = self.rnn(self.dropout(self.embedding(x)))
        return torch.softmax(self.fc(torch.relu(output)), -1), h, c


class Cells(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.cell = getattr(nn, kind)(3, 5)

    def forward(self, x):
        h = c = torch.zeros(x.shape[1], 5)
        outputs = []
        for t in range(x.shape[0]):
            if isinstance(self.cell, nn.LSTMCell):
                h, c = self.cell(x[t], (h, c))
            else:
                h = self.cell(x[t], h)
            outputs.append(h)
        return torch.stack(outputs)


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 5, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
        output, h = self.rnn(packed)
        return nn.utils.rnn.pad_packed_sequence(output, batch_first=True)[0], h


class Attend(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 5, batch_first=True, bidirectional=True)
        self.score = nn.Linear(10, 1)
        self.norm = nn.LayerNorm(10)
        self.fc = nn.Linear(10, 2)

    def forward(self, x):
        output, h = self.rnn(x)
        weights = torch.softmax(self.score(torch.tanh(output)), 1)
        context = (weights * output).sum(1)
        pooled = output.mean(1) + output.max(1)[0]
        kept = torch.where(context > 0, context, torch.zeros_like(context))
        return self.fc(self.norm(context) + pooled), torch.cat([h[-2], h[-1]], 1), kept, torch.sigmoid(context).argmax(1)


class Stateful(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.rnn = getattr(nn, kind)(3, 5, 2, **options)

    def forward(self, x, *states):
        output, ends = self.rnn(x, states[0] if len(states) == 1 else states)
        return (output, ends) if len(states) == 1 else (output, *ends)


class Seq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.GRU(3, 5)
        self.decoder = nn.GRU(3, 5)

    def forward(self, x):
        _, h = self.encoder(x)
        output, _ = self.decoder(x.flip(0)[:3], h)
        return nn.functional.gelu(nn.functional.elu(output)) / (1 + output.abs().max(-1, keepdim=True)[0]) ** 2


class Ends(nn.Module):
    """Slices to the end, which exporters write as 2^63 - 1 or, backwards, as -2^63."""

    def __init__(self, backwards):
        super().__init__()
        self.backwards = backwards
        self.rnn = nn.GRU(3, 5)

    def forward(self, x):
        output, _ = self.rnn(x)
        return output.flip(0) if self.backwards else output[2:, :, 1:]


def networks():
    x = torch.randn(2, 7, 3)
    for kind in ("RNN", "LSTM", "GRU"):
        for bidirectional in (False, True):
            yield f"{kind} {bidirectional}", Classify(kind, bidirectional=bidirectional), (x,)
    yield "no bias", Classify("LSTM", bias=False, num_layers=2), (x,)
    yield "relu", Classify("RNN", nonlinearity="relu", num_layers=3), (x,)
    yield "tag", Tag(), (torch.randint(11, (7, 2)),)
    for kind in ("RNNCell", "LSTMCell", "GRUCell"):
        yield kind, Cells(kind), (x,)
    yield "packed", Packed(), (x, torch.tensor([7, 4]))
    yield "attention", Attend(), (x,)
    yield "encoder and decoder", Seq2Seq(), (torch.randn(7, 2, 3),)
    states = torch.randn(4, 2, 5), torch.randn(4, 2, 5)
    yield "GRU with state", Stateful("GRU", bidirectional=True), (torch.randn(7, 2, 3), states[0])
    yield "LSTM with state", Stateful("LSTM", bidirectional=True), (torch.randn(7, 2, 3), *states)
    yield "unbatched", Stateful("RNN"), (torch.randn(7, 3), torch.randn(2, 5))
    for backwards in (False, True):
        yield f"ends {backwards}", Ends(backwards), (torch.randn(7, 2, 3),)


def exports(name, network, inputs):
    buffer = io.BytesIO()
    torch.onnx.export(network, inputs, buffer, dynamo=False, opset_version=17)
    yield "old exporter", buffer.getvalue()
    dynamic = {0: "a", 1: "b"} if len(inputs) == 1 else None
    if dynamic:
        buffer = io.BytesIO()
        torch.onnx.export(network, inputs, buffer, dynamo=False, input_names=["x"], dynamic_axes={"x": dynamic})
        yield "old exporter, dynamic", buffer.getvalue()
    if name == "ends False":
        buffer = io.BytesIO()
        torch.onnx.export(network, inputs, buffer, dynamo=False, opset_version=9)
        yield "old exporter, opset 9", buffer.getvalue()
    if name == "ends True":
        program = torch.onnx.export(network, inputs, dynamo=True, optimize=False, verbose=False)
        yield "new exporter, not optimised", program.model_proto.SerializeToString()
    if name != "packed":
        yield "new exporter", torch.onnx.export(network, inputs, dynamo=True, verbose=False).model_proto.SerializeToString()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.manual_seed(5)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        for name, network, inputs in networks():
            network.eval()
            with torch.no_grad():
                outputs = network(*inputs)
            outputs = outputs if isinstance(outputs, tuple) else (outputs,)
            for exporter, model in exports(name, network, inputs):
                case = {
                    "spec": f"{name}, {exporter}",
                    "model": base64.b64encode(model).decode(),
                    "inputs": [coded(value.numpy()) for value in inputs],
                    "outputs": [coded(value.numpy()) for value in outputs],
                }
                file.write(json.dumps(case) + "\n")
