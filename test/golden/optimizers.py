"""Optimisers: five steps on two parameters, one of them transposed; states, texts and error texts, from torch.

Torch's vectorised square root is not rounded correctly, and differs from one CPU to the next. So that everything else can
be compared to the bit, the steps are taken with a root that is; the last one is kept from torch as it is, too.
"""

import re
import warnings

import numpy
import torch

CASES = [
    ["SGD", {}], ["SGD", {"lr": 0.1}], ["SGD", {"lr": 0.1, "weightDecay": 0.01}],
    ["SGD", {"lr": 0.1, "momentum": 0.9}], ["SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weightDecay": 0.01}],
    ["SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weightDecay": 0.1}],
    ["SGD", {"lr": 0.1, "momentum": 0.5, "maximize": True}],
    ["Adam", {}], ["Adam", {"lr": 0.1, "weightDecay": 0.01}], ["Adam", {"lr": 0.1, "betas": [0.3, 0.4], "eps": 0.001}],
    ["Adam", {"lr": 0.1, "amsgrad": True, "maximize": True}], ["Adam", {"lr": 0.1, "decoupledWeightDecay": True,
                                                                        "weightDecay": 0.1}],
    ["AdamW", {}], ["AdamW", {"lr": 0.1, "weightDecay": 0.1, "amsgrad": True}],
    ["RMSprop", {}], ["RMSprop", {"lr": 0.1, "alpha": 0.5, "weightDecay": 0.1}],
    ["RMSprop", {"lr": 0.1, "momentum": 0.9}], ["RMSprop", {"lr": 0.1, "centered": True, "momentum": 0.5}],
    ["Adagrad", {}], ["Adagrad", {"lr": 0.1, "lrDecay": 0.1, "weightDecay": 0.1, "initialAccumulatorValue": 0.5}],
]


def snake(name):
    return re.sub(r"[A-Z]", lambda m: "_" + m[0].lower(), name)


def build(name, params, options):
    values = {snake(k): tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    return getattr(torch.optim, name)(params, **values)


def run(name, options, dtype):
    own = torch.Tensor.sqrt, torch.Tensor.sqrt_
    plain = walk(name, options, dtype)
    torch.Tensor.sqrt = lambda x: torch.from_numpy(numpy.sqrt(x.numpy()))
    torch.Tensor.sqrt_ = lambda x: x.copy_(x.sqrt())
    try:
        return {**walk(name, options, dtype), "plain": plain["steps"][-1]}
    finally:
        torch.Tensor.sqrt, torch.Tensor.sqrt_ = own


def walk(name, options, dtype):
    torch.manual_seed(5)
    draw = lambda *shape: torch.rand(*shape, dtype=dtype) - 0.5
    params = [draw(3).requires_grad_(), draw(5, 13).t().requires_grad_()]
    optimizer = build(name, params, options)
    steps = []
    for _ in range(5):
        for parameter in params:
            parameter.grad = draw(*parameter.shape)
        optimizer.step()
        steps.append([params[0].tolist(), params[1].flatten()[::7].tolist()])
    state = optimizer.state_dict()
    return {"name": name, "options": options, "dtype": str(dtype)[6:], "steps": steps, "text": repr(optimizer),
            "groups": repr(state["param_groups"]),
            "state": {k: {n: v.flatten()[::7].tolist() for n, v in s.items()} for k, s in state["state"].items()}}


FAILURES = [
    ["SGD([])", "new optim.SGD([])"],
    ["SGD([], lr=-1)", "new optim.SGD([], { lr: -1 })"],
    ["SGD(p)", "new optim.SGD(p)"],
    ["SGD(1)", "new optim.SGD(1)"],
    ["SGD(None)", "new optim.SGD(null)"],
    ["SGD([1])", "new optim.SGD([1])"],
    ["SGD([None])", "new optim.SGD([null])"],
    ["SGD([[p]])", "new optim.SGD([[p]])"],
    ["SGD([p * 1])", "new optim.SGD([p.mul(1)])"],
    ["SGD([{'params': {p}}])", "new optim.SGD([{ params: new Set([p]) }])"],
    ["SGD([{'lr': 1}])", "new optim.SGD([{ lr: 1 }])"],
    ["SGD([{'params': p}, {'params': [p]}])", "new optim.SGD([{ params: p }, { params: [p] }])"],
    ["SGD([('a', p), torch.ones(1)])", "new optim.SGD([['a', p], torch.ones(1)])"],
    ["SGD([{'params': [('a', p)]}, {'params': [torch.ones(1)]}])",
     "new optim.SGD([{ params: [['a', p]] }, { params: [torch.ones(1)] }])"],
    ["SGD([p], lr=-1)", "new optim.SGD([p], { lr: -1 })"],
    ["SGD([p], momentum=-0.5)", "new optim.SGD([p], { momentum: -0.5 })"],
    ["SGD([p], weight_decay=-1)", "new optim.SGD([p], { weightDecay: -1 })"],
    ["SGD([p], nesterov=True)", "new optim.SGD([p], { nesterov: true })"],
    ["SGD([p], nesterov=True, momentum=0.9, dampening=0.1)",
     "new optim.SGD([p], { nesterov: true, momentum: 0.9, dampening: 0.1 })"],
    ["Adam([p], betas=(1.5, 0.9))", "new optim.Adam([p], { betas: [1.5, 0.9] })"],
    ["Adam([p], betas=(0.9, 1.5))", "new optim.AdamW([p], { betas: [0.9, 1.5] })"],
    ["Adam([p], eps=-1)", "new optim.Adam([p], { eps: -1 })"],
    ["RMSprop([p], alpha=-1)", "new optim.RMSprop([p], { alpha: -1 })"],
    ["Adagrad([p], lr_decay=-1)", "new optim.Adagrad([p], { lrDecay: -1 })"],
    ["Adagrad([p], initial_accumulator_value=-1)", "new optim.Adagrad([p], { initialAccumulatorValue: -1 })"],
    ["SGD([p]).add_param_group(3)", "new optim.SGD([p]).addParamGroup(3)"],
    ["SGD([p]).add_param_group({'params': p})", "new optim.SGD([p]).addParamGroup({ params: p })"],
    ["SGD([p]).load_state_dict({'state': {}})", "new optim.SGD([p]).loadStateDict({ state: {} })"],
    ["SGD([p]).load_state_dict({'state': {}, 'param_groups': []})",
     "new optim.SGD([p]).loadStateDict({ state: {}, param_groups: [] })"],
    ["SGD([p]).load_state_dict({'state': {}, 'param_groups': [{'params': [0, 1]}]})",
     "new optim.SGD([p]).loadStateDict({ state: {}, param_groups: [{ params: [0, 1] }] })"],
]


def failure(python, javascript):
    p = torch.ones(2, requires_grad=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            eval("torch.optim." + python, {"torch": torch, "p": p})
    except Exception as error:
        return {"call": javascript, "error": type(error).__name__, "message": str(error)}
    raise AssertionError(python)


def make():
    return {"cases": [run(name, options, dtype) for dtype in (torch.float32, torch.float64) for name, options in CASES],
            "failures": [failure(*pair) for pair in FAILURES]}
