"""torch.nn.init on tensors of several dtypes and layouts: the numbers, and the draw after them."""

import torch
from torch.nn import init

LAYOUTS = {
    "rows": lambda dtype: torch.empty(7, 5, dtype=dtype),
    "columns": lambda dtype: torch.empty(5, 7, dtype=dtype).t(),
    "small": lambda dtype: torch.empty(2, 3, dtype=dtype),
    "cube": lambda dtype: torch.empty(3, 2, 5, dtype=dtype),
}
CALLS = [
    ["uniform_", [-0.5, 1.5], {}], ["normal_", [0.5, 2.0], {}], ["truncNormal_", [], {}],
    ["truncNormal_", [0.0, 1.0, 0.5, 0.75], {}], ["constant_", [0.3], {}], ["ones_", [], {}], ["zeros_", [], {}],
    ["eye_", [], {}], ["xavierUniform_", [1.5], {}], ["xavierNormal_", [], {}], ["kaimingUniform_", [], {}],
    ["kaimingUniform_", [], {"a": 5 ** 0.5, "mode": "fan_out"}], ["kaimingNormal_", [], {"nonlinearity": "relu"}],
    ["orthogonal_", [], {}], ["orthogonal_", [1.7], {}], ["sparse_", [0.3], {}],
]
TORCH = {"truncNormal_": "trunc_normal_", "xavierUniform_": "xavier_uniform_", "xavierNormal_": "xavier_normal_",
         "kaimingUniform_": "kaiming_uniform_", "kaimingNormal_": "kaiming_normal_"}


def make():
    cases = []
    for dtype in ("float32", "float64"):
        for layout, empty in LAYOUTS.items():
            for name, arguments, options in CALLS:
                if layout == "cube" and name in ("eye_", "sparse_"):
                    continue
                torch.manual_seed(29)
                x = empty(getattr(torch, dtype)).requires_grad_()
                result = getattr(init, TORCH.get(name, name))(x, *arguments, **options)
                assert result is x
                cases.append({"name": name, "dtype": dtype, "layout": layout, "arguments": arguments,
                              "options": options, "values": x.flatten().tolist(), "next": torch.rand(1).item()})
    return {"cases": cases}
