"""Expressions on tensors that fail, one a line in errors.txt: the class of the error and the first line of its text."""

import warnings
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812

warnings.simplefilter("ignore")


def inputs():
    return {
        "x": torch.arange(12.0).reshape(3, 4),
        "v": torch.ones(4),
        "s": torch.tensor(2.0),
        "e": torch.empty(0),
        "k": torch.tensor([[1, 2], [3, 4]]),
        "c": torch.tensor([True, False]),
        "w": torch.ones(2, 2, requires_grad=True),
    }


def failure(expression):
    scope = {**inputs(), "torch": torch, "F": F, "i": torch.tensor}
    *statements, last = expression.split("; ")
    exec("\n".join(statements), scope)
    try:
        eval(last, scope)
    except Exception as error:
        name = type(error).__name__
        return {"error": name, "message": str(error).split("\n")[0]}
    return None


def make():
    expressions = (Path(__file__).parent / "errors.txt").read_text(encoding="utf-8").splitlines()
    failures = {expression: failure(expression) for expression in expressions}
    for expression in [expression for expression, error in failures.items() if error is None]:
        print("does not fail:", expression)
    return failures
