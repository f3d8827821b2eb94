"""Some of the networks of ../live/onnx_graphs.py as torch exports them, without what exporters note for people."""

import base64
import sys
import warnings
from pathlib import Path

import onnx
import torch

CHOSEN = {
    "tag": ["old exporter, dynamic", "new exporter"],
    "attention": ["old exporter"],
    "packed": ["old exporter"],
    "GRUCell": ["old exporter, dynamic"],
    "LSTM with state": ["old exporter", "new exporter"],
    "RNN True": ["old exporter", "new exporter"],
    "unbatched": ["old exporter"],
    "ends False": ["old exporter, opset 9"],
    "ends True": ["new exporter, not optimised"],
}


def bare(model):
    """Keeps of the notes only which module a node is from."""
    model = onnx.load_from_string(model)
    for node in model.graph.node:
        node.doc_string = ""
        kept = [entry for entry in node.metadata_props if entry.key.endswith("name_scopes")]
        scopes = [(entry.key, entry.value) for entry in kept]
        del node.metadata_props[:]
        for key, value in scopes:
            node.metadata_props.add(key=key, value=value)
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    for value in [*model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    return model.SerializeToString()


def make():
    sys.path.insert(0, str(Path(__file__).parent.parent / "live"))
    from onnx_graphs import exports, networks
    from onnx_nodes import coded

    torch.manual_seed(5)
    cases = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, network, inputs in networks():
            network.eval()
            with torch.no_grad():
                outputs = network(*inputs)
            outputs = outputs if isinstance(outputs, tuple) else (outputs,)
            for exporter, model in exports(name, network, inputs) if name in CHOSEN else ():
                if exporter in CHOSEN[name]:
                    cases.append({
                        "name": f"{name}, {exporter}",
                        "model": base64.b64encode(bare(model)).decode(),
                        "inputs": [coded(value.numpy()) for value in inputs],
                        "outputs": [coded(value.numpy()) for value in outputs],
                        "state": {key: coded(value.numpy()) for key, value in network.state_dict().items()},
                    })
    return cases
