"""What the graph does over several statements: in-place writes, views, hooks, second walks. Each story returns lists."""

import torch


def leaf(*values):
    return torch.tensor(values or (1.0, 2.0, 3.0), dtype=torch.float64, requires_grad=True)


def rnn_by_slice_assignment():
    w, x = leaf(0.5, -0.25, 0.75), leaf(0.1, 0.2, 0.3, 0.4, 0.5)
    out, h = torch.zeros(3, 5, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    for t in range(5):
        h = torch.tanh(w * h + x[t])
        out[:, t] = h
    (out * out).sum().backward()
    return [out.grad_fn.name(), out.tolist(), w.grad.tolist(), x.grad.tolist()]


def chain_of_views_and_writes():
    x = leaf(1, 2, 3, 4, 5, 6)
    base = x * 2
    matrix = base.view(2, 3)
    row = matrix[1]
    row.mul_(3)
    base[0] = x[5]
    matrix.t()[2].add_(x[:2])
    last = row[1:]
    last.tanh_()
    (base * torch.arange(1.0, 7.0)).sum().backward()
    return [base.tolist(), row.tolist(), x.grad.tolist(), row.grad_fn.name(), base.grad_fn.name(), last.grad_fn.name()]


def write_into_a_base_that_wanted_nothing():
    base, w = torch.zeros(4, dtype=torch.float64), leaf(3, 4)
    window = base[1:3]
    window.copy_(w * w)
    base[0] = 7
    (base * base).sum().backward()
    return [base.requires_grad, base.grad_fn.name(), window.grad_fn.name(), base.tolist(), w.grad.tolist()]


def detach_and_data():
    x = leaf()
    y = x * x
    y.data.mul_(2)
    versions = [y._version]
    y.detach().add_(1)
    versions.append(y._version)
    y.sum().backward()
    return [versions, y.tolist(), x.grad.tolist(), y.detach().requires_grad, x.data.requires_grad]


def versions():
    y, result = torch.ones(2, 3), []
    for write in (
        lambda: y.t_(),
        lambda: y.zero_(),
        lambda: y.__setitem__(0, 1.0),
        lambda: y.__setitem__([0], 1.0),
        lambda: y.fill_(1),
        lambda: y.normal_(),
        lambda: y[0].add_(1),
        lambda: y.unsqueeze_(0),
        lambda: y.squeeze_(),
    ):
        write()
        result.append(y._version)
    return result


def hooks():
    x, log = leaf(), []
    y = x * 2
    first = y.register_hook(lambda g: log.append("first"))
    y.register_hook(lambda g: g * 3)
    y.register_hook(lambda g: log.append(g.tolist()))
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: log.append(g.tolist()))
    x.register_hook(lambda g: g + 1)
    y.sum().backward(retain_graph=True)
    first.remove()
    y.sum().backward()
    return [log, y.grad.tolist(), x.grad.tolist()]


def hooks_and_writes():
    x, log = leaf(), []
    y = x * 2
    y.register_hook(lambda g: log.append(["before", g.tolist()]))
    y.retain_grad()
    y.mul_(5)
    y.register_hook(lambda g: log.append(["after", g.tolist()]))
    y.sum().backward()
    return [log, y.grad.tolist(), x.grad.tolist()]


def backward_with_inputs():
    x, w, log = leaf(), leaf(4, 5, 6), []
    w.register_hook(lambda g: log.append("w"))
    y = x * w
    (y * 3).sum().backward(inputs=[x], retain_graph=True)
    first = [x.grad.tolist(), w.grad is None]
    (y * 2).sum().backward(inputs=[y])
    return [first, y.grad.tolist(), x.grad.tolist(), log]


def accumulation():
    x = leaf()
    (x * x).sum().backward()
    kept = x.grad
    (x * 3).sum().backward()
    x.backward(torch.ones(3, dtype=torch.float64))
    same = x.grad is kept
    (x**3).sum().backward(create_graph=True)
    return [same, x.grad.tolist(), x.grad.requires_grad, kept.tolist()]


def leaves_that_want_nothing_any_more():
    x, w = leaf(), leaf(4, 5, 6)
    y = (x * w).sum()
    x.requires_grad_(False)
    y.backward()
    return [x.grad, w.grad.tolist()]


def gradient_of_a_recorded_walk():
    x = leaf()
    (x * x).sum().backward(create_graph=True)
    return [x.grad.grad_fn.name(), x.grad.tolist()]


def grad_of_unused():
    x, w = leaf(), leaf()
    found = torch.autograd.grad((x * 2).sum(), [x, w], allow_unused=True)
    zeros = torch.autograd.grad((x * 2).sum(), [x, w], materialize_grads=True)
    return [found[0].tolist(), found[1], zeros[1].tolist(), x.grad]


def second_walks():
    x, result = leaf(), []
    for make in (
        lambda: (x + x).sum(),
        lambda: x.view(3, 1).t().sum(),
        lambda: torch.cat((x, x)).mean(),
        lambda: (2 - x).sum(),
        lambda: x.cumsum(0).sum(),
        lambda: torch.stack([x, x])[0, 1:].sum(),
        lambda: x.expand(2, 3).float().sum(),
        lambda: torch.add(x, x, alpha=2).sum(),
        lambda: (x * 2).sum(),
        lambda: x.gather(0, torch.tensor([0])).sum(),
        lambda: x.max(),
        lambda: x.clamp(0).sum(),
        lambda: (x / 2).sum(),
    ):
        z = make()
        z.backward()
        try:
            z.backward()
            result.append(True)
        except RuntimeError:
            result.append(False)
    return result


def modes():
    x, result = leaf(), []
    with torch.no_grad():
        result.append((x * 2).requires_grad)
        with torch.enable_grad():
            result.append((x * 2).requires_grad)
            with torch.set_grad_enabled(False):
                result.append((x * 2).requires_grad)
            result.append((x * 2).requires_grad)
        try:
            with torch.enable_grad():
                raise ValueError
        except ValueError:
            result.append(torch.is_grad_enabled())
    result.append(torch.is_grad_enabled())
    return result


STORIES = [
    rnn_by_slice_assignment,
    chain_of_views_and_writes,
    write_into_a_base_that_wanted_nothing,
    detach_and_data,
    versions,
    hooks,
    hooks_and_writes,
    backward_with_inputs,
    accumulation,
    leaves_that_want_nothing_any_more,
    gradient_of_a_recorded_walk,
    grad_of_unused,
    second_walks,
    modes,
]


def make():
    return {story.__name__.replace("_", " "): story() for story in STORIES}
